"""The adaptive random forest for numbers: its draws replayed, its drifts, its mean."""

import numpy as np
import pytest
from oracle_rows import dicts
from river import datasets, drift, forest, metrics

from olearn import learners
from olearn.base import ArrayRegressor, Schedule
from olearn.core.rng import kernel_state, next_poisson

QUIET = {"drift_detector": drift.NoDrift(), "warning_detector": drift.NoDrift()}
TREE = {"grace_period": 50, "delta": 0.01}


def friedman(n=1500, seed=1):
    rows = list(datasets.synth.Friedman(seed=seed).take(n))
    X = np.array([list(x.values()) for x, _ in rows])
    return X, np.array([y for _, y in rows])


@pytest.mark.parametrize("normalise", [False, True])
def test_a_member_is_a_tree_with_the_drawn_weights(normalise):
    """With all features and no detectors, draws replayed: bit for bit, by mean and by median."""
    X, y = friedman()
    answers = np.empty((3, len(y)))
    for m in range(3):
        state = kernel_state(7, stream=m)
        tree = learners.HoeffdingTreeRegressor(**TREE, normalise=normalise)
        for i, (x, target) in enumerate(zip(dicts(X), y.tolist(), strict=True)):
            answers[m, i] = tree.predict_one(x)
            tree.learn_one(x, target, float(next_poisson(state, 6.0)))
    options = {"n_models": 3, "max_features": None, "seed": 7, "normalise": normalise, **QUIET}
    model = learners.ARFRegressor(**options)
    np.testing.assert_array_equal(model.test_then_train_many(X, y), np.median(answers, axis=0))
    mean = learners.ARFRegressor(**options, aggregation_method="mean").test_then_train_many(X, y)
    np.testing.assert_allclose(mean, answers.mean(axis=0), rtol=1e-12)


def test_the_weighted_mean_is_a_mean():
    """River divides by the number of members twice: a tenth of the target."""
    X, y = friedman()
    options = {"aggregation_method": "mean", "disable_weighted_vote": False, "seed": 1}
    ours = learners.ARFRegressor(**options).test_then_train_many(X, y)
    plain = learners.ARFRegressor(**{**options, "disable_weighted_vote": True})
    assert (
        abs(ours[500:] - y[500:]).mean()
        <= 1.01 * np.abs(plain.test_then_train_many(X, y)[500:] - y[500:]).mean()
    )
    river = forest.ARFRegressor(**options)
    for x, target in zip(dicts(X[:150]), y.tolist(), strict=False):
        river.learn_one(x, target)
    wrong = [river.predict_one(x) for x in dicts(X[150:200])]
    assert np.mean(wrong) < 0.15 * y.mean()


def test_no_worse_than_river():
    """On the rows of one stream, by the squared error."""
    X, y = friedman(1000)
    river, theirs, ours = forest.ARFRegressor(n_models=3, seed=1), metrics.RMSE(), metrics.RMSE()
    for x, target in zip(dicts(X), y.tolist(), strict=True):
        theirs.update(target, river.predict_one(x))
        river.learn_one(x, target)
    answers = learners.ARFRegressor(n_models=3, seed=1).test_then_train_many(X, y)
    for target, answer in zip(y.tolist(), answers.tolist(), strict=True):
        ours.update(target, answer)
    assert ours.get() < 1.02 * theirs.get()


def test_drifts_replace_trees_whose_room_is_used_again():
    """After each change members are replaced, and the pools do not grow for ever."""
    X, y = friedman(12_000)
    y = np.where(np.arange(len(y)) // 2000 % 2 == 0, y, 40.0 - y)
    model = learners.ARFRegressor(n_models=3, seed=1)
    errors = np.abs(model.test_then_train_many(X, y) - y)
    assert model.n_drifts >= 3 * 4
    assert model.n_warnings >= model.n_drifts
    assert errors[11_000:].mean() < 0.6 * errors[10_000:10_100].mean()
    assert max(len(pool.arrays.node_i) for pool in model._pools) <= 512
    again = learners.ARFRegressor(n_models=3, seed=1)
    again.learn_many(X[:11_900], y[:11_900])
    for x, target in zip(dicts(X[11_900:]), y[11_900:].tolist(), strict=True):
        again.learn_one(x, target)
    np.testing.assert_array_equal(again.predict_many(X[:500]), model.predict_many(X[:500]))


@pytest.mark.parametrize("delay", [0, 40])
def test_a_compiled_stage_answers_as_single_rows(delay):
    """Rows predicted and rows learnt may differ, as behind a scaler, and labels come late."""
    X, y = friedman(600)
    plan = Schedule.delayed(len(X), delay)
    A, B, w = X, 0.5 * X[plan.due], np.linspace(0.0, 2.0, len(plan.due))
    answers = []
    for stage in (ArrayRegressor._stage_rows, learners.ARFRegressor._stage_rows):
        model = learners.ARFRegressor(
            n_models=3, seed=1, aggregation_method="mean", disable_weighted_vote=False
        )
        model.learn_many(X[:5], y[:5])
        answers.append(stage(model, A, B, y[plan.due], w, plan.upto))
    np.testing.assert_array_equal(*answers)


def test_memory_is_bounded():
    """All members together."""
    X, y = friedman(4000)
    model = learners.ARFRegressor(n_models=3, seed=1, max_size=0.3)
    model.learn_many(X, y)
    assert sum(pool.n_bytes for pool in model._pools) <= 0.3 * 2**20


def test_what_is_refused():
    """Detectors and metrics that the kernels do not have, by name."""
    with pytest.raises(ValueError, match="drift_detector must be ADWIN"):
        learners.ARFRegressor(drift_detector=drift.PageHinkley())
    with pytest.raises(ValueError, match="metric must be MSE"):
        learners.ARFRegressor(metric=metrics.MAE())
