"""Any metric over arrays cut anywhere: what one row at a time gives, by hypothesis."""

import inspect
import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from river import metrics as river_metrics

from olearn import metrics as ours
from olearn.core.labels import CodedLabels, CodedProba
from olearn.metrics import update_many
from olearn.metrics.intervals import IntervalMetric
from olearn.metrics.one_vs_rest import OneVsRest

SOME = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
NEEDED = {"FBeta": (2.0,), "MacroFBeta": (2.0,), "MicroFBeta": (2.0,), "WeightedFBeta": (2.0,)}
NEEDED |= {"WindowedAUC": (7,), "WindowedPRAUC": (7,), "RollingROCAUC": (7,), "RollingPRAUC": (7,)}
NEEDED |= {"PrecisionAtBudget": (0.2, 9), "RecallAtBudget": (0.2, 9)}
NO_CLASS = ("ClassificationReport", "MultiFBeta", "Metrics")  # prints, or needs weights of labels
FOUND = {
    name: found
    for name, found in {
        **vars(river_metrics),
        **{n: getattr(ours, n) for n in ours.__all__},
    }.items()
    if inspect.isclass(found) and issubclass(found, river_metrics.base.Metric)
}
MADE = {n: (lambda c=c, n=n: c(*NEEDED.get(n, ()))) for n, c in FOUND.items() if n not in NO_CLASS}
OF_INTERVALS = [n for n in MADE if isinstance(MADE[n](), IntervalMetric)]
OF_NUMBERS = [
    n
    for n in MADE
    if isinstance(MADE[n](), river_metrics.base.RegressionMetric) and n not in OF_INTERVALS
]
REST = [n for n in MADE if n not in (*OF_NUMBERS, *OF_INTERVALS)]
OF_LABELS = [n for n in REST if MADE[n]().requires_labels]
OF_PROBA = [n for n in REST if n not in OF_LABELS]


@st.composite
def cut(draw, values):
    """Draw rows, and where they are cut."""
    rows = draw(st.lists(values, min_size=1, max_size=60))
    cuts = draw(st.lists(st.integers(0, len(rows)), max_size=6))
    return rows, sorted({0, len(rows), *cuts})


def same(metric, y_true, y_pred, cuts):
    """Assert that blocks leave the metric as rows do, at each cut."""
    one = metric.clone()
    for start, stop in itertools.pairwise(cuts):
        part = slice(start, stop)
        update_many(metric, _part(y_true, part), _part(y_pred, part))
        pairs = zip(_rows(_part(y_true, part)), _rows(_part(y_pred, part)), strict=True)
        for t, p in pairs:
            if p is not None and p != {}:
                one.update(t, p)
        if type(metric).__name__ != "ConfusionMatrix":
            # sums over sets of labels, as river's, may end in another last bit
            assert str(metric.get()) == str(one.get())  # NaN is NaN


def _part(values, rows):
    return values[rows] if isinstance(values, np.ndarray) else values.part(rows)


def _rows(values):
    return values.tolist()


def test_all_metrics_are_here():
    """Ours, river's of labels, of probabilities and of numbers."""
    assert {"AUC", "PRAUC", "Brier", "RecallAtBudget", "RollingROCAUC"} <= set(OF_PROBA)
    assert len(OF_LABELS) > 30
    assert {"RMSLE", "MAPE", "SMAPE", "R2"} <= set(OF_NUMBERS)


@pytest.mark.parametrize("name", OF_LABELS)
@SOME
@given(drawn=cut(st.tuples(st.booleans(), st.sampled_from([True, False, None]))))
def test_labels(name, drawn):
    """Of labels True and False, for those of one class against the rest too; some unpredicted."""
    rows, cuts = drawn
    labels = [False, True]
    y_true = CodedLabels(np.array([int(t) for t, _ in rows]), labels)
    y_pred = CodedLabels(np.array([-1 if p is None else int(p) for _, p in rows]), labels)
    same(MADE[name](), y_true, y_pred, cuts)


@pytest.mark.parametrize("name", OF_PROBA)
@pytest.mark.parametrize("wrap", [False, True])
@SOME
@given(
    drawn=cut(st.tuples(st.booleans(), st.floats(0, 1) | st.sampled_from([0.0, 0.25, 0.5, 1.0])))
)
def test_probabilities(name, wrap, drawn):
    """Of a matrix and of scores, with ties; of one label against the rest too."""
    rows, cuts = drawn
    truth = np.array([int(t) for t, _ in rows])
    scores = np.array([p for _, p in rows])
    labels = ["no", "yes"] if wrap else [False, True]
    if wrap and name == "CrossEntropy":
        return  # it is of all labels
    proba = CodedProba(np.column_stack([1.0 - scores, scores]), labels)
    for y_pred in (proba, scores):
        if name == "CrossEntropy" and y_pred is scores:
            continue
        metric = MADE[name]()
        same(OneVsRest(metric, "yes") if wrap else metric, CodedLabels(truth, labels), y_pred, cuts)


@pytest.mark.parametrize("name", OF_NUMBERS)
@SOME
@given(drawn=cut(st.tuples(st.floats(-0.5, 1e6), st.floats(-0.5, 1e6) | st.just(0.0))))
def test_numbers(name, drawn):
    """Of targets and predictions of any size."""
    rows, cuts = drawn
    y_true, y_pred = np.array([t for t, _ in rows]), np.array([p for _, p in rows])
    same(MADE[name](), y_true, y_pred, cuts)


@pytest.mark.parametrize("name", OF_INTERVALS)
@SOME
@given(drawn=cut(st.tuples(*[st.floats(-1e6, 1e6)] * 3)))
def test_intervals(name, drawn):
    """Of numbers and the two ends of their intervals."""
    rows, cuts = drawn
    table = np.array(rows)
    same(MADE[name](), table[:, 0], np.sort(table[:, 1:], axis=1), cuts)
