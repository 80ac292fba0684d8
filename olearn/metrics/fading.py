"""Accuracy with exponential fading."""

import numpy as np
from numpy.typing import NDArray
from river.base.typing import ClfTarget

from olearn.core.jit import njit
from olearn.core.validate import check_in_range
from olearn.metrics.label_pairs import LabelPairs, OrderedMetric

__all__ = ["FadingAccuracy"]


class FadingAccuracy(OrderedMetric):
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


@njit
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
