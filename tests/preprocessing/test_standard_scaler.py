"""`StandardScaler` against river's, row for row and bit for bit."""

import math

import numpy as np
import pytest
from river import preprocessing as theirs
from toys import wild_rows, without_gaps

import olearn
from olearn import preprocessing
from olearn.base import Schedule


@pytest.mark.parametrize("with_std", [True, False])
def test_equals_rivers_row_for_row(with_std):
    """Each row is turned before and after it is learnt as by river's; so is the state."""
    ours, river = preprocessing.StandardScaler(with_std), theirs.StandardScaler(with_std)
    for x in without_gaps(wild_rows()):
        assert ours.transform_one(x) == river.transform_one(x)
        ours.learn_one(x)
        river.learn_one(x)
        assert ours.transform_one(x) == river.transform_one(x)
    assert (ours.counts, ours.means) == (dict(river.counts), dict(river.means))
    if with_std:
        assert ours.vars == dict(river.vars)


def test_arrays_and_frames_learn_as_the_loop():
    """An array, a frame and a loop of rows leave the same state."""
    pandas = pytest.importorskip("pandas")
    X = wild_rows()
    loop, array, frame = (preprocessing.StandardScaler() for _ in range(3))
    for x in without_gaps(X):
        loop.learn_one(x)
    array.learn_many(X)
    frame.learn_many(pandas.DataFrame(X))
    for other in (array, frame):
        assert (other.means, other.vars) == (loop.means, loop.vars)
    scaled = frame.transform_many(pandas.DataFrame(X))
    assert np.array_equal(scaled.to_numpy(), array.transform_many(X), equal_nan=True)


def test_a_gap_is_not_learnt():
    """NaN and None are as if the key were absent; river's mean is NaN for good after one NaN."""
    scaler = preprocessing.StandardScaler()
    for x in ({"x": 1.0}, {"x": math.nan}, {"x": None}, {"x": 3.0}):
        scaler.learn_one(x)
    assert (scaler.counts, scaler.means, scaler.vars) == ({"x": 2}, {"x": 2.0}, {"x": 1.0})
    assert scaler.transform_one({"x": None}) == {}


def test_text_is_refused_before_anything_is_learnt():
    """Text raises at every door, and says what to do."""
    scaler = preprocessing.StandardScaler()
    for learn in (
        lambda: scaler.learn_one({"x": 1.0, "day": "mon"}),
        lambda: scaler.learn_many(np.array([[1.0, "mon"]], dtype=object)),
    ):
        with pytest.raises(ValueError, match=r"put preprocessing.OneHotEncoder in front"):
            learn()
    assert scaler.counts == {}


def test_saved_and_loaded_it_goes_on(tmp_path):
    """A file holds the whole state."""
    X = wild_rows()
    scaler = preprocessing.StandardScaler()
    scaler.learn_many(X[:300])
    olearn.save(scaler, tmp_path / "scaler.olearn")
    again = olearn.load(tmp_path / "scaler.olearn")
    for each in (scaler, again):
        each.learn_many(X[300:])
    assert np.array_equal(scaler.transform_many(X), again.transform_many(X), equal_nan=True)


@pytest.mark.parametrize("with_std", [True, False])
@pytest.mark.parametrize("delay", [0, 1, 63, 64, 65, 200, 1000])
def test_blocks_are_rows(delay, with_std):
    """Whatever the schedule, gaps and constant columns; also where many are learnt at once."""
    rng = np.random.default_rng(delay)
    X = rng.normal(size=(500, 5)) * [1.0, 1e9, 1e-9, 0.0, 3.0]
    X[rng.random(X.shape) < 0.1] = np.nan
    loop, block = (preprocessing.StandardScaler(with_std) for _ in range(2))
    for each in (loop, block):
        each.learn_many(X[:3])
    plan = Schedule.delayed(500, delay)
    upto = plan.upto.copy()
    upto[100:300] = upto[100]  # nothing is learnt for a while, then much after one row
    B = X[plan.due]
    made = block._stage_rows(X, B, None, np.ones(len(B)), upto)
    q = 0
    for t in range(500):
        np.testing.assert_array_equal(loop._transform_row(X[t]), made[0][t])
        while q < upto[t]:
            loop._learn_row(B[q], None, 1.0)
            np.testing.assert_array_equal(loop._transform_row(B[q]), made[1][q])
            q += 1
    np.testing.assert_array_equal(loop._state, block._state)


def test_not_exact_differs_in_the_last_digits():
    """Reciprocals give river's numbers to 1e-12, and the same ones by blocks and by rows."""
    rng = np.random.default_rng(3)
    X = rng.normal([0.0, 5.0, -300.0, 2.0], [1.0, 20.0, 100.0, 0.0], size=(3000, 4))
    X[rng.random(X.shape) < 0.05] = np.nan
    loop, block = (preprocessing.StandardScaler(exact=False) for _ in range(2))
    river = theirs.StandardScaler()
    for each in (loop, block):
        each.learn_many(X[:1])
    river.learn_one(without_gaps(X[:1])[0])
    X = X[1:]
    upto = Schedule.at_once(len(X)).upto
    before, after = block._stage_rows(X, X, None, np.ones(len(X)), upto)
    for t, x in enumerate(without_gaps(X)):
        for made in (before, after):
            mine, other = loop.transform_one(x), river.transform_one(x)
            assert mine == {j: made[t, j] for j in x}
            assert mine == pytest.approx(other, rel=1e-12, abs=1e-12)
            if made is before:
                loop.learn_one(x)
                river.learn_one(x)
    np.testing.assert_array_equal(loop._state, block._state)


@pytest.mark.parametrize("others", [{"with_std": False}, {"window_size": 10}])
def test_not_exact_needs_all_rows_and_deviations(others):
    """What reciprocals would not make faster is refused."""
    with pytest.raises(ValueError, match="exact must be True with"):
        preprocessing.StandardScaler(exact=False, **others)
