"""k-means++ within each label, compiled: halves the rows of a long-term memory."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import numpy as np

from olearn.core.jit import inner, njit
from olearn.core.rng import next_below, next_double
from olearn.learners.neighbours._window import END, VALUE, WEIGHT

_MOST_ROUNDS = 100  # of k-means, which ends by itself but for rounding


@njit
def halve(points, beside, head, random):
    """Replace the rows of each label by half as many centres, at least one."""
    n = head[END]
    labels = beside[VALUE, :n].astype(np.int64)
    rows = points[:, :n].T.copy()
    at = 0
    for label in range(labels.max() + 1):
        of_label = rows[labels == label]
        if len(of_label) == 0:
            continue
        centres = _centres(of_label, max(len(of_label) // 2, 1), random)
        for centre in centres:
            points[:, at] = centre
            beside[VALUE, at], beside[WEIGHT, at] = label, 1.0
            at += 1
    head[END] = at


@njit
def _centres(rows, k, random):
    """Return k centres of rows: drawn far from each other, then moved until no row changes."""
    n = len(rows)
    centres = np.empty((k, rows.shape[1]))
    centres[0] = rows[next_below(random, n)]
    least = np.full(n, np.inf)
    for c in range(1, k):
        _approach(rows, centres, c - 1, least)
        drawn, chosen = next_double(random) * least.sum(), 0
        while chosen < n - 1 and drawn >= least[chosen]:
            drawn -= least[chosen]
            chosen += 1
        centres[c] = rows[chosen]
    nearest, moved = np.full(n, -1), np.ones(k, np.bool_)
    for _ in range(_MOST_ROUNDS):
        if not _assign(rows, centres, moved, least, nearest):
            break
        _move(rows, centres, moved, nearest)
    return centres


@njit
def _assign(rows, centres, moved, least, nearest):
    """Give each row to its nearest centre, and tell whether that changes any.

    A row whose centre has not moved is measured only from those that have.
    """
    changed = False
    for i in range(len(rows)):
        before = nearest[i]
        anew = before < 0 or moved[before]
        if anew:
            least[i] = np.inf
        for c in range(len(centres)):
            if anew or moved[c]:
                square = _square(rows, i, centres, c)
                if square < least[i]:
                    least[i], nearest[i] = square, c
        changed |= nearest[i] != before
    return changed


@njit
def _move(rows, centres, moved, nearest):
    """Let each centre be the mean of its rows, and say which have moved."""
    sums, counts = np.zeros(centres.shape), np.zeros(len(centres))
    for i in range(len(rows)):
        sums[nearest[i]] += rows[i]
        counts[nearest[i]] += 1.0
    for c in range(len(centres)):
        moved[c] = False
        for j in range(centres.shape[1]):
            if counts[c] > 0.0:
                mean = sums[c, j] / counts[c]
                moved[c] |= mean != centres[c, j]
                centres[c, j] = mean


@njit
def _approach(rows, centres, c, least):
    """Note the squared distance of each row from centre c, where it is nearer than others."""
    for i in range(len(rows)):
        least[i] = min(least[i], _square(rows, i, centres, c))


@inner
def _square(rows, i, centres, c):
    square = 0.0
    for j in range(rows.shape[1]):
        square += (rows[i, j] - centres[c, j]) * (rows[i, j] - centres[c, j])
    return square
