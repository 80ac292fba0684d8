"""Updates of any metric from whole arrays.

`update_many` gives what the loop over the rows gives. Metrics built on a confusion matrix only need
how often each pair of labels occurs; those that depend on the order of the rows, and those of
probabilities and numbers, are compiled.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from river import metrics
from river.metrics import base

from olearn.core.types import Rows
from olearn.metrics.label_pairs import OrderedMetric, count_pairs, encode_pairs, listed
from olearn.metrics.numbers import ArrayBlock
from olearn.metrics.one_vs_rest import OneVsRest

__all__ = ["update_many", "values_many"]


def update_many(metric: Any, y_true: Any, y_pred: Any) -> None:
    """Update a metric, or several, with rows in order, as a loop of `update` would.

    Parameters
    ----------
    metric
        Anything with river's `update(y_true, y_pred)`; several in a list or `Metrics` share work.
    y_true
        Labels (or numbers, for a regression metric): array, list or series, shape `(n,)`.
    y_pred
        What was predicted, as many; rows predicted `None` (or `{}`) are not scored.

    Raises
    ------
    ValueError
        If `y_true` and `y_pred` differ in length, or a metric of olearn cannot read a row, such as
        a score that is not finite: no metric has read any row then.

    Examples
    --------
    >>> from river import metrics
    >>> from olearn.metrics import KappaM, update_many

    >>> both = metrics.Accuracy() + KappaM()
    >>> update_many(both, ["a", "b", "b", "a", "c"], ["a", "b", None, "b", "c"])
    >>> both
    Accuracy: 75.00%
    KappaM: 50.00%

    """
    _check_lengths(y_true, y_pred)
    # a collection that is given probabilities finds the labels in them itself, row by row
    several = isinstance(metric, Iterable) and getattr(metric, "requires_labels", True)
    block = ArrayBlock(y_true, y_pred)
    # what cannot be read raises in one of these, before any metric has read a row
    readings = [_reading(each, block) for each in (list(metric) if several else [metric])]
    for read in readings:
        read()


def values_many(metric: Any, y_true: Any, y_pred: Any) -> Rows:
    """Update a metric as `update_many` does; return its value after each row.

    Parameters
    ----------
    metric, y_true, y_pred
        As in `update_many`; one metric. `AUC` and `WindowedAUC` are compiled, any other is updated
        and read row by row.

    Returns
    -------
    Rows
        Shape `(n,)`; where a row is not scored, the value stays that of the row before.

    Examples
    --------
    >>> from olearn.metrics import WindowedAUC, values_many
    >>> truths, scores = [False, True, False, True], [0.9, 0.8, 0.7, 0.7]
    >>> values_many(WindowedAUC(window=3), truths, scores).tolist()
    [nan, 0.0, 0.5, 0.75]

    """
    _check_lengths(y_true, y_pred)
    values = ArrayBlock(y_true, y_pred).areas_of(metric)
    if values is None:
        values = np.empty(len(y_true))
        for i, (t, p) in enumerate(zip(listed(y_true), listed(y_pred), strict=True)):
            if p is not None and p != {}:
                metric.update(t, p)
            values[i] = metric.get()
    return values


def _check_lengths(y_true: Any, y_pred: Any) -> None:
    if len(y_true) != len(y_pred):
        raise ValueError(
            f"y_pred must have one value a row, got {len(y_pred)} for {len(y_true)} rows"
        )


def _reading(metric: Any, block: ArrayBlock) -> Callable[[], None]:
    """Return what updates a metric with the rows, once it is sure that all of them can be read."""
    if not _reads_pairs(metric):
        return block.reading_of(metric) or (lambda: _read_rows(metric, block))
    pairs = block.once("pairs", lambda: encode_pairs(block.y_true, block.y_pred))
    if isinstance(metric, OrderedMetric):
        metric.check_pairs(pairs)
        return lambda: metric.update_pairs(pairs)
    cm = metric if isinstance(metric, metrics.ConfusionMatrix) else metric.cm
    return lambda: count_pairs(metric.update, cm, pairs)


def _read_rows(metric: Any, block: ArrayBlock) -> None:
    for t, p in zip(listed(block.y_true), listed(block.y_pred), strict=True):
        if p is not None and p != {}:
            metric.update(t, p)


def _reads_pairs(metric: Any) -> bool:
    """Whether pairs of labels suffice: no probabilities, and no `update` that we do not know."""
    if isinstance(metric, OneVsRest):
        return _reads_pairs(metric.metric)
    if isinstance(metric, OrderedMetric):
        return True
    known = (base.ClassificationMetric, base.BinaryMetric, metrics.ConfusionMatrix)
    return getattr(metric, "requires_labels", False) and (
        type(metric).update in [each.update for each in known]
    )
