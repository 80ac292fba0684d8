"""Recall of each class."""

from river.base.typing import ClfTarget
from river.metrics import base

__all__ = ["PerClassRecall"]


class PerClassRecall(base.MultiClassMetric):
    """Recall of each class: the share of its rows that were predicted right.

    Its value is the mean over the classes that occurred as true labels; `recalls` holds each. (For
    one class as a number give river's `Recall()`, and its label as `pos_label`, to `prequential`.)
    As with river's metrics, a confusion matrix `cm` can be given, to be shared with others.

    Examples
    --------
    >>> from olearn.metrics import PerClassRecall, update_many

    >>> metric = PerClassRecall()
    >>> update_many(metric, ["cat", "ant", "cat", "bird"], ["ant", "ant", "cat", "cat"])
    >>> metric.recalls
    {'cat': 0.5, 'ant': 1.0, 'bird': 0.0}
    >>> metric
    PerClassRecall: 50.00%
    cat: 50.00%
    ant: 100.00%
    bird: 0.00%

    """

    @property
    def recalls(self) -> dict[ClfTarget, float]:
        """Recall of each true label, in order of first appearance; in [0, 1]."""
        rows = [(label, n) for label, n in self.cm.sum_row.items() if n > 0]
        return {label: self.cm.true_positives(label) / n for label, n in rows}

    def get(self) -> float:
        """Return the mean of the recalls, 0 if there are none."""
        recalls = self.recalls
        return sum(recalls.values()) / len(recalls) if recalls else 0.0

    def __repr__(self) -> str:
        lines = [f"{label}: {recall:{self._fmt}}" for label, recall in self.recalls.items()]
        return "\n".join([f"PerClassRecall: {self.get():{self._fmt}}", *lines])
