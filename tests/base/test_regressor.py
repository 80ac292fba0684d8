"""Tests of what every regressor shares, through a learner small enough to see."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

from olearn.base import ArrayRegressor
from olearn.core.features import FeatureIndex


class Mean(ArrayRegressor):
    """Predicts the mean target so far plus the number of known columns; remembers its rows."""

    def __init__(self, nominal_attributes=None):
        self.nominal_attributes = nominal_attributes
        self._features = FeatureIndex(nominal_attributes)
        self.rows = []
        self.width = 0
        self.sums = np.zeros(2)

    def _grow(self):
        self.width = len(self._features)

    def _learn_rows(self, X, y, w):
        assert X.shape[1] == self.width, "a column that was not announced"
        for row, target, weight in zip(X.tolist(), y, w, strict=True):
            self.rows.append((row, float(target), float(weight)))
            self.sums += weight * target, weight

    def _predict_rows(self, X):
        total, weight = self.sums
        return np.full(len(X), total / weight if weight else 0.0) + self.width


class WholeWeights(Mean):
    def _check_weights(self, w):
        if (w != np.floor(w)).any():
            raise ValueError("w must be whole")


def test_weights_go_with_their_rows():
    """One weight a row, 1 where none is given; by rows and by arrays alike."""
    by_rows, by_arrays = Mean(), Mean()
    for x, y, w in (({"a": 1.0}, 2.0, 3.0), ({"a": 2.0}, 4.0, 0.0)):
        by_rows.learn_one(x, y, w)
    by_rows.learn_one({"a": 3.0}, 5)
    by_arrays.learn_many(np.array([[1.0], [2.0]]), [2, 4], [3, 0], names=["a"])
    by_arrays.learn_many(np.array([[3.0]]), np.array([5]), names=["a"])
    assert by_rows.rows == by_arrays.rows == [([1], 2, 3), ([2], 4, 0), ([3], 5, 1)]
    assert by_rows.predict_one({}) == 11 / 4 + 1


def test_a_new_column_is_not_known_to_the_first_prediction():
    """The first row of a block is predicted before the block's new columns are there."""
    X, y = np.zeros((3, 2)), np.zeros(3)
    model = Mean()
    np.testing.assert_array_equal(model.test_then_train_many(X, y), [0, 2, 2])
    np.testing.assert_array_equal(model.test_then_train_many(X, y), [2, 2, 2])
    names = ["new", 0, 1]
    got = model.test_then_train_many(np.zeros((2, 3)), y[:2], names=names)
    np.testing.assert_array_equal(got, [2, 3])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_frames_are_answered_in_kind(make):
    """Frames with text and series of targets are learnt; the answer is a series of that kind."""
    frame = make({"a": [1.0, 2.0, 3.0], "day": ["mon", None, "mon"]})
    model = Mean()
    model.learn_many(frame, make({"y": [1, 2, 6]})["y"])
    answers = model.predict_many(frame)
    assert type(answers) is type(make({"y": [1]})["y"])
    assert answers.to_list() == [5.0] * 3
    assert isinstance(model.predict_many(np.ones((2, 2)), names=["a", "b"]), np.ndarray)


def test_no_rows_teach_nothing():
    """An empty batch is checked, and announces no column."""
    model = Mean()
    model.learn_many(np.zeros((0, 3)), [])
    assert len(model.test_then_train_many(np.zeros((0, 3)), np.zeros(0))) == 0
    assert model.width == 0
    assert model.rows == []
    with pytest.raises(ValueError, match="y must have one number a row"):
        model.learn_many(np.zeros((0, 3)), [1.0])


@pytest.mark.parametrize(
    ("y", "error", "match"),
    [
        (["1", "2"], TypeError, "y must be a number, got '1' of type str"),
        ([1.0, None], TypeError, "y must be a number, got None"),
        (np.array([True, False]), TypeError, "y must be a number, got True"),
        ([1.0, float("nan")], ValueError, "y must be finite, got nan"),
        (np.array([1, 10**400], dtype=object), ValueError, "y must be in"),
        ([[1.0], [2.0]], ValueError, r"y must have one number a row, got shape \(2, 1\)"),
        ([[1.0], [2.0, 3.0]], ValueError, "y must have one number a row"),
        (7.0, TypeError, "y must be an array, list or series of numbers, got 7.0 of type float"),
    ],
)
def test_bad_targets_are_named_and_change_nothing(y, error, match):
    """A target that is no finite number is refused in plain words before a row is learnt."""
    model = Mean()
    model.learn_one({0: 1.0}, 1.0)
    before = pickle.dumps(model)
    for method in (model.learn_many, model.test_then_train_many):
        with pytest.raises(error, match=match):
            method(np.ones((2, 2)), y)
    assert pickle.dumps(model) == before


def test_learners_may_refuse_weights():
    """Weights that a learner cannot take are refused by rows and arrays before any is learnt."""
    model = WholeWeights()
    with pytest.raises(ValueError, match="w must be whole"):
        model.learn_one({"a": 1.0}, 1.0, 0.5)
    with pytest.raises(ValueError, match="w must be whole"):
        model.learn_many(np.ones((2, 1)), [1.0, 2.0], [2.0, 0.5])
    assert model.width == 0
    model.learn_many(np.ones((2, 1)), [1.0, 2.0], [2.0, 1.0])
    assert len(model.rows) == 2
