"""The exact area under the ROC curve: scikit-learn is the oracle, row by row and over arrays."""

import itertools
import math
import pickle

import numpy as np
import pytest
from river import metrics, naive_bayes, rules
from sklearn.metrics import roc_auc_score

import olearn
from olearn import evaluate, learners, streams
from olearn.core.labels import CodedLabels, CodedProba
from olearn.metrics import AUC, PRAUC, WindowedAUC, update_many, values_many
from olearn.metrics.all_scores import AllScores
from olearn.metrics.newest_scores import NewestScores

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
    values = values_many(metric, truth, scores)
    fresh = WindowedAUC(window=100)
    fresh.update_scores(truth[-100:], scores[-100:])
    assert metric._scores.counts == fresh._scores.counts
    assert values[-1] == metric.get() == fresh.get()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("window", [0, 2, 30, 700])
def test_values_after_each_row(case, window):
    """They are those of the loop, to the bit, and the metric goes on from them."""
    truth, scores = rows(case, 2_500)
    one, many = (WindowedAUC(window) if window else AUC() for _ in range(2))
    wanted = []
    for t, s in zip(truth.tolist(), scores.tolist(), strict=True):
        one.update(t, s)
        wanted.append(one.get())
    found = [values_many(many, truth[:900], scores[:900]).tolist()]
    update_many(many, truth[900:1_000], scores[900:1_000])
    y_true = CodedLabels(truth[1_000:].astype(np.int64), [False, True])
    found.append(values_many(many, y_true, scores[1_000:]).tolist())
    assert str(found[0]) == str(wanted[:900])  # NaN is NaN
    assert str(found[1]) == str(wanted[1_000:])
    assert str(many.get()) == str(one.get())


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("make", "size"), [(AUC, 1), (AUC, 7), (AUC, 40), (AUC, 700), (PRAUC, 7), (PRAUC, 350)]
)
def test_marks_are_the_values_read_at_once(case, make, size, tmp_path):
    """To the bit, whenever they are asked for; through files, and with rows between blocks."""
    truth, scores = rows(case, 4_000)
    late, read = make(), make()
    late.mark()
    found, wanted = late.marked(), [(math.nan, math.nan)]
    for i, start in enumerate(range(0, len(truth), size)):
        part = slice(start, start + size)
        for metric in (late, read):
            if i % 5 == 4:  # as the way row by row does
                for t, s in zip(truth[part].tolist(), scores[part].tolist(), strict=True):
                    metric.update(t, s)
            else:
                metric.update_scores(truth[part], scores[part])
        if i % 7 == 3:
            late.get()
        if i % 3 == 2:  # more blocks than one between two marks
            late.mark()
            since = make()
            since.update_scores(
                *(values[start - 2 * size : part.stop] for values in (truth, scores))
            )
            wanted.append((read.get(), since.get()))
        if start // 1_500 > (start - size) // 1_500:
            olearn.save(late, tmp_path / "late")
            late = pickle.loads(pickle.dumps(olearn.load(tmp_path / "late")))
        if i % 300 == 299:
            found += late.marked()
    late.mark()
    late.mark()  # of no new rows
    found += late.marked()
    assert str(found[-1]) == str((read.get(), math.nan))
    assert str(found[:-2]) == str(wanted)  # NaN is NaN
    assert late._scores.counts == read._scores.counts
    assert late.marked() == []


def test_more_marks_than_are_counted_at_once():
    """One a row, of 10,000."""
    truth, scores = rows("ties", 10_000)
    late = AUC()
    for i in range(0, len(truth), 2):
        late.update_scores(truth[i : i + 2], scores[i : i + 2])
        late.mark()
    found = [value for value, _ in late.marked()]
    assert str(found) == str(values_many(AUC(), truth, scores)[1::2].tolist())


def test_arrays_given_are_not_kept():
    """Rows that wait to be sorted are copies."""
    truth, scores = rows("spread", 500)
    metric, other = AUC(), AUC()
    other.update_scores(truth, scores)
    given = truth.copy(), scores.copy()
    metric.update_scores(*given)
    given[0][:], given[1][:] = True, 0.5
    assert metric.get() == other.get()


@pytest.mark.parametrize("window", [2, 30, 64, 700])
def test_blocks_of_any_size_give_the_values_of_rows(window):
    """Values after each row, where windows are sorted at once and where rows go into buckets."""
    truth, scores = rows("ties", 6_000)
    one, many = WindowedAUC(window), WindowedAUC(window)
    sizes = np.random.default_rng(3).choice([1, 2, 5, 90, 400, 1_500], 60)
    for start, stop in itertools.pairwise(np.cumsum(sizes).clip(max=6_000).tolist()):
        wanted = []
        for t, s in zip(truth[start:stop].tolist(), scores[start:stop].tolist(), strict=True):
            one.update(t, s)
            wanted.append(one.get())
        found = values_many(many, truth[start:stop], scores[start:stop])
        assert str(found.tolist()) == str(wanted)


def test_values_of_other_metrics_are_read_row_by_row():
    """Any metric will do; a row that is not scored leaves the value."""
    assert values_many(metrics.Accuracy(), [1, 0, 1, 1], [1, 1, None, 1]).tolist() == [
        *(1.0, 0.5, 0.5, 2 / 3)
    ]
    areas = values_many(AUC(), [True, False, False], [0.5, {}, {True: 0.25}])
    assert str(areas.tolist()) == "[nan, nan, 1.0]"


@pytest.mark.parametrize("window", [3, 64, 1000, 0])
def test_scores_that_wander_keep_the_order(window):
    """Buckets fill, are split and are left empty: the scores kept stay the newest, in order."""
    rng = np.random.default_rng(5)
    scores = np.cumsum(rng.normal(size=9_000)).round(1)
    positive = rng.random(len(scores)) < 0.5
    kept = NewestScores(window) if window else AllScores()
    for part in np.array_split(np.arange(len(scores)), [1, 40, 800, 4_000, 4_090, 7_000]):
        kept.add(positive[part], scores[part])
        newest = slice(max(0, part[-1] + 1 - window) if window else 0, part[-1] + 1)
        for label in (0, 1):
            wanted = np.sort(scores[newest][positive[newest] == label])
            np.testing.assert_array_equal(kept.in_order(label), wanted)


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
    assert list(default.values) == ["AUC", "PrecisionAtBudget", "RecallAtBudget"]
    assert default.values["AUC"] == found.values["AUC"]
    assert default.values["RecallAtBudget"] > 0.1
    by_rows = evaluate.prequential(stream, model.clone(), pos_label="odd")
    assert (by_rows.values, by_rows.windows) == (default.values, default.windows)
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
