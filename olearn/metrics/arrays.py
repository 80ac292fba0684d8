"""Updates of any metric from whole arrays.

`update_many` gives what the loop over the rows gives. Metrics built on a confusion matrix only need
how often each pair of labels occurs; those that depend on the order of the rows, and those of
probabilities and numbers, are compiled.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
from river import metrics
from river.metrics import base

from olearn.core.labels import CodedProba
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
    if not isinstance(metric, Iterable):
        plan_update([metric], y_true, y_pred)()
    elif getattr(metric, "requires_labels", True):
        plan_update(list(metric), y_true, y_pred)()
    else:  # a collection finds the labels for those that read them in the probabilities
        of_labels = [each for each in metric if each.requires_labels]
        rest = [each for each in metric if not each.requires_labels]
        updates = [plan_update(rest, y_true, y_pred)]
        if of_labels:
            updates.append(plan_update(of_labels, y_true, _likeliest(y_pred)))
        for update in updates:
            update()


def plan_update(
    metrics: Sequence[Any], y_true: Any, y_pred: Any, *, shared: bool = False
) -> Callable[[], None]:
    """Return what updates metrics as `update_many` does, once it is sure that they can read all.

    Parameters
    ----------
    metrics, y_true, y_pred
        As in `update_many`.
    shared
        Whether pairs of labels are counted once in a confusion matrix that several metrics have.

    """
    _check_lengths(y_true, y_pred)
    block = ArrayBlock(y_true, y_pred)
    counted: set[int] = set()
    readings = [
        read for metric in metrics for read in _readings(metric, block, counted if shared else None)
    ]

    def update() -> None:
        for read in readings:
            read()

    return update


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


def _likeliest(y_proba: Any) -> Any:
    """Return the likeliest label of each row, None where it has none."""
    if isinstance(y_proba, CodedProba):
        return y_proba.likeliest()
    return [max(p, key=p.get) if p else None for p in listed(y_proba)]


def _check_lengths(y_true: Any, y_pred: Any) -> None:
    if len(y_true) != len(y_pred):
        raise ValueError(
            f"y_pred must have one value a row, got {len(y_pred)} for {len(y_true)} rows"
        )


def _readings(metric: Any, block: ArrayBlock, counted: set[int] | None) -> list[Callable[[], None]]:
    """Return what updates a metric with the rows, once it is sure that all of them can be read.

    Confusion matrices are counted in but once, where a set of those that are is given.
    """
    ordered, reads_pairs = _how_read(metric)
    if not reads_pairs:
        return [block.reading_of(metric) or (lambda: _read_rows(metric, block))]
    pairs = block.once("pairs", lambda: encode_pairs(block.y_true, block.y_pred))
    readings, update = [], metric.update
    cm = metric if isinstance(metric, metrics.ConfusionMatrix) else getattr(metric, "cm", None)
    if ordered:
        metric.check_pairs(pairs)
        readings.append(lambda: metric.update_pairs(pairs))
    if ordered or type(metric).update is base.ClassificationMetric.update:  # which does no more
        update = getattr(cm, "update", None)
    if cm is None or (counted is not None and id(cm) in counted):
        return readings
    if counted is not None:
        counted.add(id(cm))
    return [*readings, lambda: count_pairs(update, cm, pairs)]


def _read_rows(metric: Any, block: ArrayBlock) -> None:
    for t, p in zip(listed(block.y_true), listed(block.y_pred), strict=True):
        if p is not None and p != {}:
            metric.update(t, p)


def _how_read(metric: Any) -> tuple[bool, bool]:
    """Return whether a metric reads pairs of labels in order, and whether it reads pairs at all."""
    inner = metric.metric if type(metric) is OneVsRest else metric
    kind: Any = type(inner)
    return _how_class_reads(kind, bool(getattr(inner, "requires_labels", False)))


@cache
def _how_class_reads(of: type, requires_labels: bool) -> tuple[bool, bool]:
    """Do as `_how_read`: no pairs if it reads probabilities, or by an `update` we do not know."""
    ordered = issubclass(of, OrderedMetric)
    known = (base.ClassificationMetric, base.BinaryMetric, metrics.ConfusionMatrix)
    update = getattr(of, "update", None)
    return ordered, ordered or (requires_labels and update in [each.update for each in known])
