"""The exact area under the ROC curve: scikit-learn is the oracle, row by row and over arrays."""

import math

import numpy as np
import pytest
from river import metrics, naive_bayes, rules
from sklearn.metrics import roc_auc_score

from olearn import evaluate, learners, streams
from olearn.core.labels import CodedLabels, CodedProba
from olearn.metrics import AUC, WindowedAUC, update_many

CASES = {
    "spread": lambda rng, n: (rng.random(n) < 0.4, rng.random(n)),
    "ties": lambda rng, n: (rng.random(n) < 0.3, np.round(rng.random(n), 1)),
    "rare and low": lambda rng, n: (rng.random(n) < 0.02, rng.random(n) ** 4 / 10),
    "all equal": lambda rng, n: (rng.random(n) < 0.5, np.full(n, 0.25)),
    "any size": lambda rng, n: (rng.random(n) < 0.5, rng.normal(size=n) * 1e300),
}


def rows(case, n):
    return CASES[case](np.random.default_rng(7), n)


def oracle(truth, scores):
    both = len(set(truth.tolist())) == 2
    return roc_auc_score(truth, scores) if both else math.nan


@pytest.mark.parametrize("case", CASES)
def test_every_window_equals_scikit_learns(case):
    """After each of 1,500 rows, the value of the newest 50 is scikit-learn's."""
    truth, scores = rows(case, 1_500)
    metric = WindowedAUC(window=50)
    for i in range(len(truth)):
        metric.update(bool(truth[i]), float(scores[i]))
        part = slice(max(0, i - 49), i + 1)
        assert metric.get() == pytest.approx(oracle(truth[part], scores[part]), nan_ok=True)


@pytest.mark.parametrize("case", CASES)
def test_all_rows_equal_scikit_learns(case):
    """Over all rows, read one by one and in arrays of any size."""
    truth, scores = rows(case, 6_000)
    by_rows, by_arrays = AUC(), AUC()
    for i in range(3_000):
        by_rows.update(bool(truth[i]), float(scores[i]))
        if i in (0, 5, 1_234):
            assert by_rows.get() == pytest.approx(
                oracle(truth[: i + 1], scores[: i + 1]), nan_ok=True
            )
    y_true = CodedLabels(truth.astype(np.int64), [False, True])
    for part in (slice(0, 1), slice(1, 700), slice(700, 3_000), slice(3_000, 6_000)):
        update_many(by_arrays, CodedLabels(y_true.codes[part], y_true.labels), scores[part])
        if part.stop == 3_000:
            assert by_arrays.get() == by_rows.get()
    assert by_arrays.get() == pytest.approx(oracle(truth, scores))


@pytest.mark.parametrize("window", [7, 40, 100])
def test_arrays_equal_the_loop(window):
    """Arrays shorter and longer than the window leave the value of the loop."""
    truth, scores = rows("ties", 400)
    y_true = CodedLabels(truth.astype(np.int64), [False, True])
    proba = CodedProba(np.column_stack([1 - scores, scores]), [False, True])
    by_rows, by_arrays = WindowedAUC(window), WindowedAUC(window)
    for start in range(0, 400, 40):
        part = slice(start, start + 40)
        some = CodedLabels(y_true.codes[part], y_true.labels)
        given = CodedProba(proba.proba[part], proba.labels)
        update_many(by_arrays, some, given)
        for t, p in zip(some.tolist(), given.tolist(), strict=True):
            by_rows.update(t, p)
        assert by_arrays.get() == by_rows.get()
    by_rows.update(True, 0.123)
    by_arrays.update(True, 0.123)
    assert by_arrays.get() == by_rows.get()


def test_counts_never_drift():
    """After 100,000 rows the whole numbers are those of the window alone."""
    truth, scores = rows("ties", 100_000)
    metric = WindowedAUC(window=100)
    for t, s in zip(truth.tolist(), scores.tolist(), strict=True):
        metric._add_row((t, s))
    fresh = WindowedAUC(window=100)
    fresh.update_scores(truth[-100:], scores[-100:])
    assert metric._twice_u == fresh._twice_u > 0


def test_faults_of_river_that_are_not_followed():
    """A tie counts one half, and low scores are told apart; if river mends it, this test tells."""
    tied, low = metrics.RollingROCAUC(), metrics.ROCAUC()
    ours = WindowedAUC(), AUC()
    for truth in (True, False):
        tied.update(truth, 0.5)
        ours[0].update(truth, 0.5)
    truth, scores = rows("rare and low", 2_000)
    for t, s in zip(truth.tolist(), scores.tolist(), strict=True):
        low.update(t, s)
        ours[1].update(t, s)
    assert (tied.get(), ours[0].get()) == (0.0, 0.5)
    assert low.get() == pytest.approx(0.5)
    assert ours[1].get() == pytest.approx(roc_auc_score(truth, scores))


@pytest.mark.parametrize("metric", [AUC(), WindowedAUC()])
def test_bad_rows_are_refused(metric):
    """Scores that are not finite, and weights, raise by name; nothing is counted."""
    for bad in (math.inf, -math.inf, math.nan):
        with pytest.raises(ValueError, match="y_pred must be finite"):
            metric.update(True, bad)
    with pytest.raises(ValueError, match="w must be 1"):
        metric.update(True, 0.5, 2.0)
    with pytest.raises(NotImplementedError, match="WindowedAUC"):
        metric.revert(True, 0.5)
    metric.update(True, 0.5)
    metric.update(False, 0.25)
    assert metric.get() == 1.0


def test_evaluations_score_by_it():
    """Classifiers of any labels and anomaly detectors, in blocks and row by row."""
    rng = np.random.default_rng(1)
    X = np.clip(rng.normal(0.4, 0.03, (1_500, 3)), 0.0, 1.0)
    rare = rng.random(len(X)) < 0.03
    X[rare] = rng.random((int(rare.sum()), 3))
    names = np.where(rare, "odd", "usual")
    model = learners.HalfSpaceTrees(window_size=100, seed=1)
    found = evaluate.prequential((X, names), model, [AUC(), WindowedAUC(500)], pos_label="odd")
    stream = list(streams.from_arrays(X, names))
    single = evaluate.prequential(stream, model.clone(), AUC(), pos_label="odd")
    assert (found.path, single.path) == ("blocks", "rows")
    assert found.values["AUC"] == single.values["AUC"] > 0.8
    default = evaluate.prequential((X, names), model.clone(), pos_label="odd")
    assert default.values == {"AUC": found.values["AUC"]}
    nb = evaluate.prequential(stream, naive_bayes.GaussianNB(), AUC(), pos_label="odd")
    assert 0.5 < nb.values["AUC"] <= 1.0
    assert not AUC().works_with(rules.AMRules())


@pytest.mark.parametrize("make", [AUC, lambda pos_val: WindowedAUC(10, pos_val)])
def test_probabilities_are_those_of_the_positive_label(make):
    """With labels that are words, of rows and of arrays: never the missing ones of True."""
    labels = ["yes", "no"]
    proba = np.array([[0.9, 0.1], [0.95, 0.05], [0.97, 0.03], [0.2, 0.8]])
    by_rows, by_arrays = make(pos_val="yes"), make(pos_val="yes")
    for label, row in zip(("yes", "no", "no", "no"), proba, strict=True):
        by_rows.update(label, dict(zip(labels, row.tolist(), strict=True)))
    update_many(by_arrays, CodedLabels(np.array([0, 1, 1, 1]), labels), CodedProba(proba, labels))
    assert by_rows.get() == by_arrays.get() == pytest.approx(1 / 3)
