"""Compiled splits of leaves that predict numbers: candidates, the test, and the new leaves."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner
from olearn.core.rng import next_below
from olearn.learners.linear import layout as linear
from olearn.learners.trees import model_tree_layout as at
from olearn.learners.trees.ebst import (
    best_split,
    copy,
    free_entries,
    merit_of,
    prune,
    variance,
    without,
)

# rows of `work`: three splits, and the merit of each feature
BEST, TRIED, SPARE, MERITS, N_ROWS = range(5)
_MULTIWAY = -1.0  # value of a split that gives each category a branch


@inner
def new_leaf(t, parent, depth):
    """Take a node and make it an empty leaf."""
    head, node_i = t.head, t.node_i
    node = head[at.FIRST_FREE_NODE]
    if node >= 0:
        head[at.FIRST_FREE_NODE] = node_i[node, at.FIRST]
        head[at.NODES_FREE] -= 1
    else:
        node = head[at.NODES_USED]
        head[at.NODES_USED] += 1
    node_i[node, at.KIND] = at.LEAF
    node_i[node, at.FEATURE] = at.NONE
    node_i[node, at.FIRST] = at.NONE
    node_i[node, at.NEXT] = at.NONE
    node_i[node, at.PARENT] = parent
    node_i[node, at.DEPTH] = depth
    node_i[node, at.DRAWN] = 0
    t.node_f[node] = 0.0
    t.roots[node] = at.NONE
    t.heads[node] = 0.0
    t.heads[node, linear.INTERCEPT] = t.start[0]
    t.slots[node] = 0.0
    return node


@inner
def try_split(t, leaf, work):
    """Split a leaf if the best split is better than the second best by the bound."""
    conf, n = t.conf, t.node_f[leaf, at.N]
    feature, second, candidates = rank(t, leaf, work, False)
    best, bound = work[BEST, 0], math.sqrt(conf[at.LOG_INVERSE_DELTA] / (2.0 * n))
    alone = conf[at.NULL_SPLIT] == 0.0 and candidates == 1 and best > -np.inf
    clear = best > 0.0 and (second / best < 1.0 - bound or bound < conf[at.TAU])
    if (alone or clear) and t.head[at.MAY_GROW] == 1:
        _split(t, leaf, feature, work)
        return
    if best > 0.0 and conf[at.REMOVE_POOR] != 0.0:
        limit = second / best - 2.0 * bound
        for j in range(t.nominal.shape[0]):
            if t.roots[leaf, j] >= 0 and work[MERITS, j] / best < limit:
                free_entries(t, t.roots[leaf, j])
                t.roots[leaf, j] = at.DISABLED
    if best > 0.0 and second > 0.0:
        limit = second / best - 2.0 * bound
        for j in range(t.nominal.shape[0]):
            if t.roots[leaf, j] >= 0 and t.nominal[j] == 0:
                t.roots[leaf, j] = prune(t, leaf, t.roots[leaf, j], best, limit, work[TRIED])


@inner
def rank(t, leaf, work, relative):
    """Find the best split of all features; return its feature, the second merit and their number.

    Of equal merits the later feature's wins. Not to split counts as a merit of minus infinity.
    `relative` merits are shares of the variance.
    """
    work[BEST, 0] = -np.inf
    feature, second, candidates = -1, -np.inf, 0
    for j in range(t.nominal.shape[0]):
        root = t.roots[leaf, j]
        if root < 0:
            continue
        candidates += 1
        if t.nominal[j] == 0:
            best_split(t, leaf, root, work[TRIED], work[SPARE], relative)
        else:
            _best_of_categories(t, leaf, root, work[SPARE], relative)
        merit = work[SPARE, 0]
        work[MERITS, j] = merit
        if merit >= work[BEST, 0]:
            second, feature = work[BEST, 0], j
            copy(work[SPARE], work[BEST])
        elif merit > second:
            second = merit
    return feature, second, candidates


@inner
def _best_of_categories(t, leaf, root, best, relative):
    links, f, of = t.entry_i, t.entry_f, t.node_f
    n, mean, s, least = of[leaf, at.N], of[leaf, at.MEAN], of[leaf, at.S], t.conf[at.MIN_SAMPLES]
    best[0] = -np.inf
    count, merit, enough = 0, variance(n, s), True
    k = root
    while k >= 0:
        count += 1
        enough = enough and f[k, at.WEIGHT] >= least
        merit -= f[k, at.WEIGHT] / n * variance(f[k, at.WEIGHT], f[k, at.SQUARES])
        k = links[k, at.LEFT]
    if count > 2 and t.conf[at.BINARY] == 0.0:
        best[0], best[1] = merit if enough else 0.0, _MULTIWAY
    k = root
    while k >= 0:
        n1, m1, s1 = f[k, at.WEIGHT], f[k, at.AVERAGE], f[k, at.SQUARES]
        n2, m2, s2 = without(n, mean, s, n1, m1, s1)
        merit = merit_of(n, s, n1, s1, n2, s2, least, relative)
        if merit > best[0]:
            best[0], best[1] = merit, f[k, at.KEY]
            best[2], best[3], best[4] = n1, m1, s1
            best[5], best[6], best[7] = n2, m2, s2
        k = links[k, at.LEFT]


@inner
def _split(t, leaf, feature, work):
    best, links, f = work[BEST], t.entry_i, t.entry_f
    if t.nominal[feature] == 1 and best[1] == _MULTIWAY:
        t.node_i[leaf, at.KIND] = at.MULTIWAY
        last, k = at.NONE, t.roots[leaf, feature]
        while k >= 0:
            last = _add_child(
                t, leaf, last, f[k, at.KEY], f[k, at.WEIGHT], f[k, at.AVERAGE], f[k, at.SQUARES]
            )
            k = links[k, at.LEFT]
    else:
        t.node_i[leaf, at.KIND] = at.EQUALS if t.nominal[feature] == 1 else at.NUMERIC
        left = _add_child(t, leaf, at.NONE, 0.0, best[2], best[3], best[4])
        _add_child(t, leaf, left, 1.0, best[5], best[6], best[7])
    t.node_i[leaf, at.FEATURE] = feature
    t.node_f[leaf, at.VALUE] = best[1]
    put_to_sleep(t, leaf)


@inner
def _add_child(t, leaf, before, category, n, mean, s):
    """Add a leaf that goes on with its parent's model; return it."""
    child = new_leaf(t, leaf, t.node_i[leaf, at.DEPTH] + 1)
    if before < 0:
        t.node_i[leaf, at.FIRST] = child
    else:
        t.node_i[before, at.NEXT] = child
    of = t.node_f
    for i in range(at.NODE_FLOATS):
        of[child, i] = of[leaf, i]
    of[child, at.CATEGORY] = category
    of[child, at.N], of[child, at.MEAN], of[child, at.S] = n, mean, s
    of[child, at.N_TRIED] = n
    for i in range(linear.N_HEAD):
        t.heads[child, i] = t.heads[leaf, i]
    for i in range(linear.N_SLOTS):
        for j in range(t.nominal.shape[0]):
            t.slots[child, i, j] = t.slots[leaf, i, j]
    return child


@inner
def put_to_sleep(t, leaf):
    """Give back what a leaf keeps to find splits; a branch keeps nothing either."""
    for j in range(t.nominal.shape[0]):
        free_entries(t, t.roots[leaf, j])
        t.roots[leaf, j] = at.NONE
    if t.node_i[leaf, at.KIND] == at.LEAF:
        t.node_i[leaf, at.KIND] = at.ASLEEP


@inner
def draw_subspace(t, leaf):
    """Let a leaf look at some random features only, if the pool says so."""
    size, n = t.head[at.SUBSPACE], t.nominal.shape[0]
    t.node_i[leaf, at.DRAWN] = 1
    if not 0 < size < n:
        return
    for j in range(n):
        t.roots[leaf, j] = at.DISABLED
    for j in range(n - size, n):  # Floyd's draw without replacement
        pick = next_below(t.rng, j + 1)
        t.roots[leaf, j if t.roots[leaf, pick] == at.NONE else pick] = at.NONE


@inner
def free_tree(t, root):
    """Give back all nodes and entries of a tree, its root included."""
    node_i, node = t.node_i, root
    while node >= 0:
        child = node_i[node, at.FIRST]
        if node_i[node, at.KIND] > at.ASLEEP and child >= 0:
            node_i[node, at.FIRST] = at.NONE  # so that the way back does not go down again
            node = child
            continue
        after = node_i[node, at.NEXT] if node_i[node, at.NEXT] >= 0 else node_i[node, at.PARENT]
        put_to_sleep(t, node)
        node_i[node, at.KIND] = at.FREE
        node_i[node, at.FIRST] = t.head[at.FIRST_FREE_NODE]
        t.head[at.FIRST_FREE_NODE] = node
        t.head[at.NODES_FREE] += 1
        node = after
