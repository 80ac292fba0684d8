"""Exact search for the nearest rows of a window, compiled.

Distances are Euclidean, summed in the order of the columns. What is missing counts as 0; two
categories of a nominal column are 1 apart, and so are a category and a gap.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

from olearn.core.jit import inner, njit
from olearn.learners.neighbours._window import (
    BEGIN,
    END,
    NEW_NOMINAL,
    NOMINAL,
    NUMERIC,
    VALUE,
    WEIGHT,
)


@njit(nogil=True)
def squared_distances(points, kinds, X, t, begin, end, out):
    """Write the squared distances of row t of X from `points[:, begin:end]` to `out`."""
    n, d = end - begin, X.shape[1]
    out = out[:n]
    out[:] = 0.0
    j = 0
    while j < d:
        if j + 4 <= d and _all_numeric(kinds, j):
            # four columns at a time: sums are read and written a quarter as often
            x0, x1 = value(X, t, j, NUMERIC), value(X, t, j + 1, NUMERIC)
            x2, x3 = value(X, t, j + 2, NUMERIC), value(X, t, j + 3, NUMERIC)
            p0, p1 = points[j, begin:end], points[j + 1, begin:end]
            p2, p3 = points[j + 2, begin:end], points[j + 3, begin:end]
            for i in range(n):
                total = out[i]
                total += (x0 - p0[i]) * (x0 - p0[i])
                total += (x1 - p1[i]) * (x1 - p1[i])
                total += (x2 - p2[i]) * (x2 - p2[i])
                total += (x3 - p3[i]) * (x3 - p3[i])
                out[i] = total
            j += 4
            continue
        x, p = value(X, t, j, kinds[j]), points[j, begin:end]
        if kinds[j] == NOMINAL:
            for i in range(n):
                out[i] += 1.0 if p[i] != x else 0.0
        elif kinds[j] == NUMERIC:
            for i in range(n):
                out[i] += (x - p[i]) * (x - p[i])
        j += 1


@inner
def _all_numeric(kinds, j):
    first, second = kinds[j] == NUMERIC, kinds[j + 1] == NUMERIC
    return first and second and kinds[j + 2] == NUMERIC and kinds[j + 3] == NUMERIC


@inner
def value(X, t, j, kind):
    """Return the value of a column, or what stands for it where it is missing."""
    x = X[t, j]
    if x == x:
        return x
    return -1.0 if kind in (NOMINAL, NEW_NOMINAL) else 0.0


@inner
def nearest(squares, n, k, roots, places):
    """Find the k least of n squared distances; the earlier of two equal distances comes first.

    Writes distances and places, nearest first, and returns how many there are.
    """
    found = 0
    limit = math.inf  # nothing at or above it can be among the k
    for i in range(n):
        if squares[i] >= limit and found == k:
            continue
        root = math.sqrt(squares[i])
        at = found
        if found < k:
            found += 1
        elif root < roots[k - 1]:
            at = k - 1
        else:
            continue
        while at > 0 and roots[at - 1] > root:
            roots[at], places[at] = roots[at - 1], places[at - 1]
            at -= 1
        roots[at], places[at] = root, i
        if found == k:
            limit = roots[k - 1] * roots[k - 1] * (1.0 + 1e-15)
    return found


@njit(nogil=True)
def push(X, t, target, weight, points, beside, head, kinds, size):
    """Append row t of X to the window, and drop the oldest row where it is full."""
    if head[END] == points.shape[1]:
        begin, n = head[BEGIN], head[END] - head[BEGIN]
        for j in range(len(points)):
            for i in range(n):
                points[j, i] = points[j, begin + i]
        for j in range(len(beside)):
            for i in range(n):
                beside[j, i] = beside[j, begin + i]
        head[BEGIN], head[END] = 0, n
    for j in range(X.shape[1]):
        x = value(X, t, j, kinds[j])
        points[j, head[END]] = x
        if kinds[j] < 0 and X[t, j] == x:
            kinds[j] = NOMINAL if kinds[j] == NEW_NOMINAL else NUMERIC
    beside[VALUE, head[END]], beside[WEIGHT, head[END]] = target, weight
    head[END] += 1
    if head[END] - head[BEGIN] > size:
        head[BEGIN] += 1
