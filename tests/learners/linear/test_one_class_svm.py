"""The one-class SVM, a linear model of no labels, beside river's: the same bits."""

import numpy as np
import pytest
from river import anomaly, optim, preprocessing
from river.optim import schedulers

import olearn
from olearn import learners

from .conftest import dicts

VARIANTS = {
    "default": {},
    "nu": {"nu": 0.7},
    "schedule": {"intercept_lr": schedulers.InverseScaling(0.1)},
    "clipped": {"clip_gradient": 0.3},
    "still intercept": {"intercept_lr": 0},
    "Momentum": {"optimizer": optim.Momentum(0.01)},
    "AdaGrad": {"optimizer": optim.AdaGrad()},
    "RMSProp": {"optimizer": optim.RMSProp()},
    "Adam": {"optimizer": optim.Adam()},
    "FTRL": {"optimizer": optim.FTRLProximal(l1=0.1)},
}


def fresh(parameters):
    return {k: v.clone() if k == "optimizer" else v for k, v in parameters.items()}


def loop(model, rows):
    """Score each row, then learn it."""
    scores = []
    for x in rows:
        scores.append(model.score_one(x))
        model.learn_one(x)
    return scores


@pytest.mark.parametrize("parameters", VARIANTS.values(), ids=VARIANTS)
def test_same_bits(parameters, streams):
    """Scores, weights and intercept are river's on every stream, as rows and as one array."""
    for stream, X, _, weights in streams[::2]:
        assert set(weights) == {1.0}
        theirs = anomaly.OneClassSVM(**fresh(parameters))
        ours = learners.OneClassSVM(**fresh(parameters))
        expected = loop(theirs, dicts(X))
        blocks = learners.OneClassSVM(**fresh(parameters))
        assert blocks.test_then_train_many(X).tolist() == expected, stream
        # with all columns known from the first row, or they come in another order than river's
        assert loop(ours, [dict(enumerate(row)) for row in X.tolist()]) == expected, stream
        assert [theirs.weights.get(j, 0.0) for j in blocks.weights] == [*blocks.weights.values()]
        assert theirs.intercept == blocks.intercept == ours.intercept
        assert ours.weights == blocks.weights


@pytest.mark.parametrize("delay", [None, 7])
def test_behind_a_scaler(delay, streams):
    """A pipeline scores as river's does, with labels at once and late ones."""
    _, X, _, _ = streams[0]
    rows = dicts(X)
    river_model = preprocessing.StandardScaler() | anomaly.OneClassSVM(nu=0.3)
    expected = []
    for t, x in enumerate(rows):
        expected.append(river_model.score_one(x))
        if delay is None:
            river_model.learn_one(x)
        elif t >= delay:
            river_model.learn_one(rows[t - delay])
    model = learners.OneClassSVM.scaled(nu=0.3)
    upto = np.maximum(np.arange(1, len(X) + 1) - (delay or 0), 0)
    scores = model._run_schedule(X, X[: upto[-1]], None, upto)
    assert scores.tolist() == expected


def test_save_and_go_on(tmp_path, streams):
    """A file in the middle of a stream changes no score."""
    _, X, _, _ = streams[0]
    whole = learners.OneClassSVM(optimizer=optim.Adam()).test_then_train_many(X)
    model = learners.OneClassSVM(optimizer=optim.Adam())
    model.learn_many(X[:100])
    olearn.save(model, tmp_path / "model")
    assert olearn.load(tmp_path / "model").test_then_train_many(X[100:]).tolist() == (
        whole[100:].tolist()
    )


def test_a_missing_value_is_an_absent_key():
    """NaN moves nothing; river's weight would be NaN for ever."""
    given = [{"a": 1.0, "b": 2.0}, {"a": 3.0}, {"a": 1.0, "b": 0.5}]
    with_nan = [x if "b" in x else {**x, "b": float("nan")} for x in given]
    assert loop(learners.OneClassSVM(), with_nan) == loop(anomaly.OneClassSVM(), given)


def test_as_in_river_the_score_falls_off_the_rows():
    """The side of the score is river's, whose documentation says so nowhere: pinned here."""
    rows = np.random.default_rng(1).normal(3.0, 0.3, (500, 2))
    for model in (learners.OneClassSVM(), anomaly.OneClassSVM()):
        loop(model, dicts(rows))
        assert model.score_one({0: 0.0, 1: 0.0}) < model.score_one({0: 3.0, 1: 3.0})
