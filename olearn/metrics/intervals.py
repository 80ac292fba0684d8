"""What prediction intervals are judged by: do they hold the numbers, and how wide are they."""

import math
from typing import Any

import numpy as np
from river import base
from river.metrics.base import RegressionMetric

from olearn.base.pipeline import last_step
from olearn.base.roles import gives_intervals
from olearn.core.types import Rows
from olearn.core.validate import check_in_range

__all__ = ["Coverage", "IntervalScore", "IntervalWidth"]


class IntervalMetric(RegressionMetric):
    """A mean over rows of what an interval and a number give.

    In `update`, `y_pred` is an interval with `lower` and `upper`, as `predict_one(x,
    with_interval=True)` of `ConformalRegressor` and of river's `RegressionJackknife` gives it, or a
    pair of two numbers. Rows that give infinity are left out.
    """

    def __init__(self) -> None:
        self._n = 0.0
        self._total = 0.0

    def _of_rows(self, y: Rows, lower: Rows, upper: Rows) -> Rows:
        """Return the value of each row."""
        raise NotImplementedError

    def works_with(self, model: base.Estimator) -> bool:
        """Tell whether a model gives intervals."""
        return gives_intervals(last_step(model))

    @property
    def bigger_is_better(self) -> bool:
        """Less is better, but for `Coverage`."""
        return False

    def update(self, y_true: float, y_pred: Any) -> None:
        """Take in the number of a row and its interval."""
        self._add(y_true, y_pred, 1.0)

    def revert(self, y_true: float, y_pred: Any) -> None:
        """Take a row out again."""
        self._add(y_true, y_pred, -1.0)

    def update_intervals(self, y: Rows, intervals: Rows) -> None:
        """Take in numbers `(n,)` and the ends of their intervals, `(n, 2)`, in order."""
        for value in self._of_rows(np.asarray(y, np.float64), *intervals.T).tolist():
            if math.isfinite(value):  # as a loop of `update` adds them
                self._n += 1.0
                self._total += value

    def get(self) -> float:
        """Return the mean; 0 before any row."""
        return self._total / self._n if self._n else 0.0

    def _add(self, y_true: float, y_pred: Any, sign: float) -> None:
        lower, upper = (
            (y_pred.lower, y_pred.upper) if hasattr(y_pred, "lower") else map(float, y_pred)
        )
        (value,) = self._of_rows(np.array([y_true]), np.array([lower]), np.array([upper])).tolist()
        if math.isfinite(value):
            self._n += sign
            self._total += sign * value


class Coverage(IntervalMetric):
    """Share of rows whose number lies in its interval; near the share asked for is best.

    Examples
    --------
    >>> from olearn.metrics import Coverage
    >>> coverage = Coverage()
    >>> for y, interval in ((1.0, (0.0, 2.0)), (5.0, (0.0, 2.0))):
    ...     coverage.update(y, interval)
    >>> coverage
    Coverage: 50.00%

    """

    _fmt = ".2%"

    @property
    def bigger_is_better(self) -> bool:
        """True, of models that were asked for the same share."""
        return True

    def _of_rows(self, y: Rows, lower: Rows, upper: Rows) -> Rows:
        return ((lower <= y) & (y <= upper)).astype(np.float64)


class IntervalWidth(IntervalMetric):
    """Mean width of the intervals, in units of the target; infinite ones are left out.

    Examples
    --------
    >>> from olearn.metrics import IntervalWidth
    >>> width = IntervalWidth()
    >>> for y, interval in ((1.0, (0.0, 2.0)), (5.0, (0.0, 4.0))):
    ...     width.update(y, interval)
    >>> width
    IntervalWidth: 3.

    """

    def _of_rows(self, y: Rows, lower: Rows, upper: Rows) -> Rows:
        return upper - lower


class IntervalScore(IntervalMetric):
    r"""Mean width plus what misses cost: one figure for coverage and width together[^1].

    A miss by $d$ costs $2 d / \alpha$, where $\alpha$ is 1 - `coverage`. The intervals that are
    best on average are those between the true quantiles. Infinite ones are left out.

    Parameters
    ----------
    coverage
        Share of rows that the intervals were asked to hold, between 0 and 1.

    Raises
    ------
    ValueError
        If `coverage` is outside its range.

    Examples
    --------
    >>> from olearn.metrics import IntervalScore
    >>> score = IntervalScore(coverage=0.9)
    >>> for y, interval in ((1.0, (0.0, 2.0)), (3.0, (0.0, 2.0))):
    ...     score.update(y, interval)
    >>> score
    IntervalScore: 12.

    References
    ----------
    [^1]: Gneiting, T., Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and
        estimation. Journal of the American Statistical Association 102(477), 359-378. Section 6.2.

    """

    def __init__(self, coverage: float = 0.9) -> None:
        check_in_range("coverage", coverage, 0.0, 1.0, open_low=True, open_high=True)
        super().__init__()
        self.coverage = coverage

    def _of_rows(self, y: Rows, lower: Rows, upper: Rows) -> Rows:
        missed = np.maximum(lower - y, 0.0) + np.maximum(y - upper, 0.0)
        return upper - lower + 2.0 / (1.0 - self.coverage) * missed
