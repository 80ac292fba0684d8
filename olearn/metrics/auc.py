"""Area under the ROC curve, exact: over all rows, or over the newest ones."""

from typing import Any

from olearn.core.validate import check_integer
from olearn.metrics.all_scores import AllScores
from olearn.metrics.newest_scores import NewestScores
from olearn.metrics.scores import MarkedMetric, RocArea, area_of

__all__ = ["AUC", "WindowedAUC"]


class AUC(MarkedMetric, RocArea):
    """Area under the ROC curve of all rows: the share of pairs of labels that scores order right.

    Exact, ties count one half: what scikit-learn's `roc_auc_score` gives of the same rows, where
    river's `ROCAUC` reads ten thresholds. Memory: 16 to 64 bytes a row. Time per row: O(log n),
    and the moves of 128 numbers where the value is read often; `mark` notes where it will be wanted
    and costs less, as evaluations do.

    Parameters
    ----------
    pos_val
        The label that is positive.

    Raises
    ------
    ValueError
        From `update`, if a score is not finite or a weight not 1.
    NotImplementedError
        From `revert`: for the newest rows there is `WindowedAUC`.

    Examples
    --------
    >>> from olearn.metrics import AUC
    >>> metric = AUC()
    >>> for truth, score in ((False, 0.1), (True, 0.05), (True, 0.1), (False, 0.02)):
    ...     metric.update(truth, score)
    >>> metric
    AUC: 62.50%

    """

    def __init__(self, pos_val: Any = True) -> None:
        super().__init__(pos_val, AllScores())

    def revert(self, y_true: Any, y_pred: Any, w: float = 1.0) -> None:
        """Raise NotImplementedError: rows are not forgotten one by one."""
        raise NotImplementedError("for the newest rows take WindowedAUC(window)")

    def _of(self, found: Any) -> float:
        return area_of(*found)


class WindowedAUC(RocArea):
    """Area under the ROC curve of the newest rows, exact, after every row.

    Ties count one half, where river's `RollingROCAUC` counts them 0. Counts are whole numbers, so
    that no rounding gathers up. Time per row: O(log window) and the moves of some 30 numbers; the
    value after each of many rows is `values_many`'s.

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
    >>> from olearn.metrics import WindowedAUC
    >>> metric = WindowedAUC(window=3)
    >>> for truth, score in ((False, 0.9), (True, 0.8), (False, 0.7), (True, 0.7)):
    ...     metric.update(truth, score)
    ...     print(metric.get())
    nan
    0.0
    0.5
    0.75

    References
    ----------
    [^1]: Brzezinski, D., Stefanowski, J. (2017). Prequential AUC: properties of the area under the
        ROC curve for data streams with concept drift. Knowledge and Information Systems 52,
        531-562.

    """

    def __init__(self, window: int = 1000, pos_val: Any = True) -> None:
        check_integer("window", window, 2)
        super().__init__(pos_val, NewestScores(window))
        self.window = window

    def revert(self, y_true: Any, y_pred: Any, w: float = 1.0) -> None:
        """Raise NotImplementedError: rows are not forgotten one by one."""
        raise NotImplementedError("WindowedAUC forgets by itself, rows beyond its window")
