"""Compiled Hoeffding trees on the arrays of a `TreePool`: routing, votes, learning.

Kernels whose first argument is `t` are called from kernels, which got it from `pool_at`; those at
the end take the handle and are called from Python. Votes of naive Bayes are joint densities, as
logarithms where these could under- or overflow.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner, njit
from olearn.core.kernel_arrays import borrowed
from olearn.learners.trees import layout as at
from olearn.learners.trees.leaf import VOTES, bayes_votes, highest, make_work, observe, weight_of
from olearn.learners.trees.lists import free_nodes, free_slot, free_table, new_node, new_slot
from olearn.learners.trees.split import try_split


@inner(forceinline=True)
def child_at(t, node, x):
    """Return the node below that `x` goes to, or -1 where it stops.

    It stops at a leaf, and at a split whose feature is missing in `x` or has no branch for it.
    """
    node_i = t.node_i
    kind = node_i[node, at.KIND]
    if kind == at.LEAF:
        return -1
    value = x[node_i[node, at.FEATURE]]
    if value != value:
        return -1
    if kind == at.MULTIWAY:
        code = np.int64(value)
        if code < 0 or code >= t.child.shape[1]:
            return -1
        return t.child[node_i[node, at.LEFT], code]
    # LEFT and RIGHT are neighbours: an index costs no branch that cannot be foreseen
    split = t.node_f[node, at.VALUE]
    right = value > split if kind == at.NUMERIC else value != split
    return node_i[node, at.LEFT + right]


@inner(forceinline=True)
def route(t, root, x):
    """Follow `x` down from `root`; return the node where it stops."""
    node = root
    below = child_at(t, node, x)
    while below >= 0:
        node = below
        below = child_at(t, node, x)
    return node


@inner(forceinline=True)
def uses_bayes(t, leaf):
    """Tell whether a leaf votes by naive Bayes rather than by class weights."""
    mode, threshold = t.conf[at.LEAF_MODE], t.conf[at.NB_THRESHOLD]
    if not may_use_bayes(t, leaf) or (threshold > 0.0 and weight_of(t, leaf) < threshold):
        return False
    return mode == at.NAIVE_BAYES or t.node_f[leaf, at.MC_RIGHT] <= t.node_f[leaf, at.NB_RIGHT]


@inner(forceinline=True)
def may_use_bayes(t, node):
    """Tell whether the tree's setting and the node's statistics allow naive Bayes."""
    node_i = t.node_i
    if t.conf[at.LEAF_MODE] == at.MAJORITY or node_i[node, at.KIND] != at.LEAF:
        return False
    return node_i[node, at.SLOT] != at.INACTIVE


@inner
def code_at(t, node, x, work):
    """Return the code predicted at the node where `x` stopped."""
    if uses_bayes(t, node):
        bayes_votes(t, node, x, work)
        return highest(work[VOTES], t.head[at.N_CLASSES])
    return majority(t, node)


@inner(forceinline=True)
def bayes_code(t, node, x, work):
    """Return what naive Bayes predicts, and whether the votes it wrote are logarithms.

    The code is -1, and nothing is written, where learning does not ask for it.
    """
    if not may_use_bayes(t, node) or (
        t.conf[at.LEAF_MODE] != at.ADAPTIVE and not uses_bayes(t, node)
    ):
        return -1, False
    in_logs = bayes_votes(t, node, x, work)
    return highest(work[VOTES], t.head[at.N_CLASSES]), in_logs


@inner
def proba_at(t, node, x, out, work):
    """Write the class probabilities at the node where `x` stopped; uniform if it knows nothing."""
    by_bayes, in_logs = -1, False
    if uses_bayes(t, node):
        in_logs = bayes_votes(t, node, x, work)
        by_bayes = highest(work[VOTES], t.head[at.N_CLASSES])
    write_proba(t, node, by_bayes, in_logs, out, work)


@inner
def write_proba(t, node, by_bayes, in_logs, out, work):
    """Do as `proba_at`, given what `bayes_code` found."""
    n_classes, node_f, votes = t.head[at.N_CLASSES], t.node_f, work[VOTES]
    bayes = by_bayes >= 0 and uses_bayes(t, node)
    top = votes[by_bayes] if bayes else 0.0
    total = 0.0
    for c in range(n_classes):
        if not bayes:
            share = node_f[node, at.COUNTS + c]
        elif not in_logs:
            share = votes[c]
        else:
            share = math.exp(votes[c] - top) if top > -math.inf else 0.0
        out[c] = share
        total += share
    for c in range(n_classes):
        out[c] = out[c] / total if total > 0.0 else 1.0 / n_classes


@inner(forceinline=True)
def has_room(t, n_trees, n_learning):
    """Tell whether one more row asks for no more memory.

    There is to be room for nodes of `n_trees` trees; `n_learning` of them learn the row, and may
    begin to keep statistics.
    """
    head, child = t.head, t.child
    slots = t.stats.shape[0] - head[at.SLOTS_USED] + head[at.SLOTS_FREE]
    if slots < n_learning:
        return False
    if head[at.MAY_GROW] == 0:
        return True
    branches = (child.shape[1] if child.shape[1] > 2 else 2) + 1
    tables = child.shape[0] - head[at.TABLES_USED] + head[at.TABLES_FREE]
    return free_nodes(t) >= n_trees * branches and tables >= n_trees


@inner(forceinline=True)
def learn_at(t, node, x, y, w, by_bayes, work):
    """Learn a row at the node where it stopped; return the code predicted there before.

    `by_bayes` is the code that `bayes_code` returns there. The caller has made sure of `has_room`.
    Grows a branch for a new category; learns nothing where the feature of a split is missing.
    """
    by_weight = majority(t, node)
    code = by_bayes if by_bayes >= 0 and uses_bayes(t, node) else by_weight
    if w <= 0.0:
        return code
    if t.node_i[node, at.KIND] != at.LEAF:
        node = _grow_branch(t, node, x)
        if node < 0:
            return code
        by_weight, by_bayes = 0, 0  # what an empty leaf answers
    _learn_leaf(t, node, x, y, w, by_weight, by_bayes, work)
    return code


@inner
def learn_tree(t, root, x, y, w, work):
    """Learn a row in a tree."""
    node = route(t, root, x)
    by_bayes, _ = bayes_code(t, node, x, work)
    learn_at(t, node, x, y, w, by_bayes, work)


@inner
def _grow_branch(t, node, x):
    value = x[t.node_i[node, at.FEATURE]]
    if value != value or value < 0.0 or t.head[at.MAY_GROW] == 0:
        return -1
    leaf = new_node(t, t.node_i[node, at.DEPTH] + 1)
    t.child[t.node_i[node, at.LEFT], np.int64(value)] = leaf
    return leaf


@inner(forceinline=True)
def _learn_leaf(t, leaf, x, y, w, by_weight, by_bayes, work):
    node_i, node_f = t.node_i, t.node_f
    if by_bayes == y:
        node_f[leaf, at.NB_RIGHT] += w
    if by_weight == y and node_i[leaf, at.N_LABELS] > 0:  # in MOA an empty leaf names no class
        node_f[leaf, at.MC_RIGHT] += w
    node_f[leaf, at.COUNTS + y] += w
    if node_i[leaf, at.N_LABELS] < y + 1:
        node_i[leaf, at.N_LABELS] = y + 1
    slot = node_i[leaf, at.SLOT]
    if slot == at.INACTIVE or t.feat.shape[0] == 0:
        return
    if slot == at.NO_SLOT:
        slot = new_slot(t)
        node_i[leaf, at.SLOT] = slot
    observe(t, slot, x, y, w)
    weight = weight_of(t, leaf)
    if weight - node_f[leaf, at.W_LAST] >= t.conf[at.GRACE]:
        try_split(t, leaf, weight, work)
        node_f[leaf, at.W_LAST] = weight


@inner(forceinline=True)
def majority(t, node):
    """Code of the largest class weight of a node; the lowest code wins a tie."""
    node_f, best = t.node_f, 0
    for c in range(1, t.head[at.N_CLASSES]):
        if node_f[node, at.COUNTS + c] > node_f[node, at.COUNTS + best]:
            best = c
    return best


@inner
def free_tree(t, root):
    """Give back all nodes, slots and tables of a tree, its root included."""
    node_i, head = t.node_i, t.head
    node_i[root, at.DEPTH] = -1  # DEPTH serves as the link of the list of nodes to do
    todo = root
    while todo >= 0:
        node = todo
        todo = node_i[node, at.DEPTH]
        kind, left = node_i[node, at.KIND], node_i[node, at.LEFT]
        if kind == at.MULTIWAY:
            for code in range(t.child.shape[1]):
                below = t.child[left, code]
                if below >= 0:
                    node_i[below, at.DEPTH] = todo
                    todo = below
            free_table(t, left)
        elif kind != at.LEAF:
            right = node_i[node, at.RIGHT]
            node_i[left, at.DEPTH] = todo
            node_i[right, at.DEPTH] = left
            todo = right
        elif node_i[node, at.SLOT] >= 0:
            free_slot(t, node_i[node, at.SLOT])
        node_i[node, at.KIND] = at.FREE
        node_i[node, at.LEFT] = head[at.FIRST_FREE_NODE]
        head[at.FIRST_FREE_NODE] = node
        head[at.NODES_FREE] += 1


# -- one tree, called from Python ----------------------------------------------------------------


@njit(nogil=True)
def learn_many(handle, root, X, y, w, out, proba, row):
    """Predict, then learn each row from `row` on; return the first for which there is no room.

    The code predicted before learning goes to `out`, and probabilities to `proba` where that has a
    row for each. A row of negative weight is only predicted.
    """
    t, X, proba = at.pool_at(handle), borrowed(X), borrowed(proba)
    work = make_work(t)
    for i in range(row, X.shape[0]):
        x = X[i]
        node = route(t, root, x)
        if w[i] < 0.0:
            if proba.shape[0] > 0:
                proba_at(t, node, x, proba[i], work)
            else:
                out[i] = code_at(t, node, x, work)
            continue
        if not has_room(t, 1, 1):
            return i
        by_bayes, in_logs = bayes_code(t, node, x, work)
        if proba.shape[0] > 0:
            write_proba(t, node, by_bayes, in_logs, proba[i], work)
        out[i] = learn_at(t, node, x, y[i], w[i], by_bayes, work)
    return X.shape[0]


@njit
def learn_row(handle, root, x, y, w):
    """Learn one row; False, and nothing learnt, where there is no room."""
    t = at.pool_at(handle)
    if not has_room(t, 1, 1):
        return False
    learn_tree(t, root, x, y, w, make_work(t))
    return True


@njit
def code_row(handle, root, x):
    """Predict the code of one row."""
    t = at.pool_at(handle)
    return code_at(t, route(t, root, x), x, make_work(t))


@njit
def proba_many(handle, root, X, out):
    """Write the class probabilities of each row."""
    t, X = at.pool_at(handle), borrowed(X)
    work = make_work(t)
    for i in range(X.shape[0]):
        proba_at(t, route(t, root, X[i]), X[i], out[i], work)
