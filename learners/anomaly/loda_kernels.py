"""LODA over arrays: random directions, and a histogram of bounded size along each.

`bins` is `(directions, max_bins + 1, 3)`: left and right edge and count, from left to right, of
which `n_bins` are in use.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner, njit

LEFT, RIGHT, COUNT = range(3)
_LEAST = 1e-12  # of a density: what lies outside of all bins is that rare


@inner
def _project(row, columns, weights):
    """Return the place of a row on a direction; a missing value counts as 0."""
    place = 0.0
    for k in range(len(columns)):
        value = row[columns[k]]
        place += weights[k] * (value if value == value else 0.0)
    return place


@inner
def _position(bins, n, place):
    """Return the first bin that does not end before a place."""
    i = 0
    while i < n and bins[i, RIGHT] < place:
        i += 1
    return i


@inner
def _insert(bins, n, place):
    """Count a place; return the number of bins, which may be one too many then."""
    i = _position(bins, n, place)
    if i < n and place >= bins[i, LEFT]:
        bins[i, COUNT] += 1.0
        return n
    for k in range(n, i, -1):
        for field in range(3):
            bins[k, field] = bins[k - 1, field]
    bins[i, LEFT] = bins[i, RIGHT] = place
    bins[i, COUNT] = 1.0
    return n + 1


@inner
def _merge_closest(bins, n):
    """Merge the two neighbours whose right edges are closest; return the number of bins."""
    least, first = np.inf, 0
    for i in range(1, n):
        gap = bins[i, RIGHT] - bins[i - 1, RIGHT]
        if gap < least:
            least, first = gap, i - 1
    bins[first, RIGHT] = max(bins[first, RIGHT], bins[first + 1, RIGHT])
    bins[first, LEFT] = min(bins[first, LEFT], bins[first + 1, LEFT])
    bins[first, COUNT] += bins[first + 1, COUNT]
    for i in range(first + 1, n - 1):
        for field in range(3):
            bins[i, field] = bins[i + 1, field]
    return n - 1


@inner
def _density(bins, n, n_rows, place):
    """Return the share of rows in the bin of a place, by its width; 0 between bins.

    A bin of one value is as wide as the gap to its nearest neighbour.
    """
    i = _position(bins, n, place)
    if i == n or place < bins[i, LEFT]:
        return 0.0
    width = bins[i, RIGHT] - bins[i, LEFT]
    if not width > 0.0:
        before = bins[i, LEFT] - bins[i - 1, RIGHT] if i > 0 else np.inf
        after = bins[i + 1, LEFT] - bins[i, RIGHT] if i + 1 < n else np.inf
        width = min(before, after)
        if not 0.0 < width < np.inf:
            return bins[i, COUNT] / n_rows
    return bins[i, COUNT] / n_rows / width


@njit(nogil=True)
def loda_stage(A, B, upto, columns, weights, bins, n_bins, n_rows, scores):
    """Score the rows of `A`, learning those of `B` in between and the rest of them at the end."""
    n_directions = len(columns)
    most = bins.shape[1] - 1
    learnt = 0
    for t in range(len(A) + 1):
        until = len(B)
        if t < len(A):
            until = upto[t]
            score = 0.0
            if n_rows[0]:
                for k in range(n_directions):
                    place = _project(A[t], columns[k], weights[k])
                    score -= math.log(max(_density(bins[k], n_bins[k], n_rows[0], place), _LEAST))
            scores[t] = score / n_directions
        while learnt < until:
            n_rows[0] += 1
            for k in range(n_directions):
                place = _project(B[learnt], columns[k], weights[k])
                n = _insert(bins[k], n_bins[k], place)
                n_bins[k] = n if n <= most else _merge_closest(bins[k], n)
            learnt += 1
