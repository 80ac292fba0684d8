"""What a newcomer gets wrong at first: each slip is answered with the argument and the remedy."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from river import metrics

import olearn
from olearn import evaluate, learners, preprocessing, streams

X = np.random.default_rng(0).normal(size=(40, 2))
Y = (X[:, 0] > 0).astype(int)


def _model():
    return learners.HoeffdingTreeClassifier()


def _result():
    return evaluate.prequential((X, Y), _model(), progress=False)


WRITES = {
    "save": lambda path: olearn.save(_model(), path),
    "to_html": lambda path: _result().to_html(path),
    "to_json": lambda path: _result().to_json(path),
    "plot": lambda path: _result().plot(path),
}
READS = {
    "load": olearn.load,
    "from_file": streams.from_file,
    "from_json": evaluate.Result.from_json,
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_file_in_an_absent_folder_is_refused_by_both_names(write, tmp_path):
    pytest.importorskip("matplotlib")
    with pytest.raises(FileNotFoundError, match=r"absent/x.*there is no folder .*absent"):
        write(tmp_path / "absent" / "x.png")
    with pytest.raises(IsADirectoryError, match="path must be a file, got the folder"):
        write(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_what_cannot_be_read_is_named(read, tmp_path):
    (tmp_path / "model.safetensors").write_text("")
    with pytest.raises(IsADirectoryError, match="path must be a file, got the folder"):
        read(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no file .*did you mean 'model.safet"):
        read(tmp_path / "modle.safetensors")


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (X, r"a pair of a table and its labels, \(X, y\); got ndarray of shape \(40, 2\) alone"),
        (pd.DataFrame(X), r"\(X, y\); got DataFrame of shape \(40, 2\) alone"),
        ((X.tolist(), Y.tolist()), r"must be an array or a frame, got a list; np.array\(X\)"),
        ("sea", r"streams.load\('sea'\)"),
    ],
    ids=["array", "frame", "lists", "name"],
)
def test_what_is_no_stream_is_refused_with_what_is(stream, message):
    with pytest.raises(TypeError, match=message):
        evaluate.prequential(stream, _model(), progress=False)


def test_rows_as_a_list_or_a_pair_are_still_streams():
    rows = [({"a": 1.0}, 0), ({"a": 2.0}, 1)]
    for stream in (rows, tuple(rows)):
        assert evaluate.prequential(stream, _model(), progress=False).n == 2


def test_results_name_the_stream_as_the_user_did(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("a,class\n" + "1,x\n2,y\n" * 20)
    for stream, name in (
        (streams.load("sea_a_mini", seed=1), "sea_a_mini"),
        (streams.load("sea"), "sea"),
        (streams.from_file(path), "cells.csv"),
        (streams.load(path), "cells.csv"),
    ):
        result = evaluate.prequential(stream, _model(), max_samples=30, progress=False)
        assert result.stream == name
        assert json.loads(result.to_json())["stream"] == name
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert streams.from_arrays(X, Y).title == ""


def test_a_delay_beyond_a_short_stream_scores_nothing():
    rows = streams.from_iterable([({"a": float(i)}, "x") for i in range(50)])
    result = evaluate.prequential(rows, _model(), delay=100, progress=False)
    assert (result.n, result.n_scored) == (50, 0)


def test_a_class_for_a_metric_is_refused_with_the_call():
    for given in (metrics.Accuracy, [metrics.Accuracy]):
        with pytest.raises(TypeError, match=r"got the class Accuracy; Accuracy\(\) makes one"):
            evaluate.prequential((X, Y), _model(), metrics=given, progress=False)


def test_dicts_and_labels_apart_are_refused_with_the_call():
    rows = [dict(enumerate(x)) for x in X.tolist()]
    with pytest.raises(TypeError, match=r"got a list of dicts; list\(zip\(X, y\)\)"):
        evaluate.prequential((rows, Y), _model(), progress=False)
    assert evaluate.prequential(list(zip(rows, Y, strict=True)), _model(), progress=False).n == 40


def test_a_measurement_given_to_a_classifier_is_said():
    measured, table = np.arange(300), np.random.default_rng(1).normal(size=(300, 2))
    for given in (table, pd.DataFrame(table, columns=["a", "b"])):
        with pytest.warns(UserWarning, match="300 different whole numbers, each a class"):
            evaluate.prequential((given, measured), _model(), progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = learners.KNNRegressor()
        evaluate.prequential((table, measured), model, progress=False)


def test_numbers_that_an_array_made_text_are_said():
    """NumPy makes text of all where one value is."""
    rows = np.array([[1.5, "a"], [2.5, "b"], [3.5, "a"]])
    with pytest.warns(UserWarning, match="array of text, whose columns 0 hold numbers"):
        _model().learn_many(rows, [0, 1, 0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = learners.HoeffdingTreeClassifier(nominal_attributes=[0, 1])
        model.learn_many(rows, [0, 1, 0])
        _model().learn_many(rows.astype(object)[:, 1:], [0, 1, 0])


def test_ids_and_times_as_text_in_a_frame_are_said():
    """As `pandas.read_csv` leaves them: a category a row."""
    frame = pd.DataFrame({"when": pd.date_range("2026", periods=300).astype(str), "x": 1.0})
    labels = ["ab"[k % 2] for k in range(300)]
    with pytest.warns(UserWarning, match="'when' is like an id, with 300 categories in 300 rows"):
        evaluate.prequential((frame, labels), _model(), progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        streams.from_frame(frame, labels, nominal=["when"])


def test_names_that_a_table_has_not_are_said():
    frame = pd.DataFrame(X, columns=["size", "weight"])
    tree = learners.HoeffdingTreeClassifier(nominal_attributes=["sise"])
    with pytest.warns(UserWarning, match="nominal_attributes names 'sise', which X has not"):
        tree.learn_many(frame, Y)
    chain = preprocessing.Select("sise") | _model()
    with pytest.warns(UserWarning, match="Select keeps none of the features so far, 'size'"):
        chain.learn_many(frame, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learners.HoeffdingTreeClassifier(nominal_attributes=["size"]).learn_many(frame, Y)
        (preprocessing.Select("size", "sise") | _model()).learn_many(frame, Y)
