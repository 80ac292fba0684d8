"""Area under the precision-recall curve, exact: over all rows, or over the newest ones."""

from typing import Any

from olearn.core.validate import check_integer
from olearn.metrics.all_scores import AllPrecisions
from olearn.metrics.newest_scores import NewestScores
from olearn.metrics.precision_ranks import average_precision
from olearn.metrics.scores import MarkedMetric, RankMetric

__all__ = ["PRAUC", "WindowedPRAUC"]


class _PrecisionArea(RankMetric):
    """Average precision; a subclass says of which rows."""

    def _area(self) -> float:
        return float(average_precision(self._scores.in_order(0), self._scores.in_order(1)))


class PRAUC(MarkedMetric, _PrecisionArea):
    r"""Area under the precision-recall curve of all rows: average precision.

    $$\sum_s (R_s - R_{s'}) P_s$$

    over the distinct scores $s$ from the highest on, where $P_s$ and $R_s$ are precision and recall
    if rows of at least that score count as positive, and $s'$ is the score before: what
    scikit-learn's `average_precision_score` gives of the same rows. A detector without skill has
    the share of positive rows. Memory: 16 to 64 bytes a row. Reading the value walks over all
    rows; on long streams read it seldom, `mark` where it will be wanted, as evaluations do, or take
    `WindowedPRAUC`.

    Parameters
    ----------
    pos_val
        The label that is positive.

    Raises
    ------
    ValueError
        From `update`, if a score is not finite or a weight not 1.
    NotImplementedError
        From `revert`: for the newest rows there is `WindowedPRAUC`.

    Examples
    --------
    >>> from olearn.metrics import PRAUC
    >>> metric = PRAUC()
    >>> for truth, score in ((True, 0.9), (False, 0.8), (True, 0.7), (False, 0.1)):
    ...     metric.update(truth, score)
    >>> metric
    PRAUC: 83.33%

    """

    def __init__(self, pos_val: Any = True) -> None:
        super().__init__(pos_val, AllPrecisions())


class WindowedPRAUC(_PrecisionArea):
    """Area under the precision-recall curve of the newest rows: average precision, exact.

    As `PRAUC`, over a window. Time: O(log window) a row, O(window) where the value is read.

    Parameters
    ----------
    window
        Rows to look back, at least 2.
    pos_val
        The label that is positive.

    Raises
    ------
    ValueError
        If `window` is too small; from `update`, if a score is not finite or a weight not 1.
    NotImplementedError
        From `revert`: it forgets by itself.

    Examples
    --------
    >>> from olearn.metrics import WindowedPRAUC
    >>> metric = WindowedPRAUC(window=3)
    >>> for truth, score in ((False, 0.9), (True, 0.8), (False, 0.7), (True, 0.7)):
    ...     metric.update(truth, score)
    ...     print(metric.get())
    nan
    0.5
    0.5
    0.833333

    """

    def __init__(self, window: int = 1000, pos_val: Any = True) -> None:
        check_integer("window", window, 2)
        super().__init__(pos_val, NewestScores(window))
        self.window = window
