"""Scores of the newest rows in order, alarms among them, and the area after each row."""

import numpy as np
from numpy.typing import NDArray

from olearn.core.types import Codes, Rows
from olearn.metrics import score_buckets, score_ranks
from olearn.metrics.sorted_scores import SortedScores, sorted_apart

_OLDEST = 5  # of the head
_FEW = 8  # rows are sorted with the window unless they are fewer than one in so many
_AT_ONCE = 500  # rows at least that are sorted with a window


class NewestScores(SortedScores):
    """Scores of two labels, each in order; those of the newest rows.

    Parameters
    ----------
    window
        Rows to keep.

    """

    def __init__(self, window: int) -> None:
        super().__init__(window)
        self._window = window
        # the ring has label and score of each row, where it leaves again; where rows were written
        # to it alone, scores are neither flat nor in buckets

    def add(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        """Take in rows with finite scores."""
        in_order = self._flat is not None or self._buckets is not None
        if self._are_many(len(scores)) or not in_order:
            self._push(positive, scores)
        else:
            self._make_room(len(scores))
            self._put_few(positive, scores)

    def add_row(self, positive: bool, score: float) -> None:
        """Take in one row, which is read at once."""
        self._settle()
        self._make_room(1)
        self._put_row(positive, score)

    def add_each(self, positive: NDArray[np.bool_], scores: Rows) -> Rows:
        """Take in rows; return the area under the curve after each."""
        areas = np.empty(len(scores))
        if not self._are_many(len(scores)):
            self._settle()
            self._make_room(len(scores))
            self._put_few(positive, scores, areas)
            return areas
        for part in self._parts(len(scores)):
            twice = self.counts[2]
            before, both = self._with_newest(scores[part])
            true = np.concatenate([before, positive[part]])
            score_ranks.write_areas(*_ranked(both), true, twice, self._window, areas[part])
            self._push(positive[part], scores[part])
        return areas

    def alarms(self, scores: Rows, budget: float) -> NDArray[np.bool_]:
        """Take in scores; return which are above all but a share of those kept before each.

        None is as long as that share is less than one row.
        """
        found = np.zeros(len(scores), np.bool_)
        if not self._are_many(len(scores)):
            self._settle()
            self._make_room(len(scores))
            self._run(score_buckets.alarm_rows, self._ring, found, scores, budget)
            return found
        for part in self._parts(len(scores)):
            ranked = _ranked(self._with_newest(scores[part])[1])
            score_ranks.mark_alarms(*ranked, self._window, budget, found[part])
            self._push(np.zeros(len(found[part]), np.bool_), scores[part])
        return found

    def _settle(self) -> None:
        """Sort the window if rows came that are not in order."""
        if self._flat is None and self._buckets is None:
            label, scores = self._ring[: self._n_rows()].T
            both = sorted_apart(label != 0.0, scores)
            self._put_flat(*both, score_ranks.twice_in_order(*both))

    def _are_many(self, n_new: int) -> bool:
        """Tell whether to sort all of the window once it is read, not to put rows into buckets."""
        return n_new * _FEW >= min(self._n_rows() + n_new, self._window)

    def _push(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        """Write rows into the ring alone."""
        self._make_room(len(scores))
        positive, scores = positive[-self._window :], scores[-self._window :]
        start = int(self._head[_OLDEST])
        first = min(len(scores), self._window - start)
        for at, part in ((start, slice(first)), (0, slice(first, None))):
            n = len(scores[part])
            self._ring[at : at + n, 0], self._ring[at : at + n, 1] = positive[part], scores[part]
        n = min(self._n_rows() + len(scores), self._window)
        n_positive = int(np.count_nonzero(self._ring[:n, 0]))
        self._head[:2] = n - n_positive, n_positive
        self._head[_OLDEST] = (start + len(scores)) % self._window
        self._flat = self._buckets = None

    def _with_newest(self, more: Rows) -> tuple[NDArray[np.bool_], Rows]:
        """Return from the oldest on whether rows are positive, and scores with more behind them."""
        rows = self._ring[: self._n_rows()]
        if len(rows) == self._window:
            rows = np.roll(rows, -int(self._head[_OLDEST]), axis=0)
        return rows[:, 0] != 0.0, np.concatenate([rows[:, 1], more])

    def _parts(self, n: int) -> list[slice]:
        """Return parts of rows that are worth sorting with those of the window."""
        size = max(self._window, _AT_ONCE)
        return [slice(start, start + size) for start in range(0, n, size)]

    def _make_room(self, n_new: int) -> None:
        """Let the ring hold the rows that come, as far as the window goes."""
        if len(self._ring) < self._window:
            n = self._n_rows() + n_new
            if len(self._ring) < min(n, self._window):
                ring = np.zeros((min(2 * n, self._window), 2))
                ring[: len(self._ring)] = self._ring
                self._ring = ring


def _ranked(scores: Rows) -> tuple[Rows, Codes]:
    """Return scores in order, and where each of them is."""
    order = np.argsort(scores)
    ranks = np.empty(len(scores), np.int64)
    ranks[order] = np.arange(len(scores))
    return scores[order], ranks
