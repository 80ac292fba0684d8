"""Which label binary metrics count as positive: the one asked for, or the usual one, said aloud."""

from collections.abc import Sequence
from typing import Any

from river.metrics.base import BinaryMetric, Metric

from olearn.core.telling import tell
from olearn.metrics.one_vs_rest import OneVsRest, is_truth


def with_positive(
    metrics: Sequence[Metric], labels: Sequence[Any] | None, pos_label: Any
) -> list[Metric]:
    """Return the metrics, binary ones as `OneVsRest` where the labels are not True and False.

    Parameters
    ----------
    metrics
        Metrics of a run.
    labels
        Labels of the stream, None where they are not known ahead.
    pos_label
        The label that counts as positive; None lets True do so, or the last of two in order, with
        a warning.

    Raises
    ------
    ValueError
        If `pos_label` is no label, or no metric would read it, or there is none to choose.

    """
    binary = [metric for metric in metrics if isinstance(metric, BinaryMetric)]
    names = ", ".join(type(metric).__name__ for metric in binary or metrics)
    if pos_label is not None:
        if not binary:
            raise ValueError(
                f"pos_label is for metrics of one class against the rest, such as F1, got "
                f"{pos_label!r} with {names}"
            )
        if labels is not None and pos_label not in labels:
            listed = ", ".join(map(repr, labels))
            raise ValueError(f"pos_label must be one of the labels {listed}, got {pos_label!r}")
    undecided = [metric for metric in binary if getattr(metric, "pos_val", True) is True]
    if undecided and pos_label is None and labels is not None and not is_truth(labels):
        pos_label = _usual(names, labels)
    return [_bound(metric, pos_label) for metric in metrics]


def _bound(metric: Metric, pos_label: Any) -> Metric:
    """Bind a binary metric to its own `pos_val` if it has one, else to the label given if any."""
    if not isinstance(metric, BinaryMetric):
        return metric
    own = getattr(metric, "pos_val", True)
    if own is not True:
        return OneVsRest(metric.clone({"pos_val": True}), own)
    return metric if pos_label is None else OneVsRest(metric, pos_label)


def _usual(names: str, labels: Sequence[Any]) -> Any:
    if len(labels) > 2:
        raise ValueError(
            f"{names} scores one class against the rest, and here are {len(labels)}: choose one by "
            "pos_label= (--positive), or take a metric of all classes, such as MacroF1"
        )
    try:
        chosen = max(labels)
    except TypeError:  # of two kinds, which have no order
        chosen = labels[-1]
    known = " and ".join(map(repr, labels))
    tell(
        f"{names}: of the labels {known}, {chosen!r} counts as positive; pos_label= (--positive) "
        "chooses"
    )
    return chosen
