"""Labels: whole floats are the integers that they equal, other numbers none, two kinds are said."""

import numpy as np
import pandas as pd
import pytest

import olearn
from olearn import evaluate, learners, streams

X = np.arange(8.0).reshape(4, 2)
ROWS = [dict(enumerate(row)) for row in X.tolist()]


def _by_row(y):
    model = learners.HoeffdingTreeClassifier()
    for x, label in zip(ROWS, y, strict=True):
        model.learn_one(x, label)
    return model.labels


def _by_block(y):
    model = learners.HoeffdingTreeClassifier()
    model.learn_many(X, y)
    return model.labels


def _by_frame(y):
    model = learners.HoeffdingTreeClassifier()
    model.learn_many(pd.DataFrame(X), pd.Series(y))
    return model.labels


def _of_arrays(y):
    return list(streams.from_arrays(X, y).schema.labels)


def _of_frame(y):
    return list(streams.from_frame(pd.DataFrame(X), y).schema.labels)


def _of_iterable(y):
    return list(streams.from_iterable(list(zip(ROWS, y, strict=True))).schema.labels)


def _of_pair(y):
    model = learners.HoeffdingTreeClassifier()
    evaluate.prequential((X, y), model, progress=False)
    return model.labels


DOORS = [_by_row, _by_block, _by_frame, _of_arrays, _of_frame, _of_iterable, _of_pair]
door = pytest.mark.parametrize("door", DOORS, ids=[door.__name__ for door in DOORS])


@door
def test_whole_floats_are_integers(door):
    labels = door([1.0, 2.0, 2.0, 1.0])
    assert labels == [1, 2]
    assert {type(label) for label in labels} == {int}


@door
def test_other_floats_are_refused(door):
    with pytest.raises(ValueError, match=r"y must .*the real number 1\.5"):
        door([1.0, 2.0, 1.5, 1.0])


def test_a_refused_label_leaves_the_model_as_it_was():
    model = learners.HoeffdingTreeClassifier()
    model.learn_one({"a": 1.0}, 1)
    before = model.to_text()
    for learn in (model.learn_one, lambda x, y: model.learn_many(pd.DataFrame([x]), [y])):
        with pytest.raises(ValueError, match="a regressor learns numbers"):
            learn({"a": 2.0, "b": 1.0}, 0.5)
    assert model.to_text() == before


@door
def test_text_beside_numbers_is_said(door):
    with pytest.warns(UserWarning, match="labels of two kinds: .* are different classes") as said:
        labels = door(["1", 1, "1", 1])
    assert sorted(labels, key=str) in (["1", 1], [1, "1"])
    assert len({(each.filename, each.lineno) for each in said}) == 1  # shown once


def test_given_classes_of_two_kinds_are_meant(tmp_path):
    model = learners.HoeffdingTreeClassifier(classes=["1", 1])
    model.learn_one({"a": 1.0}, 1)
    olearn.save(model, tmp_path / "m")
    assert olearn.load(tmp_path / "m").predict_one({"a": 1.0}) == 1


def test_words_and_numbers_as_labels_of_a_file_are_said(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,class\n1,yes\n2,1\n3,no\n4,0\n")
    with pytest.warns(UserWarning, match="holds numbers such as '.' and text such as '.*text"):
        stream = streams.from_file(path)
    assert stream.schema.labels == ("0", "1", "no", "yes")
    streams.from_file(path, target_text=True)
