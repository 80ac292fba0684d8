"""Compiled Hoeffding trees on the arrays of a `TreePool`: routing, votes, learning.

Kernels whose first argument is `t` take the pool as a tuple and are called from compiled code;
those at the end take its handle, which is the fastest way in from Python. Votes of
naive Bayes are joint densities, as logarithms where these could under- or overflow.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import numpy as np

from olearn.core.jit import njit
from olearn.core.kernel_arrays import borrowed
from olearn.learners.trees.layout import (
    ADAPTIVE,
    COUNTS,
    DEPTH,
    EQUALS,
    FEATURE,
    FIRST_FREE_NODE,
    FREE,
    GRACE,
    INACTIVE,
    KIND,
    LEAF,
    LEAF_MODE,
    LEFT,
    MAJORITY,
    MAY_GROW,
    MC_RIGHT,
    MULTIWAY,
    N_CLASSES,
    N_LABELS,
    NAIVE_BAYES,
    NB_RIGHT,
    NB_THRESHOLD,
    NO_SLOT,
    NODES_FREE,
    NUMERIC,
    RIGHT,
    SLOT,
    SLOTS_FREE,
    SLOTS_USED,
    TABLES_FREE,
    TABLES_USED,
    VALUE,
    W_LAST,
    pool_at,
)
from olearn.learners.trees.leaf import bayes_votes, highest, observe, weight_of
from olearn.learners.trees.lists import free_nodes, free_slot, free_table, new_node, new_slot
from olearn.learners.trees.split import try_split


@njit(forceinline=True)
def child_at(t, node, x):
    """Return the node below that `x` goes to, or -1 where it stops.

    It stops at a leaf, and at a split whose feature is missing in `x` or has no branch for it.
    """
    kind = t.node_i[node, KIND]
    if kind == LEAF:
        return -1
    value = x[t.node_i[node, FEATURE]]
    if value != value:
        return -1
    # LEFT and RIGHT are neighbours: an index costs no branch that cannot be foreseen
    if kind == NUMERIC:
        return t.node_i[node, LEFT + (value > t.node_f[node, VALUE])]
    if kind == EQUALS:
        return t.node_i[node, LEFT + (value != t.node_f[node, VALUE])]
    code = int(value)
    if code < 0 or code >= t.child.shape[1]:
        return -1
    return t.child[t.node_i[node, LEFT], code]


@njit(forceinline=True)
def route(t, root, x):
    """Follow `x` down from `root`; return the node where it stops."""
    node = root
    while True:
        below = child_at(t, node, x)
        if below < 0:
            return node
        node = below


@njit(forceinline=True)
def uses_bayes(t, leaf):
    """Tell whether a leaf votes by naive Bayes rather than by class weights."""
    mode = t.conf[LEAF_MODE]
    if mode == MAJORITY or t.node_i[leaf, KIND] != LEAF or t.node_i[leaf, SLOT] == INACTIVE:
        return False
    if t.conf[NB_THRESHOLD] > 0.0 and weight_of(t, leaf) < t.conf[NB_THRESHOLD]:
        return False
    return mode == NAIVE_BAYES or t.node_f[leaf, MC_RIGHT] <= t.node_f[leaf, NB_RIGHT]


@njit(forceinline=True)
def code_at(t, node, x, votes, product):
    """Return the code predicted at the node where `x` stopped."""
    if uses_bayes(t, node):
        bayes_votes(t, node, x, votes, product)
        return highest(votes, t.head[N_CLASSES])
    return _majority(t, node)


@njit(forceinline=True)
def bayes_code(t, node, x, votes, product):
    """Return what naive Bayes predicts, and whether the `votes` it wrote are logarithms.

    The code is -1, and nothing is written, where learning does not ask for it.
    """
    mode = t.conf[LEAF_MODE]
    if mode == MAJORITY or t.node_i[node, KIND] != LEAF or t.node_i[node, SLOT] == INACTIVE:
        return -1, False
    if mode != ADAPTIVE and not uses_bayes(t, node):
        return -1, False
    in_logs = bayes_votes(t, node, x, votes, product)
    return highest(votes, t.head[N_CLASSES]), in_logs


@njit
def proba_at(t, node, x, out, product):
    """Write the class probabilities at the node where `x` stopped; uniform if it knows nothing."""
    by_bayes, in_logs = -1, False
    if uses_bayes(t, node):
        in_logs = bayes_votes(t, node, x, out, product)
        by_bayes = highest(out, t.head[N_CLASSES])
    write_proba(t, node, by_bayes, in_logs, out, out)


@njit(forceinline=True)
def write_proba(t, node, by_bayes, in_logs, votes, out):
    """Do as `proba_at`, given what `bayes_code` found; `votes` may be `out`."""
    n_classes = t.head[N_CLASSES]
    bayes = by_bayes >= 0 and uses_bayes(t, node)
    top = votes[by_bayes] if bayes else 0.0
    for c in range(n_classes):
        if not bayes:
            out[c] = t.node_f[node, COUNTS + c]
        elif not in_logs:
            out[c] = votes[c]
        else:
            out[c] = np.exp(votes[c] - top) if top > -np.inf else 0.0
    total = 0.0
    for c in range(n_classes):
        total += out[c]
    for c in range(n_classes):
        out[c] = out[c] / total if total > 0.0 else 1.0 / n_classes


@njit(forceinline=True)
def has_room(t, n_trees):
    """Tell whether `n_trees` trees can learn one more row without more memory."""
    head = t.head
    branches = max(2, t.child.shape[1]) + 1
    nodes = free_nodes(t)
    slots = t.stats.shape[0] - head[SLOTS_USED] + head[SLOTS_FREE]
    tables = t.child.shape[0] - head[TABLES_USED] + head[TABLES_FREE]
    may_split = nodes >= n_trees * branches and tables >= n_trees
    return slots >= n_trees and (may_split or head[MAY_GROW] == 0)


@njit(forceinline=True)
def learn_at(t, node, x, y, w, by_bayes):
    """Learn a row at the node where it stopped; return the code predicted there before.

    `by_bayes` is the code that `bayes_code` returns there. The caller has made sure of `has_room`.
    Grows a branch for a new category; learns nothing where the feature of a split is missing.
    """
    majority = _majority(t, node)
    code = by_bayes if by_bayes >= 0 and uses_bayes(t, node) else majority
    if w <= 0.0:
        return code
    if t.node_i[node, KIND] != LEAF:
        node = _grow_branch(t, node, x)
        if node < 0:
            return code
        majority, by_bayes = 0, 0  # what an empty leaf answers
    _learn_leaf(t, node, x, y, w, majority, by_bayes)
    return code


@njit
def learn_tree(t, root, x, y, w, votes, product):
    """Learn a row in a tree."""
    node = route(t, root, x)
    learn_at(t, node, x, y, w, bayes_code(t, node, x, votes, product)[0])


@njit
def _grow_branch(t, node, x):
    value = x[t.node_i[node, FEATURE]]
    if value != value or value < 0.0 or t.head[MAY_GROW] == 0:
        return -1
    leaf = new_node(t, t.node_i[node, DEPTH] + 1)
    t.child[t.node_i[node, LEFT], int(value)] = leaf
    return leaf


@njit(forceinline=True)
def _learn_leaf(t, leaf, x, y, w, majority, by_bayes):
    if by_bayes == y:
        t.node_f[leaf, NB_RIGHT] += w
    if majority == y:
        t.node_f[leaf, MC_RIGHT] += w
    t.node_f[leaf, COUNTS + y] += w
    t.node_i[leaf, N_LABELS] = max(t.node_i[leaf, N_LABELS], y + 1)
    slot = t.node_i[leaf, SLOT]
    if slot == INACTIVE or t.feat.shape[0] == 0:
        return
    if slot == NO_SLOT:
        slot = new_slot(t)
        t.node_i[leaf, SLOT] = slot
    observe(t.stats, t.seen, t.feat, slot, x, y, w)
    weight = weight_of(t, leaf)
    if weight - t.node_f[leaf, W_LAST] >= t.conf[GRACE]:
        try_split(t, leaf, weight)
        t.node_f[leaf, W_LAST] = weight


@njit(forceinline=True)
def _majority(t, node):
    """Code of the largest class weight of a node; the lowest code wins a tie."""
    best = 0
    for c in range(1, t.head[N_CLASSES]):
        if t.node_f[node, COUNTS + c] > t.node_f[node, COUNTS + best]:
            best = c
    return best


@njit
def free_tree(t, root):
    """Give back all nodes, slots and tables of a tree, its root included."""
    t.node_i[root, DEPTH] = -1  # DEPTH serves as the link of the list of nodes to do
    todo = root
    while todo >= 0:
        node = todo
        todo = t.node_i[node, DEPTH]
        kind = t.node_i[node, KIND]
        if kind in (NUMERIC, EQUALS):
            for side in (LEFT, RIGHT):
                below = t.node_i[node, side]
                t.node_i[below, DEPTH] = todo
                todo = below
        elif kind == MULTIWAY:
            table = t.node_i[node, LEFT]
            for code in range(t.child.shape[1]):
                below = t.child[table, code]
                if below >= 0:
                    t.node_i[below, DEPTH] = todo
                    todo = below
            free_table(t, table)
        elif t.node_i[node, SLOT] >= 0:
            free_slot(t, t.node_i[node, SLOT])
        t.node_i[node, KIND] = FREE
        t.node_i[node, LEFT] = t.head[FIRST_FREE_NODE]
        t.head[FIRST_FREE_NODE] = node
        t.head[NODES_FREE] += 1


# -- one tree, called from Python ----------------------------------------------------------------


@njit
def learn_row(handle, root, x, y, w):
    """Learn one row; False, and nothing learnt, where there is no room."""
    t, x = pool_at(handle), borrowed(x)
    if not has_room(t, 1):
        return False
    votes = np.empty((2, t.head[N_CLASSES]))
    learn_tree(t, root, x, y, w, votes[0], votes[1])
    return True


@njit
def code_row(handle, root, x):
    """Predict the code of one row."""
    t, x = pool_at(handle), borrowed(x)
    votes = np.empty((2, t.head[N_CLASSES]))
    return code_at(t, route(t, root, x), x, votes[0], votes[1])


@njit
def proba_many(handle, root, X, out):
    """Write the class probabilities of each row."""
    t, X, out = pool_at(handle), borrowed(X), borrowed(out)
    product = np.empty(t.head[N_CLASSES])
    for i in range(len(X)):
        proba_at(t, route(t, root, X[i]), X[i], out[i], product)


@njit
def codes_many(handle, root, X, out):
    """Write the predicted code of each row."""
    t, X = pool_at(handle), borrowed(X)
    votes, product = np.empty(t.head[N_CLASSES]), np.empty(t.head[N_CLASSES])
    for i in range(len(X)):
        out[i] = code_at(t, route(t, root, X[i]), X[i], votes, product)


@njit(nogil=True)
def learn_many(handle, root, X, y, w, out, row):
    """Predict, then learn each row from `row` on; return the first for which there is no room.

    The code predicted before learning goes to `out`.
    """
    t, X = pool_at(handle), borrowed(X)
    votes, product = np.empty(t.head[N_CLASSES]), np.empty(t.head[N_CLASSES])
    for i in range(row, len(X)):
        if not has_room(t, 1):
            return i
        node = route(t, root, X[i])
        by_bayes, _ = bayes_code(t, node, X[i], votes, product)
        out[i] = learn_at(t, node, X[i], y[i], w[i], by_bayes)
    return len(X)
