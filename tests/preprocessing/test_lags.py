"""`Lags`: earlier values of features and of the target, in rows, blocks and pipelines."""

import numpy as np
import pytest
from river import compose

from olearn import evaluate, learners, preprocessing, streams
from olearn.base import Schedule


def test_values_are_those_of_the_rows_before():
    """What has not been, and what was missing, is left out; other features pass."""
    lags = preprocessing.Lags([1, 3], ["a"])
    rows = [{"a": 1.0, "b": "x"}, {"a": None, "b": "y"}, {"a": 3.0}, {"a": 4.0, "c": 7.0}]
    seen = []
    for x in rows:
        seen.append(lags.transform_one(x))
        lags.learn_one(x)
    assert seen == [
        {"a": 1.0, "b": "x"},
        {"a_lag1": 1.0, "b": "y"},
        {"a": 3.0},
        {"a": 4.0, "a_lag1": 3.0, "a_lag3": 1.0, "c": 7.0},
    ]


@pytest.mark.parametrize("delay", [0, 1, 7, 300])
def test_a_block_is_the_loop(delay):
    """Each row is turned before it is learnt, and sees only what has been learnt by then."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 2)), rng.normal(size=200)
    loop, block = (preprocessing.Lags([1, 2, 5], of_target=True) for _ in range(2))
    for each in (loop, block):
        each.learn_many(X[:3], y[:3])
    plan = Schedule.delayed(200, delay)
    due = plan.due
    A, B = block._stage_rows(X, X[due], y[due], np.ones(len(due)), plan.upto)
    q = 0
    for t in range(200):
        np.testing.assert_array_equal(loop._transform_row(X[t]), A[t])
        while q < plan.upto[t]:
            np.testing.assert_array_equal(loop._transform_row(X[q]), B[q])
            loop._learn_row(X[q], y[q], 1.0)
            q += 1
    np.testing.assert_array_equal(loop._past, block._past)


@pytest.mark.parametrize("delay", [None, 4])
def test_blocks_of_a_pipeline_are_its_rows(delay):
    """The same predictions whichever way; river's pipeline orders features as they come."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(400, 2)).cumsum(axis=0) / 50.0
    stream = streams.Ahead(streams.from_arrays(X, None), "x0")

    def make():
        return preprocessing.Lags([1, 2], of_target=True), learners.LinearRegression()

    steps = make()
    result = evaluate.prequential(stream, steps[0] | steps[1], delay=delay, keep_predictions=True)
    assert result.path == "blocks"
    for model, tolerance in ((make()[0] | make()[1], 0.0), (compose.Pipeline(*make()), 1e-12)):
        pairs, answers = list(stream), []
        for t, (x, _) in enumerate(pairs):
            answers.append(model.predict_one(x))
            if t >= (delay or 0):
                model.learn_one(*pairs[t - (delay or 0)])
        np.testing.assert_allclose(result.predictions, answers, rtol=tolerance, atol=tolerance)


def test_arguments_and_targets_are_checked():
    """Each names what is wrong; nothing has been learnt then."""
    for bad, error in (
        ([0], ValueError),
        ([1, 1], ValueError),
        ([], ValueError),
        ("x", TypeError),
        (1, TypeError),
    ):
        with pytest.raises(error, match="lags"):
            preprocessing.Lags(bad)
    lags = preprocessing.Lags(of_target=True)
    for bad in (None, "1", float("nan"), float("inf")):
        with pytest.raises((TypeError, ValueError), match="y "):
            lags.learn_one({"a": 1.0}, bad)
    assert lags.transform_one({"a": 1.0}) == {"a": 1.0}
    with pytest.raises(ValueError, match="reads the target as a number"):
        evaluate.prequential(
            (np.ones((4, 1)), np.array(list("abab"))),
            preprocessing.Lags(of_target=True) | learners.HoeffdingTreeClassifier(),
        )
    with pytest.raises(ValueError, match="must not be called as a lag is"):
        preprocessing.Lags().learn_one({"a": 1.0, "a_lag1": 2.0})
