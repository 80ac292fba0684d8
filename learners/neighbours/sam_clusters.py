"""k-means++ within each label, compiled: halves the rows of a long-term memory."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import numpy as np

from olearn.core.jit import njit
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
    nearest = np.zeros(n, np.int64)
    for c in range(1, k):
        _approach(rows, centres[c - 1], c - 1, least, nearest)
        drawn, chosen = next_double(random) * least.sum(), 0
        while chosen < n - 1 and drawn >= least[chosen]:
            drawn -= least[chosen]
            chosen += 1
        centres[c] = rows[chosen]
    nearest[:] = -1
    for _ in range(_MOST_ROUNDS):
        least[:] = np.inf
        before = nearest.copy()
        for c in range(k):
            _approach(rows, centres[c], c, least, nearest)
        if (nearest == before).all():
            break
        sums, counts = np.zeros(centres.shape), np.zeros(k)
        for i in range(n):
            sums[nearest[i]] += rows[i]
            counts[nearest[i]] += 1.0
        for c in range(k):
            if counts[c] > 0.0:
                centres[c] = sums[c] / counts[c]
    return centres


@njit
def _approach(rows, centre, c, least, nearest):
    """Let centre c have the rows that it is nearer to than all centres before."""
    for i in range(len(rows)):
        square = 0.0
        for j in range(rows.shape[1]):
            square += (rows[i, j] - centre[j]) * (rows[i, j] - centre[j])
        if square < least[i]:
            least[i], nearest[i] = square, c
