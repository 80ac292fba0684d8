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
def _learn(path, masses, status, window_size):
    for level in range(path.shape[0]):
        for tree in range(path.shape[1]):
            masses[tree, path[level, tree], NEWEST] += 1
    status[LEARNT] += 1
    if status[LEARNT] == window_size:
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
def _beyond(row, limits):
    """Return the first feature whose value lies outside its limits, or -1."""
    for feature in range(limits.shape[1]):
        if row[feature] < limits[LOW, feature] or row[feature] > limits[HIGH, feature]:
            return feature
    return -1


@njit(nogil=True)
def half_space_stage(A, B, upto, feature, threshold, masses, status, limits, settings, scores):
    """Score the rows of `A`, learning those of `B` in between and the rest of them at the end.

    Returns the first feature of a learnt row that lies outside its limits, or -1.
    """
    window_size, largest, same = settings  # `same`: whether B is A, each row learnt at once
    height = 0
    while 2**height <= feature.shape[1]:
        height += 1
    path = np.empty((height + 1, len(feature)), np.int32)
    learnt, beyond = 0, -1
    for t in range(len(A) + 1):
        until = len(B)
        if t < len(A):
            until = upto[t]
            scores[t] = 0.0
            if status[HAS_REFERENCE] or same:
                _walk(A[t], feature, threshold, masses, path)
            if status[HAS_REFERENCE]:
                scores[t] = 1.0 - _mass(path, masses, 0.1 * window_size) / largest
        while learnt < until:
            if beyond < 0:
                beyond = _beyond(B[learnt], limits)
            if not same:
                _walk(B[learnt], feature, threshold, masses, path)
            _learn(path, masses, status, window_size)
            learnt += 1
    return beyond
