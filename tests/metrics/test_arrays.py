"""Tests of `olearn.metrics.update_many`: whole arrays give what the loop over the rows gives."""

import inspect
import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from river import metrics as river_metrics
from river import utils

from olearn.core.labels import CodedLabels, CodedProba
from olearn.metrics import (
    AUC,
    PRAUC,
    Brier,
    FadingAccuracy,
    KappaM,
    KappaT,
    PerClassRecall,
    PrecisionAtBudget,
    WindowedAUC,
    update_many,
)

COUNTING = [
    metric
    for metric in vars(river_metrics).values()
    if isinstance(metric, type)
    and issubclass(metric, river_metrics.base.ClassificationMetric)
    and metric.update is not river_metrics.ROCAUC.update
    and "beta" not in inspect.signature(metric).parameters
    and "betas" not in inspect.signature(metric).parameters
    and metric().requires_labels
]


def labels_and_predictions(seed, n=300, labels=("b", "a", "d", "c"), skill=0.6):
    """Labels with runs and ties, and predictions right in a known share of the rows."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(rng.integers(0, len(labels), n), rng.integers(1, 4, n))[:n]
    guesses = np.where(rng.random(n) < skill, codes, rng.integers(0, len(labels), n))
    return [labels[c] for c in codes], [labels[c] for c in guesses]


def loop(metric, y_true, y_pred):
    for t, p in zip(y_true, y_pred, strict=True):
        if p is not None and p != {}:
            metric.update(t, p)
    return metric


def contents(metric):
    """Everything learnt, for exact comparison."""
    state = {}
    for name, value in vars(metric).items():
        if isinstance(value, river_metrics.ConfusionMatrix) or type(value).__module__.startswith(
            "olearn"
        ):
            state[name] = contents(value)
        elif name == "data":
            state[name] = {t: dict(row) for t, row in value.items()}
        elif not isinstance(value, river_metrics.base.Metric):
            state[name] = dict(value) if isinstance(value, dict) else value
    return state


def as_given(kind, values):
    """The same labels as an array, a list or a series."""
    makers = {"list": list, "object": lambda v: np.array(v, dtype=object), "array": np.array}
    return (makers | {"pandas": pd.Series, "polars": pl.Series})[kind](values)


def assert_same(many, one):
    """Same counts, in the same order of first appearance, and the same value."""
    assert contents(many) == contents(one)
    matrices = [m if isinstance(m, river_metrics.ConfusionMatrix) else m.cm for m in (many, one)]
    assert list(matrices[0].data) == list(matrices[1].data)
    assert list(matrices[0].sum_col) == list(matrices[1].sum_col)


def test_there_are_many_counting_metrics():
    """The list above holds river's metrics of a confusion matrix."""
    assert len(COUNTING) > 25
    assert river_metrics.F1 in COUNTING
    assert river_metrics.ConfusionMatrix in COUNTING


@pytest.mark.parametrize("metric", [*COUNTING, KappaM, KappaT, PerClassRecall])
def test_counting_metrics_equal_the_loop(metric):
    """Any metric of labels ends in exactly the loop's state, whatever the cuts."""
    y_true, y_pred = labels_and_predictions(2, labels=(True, False))
    many = metric()
    for start, stop in itertools.pairwise([0, 1, 1, 120, 300]):
        update_many(many, y_true[start:stop], y_pred[start:stop])
    assert_same(many, loop(metric(), y_true, y_pred))


@pytest.mark.parametrize("kind", ["list", "object", "array", "pandas", "polars"])
@pytest.mark.parametrize(
    "labels",
    [(3, 1, 2, 0), (-7, 5, 100, 9), (0, 10**12, 5, 7), ("b", "a", "d", "c"), (True, False)],
    ids=str,
)
def test_any_labels_in_any_container_equal_the_loop(kind, labels):
    """Integers near and far apart, strings and bools, in arrays, lists and series."""
    y_true, y_pred = labels_and_predictions(3, labels=labels)
    metrics = [KappaM(), KappaT(), PerClassRecall(), river_metrics.CohenKappa()]
    update_many(metrics, as_given(kind, y_true), as_given(kind, y_pred))
    for many in metrics:
        one = loop(type(many)(), y_true, y_pred)
        assert_same(many, one)
        assert many.get() == pytest.approx(one.get(), rel=1e-12)
        # labels keep their Python type: a bool stays a bool
        assert [type(label) for label in many.cm.data] == [type(label) for label in one.cm.data]


@pytest.mark.parametrize("labels", [("b", "a", "d", "c"), (True, False), (0, "a", 2)], ids=str)
def test_coded_labels_equal_the_loop(labels):
    """Codes of one list of labels, with a label that never occurs and rows without prediction."""
    y_true, y_pred = labels_and_predictions(6, labels=labels)
    y_pred = [None if i % 7 == 0 else p for i, p in enumerate(y_pred)]
    known = ["unused", *labels]
    coded = [
        CodedLabels(np.array([-1 if y is None else known.index(y) for y in rows]), known)
        for rows in (y_true, y_pred)
    ]
    metrics = [KappaM(), KappaT(), PerClassRecall(), river_metrics.CohenKappa()]
    update_many(metrics, *coded)
    for many in metrics:
        assert_same(many, loop(type(many)(), y_true, y_pred))


@pytest.mark.parametrize("n_labels", [200, 256, 257, 1000])
def test_many_labels_equal_the_loop(n_labels):
    """Past the size of the compiled table the counts are the same."""
    y_true, y_pred = labels_and_predictions(4, n=3000, labels=range(n_labels), skill=0.3)
    metrics = [KappaM(classes=(5, 3)), KappaT(), river_metrics.Accuracy()]
    expected = [loop(metric.clone(), y_true, y_pred) for metric in metrics]
    update_many(metrics, np.array(y_true), np.array(y_pred))
    for many, one in zip(metrics, expected, strict=True):
        assert_same(many, one)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64])
def test_any_integer_type_equals_the_loop(dtype):
    """Small and unsigned integers do not overflow."""
    high = np.iinfo(dtype).max
    y_true, y_pred = (np.array(rows, dtype=dtype) for rows in ([0, high, 1, 1], [high, high, 0, 1]))
    many = update_and_return(KappaM(), y_true, y_pred)
    assert_same(many, loop(KappaM(), y_true.tolist(), y_pred.tolist()))


def update_and_return(metric, y_true, y_pred):
    update_many(metric, y_true, y_pred)
    return metric


@pytest.mark.parametrize("kind", ["list", "object", "polars"])
def test_rows_without_prediction_are_skipped(kind):
    """A prediction of None is not scored, and its label is not the label before the next."""
    y_true, y_pred = labels_and_predictions(5)
    y_pred = [None if i % 7 == 0 else p for i, p in enumerate(y_pred)]
    for metric in (KappaM(), KappaT(), river_metrics.Accuracy()):
        one = loop(metric.clone(), y_true, y_pred)
        update_many(metric, as_given(kind, y_true), as_given(kind, y_pred))
        assert_same(metric, one)
    nothing = update_and_return(KappaT(), [1, 2], [None, None])
    assert nothing.cm.n_samples == 0


def test_fading_equals_the_loop():
    """The fading sums are the loop's floats, exactly."""
    y_true, y_pred = labels_and_predictions(6)
    many = update_and_return(FadingAccuracy(0.97), y_true[:77], y_pred[:77])
    update_many(many, y_true[77:], y_pred[77:])
    assert contents(many) == contents(loop(FadingAccuracy(0.97), y_true, y_pred))


def test_rows_and_arrays_mix():
    """After arrays the row updates go on from the same state, and the other way round."""
    y_true, y_pred = labels_and_predictions(7)
    for metric in (KappaM(), KappaT()):
        one = loop(metric.clone(), y_true, y_pred)
        loop(metric, y_true[:100], y_pred[:100])
        update_many(metric, y_true[100:200], y_pred[100:200])
        loop(metric, y_true[200:], y_pred[200:])
        assert_same(metric, one)


@pytest.mark.parametrize(
    "make",
    [
        river_metrics.LogLoss,
        river_metrics.CrossEntropy,
        lambda: river_metrics.LogLoss() + river_metrics.Accuracy(),
    ],
)
def test_probabilities_go_row_by_row(make):
    """Metrics of probabilities get the dicts, an empty one is skipped."""
    probabilities = [{}, *({True: p, False: 1 - p} for p in (0.2, 0.9, 0.6))]
    labels = [True, False, True, True]
    many, one = make(), loop(make(), labels, probabilities)
    update_many(many, labels, probabilities)
    assert many.get() == one.get()


def test_other_metrics_go_row_by_row():
    """Regression metrics and rolling windows get every row."""
    y_true, y_pred = np.linspace(0, 1, 50), np.linspace(1, 3, 50)
    many = river_metrics.MAE() + river_metrics.R2()
    update_many(many, y_true, y_pred)
    assert many.get() == loop(river_metrics.MAE() + river_metrics.R2(), y_true, y_pred).get()
    labels, predictions = labels_and_predictions(8)
    rolling = utils.Rolling(river_metrics.Accuracy, window_size=20)
    update_many(rolling, labels, predictions)
    assert rolling.get() == pytest.approx(
        np.mean(np.array(labels[-20:]) == np.array(predictions[-20:]))
    )


@pytest.mark.parametrize("metric", [KappaM(), river_metrics.Accuracy(), river_metrics.MAE()])
def test_lengths_must_agree(metric):
    """One prediction a row, else nothing is counted."""
    with pytest.raises(ValueError, match="y_pred must have one value a row, got 1 for 2 rows"):
        update_many(metric, [1, 2], [1])
    assert metric.get() == 0.0


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@pytest.mark.parametrize("last", [AUC, WindowedAUC, PRAUC, Brier, PrecisionAtBudget])
def test_no_metric_reads_a_block_that_one_cannot_read(wrong, last):
    """A score that one refuses leaves all as they were, whatever stands before it."""
    truth, scores = np.array([True, False, True]), np.array([0.9, 0.2, 0.6])
    every = [river_metrics.LogLoss(), river_metrics.RollingROCAUC(), AUC(), Brier(), last()]
    coded = CodedLabels(truth.astype(np.int64), [False, True])
    update_many(every, coded, scores)
    before = [metric.get() for metric in every]
    for y_true in (coded, truth.tolist()):
        with pytest.raises(ValueError, match="y_pred must be"):
            update_many(every, y_true, np.array([0.1, 0.2, wrong]))
    assert str([metric.get() for metric in every]) == str(before)


def test_no_metric_reads_labels_that_one_cannot_read():
    """A number that is no label, which kappa-M refuses, is counted by none."""
    accuracy = river_metrics.Accuracy()
    with pytest.raises(ValueError, match="y must be"):
        update_many([accuracy, KappaM()], [1, 0.5], [1, 1])
    assert accuracy.cm.n_samples == 0


@pytest.mark.parametrize("order", [1, -1])
def test_no_metric_of_a_collection_reads_what_one_cannot_read(order):
    """A sum of metrics of labels, of probabilities and of scores; either order."""
    every = [river_metrics.Accuracy(), river_metrics.LogLoss(), Brier(), AUC()][::order]
    labels = [False, True]
    coded = CodedLabels(np.array([1, 0, 1]), labels)
    both, alone = river_metrics.base.Metrics(every), [each.clone() for each in every]
    proba = CodedProba(np.array([[0.1, 0.9], [np.nan, 0.4], [0.6, 0.4]]), labels)
    update_many(both, coded, proba)
    for metric in alone:
        given = proba.likeliest() if metric.requires_labels else proba
        update_many(metric, coded, given)
    before = [metric.get() for metric in alone]
    assert both.get() == before
    wrong = CodedProba(np.array([[0.1, 0.9], [0.2, 0.8], [0.0, np.inf]]), labels)
    for given in (wrong, wrong.tolist()):
        with pytest.raises(ValueError, match="y_pred must be"):
            update_many(both, coded, given)
    assert [metric.get() for metric in every] == before


def test_likeliest_labels_of_probabilities():
    """The first of equals, of those that are known; none where none is."""
    table = np.array([[0.5, 0.5, np.nan], [0.2, np.nan, 0.8], [np.nan] * 3, [0.0, 0.0, 0.0]])
    assert CodedProba(table, ["a", "b", "c"]).likeliest().tolist() == ["a", "c", None, "a"]
