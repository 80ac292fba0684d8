"""Metrics that river lacks, in river's form, and updates of any metric from whole arrays.

`update_many` gives what the loop over the rows gives. Metrics built on a confusion matrix only need
how often each pair of labels occurs; those that depend on the order of the rows are compiled.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from river import metrics as _river
from river.base.typing import ClfTarget
from river.metrics import base as _base

from olearn._kappa import KappaM, KappaT
from olearn._label_pairs import LabelPairs, count_pairs, encode_pairs, listed
from olearn._label_pairs import OrderedMetric as _OrderedMetric  # abstract: no metric to offer
from olearn.core.validate import check_in_range

__all__ = ["FadingAccuracy", "KappaM", "KappaT", "PerClassRecall", "update_many"]


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
            for t, p in zip(listed(y_true), listed(y_pred), strict=True):
                if p is not None and p != {}:
                    each.update(t, p)
            continue
        pairs = encode_pairs(y_true, y_pred) if pairs is None else pairs
        if isinstance(each, _OrderedMetric):
            each.update_pairs(pairs)
        else:
            cm = each if isinstance(each, _river.ConfusionMatrix) else each.cm
            count_pairs(each.update, cm, pairs)


def _reads_pairs(metric: Any) -> bool:
    """Whether pairs of labels suffice: no probabilities, and no `update` that we do not know."""
    if isinstance(metric, _OrderedMetric):
        return True
    known = (_base.ClassificationMetric, _base.BinaryMetric, _river.ConfusionMatrix)
    return getattr(metric, "requires_labels", False) and (
        type(metric).update in [each.update for each in known]
    )


class PerClassRecall(_base.MultiClassMetric):
    """Recall of each class: the share of its rows that were predicted right.

    Its value is the mean over the classes that occurred as true labels; `recalls` holds each. (For
    one class as a number there is river's `Recall(pos_val=label)`.) As with river's metrics, a
    confusion matrix `cm` can be given, to be shared with others.

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


class FadingAccuracy(_OrderedMetric):
    r"""Accuracy that forgets: a row $k$ rows ago counts $\alpha^k$[^1].

    $$S_t = c_t + \alpha S_{t-1}, \quad N_t = 1 + \alpha N_{t-1}, \quad S_t / N_t,$$

    where $c_t$ is 1 for a right prediction and 0 for a wrong one. Time and memory: O(1).

    Parameters
    ----------
    alpha
        Fading factor, in (0, 1]; about $1 / (1 - \alpha)$ rows count, and 1 forgets nothing.

    Raises
    ------
    ValueError
        If `alpha` is outside the range above.
    NotImplementedError
        From `revert`: it forgets by itself, and cannot be put into `river.utils.Rolling`.

    Examples
    --------
    >>> from olearn.metrics import FadingAccuracy

    >>> metric = FadingAccuracy(alpha=0.5)
    >>> for t, p in zip("aabb", "aaab"):
    ...     metric.update(t, p)
    ...     print(metric)
    FadingAccuracy: 100.00%
    FadingAccuracy: 100.00%
    FadingAccuracy: 42.86%
    FadingAccuracy: 73.33%

    References
    ----------
    [^1]: Gama, J., Sebastiao, R. and Rodrigues, P. P. (2013). On evaluating stream learning
        algorithms. Machine Learning 90(3), 317-346. Section 3.

    """

    def __init__(self, alpha: float = 0.999) -> None:
        check_in_range("alpha", alpha, 0.0, 1.0, open_low=True)
        self.alpha = alpha
        self._right = 0.0
        self._total = 0.0

    def update(self, y_true: ClfTarget, y_pred: ClfTarget, w: float = 1.0) -> None:
        """Read one row."""
        self._right = self.alpha * self._right + w * (y_true == y_pred)
        self._total = self.alpha * self._total + w

    def revert(self, y_true: ClfTarget, y_pred: ClfTarget, w: float = 1.0) -> None:
        """Raise: a fading metric forgets by itself."""
        raise NotImplementedError("FadingAccuracy forgets by itself and cannot revert a row")

    def update_pairs(self, pairs: LabelPairs) -> None:
        sums = np.array([self._right, self._total])
        _fade_many(sums, pairs.true, pairs.pred, float(self.alpha))
        self._right, self._total = sums.tolist()

    def get(self) -> float:
        """Return the faded accuracy, 0 before the first row."""
        return self._right / self._total if self._total > 0.0 else 0.0


@njit(cache=True)
def _fade_many(
    sums: NDArray[np.float64], true: NDArray[np.int64], pred: NDArray[np.int64], alpha: float
) -> None:
    """Fade the two sums `(right, all)` in place by one row of weight 1 after the other."""
    right, total = sums
    for i in range(true.size):
        right = alpha * right + (true[i] == pred[i])
        total = alpha * total + 1.0
    sums[0] = right
    sums[1] = total
