"""Average precision of scores in order, at the end of one block of rows or of each: compiled."""

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import inner, njit
from olearn.core.types import Rows

_SHIFT = 6  # blocks are counted in groups of 64, a multiple of what a processor adds at once
_GROUP = 1 << _SHIFT


@njit
def average_precision(negatives: Rows, positives: Rows) -> float:
    """Return the average precision of scores of two labels, both in order; NaN of no positive."""
    wrong, right, total = len(negatives), len(positives), 0.0
    while right:
        score, ties = positives[right - 1], right
        while right and positives[right - 1] == score:
            right -= 1
        while wrong and negatives[wrong - 1] >= score:
            wrong -= 1
        called = len(positives) - right + len(negatives) - wrong
        total += (ties - right) * (len(positives) - right) / called
    return total / len(positives) if len(positives) else np.nan


@inner
def _count(counts: Rows, block: int) -> None:
    """Count one more at the end of a block and of all later ones."""
    first = block >> _SHIFT
    for i in range(_GROUP):
        counts[first, i] += 1.0 * (i >= block & (_GROUP - 1))
    for group in range(first + 1, len(counts)):
        for i in range(_GROUP):
            counts[group, i] += 1.0


@inner
def _add_up(total: Rows, right: Rows, called: Rows, ties: Rows, past: Rows, first: int) -> None:
    """Add the precision at a score, times its positive rows, from a group of blocks on.

    `ties` counts the positive rows of that score, `right` and `called` those of at least that
    score, positive and all; `past` has the three numbers of before the first block.
    """
    for group in range(first, len(total)):
        for i in range(_GROUP):
            n = max(called[group, i] + past[1], 1.0)  # without a row there is no tie either
            total[group, i] += (ties[group, i] + past[2]) * (right[group, i] + past[0]) / n


@njit
def average_precisions(
    scores: Rows, tags: NDArray[np.int32], negatives: Rows, positives: Rows, n_blocks: int
) -> Rows:
    """Return the average precision of all rows up to the end of each block.

    Parameters
    ----------
    scores, tags
        As in `score_ranks.sort_in`.
    negatives, positives
        Scores of before the first block, in order.
    n_blocks
        Number of blocks.

    """
    n_groups = ((n_blocks - 1) >> _SHIFT) + 1
    total, right = np.zeros((n_groups, _GROUP)), np.zeros((n_groups, _GROUP))
    called, ties = np.zeros((n_groups, _GROUP)), np.zeros((n_groups, _GROUP))
    past = np.zeros(3)
    low, wrong, sure = len(scores), len(negatives), len(positives)
    while low or sure:  # scores from the highest on
        score = scores[low - 1] if low else positives[sure - 1]
        if sure:
            score = max(score, positives[sure - 1])
        first, past[2] = n_groups, 0.0
        begin = low
        while low and scores[low - 1] == score:
            low -= 1
            block = tags[low] >> 1
            _count(called, block)
            if tags[low] & 1:
                _count(right, block)
                _count(ties, block)
                first = min(first, block >> _SHIFT)
        while sure and positives[sure - 1] == score:
            sure -= 1
            past[2] += 1.0
            first = 0
        if first == n_groups:
            continue
        while wrong and negatives[wrong - 1] >= score:
            wrong -= 1
        past[0] = len(positives) - sure
        past[1] = past[0] + len(negatives) - wrong
        _add_up(total, right, called, ties, past, first)
        if begin > low:
            ties[:] = 0.0
    out = np.empty(n_blocks)
    for block in range(n_blocks):
        n = right[block >> _SHIFT, block & (_GROUP - 1)] + len(positives)
        out[block] = total[block >> _SHIFT, block & (_GROUP - 1)] / n if n else np.nan
    return out
