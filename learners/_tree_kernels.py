"""Compiled Hoeffding trees on the arrays of a `TreePool`: routing, votes, learning.

Kernels whose first argument is `t` take the pool as a tuple and are called from compiled code;
those at the end take its arrays one by one, which is the fastest way in from Python. Votes of
naive Bayes are logarithms of joint densities, so that they never under- or overflow.
"""

import numpy as np
from numba import njit

from olearn.learners._tree_pool import (
    ADAPTIVE,
    CAPACITY,
    CATEGORY_COUNTS,
    COUNTS,
    DEPTH,
    EQUALS,
    FEATURE,
    FIRST_FREE_NODE,
    FIRST_FREE_SLOT,
    FREE,
    GRACE,
    HALF_PRECISION,
    HIGH,
    INACTIVE,
    INVERSE,
    KIND,
    LEAF,
    LEAF_MODE,
    LEFT,
    LOG_NORM,
    LOW,
    M2,
    MAJORITY,
    MAY_GROW,
    MC_RIGHT,
    MEAN,
    MULTIWAY,
    N_CATEGORIES,
    N_CLASSES,
    N_LABELS,
    NAIVE_BAYES,
    NB_RIGHT,
    NB_THRESHOLD,
    NO_SLOT,
    NODES_FREE,
    NODES_USED,
    NUMERIC,
    OFFSET,
    RIGHT,
    SLOT,
    SLOTS_FREE,
    SLOTS_USED,
    SUBSPACE,
    TABLES_FREE,
    TABLES_USED,
    TOTAL,
    VALUE,
    W_LAST,
    Pool,
    W,
)
from olearn.learners._tree_split import free_table, new_node, try_split
from olearn.rng import next_below

LOG_SQRT_2PI = 0.5 * np.log(2.0 * np.pi)
_NO_SPREAD = 1e200  # precision where the variance is 0: any other value has density 0
_IMPOSSIBLE = -1e100  # log votes below come from a density of 0


@njit(cache=True)
def route(t, root, x):
    """Follow `x` down from `root`; return the node where it stops.

    That is a leaf, or a split node whose feature is missing in `x` or has no branch for it.
    """
    node = root
    while True:
        kind = t.node_i[node, KIND]
        if kind == LEAF:
            return node
        value = x[t.node_i[node, FEATURE]]
        if value != value:
            return node
        if kind == NUMERIC:
            node = t.node_i[node, LEFT] if value <= t.node_f[node, VALUE] else t.node_i[node, RIGHT]
        elif kind == EQUALS:
            node = t.node_i[node, LEFT] if value == t.node_f[node, VALUE] else t.node_i[node, RIGHT]
        else:
            branch = _branch(t, node, value)
            if branch < 0:
                return node
            node = branch


@njit(cache=True)
def _branch(t, node, value):
    code = int(value)
    if code < 0 or code >= t.child.shape[1]:
        return -1
    return t.child[t.node_i[node, LEFT], code]


@njit(cache=True)
def highest(values, n):
    """Return the index of the largest of the first `n`; the lowest index wins a tie."""
    best = 0
    for c in range(1, n):
        if values[c] > values[best]:
            best = c
    return best


@njit(cache=True)
def weight_of(t, node):
    """Sum of the class weights of a node."""
    total = 0.0
    for c in range(t.head[N_CLASSES]):
        total += t.node_f[node, COUNTS + c]
    return total


@njit(cache=True)
def log_votes(t, leaf, x, votes, product):
    """Write log(prior x densities) of each class; -inf where that is 0. `product` is scratch."""
    n_classes = t.head[N_CLASSES]
    total = weight_of(t, leaf)
    for c in range(n_classes):
        votes[c] = 0.0
        product[c] = t.node_f[leaf, COUNTS + c] / total if total > 0.0 else 0.0
    slot = t.node_i[leaf, SLOT]
    if slot >= 0:
        n_nominal = 0
        for f in range(t.feat.shape[0]):
            value = x[f]
            if t.seen[slot, f] <= 0 or value != value:
                continue
            begin = t.feat[f, OFFSET]
            if t.feat[f, CAPACITY] == 0:
                mean = t.stats[slot, begin + MEAN]
                half_precision = t.stats[slot, begin + HALF_PRECISION]
                log_norm = t.stats[slot, begin + LOG_NORM]
                for c in range(n_classes):
                    distance = value - mean[c]
                    votes[c] -= distance * distance * half_precision[c] + log_norm[c]
                continue
            inverse = t.stats[slot, begin + INVERSE]
            code = int(value)
            if 0 <= code < t.feat[f, CAPACITY]:
                counts = t.stats[slot, begin + CATEGORY_COUNTS + code]
                for c in range(n_classes):
                    product[c] *= (counts[c] + 1.0) * inverse[c]
            else:
                for c in range(n_classes):
                    product[c] *= inverse[c]
            n_nominal += 1
            if n_nominal % 8 == 0:  # eight factors cannot leave the range; then take the logarithm
                for c in range(n_classes):
                    if 0.0 < product[c] < 1e-150:
                        votes[c] += np.log(product[c])
                        product[c] = 1.0
    for c in range(n_classes):
        if product[c] > 0.0 and votes[c] > _IMPOSSIBLE:
            votes[c] += np.log(product[c])
        else:
            votes[c] = -np.inf


@njit(cache=True)
def uses_bayes(t, leaf):
    """Tell whether a leaf votes by naive Bayes rather than by class weights."""
    mode = t.conf[LEAF_MODE]
    if mode == MAJORITY or t.node_i[leaf, KIND] != LEAF or t.node_i[leaf, SLOT] == INACTIVE:
        return False
    if t.conf[NB_THRESHOLD] > 0.0 and weight_of(t, leaf) < t.conf[NB_THRESHOLD]:
        return False
    return mode == NAIVE_BAYES or t.node_f[leaf, MC_RIGHT] <= t.node_f[leaf, NB_RIGHT]


@njit(cache=True)
def code_at(t, node, x, votes, product):
    """Return the code predicted at the node where `x` stopped."""
    if uses_bayes(t, node):
        log_votes(t, node, x, votes, product)
        return highest(votes, t.head[N_CLASSES])
    return highest(t.node_f[node, COUNTS:], t.head[N_CLASSES])


@njit(cache=True)
def proba_at(t, node, x, out, product):
    """Write the class probabilities at the node where `x` stopped; uniform if it knows nothing."""
    n_classes = t.head[N_CLASSES]
    if uses_bayes(t, node):
        log_votes(t, node, x, out, product)
        top = out[highest(out, n_classes)]
        for c in range(n_classes):
            out[c] = np.exp(out[c] - top) if top > -np.inf else 0.0
    else:
        for c in range(n_classes):
            out[c] = t.node_f[node, COUNTS + c]
    total = 0.0
    for c in range(n_classes):
        total += out[c]
    for c in range(n_classes):
        out[c] = out[c] / total if total > 0.0 else 1.0 / n_classes


@njit(cache=True)
def has_room(t, n_trees):
    """Tell whether `n_trees` trees can learn one more row without more memory."""
    head = t.head
    branches = max(2, t.child.shape[1]) + 1
    nodes = t.node_i.shape[0] - head[NODES_USED] + head[NODES_FREE]
    slots = t.stats.shape[0] - head[SLOTS_USED] + head[SLOTS_FREE]
    tables = t.child.shape[0] - head[TABLES_USED] + head[TABLES_FREE]
    return (
        (nodes >= n_trees * branches or head[MAY_GROW] == 0)
        and slots >= n_trees
        and tables >= n_trees
    )


@njit(cache=True)
def learn_at(t, node, x, y, w, rng, votes, product):
    """Learn a row at the node where it stopped; return the code predicted there before.

    The caller has made sure of `has_room`. Grows a branch for a new category; learns nothing
    where the feature of a split is missing.
    """
    if t.node_i[node, KIND] != LEAF:
        code = code_at(t, node, x, votes, product)
        node = _grow_branch(t, node, x) if w > 0.0 else -1
        if node >= 0:
            _learn_leaf(t, node, x, y, w, rng, votes, product)
        return code
    return _learn_leaf(t, node, x, y, w, rng, votes, product)


@njit(cache=True)
def _grow_branch(t, node, x):
    value = x[t.node_i[node, FEATURE]]
    if value != value or value < 0.0 or t.head[MAY_GROW] == 0:
        return -1
    leaf = new_node(t, t.node_i[node, DEPTH] + 1)
    t.child[t.node_i[node, LEFT], int(value)] = leaf
    return leaf


@njit(cache=True)
def _learn_leaf(t, leaf, x, y, w, rng, votes, product):
    n_classes = t.head[N_CLASSES]
    counts = t.node_f[leaf, COUNTS:]
    mode = t.conf[LEAF_MODE]
    majority = highest(counts, n_classes)
    code = majority
    if mode != MAJORITY and t.node_i[leaf, SLOT] != INACTIVE:
        bayes = uses_bayes(t, leaf)
        if bayes or mode == ADAPTIVE:
            log_votes(t, leaf, x, votes, product)
            by_bayes = highest(votes, n_classes)
            if bayes:
                code = by_bayes
            if by_bayes == y:
                t.node_f[leaf, NB_RIGHT] += w
    if majority == y:
        t.node_f[leaf, MC_RIGHT] += w
    if w <= 0.0:
        return code
    counts[y] += w
    t.node_i[leaf, N_LABELS] = max(t.node_i[leaf, N_LABELS], y + 1)
    if t.node_i[leaf, SLOT] == INACTIVE or t.feat.shape[0] == 0:
        return code
    if t.node_i[leaf, SLOT] == NO_SLOT:
        t.node_i[leaf, SLOT] = _new_slot(t, rng)
    _observe(t, t.node_i[leaf, SLOT], x, y, w)
    seen = weight_of(t, leaf)
    if seen - t.node_f[leaf, W_LAST] >= t.conf[GRACE]:
        try_split(t, leaf, seen)
        t.node_f[leaf, W_LAST] = seen
    return code


@njit(cache=True)
def _new_slot(t, rng):
    """Take a free slot, empty it and draw the subspace of its leaf."""
    head = t.head
    slot = head[FIRST_FREE_SLOT]
    if slot >= 0:
        head[FIRST_FREE_SLOT] = int(t.stats[slot, 0, 0])
        head[SLOTS_FREE] -= 1
    else:
        slot = head[SLOTS_USED]
        head[SLOTS_USED] += 1
    n_features = t.feat.shape[0]
    t.stats[slot] = 0.0
    for f in range(n_features):
        t.seen[slot, f] = 0
        if t.feat[f, CAPACITY] == 0:
            t.stats[slot, t.feat[f, OFFSET] + LOG_NORM] = np.inf
    size = head[SUBSPACE]
    if 0 < size < n_features:
        for f in range(n_features):
            t.seen[slot, f] = -1
        for f in range(n_features - size, n_features):  # Floyd's draw without replacement
            pick = next_below(rng, f + 1)
            t.seen[slot, f if t.seen[slot, pick] == 0 else pick] = 0
    return slot


@njit(cache=True)
def _observe(t, slot, x, y, w):
    """Add a row to the statistics of a leaf (Welford's update for numeric features)."""
    for f in range(t.feat.shape[0]):
        value = x[f]
        if t.seen[slot, f] < 0 or value != value:
            continue
        stats = t.stats[slot, t.feat[f, OFFSET] :]
        if t.feat[f, CAPACITY] == 0:
            _observe_number(stats, y, value, w)
            t.seen[slot, f] = 1
        elif value >= 0.0:  # a category beyond the index's bound is not counted
            code = int(value)
            stats[CATEGORY_COUNTS + code, y] += w
            stats[TOTAL, y] += w
            stats[N_CATEGORIES, y] = max(stats[N_CATEGORIES, y], code + 1.0)
            stats[INVERSE, y] = 1.0 / (stats[TOTAL, y] + stats[N_CATEGORIES, y])
            t.seen[slot, f] = 1


@njit(cache=True)
def _observe_number(stats, y, value, w):
    if stats[W, y] == 0.0:
        stats[W, y] = w
        stats[MEAN, y] = stats[LOW, y] = stats[HIGH, y] = value
    else:
        stats[W, y] += w
        distance = value - stats[MEAN, y]
        stats[MEAN, y] += w * distance / stats[W, y]
        stats[M2, y] += w * distance * (value - stats[MEAN, y])
        stats[LOW, y] = min(stats[LOW, y], value)
        stats[HIGH, y] = max(stats[HIGH, y], value)
    if stats[W, y] > 1.0 and stats[M2, y] > 0.0:
        variance = stats[M2, y] / (stats[W, y] - 1.0)
        stats[HALF_PRECISION, y] = min(0.5 / variance, _NO_SPREAD)
        stats[LOG_NORM, y] = 0.5 * np.log(variance) + LOG_SQRT_2PI
    else:
        stats[HALF_PRECISION, y] = _NO_SPREAD
        stats[LOG_NORM, y] = 0.0


@njit(cache=True)
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


@njit(cache=True)
def free_slot(t, slot):
    """Put a slot on the free list, which runs through the first entry of `stats`."""
    t.stats[slot, 0, 0] = t.head[FIRST_FREE_SLOT]
    t.head[FIRST_FREE_SLOT] = slot
    t.head[SLOTS_FREE] += 1


# -- one tree, called from Python ----------------------------------------------------------------


@njit(cache=True)
def learn_row(node_i, node_f, stats, seen, feat, child, head, conf, rng, root, x, y, w):
    """Learn one row; False, and nothing learnt, where there is no room."""
    t = Pool(node_i, node_f, stats, seen, feat, child, head, conf)
    if not has_room(t, 1):
        return False
    votes, product = np.empty(head[N_CLASSES]), np.empty(head[N_CLASSES])
    learn_at(t, route(t, root, x), x, y, w, rng, votes, product)
    return True


@njit(cache=True)
def code_row(node_i, node_f, stats, seen, feat, child, head, conf, root, x):
    """Predict the code of one row."""
    t = Pool(node_i, node_f, stats, seen, feat, child, head, conf)
    votes, product = np.empty(head[N_CLASSES]), np.empty(head[N_CLASSES])
    return code_at(t, route(t, root, x), x, votes, product)


@njit(cache=True)
def proba_many(node_i, node_f, stats, seen, feat, child, head, conf, root, X, out):
    """Write the class probabilities of each row."""
    t = Pool(node_i, node_f, stats, seen, feat, child, head, conf)
    product = np.empty(head[N_CLASSES])
    for i in range(len(X)):
        proba_at(t, route(t, root, X[i]), X[i], out[i], product)


@njit(cache=True)
def codes_many(node_i, node_f, stats, seen, feat, child, head, conf, root, X, out):
    """Write the predicted code of each row."""
    t = Pool(node_i, node_f, stats, seen, feat, child, head, conf)
    votes, product = np.empty(head[N_CLASSES]), np.empty(head[N_CLASSES])
    for i in range(len(X)):
        out[i] = code_at(t, route(t, root, X[i]), X[i], votes, product)


@njit(cache=True, nogil=True)
def learn_many(node_i, node_f, stats, seen, feat, child, head, conf, rng, root, X, y, w, out, row):
    """Predict, then learn each row from `row` on; return the first for which there is no room.

    The code predicted before learning goes to `out`.
    """
    t = Pool(node_i, node_f, stats, seen, feat, child, head, conf)
    votes, product = np.empty(head[N_CLASSES]), np.empty(head[N_CLASSES])
    for i in range(row, len(X)):
        if not has_room(t, 1):
            return i
        out[i] = learn_at(t, route(t, root, X[i]), X[i], y[i], w[i], rng, votes, product)
    return len(X)
