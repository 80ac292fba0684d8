"""What metrics of one label's probabilities, or of scores, share."""

import abc
import math
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import base
from river.metrics.base import BinaryMetric

from olearn.core.types import Rows
from olearn.metrics.all_scores import AllScores
from olearn.metrics.newest_scores import NewestScores

_ROWS_AT_ONCE = 1000  # that are kept before they are read


class ScoreMetric(BinaryMetric):
    """A metric of scores, or of probabilities of a label; rows are read many at once."""

    _fmt = ".2%"
    _range = -sys.float_info.max, sys.float_info.max
    _needs = "finite"

    def __init__(self, pos_val: Any = True) -> None:
        self.pos_val = pos_val
        self._new: list[tuple[bool, float]] = []  # rows that are not read yet

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
            raise ValueError(f"w must be 1, got {w!r}: {type(self).__name__} reads no weights")
        score = y_pred.get(self.pos_val, 0.0) if isinstance(y_pred, dict) else y_pred
        score = float(score)
        if not self._is_score(score):
            raise ValueError(f"y_pred must be {self._needs}, got {score!r}")
        self._new.append((bool(y_true == self.pos_val), score))
        if len(self._new) >= _ROWS_AT_ONCE:
            self._settle()

    def revert(self, y_true: Any, y_pred: Any, w: float = 1.0) -> None:
        """Raise NotImplementedError: rows are not forgotten one by one."""
        raise NotImplementedError(f"{type(self).__name__} cannot forget a row")

    def check_scores(self, scores: Rows) -> None:
        """Raise ValueError if one of the scores cannot be read."""
        wrong = ~self._is_score(scores)
        if wrong.any():
            raise ValueError(f"y_pred must be {self._needs}, got {float(scores[wrong][0])!r}")

    def update_scores(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        """Read rows in order: whether each is positive, and its score."""
        self.check_scores(scores)
        self._settle()
        self._add(positive, scores)

    def _is_score(self, scores: Any) -> Any:
        """Return whether a score, or each of an array, can be read; NaN never can."""
        low, high = self._range
        return (scores >= low) & (scores <= high)

    def _settle(self) -> None:
        if len(self._new) == 1:  # as where the value is read after each row
            self._add_row(*self._new.pop())
        elif self._new:
            truths, scores = zip(*self._new, strict=True)
            self._new = []
            self._add(np.array(truths), np.array(scores))

    def _add_row(self, positive: bool, score: float) -> None:
        self._add(np.array([positive]), np.array([score]))

    @abc.abstractmethod
    def _add(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        """Read rows whose scores can be read."""


class RankMetric(ScoreMetric):
    """A metric of the order of scores."""

    def __init__(self, pos_val: Any, scores: AllScores | NewestScores) -> None:
        super().__init__(pos_val)
        self._scores = scores

    def _add(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        self._scores.add(positive, scores)

    def _add_row(self, positive: bool, score: float) -> None:
        self._scores.add_row(positive, score)

    def get(self) -> float:
        """Return the area, NaN where there is none."""
        self._settle()
        return self._area()

    @abc.abstractmethod
    def _area(self) -> float:
        """Return the area of the rows kept."""


class MarkedMetric(RankMetric):
    """A metric of all rows; the values at many rows are found together."""

    def __init__(self, pos_val: Any, scores: AllScores) -> None:
        super().__init__(pos_val, scores)
        self._scores: AllScores = scores

    def mark(self) -> None:
        """Note that the value here will be wanted, which costs less than to read it at once."""
        self._settle()
        self._scores.mark()

    def marked(self) -> list[tuple[float, float]]:
        """Return the values at each mark, in order, and forget the marks.

        That of all rows, and that of those since the mark before, NaN at the first mark.
        """
        return [(self._of(whole), self._of(since)) for whole, since in self._scores.marked()]

    def _of(self, found: Any) -> float:
        """Return the value of what was found at a mark."""
        return float(found)


class RocArea(RankMetric):
    """The share of pairs of labels in order; a subclass says of which rows."""

    def update_scores_each(self, positive: NDArray[np.bool_], scores: Rows) -> Rows:
        """Read rows as `update_scores` does; return the area after each."""
        self.check_scores(scores)
        self._settle()
        return self._scores.add_each(positive, scores)

    def _area(self) -> float:
        return area_of(*self._scores.counts)


def area_of(negative: int, positive: int, twice_u: int) -> float:
    """Return the share of pairs in order: of counts of rows and of twice those pairs."""
    pairs = negative * positive
    return twice_u / (2 * pairs) if pairs else math.nan
