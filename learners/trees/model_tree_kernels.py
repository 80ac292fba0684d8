"""Compiled trees that predict numbers: routing, prediction and learning.

A value that is NaN is a key that river's row would not have.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner, njit
from olearn.core.kernel_arrays import borrowed
from olearn.learners.linear import layout as linear
from olearn.learners.linear.kernels import answer_at, learn_at
from olearn.learners.trees import model_tree_layout as at
from olearn.learners.trees.ebst import SPLIT_SIZE, insert, insert_category, rounded
from olearn.learners.trees.model_tree_split import (
    N_ROWS,
    draw_subspace,
    new_leaf,
    put_to_sleep,
    try_split,
)

_MAX = np.finfo(np.float64).max
_LARGEST = 1e150
_SPREADS = 3.0  # standard deviations that are 1 for the normalised model (FIMT-DD)
_FAR = 3.0  # of these: farther off, a feature would carry its model away


@inner
def descend(t, root, X, row, grow):
    """Return the leaf of a row, and whether a branch could not send it on.

    Then the child that has seen most weight takes it, the first of equals; or, where it may `grow`,
    a new leaf of its own if the row brings a new category.
    """
    node_i, node, lost = t.node_i, root, False
    while node_i[node, at.KIND] > at.ASLEEP:
        x, kind = X[row, node_i[node, at.FEATURE]], node_i[node, at.KIND]
        child = node_i[node, at.FIRST]
        if x != x:
            lost, child = True, _heaviest(t, node)
        elif kind == at.MULTIWAY:
            last = child
            while child >= 0 and t.node_f[child, at.CATEGORY] != x:
                last, child = child, node_i[child, at.NEXT]
            if child < 0:
                lost = True
                if grow and t.head[at.MAY_GROW] == 1 and x >= 0.0:
                    child = new_leaf(t, node, node_i[node, at.DEPTH] + 1)
                    t.node_f[child, at.CATEGORY] = x
                    node_i[last, at.NEXT] = child
                else:
                    child = _heaviest(t, node)
        else:
            value = t.node_f[node, at.VALUE]
            if not (x <= value if kind == at.NUMERIC else x == value):
                child = node_i[child, at.NEXT]
        node = child
    return node, lost


@inner
def _heaviest(t, node):
    heaviest, most, child = at.NONE, -1.0, t.node_i[node, at.FIRST]
    while child >= 0:
        weight = _weight_below(t, child)
        if weight > most:
            heaviest, most = child, weight
        child = t.node_i[child, at.NEXT]
    return heaviest


@inner
def _weight_below(t, top):
    """Weight of all leaves below a node: a walk by the links, which come back to it."""
    node_i, node, total = t.node_i, top, 0.0
    while True:
        if node_i[node, at.KIND] > at.ASLEEP:
            node = node_i[node, at.FIRST]
            continue
        total += t.node_f[node, at.N]
        while node != top and node_i[node, at.NEXT] < 0:
            node = node_i[node, at.PARENT]
        if node == top:
            return total
        node = node_i[node, at.NEXT]


@inner
def scaled(t, which, x):
    """Normalise a value of a column, of the target where `which` is 0."""
    n, spread = t.scales[which, at.TOTAL], t.scales[which, at.SPREAD]
    if not spread > 0.0:
        return 0.0
    return (x - t.scales[which, at.CENTRE]) / (_SPREADS * math.sqrt(spread / n))


@inner
def limited(x):
    """Keep a value within bounds whose squares are still numbers."""
    return min(max(x, -_LARGEST), _LARGEST)


@inner
def add_to_scale(t, which, x, w):
    """Add a value to what the normalisation of a column goes by."""
    if x == x:
        x, scale = limited(x), t.scales
        scale[which, at.TOTAL] += w
        before = scale[which, at.CENTRE]
        scale[which, at.CENTRE] += w / scale[which, at.TOTAL] * (x - before)
        more = w * (x - before) * (x - scale[which, at.CENTRE])
        scale[which, at.SPREAD] = min(scale[which, at.SPREAD] + more, _MAX)


@inner
def model_row(t, X, row, z):
    """Write what the linear models read of a row: its numbers, no categories."""
    normalise = t.conf[at.NORMALISE] != 0.0
    for j in range(z.shape[1]):
        z[0, j] = X[row, j]
        if t.nominal[j] == 1:
            z[0, j] = np.nan
        elif normalise and z[0, j] == z[0, j]:
            z[0, j] = min(max(scaled(t, 1 + j, z[0, j]), -_FAR), _FAR)


@inner
def model_answer(t, leaf, z):
    """Return what the model of a leaf says of a model's row."""
    answer = answer_at(t.model, t.heads, t.slots, leaf, z, 0)
    if t.conf[at.NORMALISE] != 0.0:
        n = t.scales[0, at.TOTAL]
        if n == 0.0:
            return 0.0
        spread = _SPREADS * math.sqrt(t.scales[0, at.SPREAD] / n)
        answer = answer * spread + t.scales[0, at.CENTRE]
        answer = min(max(answer, -_MAX), _MAX)
    return answer


@inner
def answer_of(t, leaf, by_model):
    """Prediction of a leaf, of which the model says `by_model`."""
    of = t.node_f
    if t.node_i[leaf, at.DEPTH] == 0 and of[leaf, at.N] == 0.0:
        return 0.0
    mode = t.conf[at.LEAF_MODE]
    if mode == at.MEAN_LEAF:
        return of[leaf, at.MEAN]
    if mode == at.ADAPTIVE_LEAF and of[leaf, at.MEAN_ERROR] < of[leaf, at.MODEL_ERROR]:
        return of[leaf, at.MEAN]
    return by_model


@inner
def _learn_target(t, leaf, by_model, y, w):
    of, conf = t.node_f, t.conf
    mean = of[leaf, at.MEAN]
    if conf[at.LEAF_MODE] == at.ADAPTIVE_LEAF:
        for error, off in ((at.MEAN_ERROR, y - mean), (at.MODEL_ERROR, y - by_model)):
            of[leaf, error] = min(conf[at.DECAY] * of[leaf, error] + off * off, _MAX)
    of[leaf, at.N] += w
    of[leaf, at.MEAN] += w / of[leaf, at.N] * (y - mean)
    of[leaf, at.S] += w * (y - mean) * (y - of[leaf, at.MEAN])


@inner
def observe(t, leaf, X, row, y, w):
    """Count a row in what a leaf keeps to find splits."""
    power = t.conf[at.DIGITS]
    for j in range(t.nominal.shape[0]):
        x, root = X[row, j], t.roots[leaf, j]
        if x == x and root != at.DISABLED:
            if t.nominal[j] == 1:
                t.roots[leaf, j] = insert_category(t, root, x, y, w)
            else:
                t.roots[leaf, j] = insert(t, root, rounded(x, power), y, w)


@inner
def step_limit(t, z):
    """Return the weight at which a step of a model brings its answer to the target, not beyond.

    Of gradient steps of the squared error at a constant rate; of others there is no limit.
    """
    conf = t.model
    if conf[linear.OPTIMIZER] != linear.SGD or conf[linear.LOSS] != linear.SQUARED:
        return np.inf
    if conf[linear.RATE] != linear.CONSTANT or conf[linear.INTERCEPT_RATE] != linear.CONSTANT:
        return np.inf
    squares = 0.0
    for j in range(z.shape[1]):
        if z[0, j] == z[0, j]:
            squares += z[0, j] * z[0, j]
    reach = 2.0 * (conf[linear.RATE + 1] * squares + conf[linear.INTERCEPT_RATE + 1])
    return 1.0 / reach if reach > 0.0 else np.inf


@inner
def _learn_model(t, leaf, z, X, row, y, w):
    if t.conf[at.NORMALISE] != 0.0:
        for j in range(z.shape[1]):
            if t.nominal[j] == 0:
                add_to_scale(t, 1 + j, X[row, j], w)
        add_to_scale(t, 0, y, w)
        model_row(t, X, row, z)
        y, w = scaled(t, 0, y), min(w, step_limit(t, z))
    learn_at(t.model, t.heads, t.slots, leaf, z, 0, y, w)
    if t.heads[leaf, linear.TROUBLE] != 0.0:
        t.head[at.DIVERGED] = 1


@inner
def learn_leaf(t, leaf, lost, X, row, y, w, z, by_model, work):
    """Learn a row in its leaf, whose model said `by_model`; split it where it is time.

    As in river, a row that a branch could not send on is learnt, but never starts a split.
    """
    _learn_target(t, leaf, by_model, y, w)
    awake = t.node_i[leaf, at.KIND] == at.LEAF
    if awake:
        if t.node_i[leaf, at.DRAWN] == 0:
            draw_subspace(t, leaf)
        observe(t, leaf, X, row, y, w)
    if t.conf[at.LEAF_MODE] != at.MEAN_LEAF:
        _learn_model(t, leaf, z, X, row, y, w)
    if awake and not lost:
        if t.node_i[leaf, at.DEPTH] >= t.conf[at.MAX_DEPTH]:
            put_to_sleep(t, leaf)
        elif t.node_f[leaf, at.N] - t.node_f[leaf, at.N_TRIED] >= t.conf[at.GRACE]:
            t.node_f[leaf, at.N_TRIED] = t.node_f[leaf, at.N]
            try_split(t, leaf, work)


@inner
def has_room(t, n_trees):
    """Whether so many trees can learn a row without more arrays."""
    head = t.head
    entries = t.entry_i.shape[0] - head[at.ENTRIES_USED] + head[at.ENTRIES_FREE]
    nodes = t.node_i.shape[0] - head[at.NODES_USED] + head[at.NODES_FREE]
    enough = nodes > n_trees * (head[at.WIDEST] + 1) or head[at.MAY_GROW] == 0
    return enough and entries >= n_trees * t.nominal.shape[0]


@inner
def answer_at_leaf(t, leaf, X, row, z):
    """Return what the model says and what the leaf answers; writes the model's row to `z`."""
    by_model = 0.0
    if t.conf[at.LEAF_MODE] != at.MEAN_LEAF:
        model_row(t, X, row, z)
        by_model = model_answer(t, leaf, z)
    return by_model, answer_of(t, leaf, by_model)


@inner
def learn_tree(t, root, X, row, y, w, z, work):
    """Learn a row in a tree; the caller has made sure of room."""
    leaf, lost = descend(t, root, X, row, True)
    by_model, _ = answer_at_leaf(t, leaf, X, row, z)
    learn_leaf(t, leaf, lost, X, row, y, w, z, by_model, work)


@njit(nogil=True)
def run(handle, root, X, y, w, out, row):
    """Predict, then learn each row from `row` on; return the first for which there is no room.

    A row of weight 0 or less is only predicted.
    """
    t, X = at.pool_at(handle), borrowed(X)
    z = borrowed(np.empty((1, t.nominal.shape[0])))
    work = borrowed(np.empty((N_ROWS, max(SPLIT_SIZE, t.nominal.shape[0]))))
    for i in range(row, X.shape[0]):
        learns = w[i] > 0.0
        if learns and not has_room(t, 1):
            return i
        leaf, lost = descend(t, root, X, i, False)
        by_model, out[i] = answer_at_leaf(t, leaf, X, i, z)
        if learns and lost:
            learn_tree(t, root, X, i, y[i], w[i], z, work)
        elif learns:
            learn_leaf(t, leaf, lost, X, i, y[i], w[i], z, by_model, work)
    return X.shape[0]


@njit
def sleep(handle, leaf):
    """Put a leaf to sleep, see `put_to_sleep`."""
    put_to_sleep(at.pool_at(handle), leaf)
