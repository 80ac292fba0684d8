"""Scores of all rows in order, and what they gave at any row that was marked."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.types import Rows
from olearn.metrics import score_buckets, score_ranks
from olearn.metrics.precision_ranks import average_precision, average_precisions
from olearn.metrics.sorted_scores import Counts, SortedScores, counts_of, sorted_apart

_TWICE_U = 4  # of the head
_FEW = 32  # rows are sorted with all others unless they are fewer than one in so many
_SORTED = 500  # fewer rows are not worth sorting
_MOST_LATE = 1 << 16  # rows that wait to be sorted, or as many as are sorted

_Pair = tuple[NDArray[np.bool_], Rows]


class AllScores(SortedScores):
    """Scores of two labels, each in order.

    What comes waits until somebody asks or until it is as much as all before, when it costs least.
    Where counts will be wanted later, rows are marked: the pairs of many blocks of rows are then
    counted in one pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self._late = np.zeros(0, np.bool_), np.zeros(0)  # rows that wait, with room
        self._n_late = 0
        self._marks: list[int] = []  # after how many of those that wait
        self._marked: list[tuple[Any, Any]] = []
        self._open: list[_Pair] | None = None  # that wait no longer, since the last mark if any

    def add(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        """Take in rows with finite scores."""
        n = self._n_late + len(scores)
        if n > len(self._late[1]):
            room = np.zeros(2 * n, np.bool_), np.zeros(2 * n)
            for more, kept in zip(room, self._late, strict=True):
                more[: self._n_late] = kept[: self._n_late]
            self._late = room
        self._late[0][self._n_late : n] = positive
        self._late[1][self._n_late : n] = scores
        self._n_late = n
        if n >= max(_MOST_LATE, self._n_rows()):
            self._settle_marked()
            if self._n_late >= _MOST_LATE:  # all since the last mark
                self._settle()

    def add_row(self, positive: bool, score: float) -> None:
        """Take in one row, which is read at once."""
        self._settle()
        if self._open is not None:
            self._keep_open(np.array([positive]), np.array([score]))
        self._put_row(positive, score)

    def add_each(self, positive: NDArray[np.bool_], scores: Rows) -> Rows:
        """Take in rows; return the area under the curve after each."""
        self._settle()
        self._keep_open(positive, scores)
        areas = np.empty(len(scores))
        self._put_few(positive, scores, areas)
        return areas

    def mark(self) -> None:
        """Note that the counts of the rows so far will be wanted."""
        if self._open is None:
            self._settle()
            self._open = []
        self._marks.append(self._n_late)
        if len(self._marks) >= score_ranks.MOST_BLOCKS:
            self._settle_marked()

    def marked(self) -> list[tuple[Any, Any]]:
        """Return the counts at each mark, in order, and forget the marks.

        Counts of all rows, and of those since the mark before; the first mark has none of these.
        A subclass finds something else.
        """
        self._settle_marked()
        found, self._marked = self._marked, []
        return found

    def _settle(self) -> None:
        """Take in all that waits."""
        self._settle_marked()
        if not self._n_late:
            return
        positive, scores = self._waiting(0, self._n_late)
        self._n_late = 0
        self._keep_open(positive, scores)
        n = self._n_rows()
        if len(scores) >= max(n, 1):
            self._put_flat(*self._sorted_with(positive, scores))
        elif len(scores) * _FEW >= n:
            self._sort_in(positive, scores, [len(scores)])
        else:
            self._put_in(positive, scores)

    def _settle_marked(self) -> None:
        """Take in what waits up to the last mark, and note the counts at all marks."""
        if not self._marks or self._open is None:
            return
        ends, self._marks = self._marks, []
        positive, scores = self._waiting(0, ends[-1])
        opened, self._open = [*self._open, self._waiting(0, ends[0])], []
        found = self._take_in_marked(positive, scores, ends)
        if len(opened) > 1:
            since = (np.concatenate(parts) for parts in zip(*opened, strict=True))
            found[0] = found[0][0], self._figure_of(*since)
        self._marked += found
        rest = self._waiting(ends[-1], self._n_late)
        self._n_late -= ends[-1]
        for kept, some in zip(self._late, rest, strict=True):
            kept[: self._n_late] = some

    def _take_in_marked(
        self, positive: NDArray[np.bool_], scores: Rows, ends: list[int]
    ) -> list[tuple[Any, Any]]:
        """Take in blocks of rows; return the counts at their ends, of all and of the block."""
        if len(scores) * _FEW >= self._n_rows():
            return list(self._sort_in(positive, scores, ends))
        found = []
        for start, end in zip([0, *ends], ends, strict=False):
            block = positive[start:end], scores[start:end]
            self._put_in(*block)
            found.append((self._counts(), self._figure_of(*block)))
        return found

    def _figure_of(self, positive: NDArray[np.bool_], scores: Rows) -> Any:
        """Return the counts of some rows."""
        return counts_of(positive, scores)

    def _waiting(self, start: int, stop: int) -> _Pair:
        return self._late[0][start:stop], self._late[1][start:stop]

    def _keep_open(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        """Keep rows that are taken in before the mark that they belong to."""
        if self._open is not None and len(scores):
            self._open.append((positive.copy(), scores.copy()))

    def _put_in(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        """Put rows into buckets."""
        if len(scores) < _SORTED:
            self._put_few(positive, scores)
            return
        # in the order of their scores, whose neighbours are then at hand
        new, n_positive = sorted_apart(positive, scores), self._counts()[1]
        buckets = *self._in_buckets(), self._head
        twice = score_ranks.twice_in_order(*new) + 2 * len(new[0]) * n_positive
        twice += score_buckets.twice_below_all(*buckets, 0, new[1])
        twice -= score_buckets.twice_below_all(*buckets, 1, new[0])
        self._head[_TWICE_U] += twice
        for label in (0, 1):
            self._run(score_buckets.insert_all, label, new[label])

    def _sorted_with(self, positive: NDArray[np.bool_], scores: Rows) -> tuple[Rows, Rows, int]:
        """Return the scores of all rows and of more, in order, and their pairs."""
        new = sorted_apart(positive, scores)
        if self._n_rows():
            pairs = zip(self._both_in_order(), new, strict=True)
            negatives, positives = (np.sort(np.concatenate(pair)) for pair in pairs)
        else:
            negatives, positives = new
        return negatives, positives, score_ranks.twice_in_order(negatives, positives)

    def _sort_in(
        self, positive: NDArray[np.bool_], scores: Rows, ends: list[int]
    ) -> list[tuple[Counts, Counts]]:
        """Take in blocks of rows; return the counts after each, of all rows and of the block's."""
        past, counts = self._both_in_order(), self._counts()
        n_positive = int(np.count_nonzero(positive))
        n_new = len(scores) - n_positive, n_positive
        out = tuple(np.empty(n + more + 1) for n, more in zip(counts[:2], n_new, strict=True))
        rows, twice = np.zeros((2, len(ends)), np.int64), np.zeros((2, len(ends)), np.int64)
        score_ranks.sort_in(*in_order_with_tags(positive, scores, ends), past, out, rows, twice)
        upto = np.cumsum([*rows, twice[1]], axis=1).T + counts
        of_all, of_blocks = upto.tolist(), np.transpose([*rows, twice[0]]).tolist()
        self._put_flat(out[0][:-1], out[1][:-1], of_all[-1][2])
        return [(tuple(a), tuple(b)) for a, b in zip(of_all, of_blocks, strict=True)]


class AllPrecisions(AllScores):
    """Scores of two labels, each in order; what is found at marks is the average precision."""

    def _take_in_marked(
        self, positive: NDArray[np.bool_], scores: Rows, ends: list[int]
    ) -> list[tuple[Any, Any]]:
        ordered = in_order_with_tags(positive, scores, ends)
        whole = average_precisions(*ordered, *self._both_in_order(), len(ends)).tolist()
        super()._take_in_marked(positive, scores, ends)
        blocks = [slice(*ends_of) for ends_of in zip([0, *ends], ends, strict=False)]
        since = [self._figure_of(positive[block], scores[block]) for block in blocks]
        return list(zip(whole, since, strict=True))

    def _figure_of(self, positive: NDArray[np.bool_], scores: Rows) -> Any:
        return average_precision(*sorted_apart(positive, scores))


def in_order_with_tags(
    positive: NDArray[np.bool_], scores: Rows, ends: list[int]
) -> tuple[Rows, NDArray[np.int32]]:
    """Return scores of blocks in order; of each twice its block, and 1 more if it is positive."""
    order = np.argsort(scores)
    block = np.repeat(np.arange(len(ends), dtype=np.int32), np.diff(ends, prepend=0))
    return scores[order], (2 * block + positive)[order]
