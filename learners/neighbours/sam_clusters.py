"""k-means++ within each label, compiled: halves the rows of a long-term memory.

All is written in plain loops: expressions of whole arrays take the compiler a second each.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner, njit
from olearn.core.rng import next_below, next_double
from olearn.learners.neighbours._window import END, VALUE, WEIGHT

_MOST_ROUNDS = 100  # of k-means, which ends by itself but for rounding


@njit
def halve(points, beside, head, random):
    """Replace the rows of each label by half as many centres, at least one."""
    n, d = head[END], len(points)
    rows, labels = np.empty((n, d)), np.empty(n, np.int64)
    members, nearest, least = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n)
    room = n // 2 + 1
    centres, sums = np.empty((room, d)), np.empty((room, d))
    counts, moved = np.empty(room), np.empty(room, np.bool_)
    n_labels = 0
    for i in range(n):
        labels[i] = int(beside[VALUE, i])
        n_labels = max(n_labels, labels[i] + 1)
        for j in range(d):
            rows[i, j] = points[j, i]
    at = 0
    for label in range(n_labels):
        m = 0
        for i in range(n):
            if labels[i] == label:
                members[m] = i
                m += 1
        if m == 0:
            continue
        k = max(m // 2, 1)
        _draw(rows, members, m, centres, k, least, random)
        _settle(rows, members, m, centres, k, moved, least, nearest, sums, counts)
        for c in range(k):
            for j in range(d):
                points[j, at] = centres[c, j]
            beside[VALUE, at], beside[WEIGHT, at] = label, 1.0
            at += 1
    head[END] = at


@inner
def _draw(rows, members, m, centres, k, least, random):
    """Let k of m rows be centres: each by its squared distance from those drawn before."""
    chosen = next_below(random, m)
    for c in range(k):
        total = 0.0
        for j in range(rows.shape[1]):
            centres[c, j] = rows[members[chosen], j]
        for i in range(m):
            square = _square(rows, members[i], centres, c)
            least[i] = square if c == 0 else min(least[i], square)
            total += least[i]
        drawn, chosen = next_double(random) * total, 0
        while chosen < m - 1 and drawn >= least[chosen]:
            drawn -= least[chosen]
            chosen += 1


@inner
def _settle(rows, members, m, centres, k, moved, least, nearest, sums, counts):
    """Move the centres to the means of their rows, until no row changes its centre."""
    for i in range(m):
        nearest[i] = -1
    for c in range(k):
        moved[c] = True
    for _ in range(_MOST_ROUNDS):
        if not _assign(rows, members, m, centres, k, moved, least, nearest):
            break
        _move(rows, members, m, centres, k, moved, nearest, sums, counts)


@inner
def _assign(rows, members, m, centres, k, moved, least, nearest):
    """Give each row to its nearest centre, and tell whether that changes any.

    A row whose centre has not moved is measured only from those that have.
    """
    changed = False
    for i in range(m):
        before = nearest[i]
        anew = before < 0 or moved[before]
        if anew:
            least[i] = math.inf
        for c in range(k):
            if anew or moved[c]:
                square = _square(rows, members[i], centres, c)
                if square < least[i] or nearest[i] < 0:  # all may be infinitely far
                    least[i], nearest[i] = square, c
        changed |= nearest[i] != before
    return changed


@inner
def _move(rows, members, m, centres, k, moved, nearest, sums, counts):
    """Let each centre be the mean of its rows, and say which have moved."""
    d = rows.shape[1]
    for c in range(k):
        counts[c], moved[c] = 0.0, False
        for j in range(d):
            sums[c, j] = 0.0
    for i in range(m):
        counts[nearest[i]] += 1.0
        for j in range(d):
            sums[nearest[i], j] += rows[members[i], j]
    for c in range(k):
        for j in range(d):
            mean = sums[c, j] / counts[c]
            if math.isfinite(mean) and mean != centres[c, j]:  # it may have no row
                moved[c] = True
                centres[c, j] = mean


@inner
def _square(rows, i, centres, c):
    square = 0.0
    for j in range(rows.shape[1]):
        square += (rows[i, j] - centres[c, j]) * (rows[i, j] - centres[c, j])
    return square
