"""`TargetAgg` against river's, row for row and bit for bit."""

import numpy as np
import pytest
from river import feature_extraction, stats
from toys import mixed_rows

from olearn import preprocessing
from olearn.base import Schedule

NAMES = ("level", "sky")


@pytest.mark.parametrize("how", [stats.Mean(), stats.BayesianMean(3.0, 0.7)], ids=["mean", "bayes"])
@pytest.mark.parametrize("by", [None, "sky", ["level", "sky"]], ids=str)
def test_equals_rivers(by, how):
    """A missing value is a group of its own; river's is given None."""
    ours = preprocessing.TargetAgg(by, how)
    river = feature_extraction.TargetAgg(by, how)
    for i, x in enumerate(mixed_rows()):
        given = {name: x.get(name) for name in NAMES}
        target = 1e3 / (i + 1)
        assert ours.transform_one(x) == river.transform_one(given)
        ours.learn_one(x, target)
        river.learn_one(given, target)
        assert ours.transform_one(x) == river.transform_one(given)


def test_no_target_leaks_into_its_own_row():
    """A block gives what a loop gives that turns each row before it learns it."""
    X = np.random.default_rng(0).integers(5, size=(200, 2)).astype(float)
    y = np.random.default_rng(1).normal(size=200)
    for delay in (0, 30):
        loop, block = (preprocessing.TargetAgg([0, 1]) for _ in range(2))
        for each in (loop, block):
            each.learn_many(X[:1], y[:1])
        plan = Schedule.delayed(200, delay)
        A, B = block._stage_rows(X, X[plan.due], y[plan.due], np.ones(len(plan.due)), plan.upto)
        q = 0
        for t in range(200):
            assert loop._transform_row(X[t]).tolist() == A[t].tolist()
            while q < plan.upto[t]:
                assert loop._transform_row(X[q]).tolist() == B[q].tolist()
                loop._learn_row(X[q], y[q], 1.0)
                q += 1
        assert q == 200 - delay


def test_arrays_and_frames_learn_as_the_loop():
    """Targets may be bools, which count as 1 and 0."""
    pandas = pytest.importorskip("pandas")
    rows = [{name: x.get(name) for name in NAMES} for x in mixed_rows()]
    y = [i % 3 == 0 for i in range(len(rows))]
    loop, frame = (preprocessing.TargetAgg("sky") for _ in range(2))
    for x, target in zip(rows, y, strict=True):
        loop.learn_one(x, target)
    frame.learn_many(pandas.DataFrame(rows), y)
    for sky in ("blue", "grey", "red", None, "new"):
        assert loop.transform_one({"sky": sky}) == frame.transform_one({"sky": sky})


def test_arguments_are_checked():
    """Other statistics are river's own's."""
    with pytest.raises(TypeError, match=r"stats.Mean\(\) or stats.BayesianMean"):
        preprocessing.TargetAgg("sky", stats.Var())
    agg = preprocessing.TargetAgg("sky")
    for bad in (None, "1", float("nan"), float("inf")):
        with pytest.raises((TypeError, ValueError), match="y "):
            agg.learn_one({"sky": "blue"}, bad)
    assert agg.transform_one({"sky": "blue"}) == {"y_mean_by_sky": 0.0}


def test_codes_of_labels_are_no_targets():
    """Which of two labels is 0 hangs on the one that came first."""
    agg = preprocessing.TargetAgg(0)
    agg.learn_many(np.eye(2), [1.0, 0.0])
    codes = np.array([0, 1])
    for learn in (
        lambda: agg._learn_rows(np.eye(2), codes, np.ones(2)),
        lambda: agg._stage_rows(np.eye(2), np.eye(2), codes, np.ones(2), np.array([1, 2])),
    ):
        with pytest.raises(ValueError, match="needs a target of numbers, got codes of labels"):
            learn()
