"""Tests of the array door that every classifier shares, through a learner small enough to see."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from toys import Majority

from olearn import learners, preprocessing
from olearn.core.memory import memory_bytes

NAN = float("nan")
TWO = np.ones((2, 2))


def random_rows(seed, n=80):
    rng = np.random.default_rng(seed)
    X = rng.choice([0.5, 1.5, NAN], size=(n, 3))
    late = np.where(np.arange(n) < n // 2, 2, 4)  # two of the labels come late
    return X, rng.integers(0, late)


def padded(rows, width):
    return [row + [NAN] * (width - len(row)) for row in rows]


def state(model):
    return pickle.dumps(model)


def assert_same(a, b):
    width = max(len(a._features), len(b._features))
    np.testing.assert_array_equal(padded(a.rows, width), padded(b.rows, width))
    np.testing.assert_array_equal(a.weights, b.weights)
    assert a.labels == b.labels
    assert a._features.names == b._features.names


# -- the same answers by every door --------------------------------------------------------------


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_arrays_equal_the_loop_over_rows(seed, as_text):
    """Predictions and all that is learnt are those of predict_one and learn_one, in any cut."""
    X, y = random_rows(seed)
    labels = [f"c{code}" for code in y] if as_text else y.tolist()
    loop, blocks = Majority(), Majority()
    expected = []
    for row, label in zip(X.tolist(), labels, strict=True):
        x = dict(enumerate(row))
        expected.append(loop.predict_one(x))
        loop.learn_one(x, label)
    got = []
    for cut in (slice(0, 1), slice(1, 2), slice(2, 50), slice(50, 80)):
        got += list(blocks.test_then_train_many(X[cut], labels[cut]))
    assert got == expected
    assert_same(loop, blocks)


def test_codes_of_labels_are_learnt_as_the_labels():
    """Codes of the caller's labels go in, codes of the learner's come out."""
    X, y = random_rows(0)
    labels = ["unused", "c0", "c1", "c2", "c3"]
    by_labels, by_codes = Majority(classes=["first"]), Majority(classes=["first"])
    expected = by_labels.test_then_train_many(X, [labels[code + 1] for code in y])
    codes = by_codes.test_then_train_codes(X, y + 1, labels)
    assert [by_codes.labels[code] for code in codes] == expected.tolist()
    assert_same(by_labels, by_codes)
    assert "unused" not in by_codes.labels
    assert Majority().test_then_train_codes(X[:2], [1, 1], labels).tolist() == [-1, 0]


@pytest.mark.parametrize(
    ("codes", "match"),
    [
        ([0, 2], "codes must be from 0 to 1, positions in labels, got 0 to 2"),
        ([-1, 0], "got -1 to 0"),
        ([0.0, 1.0], "codes must be one integer a row"),
        ([[0], [1]], "codes must be one integer a row"),
        ([0], "y must have one label a row, got 1 for 2 rows"),
    ],
)
def test_bad_codes_are_refused(codes, match):
    """Codes that are none of the labels, or too few."""
    model = Majority()
    with pytest.raises(ValueError, match=match):
        model.test_then_train_codes(TWO, codes, ["a", "b"])
    assert model.rows == []


def test_learning_many_equals_learning_one_by_one_with_weights():
    """Weights belong to their rows; a row of weight 0 still makes its label known."""
    X, y = random_rows(7)
    w = np.random.default_rng(7).choice([0.0, 0.5, 2.0], len(y))
    loop, block = Majority(), Majority()
    for row, label, weight in zip(X.tolist(), y.tolist(), w.tolist(), strict=True):
        loop.learn_one(dict(enumerate(row)), label, weight)
    block.learn_many(X, y, w)
    assert_same(loop, block)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_frames_equal_dicts_and_come_back_in_kind(make):
    """A frame with text learns as its dicts do; a series and a frame are given back."""
    data = {"size": [1.0, 2.0, 3.0], "day": ["mon", "tue", "mon"]}
    y = ["up", "down", "up"]
    series = (pd.Series if make is pd.DataFrame else pl.Series)(y)
    loop, block = Majority(), Majority()
    for size, day, label in zip(*data.values(), y, strict=True):
        loop.learn_one({"size": size, "day": day}, label)
    block.learn_many(make(data), series)
    assert_same(loop, block)
    predicted = block.predict_many(make(data))
    assert isinstance(predicted, type(series))
    assert list(predicted) == ["up"] * 3
    proba = block.predict_proba_many(make(data))
    assert isinstance(proba, make)
    assert list(proba.columns) == ["up", "down"]
    np.testing.assert_allclose(proba.to_numpy(), [[2 / 3, 1 / 3]] * 3)


def test_names_tie_arrays_to_dicts():
    """The columns of an array are the features `names`; a later one is a new column."""
    model = Majority()
    model.learn_one({"a": 1.0, "b": 2.0}, 0)
    model.learn_many(np.array([[5.0, 6.0]]), [1], names=["c", "a"])
    assert model._features.names == ["a", "b", "c"]
    np.testing.assert_array_equal(padded(model.rows, 3), [[1, 2, NAN], [6, NAN, 5]])


# -- what predictions look like ------------------------------------------------------------------


def test_before_the_first_label():
    """None, an empty dict, an array of None and an array without columns."""
    model = Majority()
    assert model.predict_one({"a": 1.0}) is None
    assert model.predict_proba_one({"a": 1.0}) == {}
    assert model.predict_many(np.ones((2, 1))).tolist() == [None, None]
    assert model.predict_proba_many(np.ones((2, 1))).shape == (2, 0)
    first = model.test_then_train_many(np.ones((3, 1)), ["u", "v", "v"])
    assert first.tolist() == [None, "u", "u"]
    assert first.dtype == object


def test_classes_known_in_advance():
    """Labels given to the constructor come first, and can be predicted before any row."""
    model = Majority(classes=["v", "u"])
    assert model.predict_one({}) == "v"
    model.learn_one({}, "w")
    assert model.labels == ["v", "u", "w"]
    assert model.predict_proba_one({}) == {"v": 0.0, "u": 0.0, "w": 1.0}


@pytest.mark.parametrize(
    ("labels", "kind"),
    [([3, 5], "i"), ([True, False], "b"), (["u", "v"], "O"), ([1, "u"], "O")],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:labels of two kinds:UserWarning")
def test_predicted_labels_keep_their_type(labels, kind):
    """Integers come in an integer array, booleans in a boolean one, all else as objects."""
    model = Majority()
    model.learn_many(np.ones((2, 1)), labels)
    predicted = model.predict_many(np.ones((2, 1)))
    assert predicted.dtype.kind == kind
    assert predicted.tolist() == [labels[0]] * 2
    assert type(model.predict_one({})) is type(labels[0])


def test_the_lowest_code_wins_a_tie():
    """Equal probabilities give the label that appeared first."""
    model = Majority()
    model.learn_many(np.ones((4, 1)), ["z", "a", "a", "z"])
    assert model.predict_one({}) == "z"


def test_labels_are_a_copy():
    """A caller who changes the list of labels does not change the model."""
    model = Majority(classes=["u"])
    model.labels.append("v")
    assert model.labels == ["u"]


def test_an_empty_batch_changes_no_prediction():
    """No rows: nothing is learnt and nothing is predicted."""
    model = Majority()
    model.learn_many(np.ones((0, 2)), [])
    assert model.test_then_train_many(np.ones((0, 2)), np.array([], dtype=int)).shape == (0,)
    assert model.rows == []
    assert model.labels == []


# -- errors come before any change ---------------------------------------------------------------

GOOD = {"a": 1.0, "new": 2.0}


@pytest.mark.parametrize(
    ("x", "y", "w", "error", "match"),
    [
        ({"new": 1.0, "a": float("inf")}, 0, 1.0, ValueError, "'a' must be finite"),
        ({"new": 1.0, "a": "text"}, 0, 1.0, ValueError, "'a' is numeric, got 'text'"),
        (GOOD, None, 1.0, ValueError, "y must be a label, got None"),
        (GOOD, NAN, 1.0, ValueError, "y must be a label, got nan"),
        (GOOD, [1], 1.0, TypeError, r"y must be a bool, int or str, got \[1\] of type list"),
        (GOOD, "new label", -1.0, ValueError, r"w must be in \[0.0, .*\], got -1.0"),
        (GOOD, "new label", float("inf"), ValueError, "w must be in"),
        (GOOD, "new label", NAN, ValueError, "w must be a number, got nan"),
        (GOOD, "new label", "1", TypeError, "w must be a number, got '1'"),
    ],
)
def test_a_bad_row_changes_nothing(x, y, w, error, match):
    """Feature, label or weight: the message says what is wrong and the model is as before."""
    model = Majority()
    model.learn_one({"a": 1.0}, 0)
    before = state(model)
    with pytest.raises(error, match=match):
        model.learn_one(x, y, w)
    assert state(model) == before


@pytest.mark.parametrize(
    ("X", "y", "options", "error", "match"),
    [
        (np.array([[1.0, 1.0], [1.0, np.inf]]), [0, 1], {}, ValueError, "must be finite"),
        (TWO, [0, None], {}, ValueError, "y must be a label, got None"),
        (TWO, [5, NAN], {}, ValueError, "y must be a label, got nan"),
        (TWO, [5], {}, ValueError, "y must have one label a row, got 1 for 2 rows"),
        (TWO, [5, [6]], {}, TypeError, "y must be a bool, int or str"),
        (TWO, [[5, 6]], {}, ValueError, "y must be one label a row"),
        (TWO, [5, 6], {"names": ["p"]}, ValueError, "names must have 2 entries"),
        (TWO, [5, 6], {"w": [1.0, -1.0]}, ValueError, "w must be finite and not negative, got -1"),
        (TWO, [5, 6], {"w": [1.0, NAN]}, ValueError, "w must be finite and not negative, got nan"),
        (TWO, [5, 6], {"w": [1.0]}, ValueError, r"w must have one weight a row, got shape \(1,\)"),
    ],
)
def test_a_bad_batch_changes_nothing(X, y, options, error, match):
    """One bad row at the end of a batch: none of it is learnt."""
    model = Majority()
    model.learn_many(np.ones((1, 1)), [0])
    before = state(model)
    with pytest.raises(error, match=match):
        model.learn_many(X, y, **options)
    if "w" not in options:
        with pytest.raises(error, match=match):
            model.test_then_train_many(X, y, **options)
    assert state(model) == before


@pytest.mark.parametrize("bad", [{"a": float("inf")}, {"a": "text"}, [1.0]])
def test_a_bad_row_is_refused_by_predictions_too(bad):
    """Predictions check as learning does, also before any label is known."""
    for model in (Majority(), Majority(classes=[0, 1])):
        model._features.learn_one({"a": 1.0})
        for method in (model.predict_one, model.predict_proba_one):
            with pytest.raises((ValueError, TypeError)):
                method(bad)


def test_predictions_change_nothing():
    """New features and categories in a prediction leave no trace."""
    model = Majority(nominal_attributes=["c"])
    model.learn_one({"a": 1.0, "c": "u"}, 0)
    before = state(model)
    model.predict_one({"a": 2.0, "c": "w", "new": 1.0})
    model.predict_proba_one({"new": 1.0})
    with pytest.warns(UserWarning, match="no column of X has been learnt before"):
        model.predict_many(np.ones((3, 4)))
    model.predict_proba_many(pl.DataFrame({"c": ["w"], "new": [1]}))
    assert state(model) == before


@pytest.mark.parametrize("learner", ["GaussianNB", "HoeffdingTreeClassifier", "KNNClassifier"])
def test_a_table_of_other_names_is_said(learner):
    """Names that were given, or lost, in between: all that is known would be missing."""
    X = np.random.default_rng(1).normal(size=(60, 2))
    frame = pd.DataFrame(X, columns=["u", "v"])
    model = getattr(learners, learner)()
    model.learn_many(X, X[:, 0] > 0)
    said = "no column of X has been learnt before: X has 'u', 'v', known are 0, 1"
    for door in (model.predict_many, model.predict_proba_many):
        with pytest.warns(UserWarning, match=said):
            door(frame)
    with pytest.warns(UserWarning, match=said):
        model.learn_many(frame, X[:, 0] > 0)
    model.predict_many(frame)
    model.predict_many(frame[["v"]])
    chain = preprocessing.StandardScaler() | getattr(learners, learner)()
    chain.learn_many(frame, X[:, 0] > 0)
    with pytest.warns(UserWarning, match="X has 0, 1, known are 'u', 'v'"):
        chain.predict_many(X)


# -- memory --------------------------------------------------------------------------------------


def test_memory_counts_arrays_within_objects():
    """An array counts its bytes, wherever in the model it is."""
    assert 8_000 <= memory_bytes(np.zeros(1_000)) <= 8_200
    assert memory_bytes({"k": [np.zeros(1_000)]}) > 8_000
    model = Majority()
    before = model._raw_memory_usage
    model.weights = np.zeros(10_000)
    assert model._raw_memory_usage - before == pytest.approx(80_000, abs=200)
