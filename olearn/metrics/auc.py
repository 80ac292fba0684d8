"""Area under the ROC curve, exact: over all rows, or over the newest ones."""

import abc
import math
from bisect import bisect_left, bisect_right, insort
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import base
from river.metrics.base import BinaryMetric

from olearn.core.types import Rows
from olearn.core.validate import check_integer

__all__ = ["AUC", "WindowedAUC"]

_ROWS_AT_ONCE = 1000  # that are kept before they are sorted


class _RankMetric(BinaryMetric):
    """A metric of the order of scores; a subclass counts `_twice_u`, which stays a whole number."""

    _fmt = ".2%"

    def __init__(self, pos_val: Any = True) -> None:
        self.pos_val = pos_val
        self._twice_u = 0  # twice the pairs in order, and the ties, of all of two labels
        self._n_positive = 0
        self._n_negative = 0

    @property
    def bigger_is_better(self) -> bool:
        """More is better."""
        return True

    @property
    def requires_labels(self) -> bool:
        """It reads probabilities or scores."""
        return False

    def works_with(self, model: base.Estimator) -> bool:
        """Whether it can score the model: a classifier, or what scores anomalies."""
        scores = isinstance(model, base.AnomalyDetector | base.AnomalyFilter)
        return scores or bool(super().works_with(model))

    def update(self, y_true: Any, y_pred: Any, w: float = 1.0) -> None:
        """Read a row: its label, and the probabilities by label or the positive one's score."""
        if w != 1.0:
            raise ValueError(f"w must be 1, got {w!r}: pairs of rows have no weight")
        score = y_pred.get(self.pos_val, 0.0) if isinstance(y_pred, dict) else y_pred
        score = float(score)
        if not math.isfinite(score):
            raise ValueError(f"y_pred must be finite, got {score!r}")
        self._add_row((bool(y_true == self.pos_val), score))

    def revert(self, y_true: Any, y_pred: Any, w: float = 1.0) -> None:
        """Raise NotImplementedError: rows are not forgotten one by one."""
        raise NotImplementedError("for the newest rows take WindowedAUC(window)")

    def update_scores(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        """Read rows in order: whether each is positive, and its score, which must be finite."""
        finite = np.isfinite(scores)
        if not finite.all():
            raise ValueError(f"y_pred must be finite, got {float(scores[~finite][0])!r}")
        self._add(positive, scores)

    @abc.abstractmethod
    def _add_row(self, row: tuple[bool, float]) -> None:
        """Count a row: whether it is positive, and its score, which is finite."""

    @abc.abstractmethod
    def _add(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        """Count rows with finite scores."""

    def get(self) -> float:
        """Return the area, NaN before there is a row of each label."""
        pairs = self._n_positive * self._n_negative
        return self._twice_u / (2 * pairs) if pairs else math.nan


class AUC(_RankMetric):
    """Area under the ROC curve of all rows: the share of pairs of labels that scores order right.

    Exact, ties count one half: what scikit-learn's `roc_auc_score` gives of the same rows, where
    river's `ROCAUC` reads ten thresholds. Memory: 8 bytes a row. Time per row: O(log^2 n).

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
        super().__init__(pos_val)
        self._new: list[tuple[bool, float]] = []
        # sorted scores of negative and of positive rows, the largest arrays first
        self._sorted: list[tuple[Rows, Rows]] = []

    def _add_row(self, row: tuple[bool, float]) -> None:
        self._new.append(row)
        if len(self._new) >= _ROWS_AT_ONCE:
            self._settle()

    def _add(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        if len(scores) < _ROWS_AT_ONCE:
            for row in zip(positive.tolist(), scores.tolist(), strict=True):
                self._add_row(row)
        else:
            self._settle()
            self._merge(positive, scores)

    def get(self) -> float:
        """Return the area, NaN before there is a row of each label."""
        self._settle()
        return super().get()

    def _settle(self) -> None:
        if self._new:
            truths, scores = zip(*self._new, strict=True)
            self._merge(np.array(truths), np.array(scores))
            self._new = []

    def _merge(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        rows = np.sort(scores[~positive]), np.sort(scores[positive])
        self._twice_u += _twice_in_order(rows[0], rows[1])
        for negatives, positives in self._sorted:
            self._twice_u += _twice_in_order(negatives, rows[1])
            self._twice_u += _twice_in_order(rows[0], positives)
        self._n_negative += len(rows[0])
        self._n_positive += len(rows[1])
        while self._sorted and _size(self._sorted[-1]) <= _size(rows):  # so there are log n of them
            last = self._sorted.pop()
            rows = tuple(  # type: ignore[assignment]
                np.sort(np.concatenate(pair), kind="stable")
                for pair in zip(last, rows, strict=True)
            )
        self._sorted.append(rows)


class WindowedAUC(_RankMetric):
    """Area under the ROC curve of the newest rows, exact, after every row.

    Ties count one half, where river's `RollingROCAUC` counts them 0. Counts are whole numbers, so
    that no rounding gathers up. Time per row: O(log window) and the moves of a sorted list.

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
        super().__init__(pos_val)
        self.window = window
        self._rows: deque[tuple[bool, float]] = deque()
        self._negatives: list[float] = []
        self._positives: list[float] = []

    def _add(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        if len(scores) >= self.window:  # nothing of before is left
            positive, scores = positive[-self.window :], scores[-self.window :]
            self._rows = deque(zip(positive.tolist(), scores.tolist(), strict=True))
            negatives, positives = np.sort(scores[~positive]), np.sort(scores[positive])
            self._twice_u = _twice_in_order(negatives, positives)
            self._negatives, self._positives = negatives.tolist(), positives.tolist()
            self._n_negative, self._n_positive = len(negatives), len(positives)
        else:
            for row in zip(positive.tolist(), scores.tolist(), strict=True):
                self._add_row(row)

    def _add_row(self, row: tuple[bool, float]) -> None:
        if len(self._rows) == self.window:
            truth, score = self._rows.popleft()
            same = self._positives if truth else self._negatives
            del same[bisect_left(same, score)]
            self._twice_u -= self._twice_with(truth, score)
        self._rows.append(row)
        self._twice_u += self._twice_with(*row)
        insort(self._positives if row[0] else self._negatives, row[1])
        self._n_negative, self._n_positive = len(self._negatives), len(self._positives)

    def _twice_with(self, truth: bool, score: float) -> int:
        """Return twice the pairs in order, and the ties, of a row and those of the other label."""
        others = self._negatives if truth else self._positives
        below = bisect_left(others, score) + bisect_right(others, score)
        return below if truth else 2 * len(others) - below


def _twice_in_order(negatives: Rows, positives: Rows) -> int:
    """Return twice the pairs in which the positive one is higher, and the ties; both sorted."""
    if len(positives) < len(negatives):
        below = np.searchsorted(negatives, positives, "left")
        return int(below.sum() + np.searchsorted(negatives, positives, "right").sum())
    above = np.searchsorted(positives, negatives, "left")
    above = above.sum() + np.searchsorted(positives, negatives, "right").sum()
    return int(2 * len(positives) * len(negatives) - above)


def _size(rows: tuple[Rows, Rows]) -> int:
    return len(rows[0]) + len(rows[1])
