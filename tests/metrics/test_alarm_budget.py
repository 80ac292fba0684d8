"""Precision and recall at a budget of alarms: thresholds of the past, counts by window."""

import math

import numpy as np
import pytest

from olearn import evaluate, learners
from olearn.evaluate.online.scoring import Scoreboard
from olearn.metrics import PrecisionAtBudget, RecallAtBudget, update_many
from olearn.metrics.newest_scores import NewestScores
from olearn.metrics.one_vs_rest import OneVsRest


def slow(truth, scores, budget, window):
    """Alarms by the definition, then precision and recall."""
    alarms = []
    for i, score in enumerate(scores):
        past = scores[max(0, i - window) : i]
        alarms.append((past >= score).sum() < math.floor(budget * len(past) + 1e-9))
    both = (truth & np.array(alarms)).sum()
    return both / max(sum(alarms), 1), both / truth.sum(), np.array(alarms)


@pytest.mark.parametrize(("budget", "window"), [(0.01, 100), (0.1, 77), (0.29, 100), (1.0, 5)])
@pytest.mark.parametrize("digits", [1, 9])
def test_the_definition(budget, window, digits):
    """Row by row and in arrays, with ties and without: what the plain definition gives."""
    rng = np.random.default_rng(3)
    truth = rng.random(1_200) < 0.1
    scores = np.round(rng.random(1_200) + 0.5 * truth + np.linspace(0, 2, 1_200), digits)
    precision, recall, alarms = slow(truth, scores, budget, window)
    assert alarms[: math.ceil(1 / budget)].sum() == 0
    for make, wanted in ((PrecisionAtBudget, precision), (RecallAtBudget, recall)):
        one, many = make(budget, window), make(budget, window)
        for t, s in zip(truth.tolist(), scores.tolist(), strict=True):
            one.update(t, s)
        for part in (slice(0, 1), slice(1, 500), slice(500, 520), slice(520, 1_200)):
            update_many(many, truth[part], scores[part])
        assert one.get() == many.get() == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("trend", [-3.0, 0.0, 3.0])
@pytest.mark.parametrize(("budget", "window"), [(0.02, 200), (0.5, 64), (1.0, 1)])
def test_alarms_of_blocks_of_any_size(trend, budget, window):
    """Scores that rise, fall and tie, sorted with their window or put into its buckets."""
    rng = np.random.default_rng(6)
    scores = np.round(rng.random(4_000) + np.linspace(0.0, trend, 4_000), 2)
    _, _, wanted = slow(scores > 0, scores, budget, window)
    past, found = NewestScores(window), []
    for part in np.array_split(scores, np.cumsum(rng.choice([1, 3, 30, 300], 60)).clip(max=4_000)):
        found += past.alarms(part, budget).tolist()
    assert found == wanted.tolist()


def test_the_share_of_alarms_is_the_budget():
    """On steady scores; and no alarm reads a score that comes after it."""
    rng = np.random.default_rng(4)
    scores = rng.normal(size=50_000)
    metric = PrecisionAtBudget(0.01)
    update_many(metric, np.ones(len(scores), bool), scores)
    assert 0.008 < metric._n_alarms / len(scores) <= 0.0105
    first = PrecisionAtBudget(0.01)._past.alarms(scores[:30_000], 0.01)
    scores[30_000:] += 100.0
    again = PrecisionAtBudget(0.01)._past.alarms(scores, 0.01)
    np.testing.assert_array_equal(first, again[:30_000])


@pytest.mark.parametrize("wrap", [lambda metric: metric, lambda metric: OneVsRest(metric, True)])
def test_windows_count_afresh_behind_the_same_threshold(wrap):
    """Each window's value is of its rows, whose alarms are those of the whole run."""
    rng = np.random.default_rng(5)
    truth = rng.random(600) < 0.2
    scores = rng.random(600) + truth
    _, _, alarms = slow(truth, scores, 0.1, 50)
    board = Scoreboard([wrap(RecallAtBudget(0.1, 50))])
    for start in (0, 200, 400):
        board.add(truth[start : start + 200], scores[start : start + 200])
        board.close_window()
    parts = [slice(0, 200), slice(200, 400), slice(400, 600)]
    wanted = [(truth & alarms)[part].sum() / truth[part].sum() for part in parts]
    assert board.windows["RecallAtBudget"] == pytest.approx(wanted)
    assert board.curves["RecallAtBudget"][-1] == pytest.approx((truth & alarms).sum() / truth.sum())


def test_nothing_to_share_is_nan():
    """Before the first alarm and before the first positive row."""
    metrics = PrecisionAtBudget(), RecallAtBudget()
    for metric in metrics:
        metric.update(False, 0.5)
        assert math.isnan(metric.get())


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"budget": 0.0}, "budget must be in"),
        ({"budget": 1.5}, "budget must be in"),
        ({"window": 0}, "window must be"),
        ({"budget": 0.01, "window": 99}, "window must hold a row of the budget"),
    ],
)
def test_bad_parameters(params, message):
    """They are named."""
    with pytest.raises(ValueError, match=message):
        PrecisionAtBudget(**params)


def test_detectors_of_anomalies_show_it():
    """Half-space trees find what is rare; the default metrics say how much of it."""
    rng = np.random.default_rng(1)
    X = np.clip(rng.normal(0.4, 0.03, (3_000, 3)), 0.0, 1.0)
    rare = rng.random(len(X)) < 0.01
    X[rare] = rng.random((int(rare.sum()), 3))
    model = learners.HalfSpaceTrees(window_size=100, seed=1)
    found = evaluate.prequential((X, rare), model)
    assert list(found.values) == ["AUC", "PrecisionAtBudget", "RecallAtBudget"]
    assert found.values["PrecisionAtBudget"] > 0.3
