"""Compiled members of a SOKNL forest: answers with distances to leaves, and how they are joined.

A leaf keeps the centre of the rows that it has learnt, feature by feature, since values may be
missing. The mean target of a leaf is the tree's own.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner, njit
from olearn.core.kernel_arrays import borrowed
from olearn.core.rng import next_poisson
from olearn.learners.trees import model_tree_layout as at
from olearn.learners.trees.arf_regressor_kernels import BACKGROUND, LAMBDA, TREE, watch
from olearn.learners.trees.ebst import SPLIT_SIZE
from olearn.learners.trees.model_tree_kernels import (
    answer_at_leaf,
    descend,
    has_room,
    learn_leaf,
    limited,
)
from olearn.learners.trees.model_tree_split import N_ROWS

# entries of a feature in a leaf's centre, and columns of the forest's `scales`
WEIGHT, MEAN, CENTRE_SIZE = range(3)
TOTAL, CENTRE, SPREAD, SCALE_SIZE = range(4)
# columns of what a member answers
ANSWER, DISTANCE, N_PARTS = range(3)

_MAX = np.finfo(np.float64).max


@njit(nogil=True)
def units(X, w, nominal, scales, out):
    """Write by what the values of a row are multiplied before distances; learn each row's spread.

    That is one by the standard deviation of the rows learnt before, and 0 for nominal features.
    """
    X, w, scales, out = borrowed(X), borrowed(w), borrowed(scales), borrowed(out)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            x, n, spread = X[i, j], scales[j, TOTAL], scales[j, SPREAD]
            out[i, j] = math.sqrt(n / spread) if spread > 0.0 and nominal[j] == 0 else 0.0
            if w[i] > 0.0 and x == x:
                x = limited(x)
                scales[j, TOTAL] += w[i]
                before = scales[j, CENTRE]
                scales[j, CENTRE] += w[i] / scales[j, TOTAL] * (x - before)
                more = w[i] * (x - before) * (x - scales[j, CENTRE])
                scales[j, SPREAD] = min(spread + more, _MAX)


@inner
def _distance(t, centres, leaf, X, unit, i):
    """Squared distance of a row to the centre of a leaf; infinite where the leaf knows no row."""
    if not t.node_f[leaf, at.N] > 0.0:
        return np.inf
    total = 0.0
    for j in range(X.shape[1]):
        x = X[i, j]
        if x == x and centres[leaf, j, WEIGHT] > 0.0:
            off = limited((limited(x) - centres[leaf, j, MEAN]) * unit[i, j])
            total += off * off
    return min(total, _MAX)


@inner
def _learn(t, centres, leaf, lost, X, i, y, w, z, by_model, work):
    """Learn a row in a leaf and its centre; the leaves of a split start near their parent's."""
    is_new = t.node_f[leaf, at.N] == 0.0
    learn_leaf(t, leaf, lost, X, i, y, w, z, by_model, work)
    for j in range(X.shape[1]):
        x = X[i, j]
        if is_new:
            centres[leaf, j, WEIGHT] = 0.0
        if x == x:
            centres[leaf, j, WEIGHT] += w
            off = limited(x) - centres[leaf, j, MEAN]
            centres[leaf, j, MEAN] += w / centres[leaf, j, WEIGHT] * off
    if t.node_i[leaf, at.KIND] > at.ASLEEP:
        child = t.node_i[leaf, at.FIRST]
        while child >= 0:
            for j in range(X.shape[1]):
                centres[child, j, WEIGHT] = min(centres[leaf, j, WEIGHT], 1.0)
                centres[child, j, MEAN] = centres[leaf, j, MEAN]
            child = t.node_i[child, at.NEXT]


@njit(nogil=True)
def learn_many(
    handle, number, statuses, tallies, all_windows, settings, centres, X, unit, y, w, out, row
):
    """Answer, then learn each row from `row` on; return the first for which there is no room.

    A row of weight 0 or less is only answered. The answer and the distance go to `out`.
    """
    t, X, unit, centres = at.pool_at(handle), borrowed(X), borrowed(unit), borrowed(centres)
    status, tally = borrowed(statuses[number]), borrowed(tallies[number])
    windows = borrowed(all_windows[number])
    z = borrowed(np.empty((1, t.nominal.shape[0])))
    work = borrowed(np.empty((N_ROWS, max(SPLIT_SIZE, t.nominal.shape[0]))))
    for i in range(row, X.shape[0]):
        if w[i] > 0.0 and not has_room(t, 2):
            return i
        leaf, _ = descend(t, status[TREE], X, i, False)
        by_model, answer = answer_at_leaf(t, leaf, X, i, z)
        out[i, ANSWER], out[i, DISTANCE] = answer, _distance(t, centres, leaf, X, unit, i)
        if not w[i] > 0.0:
            continue
        k = next_poisson(t.rng, settings[LAMBDA])
        if k == 0:
            continue
        for tree in (status[BACKGROUND], status[TREE]):
            if tree < 0:
                continue
            at_leaf, is_lost = descend(t, tree, X, i, True)
            by_model, _ = answer_at_leaf(t, at_leaf, X, i, z)
            _learn(t, centres, at_leaf, is_lost, X, i, y[i], k * w[i], z, by_model, work)
        watch(t, status, tally, windows, settings, y[i] - answer)
    return X.shape[0]


@njit(nogil=True)
def join(parts, y, w, errors, out):
    """Answer each row by its nearest leaves, as many as have had the smallest squared error so far.

    `parts` has the members' answers and distances, `errors` the squared error of each number of
    leaves, by the rows learnt. Equally good numbers: the largest.
    """
    parts, errors, out = borrowed(parts), borrowed(errors), borrowed(out)
    n_models, n_rows = parts.shape[0], parts.shape[1]
    order = borrowed(np.empty(n_models, np.int64))
    joined = borrowed(np.empty(n_models))
    for i in range(n_rows):
        for m in range(n_models):  # a short list that is sorted by insertion
            place = m
            while place > 0 and parts[order[place - 1], i, DISTANCE] > parts[m, i, DISTANCE]:
                order[place] = order[place - 1]
                place -= 1
            order[place] = m
        total, best = 0.0, n_models - 1
        for k in range(n_models):
            if parts[order[k], i, DISTANCE] < np.inf:
                total += parts[order[k], i, ANSWER]
                joined[k] = min(max(total / (k + 1), -_MAX), _MAX)
            else:
                joined[k] = joined[k - 1] if k > 0 else 0.0
        for k in range(n_models - 2, -1, -1):
            if errors[k] < errors[best]:
                best = k
        out[i] = joined[best]
        if w[i] > 0.0:
            for k in range(n_models):
                off = y[i] - joined[k]
                errors[k] = min(errors[k] + w[i] * off * off, _MAX)
