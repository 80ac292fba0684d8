"""Half-space trees over arrays: walks down full binary trees, and the masses along them.

Node i has the children 2i + 1 and 2i + 2; only nodes that have children have a feature.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import numpy as np

from olearn.core.jit import inner, njit

NEWEST, REFERENCE = range(2)  # of `masses`: of the window that fills, and of the one before
LEARNT, HAS_REFERENCE = range(2)  # of `status`: rows of the window that fills; whether one is full
LOW, HIGH = range(2)  # of `limits`


@inner
def _walk(row, feature, threshold, masses, path):
    """Write the nodes of a row's path, level by level: `path` is `(height + 1, trees)`.

    All trees take a step before any takes the next, so that the processor need not wait for one. A
    missing value goes where more rows of this window went.
    """
    for tree in range(path.shape[1]):
        path[0, tree] = 0
    for level in range(path.shape[0] - 1):
        for tree in range(path.shape[1]):
            node = path[level, tree]
            left = 2 * node + 1
            value = row[feature[tree, node]]
            right = not value < threshold[tree, node]
            if value != value:
                right = masses[tree, left, NEWEST] < masses[tree, left + 1, NEWEST]
            path[level + 1, tree] = left + right


@inner
def _fall(row, feature, threshold, path):
    """Write the leaves of a row without missing values in the last level of its path."""
    height = path.shape[0] - 1
    for tree in range(path.shape[1]):
        path[height, tree] = 0
    for _ in range(height):
        for tree in range(path.shape[1]):
            node = path[height, tree]
            path[height, tree] = 2 * node + 2 - (row[feature[tree, node]] < threshold[tree, node])


@inner
def _count(path, masses, first_level):
    for level in range(first_level, path.shape[0]):
        for tree in range(path.shape[1]):
            masses[tree, path[level, tree], NEWEST] += 1


@inner
def _sum_up(masses):
    """Set the newest masses of all nodes by those of the leaves."""
    for tree in range(len(masses)):
        for node in range(masses.shape[1] // 2 - 1, -1, -1):
            left = 2 * node + 1
            both = masses[tree, left, NEWEST] + masses[tree, left + 1, NEWEST]
            masses[tree, node, NEWEST] = both


@inner
def _begin_window(masses, status):
    for tree in range(len(masses)):
        for node in range(masses.shape[1]):
            masses[tree, node, REFERENCE] = masses[tree, node, NEWEST]
            masses[tree, node, NEWEST] = 0
    status[LEARNT] = 0
    status[HAS_REFERENCE] = 1


@inner
def _mass(path, masses, few):
    """Return the sum over trees of the reference masses on a path, doubled a level.

    A path ends where a mass is below `few`.
    """
    total = 0.0
    for tree in range(path.shape[1]):
        factor = 1.0
        for level in range(path.shape[0]):
            mass = masses[tree, path[level, tree], REFERENCE]
            total += mass * factor
            factor *= 2.0 * (mass >= few)  # a branch here would be guessed wrong in every tree
    return total


@inner
def _weigh(masses, few, factor, above):
    """Write what `_mass` adds up for each node's path, tree by tree, in `above`."""
    for tree in range(len(masses)):
        factor[0], above[tree, 0] = 1.0, masses[tree, 0, REFERENCE]
        for node in range(1, masses.shape[1]):
            parent = (node - 1) // 2
            factor[node] = factor[parent] * 2.0 * (masses[tree, parent, REFERENCE] >= few)
            mass = masses[tree, node, REFERENCE] * factor[node]
            above[tree, node] = above[tree, parent] + mass


@inner
def _has_missing(X):
    for row in range(X.shape[0]):
        for column in range(X.shape[1]):
            if X[row, column] != X[row, column]:
                return True
    return False


@inner
def _beyond(row, limits):
    """Return the first feature whose value lies outside its limits, or -1."""
    for feature in range(limits.shape[1]):
        if row[feature] < limits[LOW, feature] or row[feature] > limits[HIGH, feature]:
            return feature
    return -1


@njit(nogil=True)
def half_space_stage(A, B, upto, feature, threshold, masses, status, limits, settings, scores):
    """Score the rows of `A`, learning those of `B` in between and the rest of them at the end.

    Where rows are many beside nodes, and none lacks a value, only leaves are counted, and a score
    is read off the leaves: the nodes above are summed up once a window. The same integers.

    Returns the first feature of a learnt row that lies outside its limits, or -1.
    """
    window_size, largest, same = settings  # `same`: whether B is A, each row learnt at once
    height, nodes = 0, masses.shape[1]
    while 2**height <= feature.shape[1]:
        height += 1
    path = np.empty((height + 1, len(feature)), np.int32)
    few = 0.1 * window_size
    many = min(max(len(A), len(B)), window_size) * (height + 1) >= 2 * nodes
    by_leaves = many and len(feature) > 0  # no tree is drawn before the first row is learnt
    by_leaves = by_leaves and not _has_missing(A) and (same or not _has_missing(B))
    factor, above = np.empty(nodes), np.empty((len(masses) if by_leaves else 0, nodes))
    if by_leaves:
        _weigh(masses, few, factor, above)
    learnt, beyond = 0, -1
    for t in range(len(A) + 1):
        until = len(B)
        if t < len(A):
            until = upto[t]
            scores[t] = 0.0
            if status[HAS_REFERENCE] or same:
                if by_leaves:
                    _fall(A[t], feature, threshold, path)
                else:
                    _walk(A[t], feature, threshold, masses, path)
            if status[HAS_REFERENCE]:
                total = 0.0
                if by_leaves:
                    for tree in range(len(feature)):
                        total += above[tree, path[height, tree]]
                else:
                    total = _mass(path, masses, few)
                scores[t] = 1.0 - total / largest
        while learnt < until:
            if beyond < 0:
                beyond = _beyond(B[learnt], limits)
            if not same:
                if by_leaves:
                    _fall(B[learnt], feature, threshold, path)
                else:
                    _walk(B[learnt], feature, threshold, masses, path)
            _count(path, masses, height if by_leaves else 0)
            status[LEARNT] += 1
            if status[LEARNT] == window_size:
                if by_leaves:
                    _sum_up(masses)
                _begin_window(masses, status)
                if by_leaves:
                    _weigh(masses, few, factor, above)
            learnt += 1
    if by_leaves:
        _sum_up(masses)
    return beyond
