"""Splitters of river in our trees: the splits they propose, at every door."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from river import tree

import olearn
from olearn import learners

CLASSES = [
    learners.HoeffdingTreeClassifier,
    learners.HoeffdingAdaptiveTreeClassifier,
    learners.ARFClassifier,
]
SPLITTERS = [tree.splitter.HistogramSplitter(32, 8), tree.splitter.ExhaustiveSplitter()]


class OwnGaussian(tree.splitter.GaussianSplitter):
    """The splitter that the kernels have, as they do not know it."""


def options_of(cls):
    options = {"grace_period": 50, "delta": 0.01, "tau": 0.2}
    if cls is learners.ARFClassifier:
        options["n_models"] = 2
    return options if cls is learners.HoeffdingTreeClassifier else options | {"seed": 1}


def rows_of(n, seed=0):
    """Three numbers with gaps and a category; a threshold and the category decide."""
    rng = np.random.default_rng(seed)
    X = np.round(rng.random((n, 3)), 2)
    colours = rng.choice(["red", "green", "blue"], n)
    y = np.where((X[:, 0] > 0.4) ^ (colours == "red"), "yes", "no")
    X[rng.random(X.shape) < 0.05] = np.nan
    return pd.DataFrame(X, columns=["a", "b", "c"]).assign(colour=colours), y


def texts(model):
    return [one.to_text() for one in (model if isinstance(model, CLASSES[2]) else [model])]


@pytest.mark.parametrize("cls", CLASSES)
def test_gaussian_in_python_grows_the_kernels_tree(cls):
    """The decision between the proposals is the kernels', on numbers, categories and gaps."""
    X, y = rows_of(1500)
    # half a row off, so that a period does not end on a rounding error of the branches' weights
    options = options_of(cls) | {"grace_period": 49.5}
    compiled, python = (cls(splitter=s, **options) for s in (None, OwnGaussian()))
    assert (compiled.test_then_train_many(X, y) == python.test_then_train_many(X, y)).all()
    assert texts(python) == texts(compiled)
    assert max(text.count("split on") for text in texts(python)) > 2


@pytest.mark.parametrize("splitter", SPLITTERS)
@pytest.mark.parametrize("cls", CLASSES)
def test_splitter_at_every_door(cls, splitter, tmp_path):
    """Rows, frames, copies and files grow one tree, which is not the one of Gaussians."""
    X, y = rows_of(700)
    whole, by_row, half = (cls(splitter=splitter, **options_of(cls)) for _ in range(3))
    answers = whole.test_then_train_many(X, y).tolist()
    half.learn_many(X[:400], y[:400])
    olearn.save(half, tmp_path / "model")
    twins = [olearn.load(tmp_path / "model"), copy.deepcopy(half), pickle.loads(pickle.dumps(half))]
    for twin in (*twins, half):
        assert twin.test_then_train_many(X[400:], y[400:]).tolist() == answers[400:]
    for x, label, answer in zip(X.to_dict("records"), y.tolist(), answers, strict=True):
        assert by_row.predict_one(x) == answer
        by_row.learn_one(x, label)
    plain = cls(**options_of(cls))
    plain.learn_many(X, y)
    assert texts(whole) != texts(plain)
    assert any("≤" in text for text in texts(whole))


def test_exhaustive_splitter_finds_the_exact_threshold():
    """It proposes values that were seen, and branches with the rows that are on each side."""
    x = np.tile([0.1, 0.2, 0.7, 0.8], 50)
    y = (x > 0.5) ^ (np.arange(200) % 25 == 0)
    model = learners.HoeffdingTreeClassifier(200, splitter=tree.splitter.ExhaustiveSplitter())
    model.learn_many(x[:, None], y)
    left, right = "  0 ≤ 0.2: False (96 of 100)", "  0 > 0.2: True (96 of 100)"
    assert model.to_text().splitlines() == ["split on 0", left, right]


def test_memory_bound_and_new_classes_leave_no_splitter_behind():
    """Leaves fall asleep, classes and features come late; splitters are those of active leaves."""
    rng = np.random.default_rng(1)
    splitter = tree.splitter.HistogramSplitter(16, 4)
    model = learners.HoeffdingTreeClassifier(20, tau=0.9, max_size=0.01, splitter=splitter)
    for n_features, n_classes in ((2, 2), (3, 5), (5, 8)):
        X = rng.random((400, n_features))
        model.learn_many(X, (X[:, 0] * n_classes).astype(int))
    assert model.n_inactive_leaves > 0
    assert len(model._observers._leaves) <= model.n_active_leaves


@pytest.mark.parametrize("cls", CLASSES)
def test_splitters_for_regression_are_refused(cls):
    """As river does; and what is no splitter."""
    for splitter in (tree.splitter.TEBSTSplitter(), tree.splitter.QOSplitter()):
        with pytest.raises(ValueError, match="splitter must be one for classes"):
            cls(splitter=splitter)
    with pytest.raises(TypeError, match="splitter must be a splitter"):
        cls(splitter="histogram")
