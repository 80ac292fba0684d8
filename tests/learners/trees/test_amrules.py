"""Adaptive model rules: river's answers, and what is ours: one feature, weights, memory, words."""

import itertools

import numpy as np
import pytest
from oracle_rows import dicts
from river import datasets, drift, rules
from river.rules import amrules
from river.tree import splitter
from river.tree.splitter.nominal_splitter_reg import NominalSplitterReg

from olearn import detectors, learners
from olearn.base import ArrayRegressor, Schedule
from olearn.learners.trees import rule_pool as of

QUICK = {"n_min": 50, "delta": 0.05}
CASES = {
    "defaults": {},
    "ordered": QUICK,
    "all that cover": {**QUICK, "ordered_rule_set": False},
    "models": {**QUICK, "pred_type": "model", "min_samples_split": 20},
    "means, Page-Hinkley": {
        **QUICK,
        "pred_type": "mean",
        "drift_detector": drift.PageHinkley(threshold=20.0),
        "ordered_rule_set": False,
    },
    "no detector, few anomalies": {
        **QUICK,
        "drift_detector": drift.NoDrift(),
        "anomaly_threshold": -3.0,
        "m_min": 100,
        "fading_factor": 0.9,
    },
    "narrow detector": {**QUICK, "tau": 0.3, "drift_detector": drift.ADWIN(0.3)},
}


def turning(n=2000, seed=1):
    """Friedman's function, upside down from the middle on, with rows that lie far off."""
    found = list(datasets.synth.Friedman(seed=seed).take(n))
    X = np.array([list(x.values()) for x, _ in found])
    y = np.array([y for _, y in found])
    y[n // 2 :] = 40.0 - y[n // 2 :]
    X[10::20] += 2.0
    return X, y


def by_rows(model, rows, y, w=None):
    answers = []
    weights = [()] * len(y) if w is None else [(each,) for each in w.tolist()]
    for x, target, weight in zip(rows, y.tolist(), weights, strict=True):
        answers.append(model.predict_one(x))
        model.learn_one(x, target, *weight)
    return np.array(answers)


@pytest.fixture(autouse=True)
def _rules_of_their_own(monkeypatch):
    """River keeps rules by their addresses, so that now and then one takes another's place."""
    numbers = itertools.count()
    monkeypatch.setattr(amrules, "hash", lambda rule: next(numbers), raising=False)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_rivers_answers(case, gaps):
    """Bit for bit, as are the number of rules, of drifts, and scores."""
    X, y = turning()
    X[np.random.default_rng(1).random(X.shape) < gaps] = np.nan
    X[0] = 0.5  # the columns, in order
    river, ours = rules.AMRules(**CASES[case]), learners.AMRules(**CASES[case])
    theirs = by_rows(river, dicts(X), y)
    np.testing.assert_array_equal(ours.test_then_train_many(X, y), theirs)
    assert len(ours) == len(river)
    assert ours.n_drifts_detected == river.n_drifts_detected
    for x in dicts(X[::100]):
        assert ours.anomaly_score(x) == river.anomaly_score(x)


def test_the_cases_reach_what_they_are_for():
    """Rules, drifts by both detectors, and rows that are left out."""
    X, y = turning()
    found = {name: learners.AMRules(**options) for name, options in CASES.items()}
    for model in found.values():
        model.learn_many(X, y)
    assert len(found["all that cover"]) > 3
    assert found["means, Page-Hinkley"].n_drifts_detected > 1
    assert found["narrow detector"].n_drifts_detected > 1
    everything = learners.AMRules(**QUICK, anomaly_threshold=-1e9)
    assert (
        everything.test_then_train_many(X, y) != by_rows(learners.AMRules(**QUICK), dicts(X), y)
    ).any()


def test_weights_as_in_river():
    """Of means; a model takes a weight as it is."""
    X, y = turning()
    w = np.random.default_rng(0).choice([0.5, 1.0, 2.0], len(y))
    options = {**QUICK, "pred_type": "mean"}
    ours, river = learners.AMRules(**options), rules.AMRules(**options)
    by_rows(river, dicts(X), y, w)
    ours.learn_many(X, y, w)
    assert len(ours) == len(river) > 2
    assert [river.predict_one(x) for x in dicts(X[:300])] == ours.predict_many(X[:300]).tolist()
    linear = learners.LinearRegression()
    linear.learn_one({"x": 1.0}, 2.0, 0.5)
    only = learners.AMRules(pred_type="model")
    only.learn_one({"x": 1.0}, 2.0, 0.5)
    assert only.predict_one({"x": 1.0}) == linear.predict_one({"x": 1.0}) > 0.0


def test_categories_as_in_river(monkeypatch):
    """Tests of text are = and !=, which a missing value fulfils neither of; river misses a name."""
    monkeypatch.setattr(splitter, "NominalSplitterReg", NominalSplitterReg, raising=False)
    rng = np.random.default_rng(0)
    rows, y = [], []
    for _ in range(3000):
        kind, x = str(rng.choice(list("abcd"))), float(rng.normal())
        rows.append({"kind": kind, "x": x} if rng.random() < 0.9 else {"x": x})
        y.append({"a": 0.0, "b": 5.0, "c": 5.5, "d": 1.0}[kind] + 0.1 * x)
    rows[0] = {"kind": "a", "x": 0.0}
    options = {"n_min": 100, "delta": 0.05, "pred_type": "mean"}
    river, ours = rules.AMRules(**options), learners.AMRules(**options)
    theirs, mine = (by_rows(model, rows, np.array(y)) for model in (river, ours))
    np.testing.assert_array_equal(mine, theirs)
    kinds = {int(kind) for kind in ours._pool.rules.literals[:, :, of.KIND].ravel()}
    assert {of.EQUAL, of.OTHER} & kinds
    assert "kind =" in ours.to_text() or "kind !=" in ours.to_text()


def test_one_feature_is_tested_when_it_tells():
    """River tests the only feature of a rule at every attempt, noise or not."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(size=2000), rng.normal(size=2000)
    rows = [{"x": value} for value in x.tolist()]
    river, ours = rules.AMRules(n_min=50), learners.AMRules(n_min=50)
    by_rows(river, rows, y)
    by_rows(ours, rows, y)
    assert len(ours) == 1 < len(river)
    told = learners.AMRules(n_min=50)
    told.learn_many(x[:, None], np.where(x > 0.5, 9.0, -9.0))
    assert len(told) > 1


def test_a_constant_target_makes_no_rule():
    """Its variance is 0, by which river divides."""
    X, _ = turning(300)
    model = learners.AMRules(n_min=50)
    model.learn_many(X, np.full(len(X), 3.0))
    assert len(model) == 1
    assert model.predict_one(dicts(X)[0]) == pytest.approx(3.0)


def test_normalised_models_do_not_diverge():
    """Columns of any scale; as they come, a linear model is lost."""
    X = np.random.default_rng(0).normal(size=(2000, 5)) + 1.0
    y = 1e4 * (X @ np.arange(5.0))
    X *= np.logspace(-2, 2, 5)
    model = learners.AMRules(n_min=50, delta=0.01, normalise=True)
    off = (model.test_then_train_many(X, y) - y)[1000:]
    assert np.sqrt(np.mean(off**2)) < 0.5 * y.std()
    assert not model._is_said
    raw = learners.AMRules(n_min=50, delta=0.01, pred_type="model")
    with pytest.warns(UserWarning, match="normalise=True"):
        raw.learn_many(X, y)


@pytest.mark.parametrize("delay", [0, 40])
def test_a_compiled_stage_answers_as_single_rows(delay):
    """Rows predicted and rows learnt may differ, as behind a scaler, and labels come late."""
    X, y = turning(1000)
    plan = Schedule.delayed(len(X), delay)
    A, B, w = X, 0.5 * X[plan.due], np.linspace(0.0, 2.0, len(plan.due))
    answers = []
    for stage in (ArrayRegressor._stage_rows, learners.AMRules._stage_rows):
        model = learners.AMRules(**QUICK, ordered_rule_set=False, normalise=True)
        model.learn_many(X[:5], y[:5])
        answers.append(stage(model, A, B, y[plan.due], w, plan.upto))
    np.testing.assert_array_equal(*answers)


@pytest.mark.parametrize("ordered", [False, True])
def test_memory_is_bounded(ordered):
    """Where there is no room rules stop growing; a rule that goes makes room for another."""
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(30_000, 6))
    y = np.floor(8 * X[:, 0]) + np.floor(4 * X[:, 1]) + (X[:, 2] > 0.5)
    options = {"n_min": 30, "delta": 0.5, "drift_detector": drift.NoDrift()}
    options |= {"splitter": None, "ordered_rule_set": ordered, "anomaly_threshold": -1e9}
    bounded, free = (learners.AMRules(**options, max_size=size) for size in (0.15, 500.0))
    bounded.learn_many(X, y)
    free.learn_many(X, y)
    assert bounded._pool.n_bytes <= 0.15 * 2**20 < free._pool.n_bytes
    assert 1 < len(bounded) < len(free)


def test_words():
    """Rules by the names of the features."""
    rng = np.random.default_rng(0)
    rows = [{"a": a, "b": b} for a, b in rng.uniform(size=(1000, 2)).tolist()]
    y = np.array([10.0 if x["a"] > 0.5 else -10.0 for x in rows])
    model = learners.AMRules(n_min=100, delta=0.01, pred_type="mean")
    assert model.debug_one({"a": 1.0}) == "default rule: 0\nprediction: 0"
    by_rows(model, rows, y)
    first = model.to_text().splitlines()[0]
    assert first.startswith(("a > 0.", "a <= 0."))
    assert model.to_text().splitlines()[-1].startswith("default: mean ")
    text = model.debug_one({"a": 0.95 if ">" in first else 0.05, "b": 0.5})
    assert text.startswith("rule 0: a ")
    assert text.splitlines()[-1].startswith("prediction: ")


def test_what_is_refused():
    """Detectors that the kernels do not have, by name; ours and river's Page-Hinkley are taken."""
    with pytest.raises(ValueError, match="drift_detector must be PageHinkley, ADWIN"):
        learners.AMRules(drift_detector=drift.KSWIN())
    X, y = turning(600)
    answers = [
        learners.AMRules(**QUICK, drift_detector=kind.PageHinkley(threshold=5.0))
        .test_then_train_many(X, y)
        .tolist()
        for kind in (drift, detectors)
    ]
    assert answers[0] == answers[1]


def test_values_of_any_size():
    """Nothing that is not a number enters what is kept."""
    rng = np.random.default_rng(0)
    X = rng.choice([1.7e308, -1.7e308, 0.0, 1.0, 5e-324, 1e200], size=(400, 3))
    model = learners.AMRules(n_min=30, delta=0.5, pred_type="mean", normalise=True)
    assert np.isfinite(model.test_then_train_many(X, rng.normal(size=400))).all()
    kept = [*model._pool.rules, model._pool.arrays.scales]
    assert all(np.isfinite(array).all() for array in kept)
