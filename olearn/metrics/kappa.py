"""Kappa-M and kappa-temporal: accuracy relative to that of a predictor without features."""

import abc
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from river.base.typing import ClfTarget
from river.metrics import ConfusionMatrix

from olearn.core.jit import njit
from olearn.core.labels import LabelIndex
from olearn.metrics.label_pairs import LabelPairs, OrderedMetric

__all__ = ["KappaM", "KappaT"]


class BaselineKappa(OrderedMetric):
    """Accuracy relative to that of a simple predictor: (p0 - p) / (1 - p), 0 where p is 1."""

    def __init__(self, cm: ConfusionMatrix | None) -> None:
        super().__init__(cm)  # type: ignore[no-untyped-call]  # river's is untyped
        self._weight = 0.0
        self._hits = 0.0

    @abc.abstractmethod
    def _hit(self, y_true: ClfTarget, w: float) -> bool:
        """Whether the simple predictor is right at the next row; it learns the row."""

    @abc.abstractmethod
    def _was_hit(self, y_true: ClfTarget, w: float) -> bool:
        """Whether it was right at the oldest row that counts, which counts no longer."""

    @abc.abstractmethod
    def _count_hits(self, pairs: LabelPairs) -> int:
        """In how many of these rows the simple predictor is right; it learns them."""

    def update(self, y_true: ClfTarget, y_pred: ClfTarget, w: float = 1.0) -> None:
        """Read one row."""
        hit = self._hit(y_true, w)  # first: it refuses what can be no label
        super().update(y_true, y_pred, w)
        self._weight += w
        self._hits += w * hit

    def revert(self, y_true: ClfTarget, y_pred: ClfTarget, w: float = 1.0) -> None:
        """Take out the oldest row that still counts, as `river.utils.Rolling` does."""
        super().revert(y_true, y_pred, w)
        self._weight -= w
        self._hits -= w * self._was_hit(y_true, w)

    def update_pairs(self, pairs: LabelPairs) -> None:
        self._hits += self._count_hits(pairs)
        self._weight += len(pairs.true)

    def get(self) -> float:
        """Return the value so far, at most 1; 0 where the simple predictor is always right."""
        if self._weight <= 0.0 or self._hits >= self._weight:
            return 0.0
        accuracy = self.cm.total_true_positives / self.cm.total_weight
        simple = self._hits / self._weight
        return float((accuracy - simple) / (1.0 - simple))


class KappaM(BaselineKappa):
    r"""Kappa-M: 0 is no better than naming the commonest class so far, 1 is perfect[^1].

    $$\kappa_M = (p_0 - p_m) / (1 - p_m),$$

    where $p_0$ is the accuracy and $p_m$ the share of rows whose label is the majority class of
    all labels up to and including it. 1 is perfect, 0 as good as the majority, negative worse. A
    tie goes to the class of the lowest index. Time per update: O(1).

    Parameters
    ----------
    cm
        Confusion matrix to use. To share one, update this metric only and give its `cm` to metrics
        that just read it.
    classes
        Labels in index order; others follow in order of first appearance. Decides ties only.

    Notes
    -----
    In `river.utils.Rolling` the accuracies are those of the window; the majority class remains that
    of all rows since the beginning.

    Examples
    --------
    >>> from olearn.metrics import KappaM

    >>> y_true = [1, 1, 0, 0, 0, 1, 0, 1, 1, 1]
    >>> y_pred = [1, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    >>> metric = KappaM(classes=(0, 1))
    >>> for t, p in zip(y_true, y_pred):
    ...     metric.update(t, p)
    >>> metric
    KappaM: 33.33%

    With ties to the class seen first, here 1, the majority class is right more often:

    >>> metric = KappaM()
    >>> for t, p in zip(y_true, y_pred):
    ...     metric.update(t, p)
    >>> metric
    KappaM: 0.00%

    References
    ----------
    [^1]: Bifet, A., de Francisci Morales, G., Read, J., Holmes, G. and Pfahringer, B. (2015).
        Efficient online evaluation of big data stream classifiers. KDD, 59-68. Section 3.

    """

    def __init__(
        self,
        cm: ConfusionMatrix | None = None,
        classes: Sequence[ClfTarget] | None = None,
    ) -> None:
        super().__init__(cm)
        self.classes = classes
        self._seen = _Majority(classes)
        self._reverted = _Majority(classes)

    def _hit(self, y_true: ClfTarget, w: float) -> bool:
        return self._seen.add(y_true, w)

    def _was_hit(self, y_true: ClfTarget, w: float) -> bool:
        # the rows reverted so far are the first ones, so this repeats what `_hit` said
        return self._reverted.add(y_true, w)

    def check_pairs(self, pairs: LabelPairs) -> None:
        self._seen.check(pairs.true_labels)

    def _count_hits(self, pairs: LabelPairs) -> int:
        return self._seen.add_many(pairs)


class _Majority:
    """The weight of each class so far, and which has most; ties go to the lowest index."""

    def __init__(self, classes: Sequence[ClfTarget] | None) -> None:
        self._index = LabelIndex(classes)
        self._weights = [0.0] * len(self._index)
        self._best = 0

    def check(self, labels: Sequence[ClfTarget]) -> None:
        """Raise if one of these can be no label."""
        for label in labels:
            self._index.get(label)

    def add(self, label: ClfTarget, w: float) -> bool:
        """Add a label and return whether it is the majority class now."""
        code = self._add_class(label)
        weight = self._weights[code] = self._weights[code] + w
        most = self._weights[self._best]
        if weight > most or (weight == most and code < self._best):
            self._best = code
        return code == self._best

    def add_many(self, pairs: LabelPairs) -> int:
        """Add all true labels in order and return how often `add` would have said yes."""
        codes = {label: self._add_class(label) for label in pairs.true_labels}
        if not codes:
            return 0
        table = np.array([codes.get(label, 0) for label in pairs.labels], dtype=np.int64)
        weights = np.array(self._weights)
        n_hits, self._best = _majority_hits(weights, table, pairs.true)
        self._weights = weights.tolist()
        return n_hits

    def _add_class(self, label: ClfTarget) -> int:
        code = self._index.add(label)
        if code == len(self._weights):
            self._weights.append(0.0)
        return code


@njit
def _majority_hits(
    weights: NDArray[np.float64], table: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[int, int]:
    """Add 1 to `weights[table[label]]` for each label; count those that are then the largest.

    Return their number and the largest of all.
    """
    best = int(np.argmax(weights))
    n_hits = 0
    for label in labels:
        code = table[label]
        weights[code] += 1.0
        if weights[code] > weights[best] or (weights[code] == weights[best] and code < best):
            best = int(code)
        n_hits += code == best
    return n_hits, best


class KappaT(BaselineKappa):
    r"""Kappa-temporal: 0 is no better than repeating the label before, 1 is perfect[^1].

    $$\kappa_T = (p_0 - p_e) / (1 - p_e),$$

    where $p_0$ is the accuracy and $p_e$ the share of rows whose label equals the label before.
    1 is perfect, 0 as good as repeating the last label, negative worse, which on autocorrelated
    streams is common. Time per update: O(1).

    Parameters
    ----------
    cm
        Confusion matrix to use. To share one, update this metric only and give its `cm` to metrics
        that just read it.
    first_label
        Label that stands before the first row; `None`, which equals no label, makes the first row
        a change.

    Notes
    -----
    The label before is that of the last row given to this metric: rows that are not scored, because
    nothing was predicted, do not count.

    Examples
    --------
    >>> from olearn.metrics import KappaT

    >>> y_true = [1, 1, 0, 0, 0, 1, 0, 1, 1, 1]
    >>> y_pred = [1, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    >>> metric = KappaT()
    >>> for t, p in zip(y_true, y_pred):
    ...     metric.update(t, p)
    >>> metric
    KappaT: 60.00%

    References
    ----------
    [^1]: Bifet, A., Read, J., Zliobaite, I., Pfahringer, B. and Holmes, G. (2013). Pitfalls in
        benchmarking data stream classification and how to avoid them. ECML PKDD, 465-479.

    """

    def __init__(
        self, cm: ConfusionMatrix | None = None, first_label: ClfTarget | None = None
    ) -> None:
        super().__init__(cm)
        self.first_label = first_label
        self._last = first_label
        self._before_oldest = first_label

    def _hit(self, y_true: ClfTarget, w: float) -> bool:
        hit, self._last = bool(y_true == self._last), y_true
        return hit

    def _was_hit(self, y_true: ClfTarget, w: float) -> bool:
        hit, self._before_oldest = bool(y_true == self._before_oldest), y_true
        return hit

    def _count_hits(self, pairs: LabelPairs) -> int:
        if not pairs.true.size:
            return 0
        first = self._hit(pairs.labels[pairs.true[0]], 1.0)
        self._last = pairs.labels[pairs.true[-1]]
        return first + pairs.n_repeated
