"""Scores of negative and of positive rows in order, and how many pairs of them are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.types import Codes, Rows
from olearn.metrics import score_buckets, score_ranks

_TWICE_U = 4  # of the head, whose first two are the rows of each label
_NO_AREAS = np.empty(0)

Counts = tuple[int, int, int]
"""Negative rows, positive rows, and twice the pairs in order and the ties."""


class SortedScores:
    """Scores of two labels, each in order: what `AllScores` and `NewestScores` share.

    Pairs are counted as whole numbers, so that no rounding gathers up. Many rows are sorted at
    once, and not before somebody asks; few go into buckets (`score_buckets`).
    """

    def __init__(self, window: int = 0) -> None:
        self._head = np.array([0, 0, 0, 0, 0, 0, 0, window])
        self._ring = np.zeros((0, 2))
        # scores of each label in order, as they are or in buckets
        self._flat: tuple[Rows, Rows] | None = (np.empty(0), np.empty(0))
        self._buckets: tuple[Rows, Rows, Codes] | None = None
        self._row = np.zeros(1, np.bool_), np.zeros(1)

    @property
    def counts(self) -> Counts:
        """Negative rows, positive rows, and twice the pairs in order and the ties."""
        self._settle()
        return self._counts()

    def in_order(self, label: int) -> Rows:
        """Return the scores of a label, 0 or 1, in order."""
        self._settle()
        return self._label_in_order(label)

    def _settle(self) -> None:
        """Take in what waits."""

    def _counts(self) -> Counts:
        negative, positive, _, _, twice_u, *_ = self._head.tolist()
        return negative, positive, twice_u

    def _n_rows(self) -> int:
        return int(self._head[0] + self._head[1])

    def _put_flat(self, negatives: Rows, positives: Rows, twice_u: int) -> None:
        """Replace all scores by some in order, and their pairs."""
        self._flat, self._buckets = (negatives, positives), None
        self._head[:2] = len(negatives), len(positives)
        self._head[_TWICE_U] = twice_u

    def _put_few(self, positive: NDArray[np.bool_], scores: Rows, areas: Rows = _NO_AREAS) -> None:
        """Put rows into buckets one by one; write the area after each, if there is room."""
        if len(scores):
            self._run(score_buckets.add_rows, self._ring, positive, scores, areas)

    def _put_row(self, positive: bool, score: float) -> None:
        """Put one row into buckets."""
        self._row[0][0], self._row[1][0] = positive, score
        self._run(score_buckets.add_rows, self._ring, *self._row, _NO_AREAS)

    def _both_in_order(self) -> tuple[Rows, Rows]:
        return self._label_in_order(0), self._label_in_order(1)

    def _label_in_order(self, label: int) -> Rows:
        if self._buckets is not None:
            return score_buckets.in_order(*self._buckets, self._head, label)
        assert self._flat is not None  # where there are no buckets
        return self._flat[label]

    def _in_buckets(self) -> tuple[Rows, Rows, Codes]:
        if self._buckets is None:
            self._buckets = score_buckets.fill(self._head, *self._both_in_order())
            self._flat = None
        return self._buckets

    def _run(self, kernel: Any, *given: Any) -> None:
        """Call a kernel of buckets until it has read all rows; it stops where none is free."""
        start = kernel(*self._in_buckets(), self._head, *given, 0)
        while start >= 0:
            self._flat, self._buckets = self._both_in_order(), None
            start = kernel(*self._in_buckets(), self._head, *given, start)


def sorted_apart(positive: NDArray[np.bool_], scores: Rows) -> tuple[Rows, Rows]:
    """Return the scores of negative and of positive rows, in order."""
    return np.sort(scores[~positive]), np.sort(scores[positive])


def counts_of(positive: NDArray[np.bool_], scores: Rows) -> Counts:
    """Return the counts of rows."""
    negatives, positives = sorted_apart(positive, scores)
    return len(negatives), len(positives), score_ranks.twice_in_order(negatives, positives)
