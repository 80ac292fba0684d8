"""Updates of any metric from whole arrays.

`update_many` gives what the loop over the rows gives. Metrics built on a confusion matrix only need
how often each pair of labels occurs; those that depend on the order of the rows, and those of
probabilities and numbers, are compiled.
"""

from collections.abc import Iterable
from typing import Any

from river import metrics
from river.metrics import base

from olearn.metrics.label_pairs import OrderedMetric, count_pairs, encode_pairs, listed
from olearn.metrics.numbers import read_numbers
from olearn.metrics.one_vs_rest import OneVsRest

__all__ = ["update_many"]


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
        If `y_true` and `y_pred` differ in length.

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
    if len(y_true) != len(y_pred):
        raise ValueError(
            f"y_pred must have one value a row, got {len(y_pred)} for {len(y_true)} rows"
        )
    # a collection that is given probabilities finds the labels in them itself, row by row
    several = isinstance(metric, Iterable) and getattr(metric, "requires_labels", True)
    pairs = None
    for each in list(metric) if several else [metric]:
        if not _reads_pairs(each):
            if read_numbers(each, y_true, y_pred):
                continue
            for t, p in zip(listed(y_true), listed(y_pred), strict=True):
                if p is not None and p != {}:
                    each.update(t, p)
            continue
        pairs = encode_pairs(y_true, y_pred) if pairs is None else pairs
        if isinstance(each, OrderedMetric):
            each.update_pairs(pairs)
        else:
            cm = each if isinstance(each, metrics.ConfusionMatrix) else each.cm
            count_pairs(each.update, cm, pairs)


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
