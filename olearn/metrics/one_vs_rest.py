"""A binary metric of river over any labels: one label against the rest."""

from typing import Any

from river import base
from river.metrics.base import BinaryMetric, ClassificationMetric

from olearn.core.labels import CodedLabels


class OneVsRest(ClassificationMetric):
    """A binary metric that sees one label as True and every other as False.

    River's binary metrics look for the key `True` in probabilities and count the labels True and
    False, also where `pos_val` names another label.

    Parameters
    ----------
    metric
        A binary metric whose own positive value is True; it is cloned.
    pos_label
        The label that counts as positive.

    """

    def __init__(self, metric: BinaryMetric, pos_label: Any) -> None:
        self.metric = metric.clone()
        self.pos_label = pos_label

    @property
    def _fmt(self) -> str:  # type: ignore[override]  # river's is a constant
        return str(getattr(self.metric, "_fmt", ""))

    @property
    def cm(self) -> Any:
        """The confusion matrix of True and False."""
        return self.metric.cm

    @property
    def bigger_is_better(self) -> bool:
        """Whether more is better."""
        return bool(self.metric.bigger_is_better)

    @property
    def requires_labels(self) -> bool:
        """Whether it reads labels rather than probabilities."""
        return bool(self.metric.requires_labels)

    def works_with(self, model: base.Estimator) -> bool:
        """Whether it can score the model."""
        return bool(self.metric.works_with(model))

    def update(self, y_true: Any, y_pred: Any, *w: float) -> None:
        """Read a row: the label, or the probabilities by label, or the positive one's score."""
        self.metric.update(y_true == self.pos_label, self._read(y_pred), *w)

    def revert(self, y_true: Any, y_pred: Any, *w: float) -> None:
        """Forget a row."""
        self.metric.revert(y_true == self.pos_label, self._read(y_pred), *w)

    def get(self) -> float:
        """Return the value of the metric."""
        return float(self.metric.get())

    def _read(self, y_pred: Any) -> Any:
        if self.requires_labels:
            return y_pred == self.pos_label
        return y_pred.get(self.pos_label, 0.0) if isinstance(y_pred, dict) else y_pred


def is_truth(labels: Any) -> bool:
    """Whether all labels are True or False, as 1 and 0 are: what binary metrics can read."""
    values = labels.labels if isinstance(labels, CodedLabels) else labels
    return all(label in (False, True) for label in values)
