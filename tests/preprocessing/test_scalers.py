"""`StandardScaler`, `MinMaxScaler` and `MaxAbsScaler` against river's, row for row, bit for bit."""

import math

import numpy as np
import pytest
from river import preprocessing as theirs
from toys import wild_rows, without_gaps

from olearn import preprocessing

SCALERS = {
    "min-max": (preprocessing.MinMaxScaler, theirs.MinMaxScaler, {}),
    "min-max, window": (preprocessing.MinMaxScaler, theirs.MinMaxScaler, {"window_size": 7}),
    "max-abs": (preprocessing.MaxAbsScaler, theirs.MaxAbsScaler, {}),
    "max-abs, window": (preprocessing.MaxAbsScaler, theirs.MaxAbsScaler, {"window_size": 7}),
    "standard, window": (preprocessing.StandardScaler, theirs.StandardScaler, {"window_size": 7}),
    "centred, window": (
        preprocessing.StandardScaler,
        theirs.StandardScaler,
        {"window_size": 7, "with_std": False},
    ),
}


def plain(row):
    """A row of river's as ours is: what is no real number is 0."""
    real = {k: v for k, v in row.items() if not isinstance(v, complex)}
    return {k: real.get(k, 0.0) for k in row}


@pytest.mark.parametrize("name", SCALERS)
def test_equals_rivers_row_for_row(name):
    """Each row that is learnt is turned before, where all its features are known, and after."""
    ours, river, how = SCALERS[name]
    ours, river, known, n_before = ours(**how), river(**how), set(), 0
    for x in without_gaps(wild_rows()):
        if known >= set(x):
            n_before += 1
            assert ours.transform_one(x) == plain(river.transform_one(x))
        ours.learn_one(x)
        river.learn_one(x)
        known |= set(x)
        assert ours.transform_one(x) == plain(river.transform_one(x))
    assert n_before > 400


@pytest.mark.parametrize("window_size", [None, 3])
def test_a_feature_not_learnt_is_zero(window_size):
    """River's emits NaN, or raises; what follows would learn it."""
    x = {"x": 2.5}
    for cls in (preprocessing.MinMaxScaler, preprocessing.MaxAbsScaler):
        assert cls(window_size).transform_one(x) == {"x": 0.0}
    if window_size is None:
        assert math.isnan(theirs.MinMaxScaler().transform_one(x)["x"])
    else:
        with pytest.raises(TypeError):
            theirs.MinMaxScaler(window_size).transform_one(x)


def test_a_range_beyond_the_largest_float():
    """The least value of all and the largest are 0 and 1 still; river's gives 0 and NaN."""
    scaler = preprocessing.MinMaxScaler()
    scaler.learn_many(np.array([[-1.6e308], [1.6e308]]))
    assert scaler.transform_many(np.array([[-1.6e308], [0.0], [1.6e308]])).tolist() == [
        [0.0],
        [0.5],
        [1.0],
    ]


def test_ends_are_shown():
    """The attributes of river's are there, by feature."""
    least = preprocessing.MinMaxScaler()
    largest = preprocessing.MaxAbsScaler()
    for scaler in (least, largest):
        scaler.learn_many(np.array([[1.0, -5.0], [3.0, np.nan]]))
    assert (least.min, least.max) == ({0: 1.0, 1: -5.0}, {0: 3.0, 1: -5.0})
    assert largest.abs_max == {0: 3.0, 1: 5.0}
