"""What many rows of scores do at once, from how they sort: pairs, alarms, areas; compiled.

A count of things below a place is kept in two levels, `within` groups of places and `before` each
group: one more moves a few neighbours, and a count is the sum of two numbers.
"""

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import inner, njit
from olearn.core.types import Codes, Rows

_SHIFT = 6  # of the groups: 64 places each, a multiple of what a processor adds at once
_GROUP = 1 << _SHIFT
MOST_BLOCKS = _GROUP * _GROUP  # beyond which a step would no longer be short
_Counts = NDArray[np.int32]


@inner
def _add(within: _Counts, before: _Counts, label: int, at: int, more: int) -> None:
    """Count so many more at a place; without a branch, so that many numbers are added at once."""
    group, place, change = at >> _SHIFT, at & (_GROUP - 1), np.int32(more)
    for i in range(_GROUP):
        within[label, group, i] += change * np.int32(i > place)
    for i in range(before.shape[1]):
        before[label, i] += change * np.int32(i > group)


@inner
def _below(within: _Counts, before: _Counts, label: int, at: int) -> int:
    """Return how many were counted at lower places."""
    group = at >> _SHIFT
    return int(within[label, group, at & (_GROUP - 1)]) + int(before[label, group])


@inner
def _pass_on(past: Rows, out: Rows, at: int, n_new: int, score: float) -> tuple[int, int]:
    """Write what stands from a place on up to a score; return the places behind less, and equal."""
    while at < len(past) and past[at] < score:
        out[at + n_new] = past[at]
        at += 1
    upto = at
    while upto < len(past) and past[upto] == score:
        out[upto + n_new] = past[upto]
        upto += 1
    return at, upto


@njit
def sort_in(
    scores: Rows,
    tags: NDArray[np.int32],
    past: tuple[Rows, Rows],
    out: tuple[Rows, Rows],
    rows: Codes,
    twice: Codes,
) -> None:
    """Take blocks of rows into the scores of before, and count pairs.

    Parameters
    ----------
    scores
        Scores of the rows of all blocks, in order.
    tags
        Of each, twice its block, and 1 more if it is positive.
    past
        Scores of the negative and the positive rows of before, each in order.
    out
        As `past`, with room for those of the blocks and one more; written.
    rows
        Shape `(2, n_blocks)`, zeros: how many rows of each label a block has; written.
    twice
        Shape `(2, n_blocks)`, zeros: twice the pairs in order and the ties of the rows of a block
        with each other, and with the rows before the block too; written.

    """
    n_blocks = rows.shape[1]
    n_groups = n_blocks // _GROUP + 1
    within, before = np.zeros((2, n_groups, _GROUP), np.int32), np.zeros((2, n_groups), np.int32)
    below, upto, n_new = np.zeros(2, np.int64), np.zeros(2, np.int64), np.zeros(2, np.int64)
    (negatives, positives), (negatives_out, positives_out) = past, out
    i = 0
    while i < len(scores):
        score, stop = scores[i], i + 1
        while stop < len(scores) and scores[stop] == score:
            stop += 1
        below[0], upto[0] = _pass_on(negatives, negatives_out, upto[0], n_new[0], score)
        below[1], upto[1] = _pass_on(positives, positives_out, upto[1], n_new[1], score)
        if stop == i + 1:  # as most are: in one go
            block, label = tags[i] >> 1, tags[i] & 1
            n = below[1 - label] + upto[1 - label] + 2 * _below(within, before, 1 - label, block)
            same = 2 * label * rows[1 - label, block]
            twice[0, block] += same
            twice[1, block] += same + (2 * label - 1) * n
            negatives_out[upto[0] + n_new[0]] = positives_out[upto[1] + n_new[1]] = score
            n_new[label] += 1
            rows[label, block] += 1
            _add(within, before, label, block, 1)
            i = stop
            continue
        for equal in (False, True):  # how many are below the score, and up to it
            for k in range(i, stop):
                block, label = tags[k] >> 1, tags[k] & 1
                n = upto[1 - label] if equal else below[1 - label]
                n += _below(within, before, 1 - label, block)
                same = label * rows[1 - label, block]  # of their pairs, the positive row's
                twice[0, block] += same
                twice[1, block] += same + (2 * label - 1) * n
                if not equal:
                    negatives_out[upto[0] + n_new[0]] = positives_out[upto[1] + n_new[1]] = score
                    n_new[label] += 1
            for k in range(i, stop if not equal else i):
                block, label = tags[k] >> 1, tags[k] & 1
                rows[label, block] += 1
                _add(within, before, label, block, 1)
        i = stop
    _pass_on(negatives, negatives_out, upto[0], n_new[0], np.inf)
    _pass_on(positives, positives_out, upto[1], n_new[1], np.inf)
    n_positive = len(positives)
    for block in range(n_blocks):
        twice[1, block] += 2 * rows[0, block] * n_positive
        n_positive += rows[1, block]


@njit
def twice_in_order(negatives: Rows, positives: Rows) -> int:
    """Return twice the pairs in which the positive one is higher, and the ties; both in order."""
    below = upto = twice = 0
    for score in positives:
        while below < len(negatives) and negatives[below] < score:
            below += 1
        upto = max(upto, below)
        while upto < len(negatives) and negatives[upto] == score:
            upto += 1
        twice += below + upto
    return twice


@njit
def mark_alarms(
    in_order: Rows, ranks: Codes, window: int, budget: float, alarms: NDArray[np.bool_]
) -> None:
    """Mark rows whose score few of the window before each reach.

    Parameters
    ----------
    in_order
        Scores of the rows, and of those in the window before the first of them.
    ranks
        Where each is in order, from the oldest on.
    window, budget
        Rows to look back, and the share of them that few are fewer than.
    alarms
        Of the rows, written.

    """
    kept = np.zeros(len(in_order), np.bool_)
    n = len(ranks) - len(alarms)
    for rank in ranks[:n]:
        kept[rank] = True
    first_new, oldest, place, above = n, 0, len(in_order), 0  # the scores kept above a place
    for i in range(len(alarms)):
        most = int(budget * n + 1e-9)  # of 29 % of 100, 29
        if most:  # that many reach the place, which is one of them
            while above >= most:
                place += 1
                above -= kept[place]
            while place == len(in_order) or above < most - 1 or not kept[place]:
                above += place < len(in_order) and kept[place]
                place -= 1
        rank = ranks[first_new + i]
        alarms[i] = most > 0 and in_order[place] < in_order[rank]
        if n == window:
            kept[ranks[oldest]] = False
            above -= ranks[oldest] > place
            oldest += 1
        else:
            n += 1
        kept[rank] = True
        above += rank > place


@njit
def write_areas(
    in_order: Rows, ranks: Codes, positive: NDArray[np.bool_], twice: int, window: int, areas: Rows
) -> None:
    """Write the area under the ROC curve of the newest rows after each of some.

    Parameters
    ----------
    in_order, ranks, window
        As in `mark_alarms`.
    positive
        Of the rows and those before, from the oldest on.
    twice
        Twice the pairs in order and the ties of those before.
    areas
        Of the rows, written.

    """
    n = len(in_order)
    low, high = np.empty(n, np.int64), np.empty(n, np.int64)  # where ties begin and end
    for i in range(n):
        low[i] = low[i - 1] if i and in_order[i] == in_order[i - 1] else i
    for i in range(n - 1, -1, -1):
        high[i] = high[i + 1] if i + 1 < n and in_order[i] == in_order[i + 1] else i + 1
    n_groups = n // _GROUP + 1
    within, before = np.zeros((2, n_groups, _GROUP), np.int32), np.zeros((2, n_groups), np.int32)
    counts, first_new = np.zeros(2, np.int64), n - len(areas)
    for i in range(n):
        if i >= first_new and counts[0] + counts[1] == window:
            label, rank = int(positive[i - window]), ranks[i - window]
            _add(within, before, label, low[rank], -1)
            counts[label] -= 1
            lower = _below(within, before, 1 - label, low[rank])
            lower += _below(within, before, 1 - label, high[rank])
            twice -= lower if label else 2 * counts[1] - lower
        label, rank = int(positive[i]), ranks[i]
        if i >= first_new:
            lower = _below(within, before, 1 - label, low[rank])
            lower += _below(within, before, 1 - label, high[rank])
            twice += lower if label else 2 * counts[1] - lower
        _add(within, before, label, low[rank], 1)
        counts[label] += 1
        if i >= first_new:
            pairs = counts[0] * counts[1]
            areas[i - first_new] = twice / (2 * pairs) if pairs else np.nan
