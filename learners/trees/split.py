"""Compiled split decisions of Hoeffding trees, in the semantics of MOA.

Each feature proposes its best split; the Hoeffding bound decides between the best two.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import njit
from olearn.learners.trees.layout import (
    BINARY,
    CAPACITY,
    CATEGORY_COUNTS,
    COUNTS,
    DEPTH,
    EQUALS,
    FEATURE,
    GINI,
    HIGH,
    KIND,
    LEAF,
    LEFT,
    LOG_INVERSE_DELTA,
    LOW,
    M2,
    MAX_DEPTH,
    MAY_GROW,
    MEAN,
    MIN_BRANCH,
    MULTIWAY,
    N_CATEGORIES,
    N_CLASSES,
    N_LABELS,
    N_POINTS,
    NO_SLOT,
    NUMERIC,
    OFFSET,
    RIGHT,
    SLOT,
    TAU,
    TOTAL,
    VALUE,
    W_LAST,
    W,
)
from olearn.learners.trees.lists import free_slot, new_node, new_table

_LN2 = math.log(2.0)
_SQRT_HALF = math.sqrt(0.5)
_SQRT_1_2PI = 1.0 / math.sqrt(2.0 * math.pi)


@njit(forceinline=True)
def try_split(t, leaf, seen):
    """Split the leaf if its best proposal beats the second by the Hoeffding bound; True if so."""
    n_classes = t.head[N_CLASSES]
    counts = t.node_f[leaf, COUNTS : COUNTS + n_classes]
    if t.head[MAY_GROW] == 0 or t.node_i[leaf, DEPTH] >= t.conf[MAX_DEPTH]:
        return False
    if np.count_nonzero(counts) < 2:
        return False
    best, second = -np.inf, -np.inf
    feature, kind, value = -1, NUMERIC, 0.0
    n_proposals = 0
    space = np.empty((int(t.conf[N_POINTS]) + 1, n_classes))
    left, right = space[:-1], space[-1]
    weight, impurity = _weighted_impurity(t.conf, counts)
    before = 1.0 if t.conf[GINI] else impurity / weight
    for f in range(t.feat.shape[0]):
        merit, f_kind, f_value = _propose(t, t.node_i[leaf, SLOT], f, before, left, right)
        if f_kind == LEAF:
            continue
        n_proposals += 1
        if merit >= best:  # of equal merits the later feature wins, as in MOA
            second = best
            best, feature, kind, value = merit, f, f_kind, f_value
        elif merit > second:
            second = merit
    if n_proposals == 1:
        second = 0.0  # the merit of not splitting
    if not best > -np.inf:
        return False
    reach = 1.0 if t.conf[GINI] else math.log(max(2, t.node_i[leaf, N_LABELS])) / _LN2
    bound = math.sqrt(reach * reach * t.conf[LOG_INVERSE_DELTA] / (2.0 * seen))
    if best - second > bound or bound < t.conf[TAU]:
        _split(t, leaf, feature, kind, value)
        return True
    return False


@njit(forceinline=True)
def _propose(t, slot, f, before, left, right):
    """Return merit, kind and value of a feature's best split; kind LEAF if it proposes none."""
    if t.seen[slot, f] <= 0:
        return -np.inf, LEAF, 0.0
    stats = t.stats[slot, t.feat[f, OFFSET] :]
    if t.feat[f, CAPACITY] == 0:
        return _propose_numeric(t.conf, stats, before, left, right)
    return _propose_nominal(t.conf, stats, before, left[0], right)


@njit
def _propose_numeric(conf, stats, before, left, right):
    n_points, n_classes = left.shape
    low, high = np.inf, -np.inf
    for c in range(n_classes):
        if stats[W, c] > 0.0:
            low, high = min(low, stats[LOW, c]), max(high, stats[HIGH, c])
    step = (high - low) / (n_points + 1.0)
    for c in range(n_classes):
        _weights_below(stats, c, low, step, left)
    best, value, kind = -np.inf, 0.0, LEAF
    for i in range(n_points):
        point = step * (i + 1) + low
        if not low < point < high:
            continue
        for c in range(n_classes):
            right[c] = max(0.0, stats[W, c] - left[i, c])
        merit = _merit(conf, before, left[i], right)
        if kind == LEAF or merit > best:
            best, value, kind = merit, point, NUMERIC
    return best, kind, value


@njit
def _weights_below(stats, c, low, step, out):
    """Write class `c`'s weight at most at each point, by its normal distribution, to a column."""
    weight, mean = stats[W, c], stats[MEAN, c]
    variance = stats[M2, c] / (weight - 1.0) if weight > 1.0 else 0.0
    scale = math.sqrt(0.5 / variance) if variance > 0.0 else 0.0
    for i in range(len(out)):
        point = step * (i + 1) + low
        if weight == 0.0 or point < stats[LOW, c]:
            out[i, c] = 0.0
        elif point >= stats[HIGH, c]:
            out[i, c] = weight
        elif scale > 0.0:
            out[i, c] = 0.5 * math.erfc((mean - point) * scale) * weight
        else:
            out[i, c] = weight if point >= mean else 0.0


@njit
def weights_beside(stats, c, point):
    """Weights of class `c` at most and above `point`, by its normal distribution, for new leaves.

    Written with MOA's order of operations (below + equal, and the rest): a grace period that ends
    on a rounding error would else end one row earlier or later than there.
    """
    weight = stats[W, c]
    if weight == 0.0 or point < stats[LOW, c]:
        return 0.0, weight
    if point >= stats[HIGH, c]:
        return weight, 0.0
    variance = stats[M2, c] / (weight - 1.0) if weight > 1.0 else 0.0
    distance = point - stats[MEAN, c]
    if variance <= 0.0:
        return (weight, 0.0) if distance >= 0.0 else (0.0, weight)
    sd = math.sqrt(variance)
    equal = _SQRT_1_2PI / sd * math.exp(-0.5 * (distance / sd) ** 2) * weight
    below = _normal_cdf(distance / sd) * weight - equal
    return below + equal, max(0.0, weight - equal - below)


@njit
def _normal_cdf(z):
    x = z * _SQRT_HALF
    if abs(x) < _SQRT_HALF:
        return 0.5 + 0.5 * math.erf(x)
    tail = 0.5 * math.erfc(abs(x))
    return 1.0 - tail if x > 0.0 else tail


@njit
def _propose_nominal(conf, stats, before, left, right):
    n_classes = len(left)
    n_values = _most_categories(stats, n_classes)
    best, kind, value = -np.inf, LEAF, 0.0
    if not conf[BINARY]:
        best, kind = _merit_multiway(conf, before, stats, n_values, left), MULTIWAY
        if n_values == 2:  # one value against the other is the same split
            return best, kind, value
    for v in range(n_values):
        for c in range(n_classes):
            left[c] = stats[CATEGORY_COUNTS + v, c]
            right[c] = stats[TOTAL, c] - left[c]
        merit = _merit(conf, before, left, right)
        if kind == LEAF or merit > best:
            best, kind, value = merit, EQUALS, float(v)
    return best, kind, value


@njit
def _most_categories(stats, n_classes):
    n_values = 0
    for c in range(n_classes):
        n_values = max(n_values, int(stats[N_CATEGORIES, c]))
    return n_values


@njit
def _merit(conf, before, left, right):
    """Merit of a two-way split: information gain in bits, or 1 - weighted Gini impurity."""
    n_left, after_left = _weighted_impurity(conf, left)
    n_right, after_right = _weighted_impurity(conf, right)
    total = n_left + n_right
    if not (n_left > conf[MIN_BRANCH] * total and n_right > conf[MIN_BRANCH] * total):
        return -np.inf
    return before - (after_left + after_right) / total


@njit
def _merit_multiway(conf, before, stats, n_values, counts):
    total, after, n_large = 0.0, 0.0, 0
    for c in range(len(counts)):
        total += stats[TOTAL, c]
    for v in range(n_values):
        for c in range(len(counts)):
            counts[c] = stats[CATEGORY_COUNTS + v, c]
        weight, impurity = _weighted_impurity(conf, counts)
        after += impurity
        n_large += weight > conf[MIN_BRANCH] * total
    return before - after / total if n_large >= 2 else -np.inf


@njit
def _weighted_impurity(conf, counts):
    """Weight of a branch, and its entropy (bits) or Gini impurity times that weight."""
    total, inner = 0.0, 0.0
    if conf[GINI]:
        for weight in counts:
            total += weight
            inner += weight * weight
        return total, total - inner / total if total > 0.0 else 0.0
    for weight in counts:
        if weight > 0.0:
            total += weight
            inner += weight * math.log(weight)
    return total, (total * math.log(total) - inner) / _LN2 if total > 0.0 else 0.0


@njit
def _split(t, leaf, feature, kind, value):
    """Turn the leaf into a split node whose new leaves share its class weights."""
    n_classes = t.head[N_CLASSES]
    slot = t.node_i[leaf, SLOT]
    depth = t.node_i[leaf, DEPTH] + 1
    stats = t.stats[slot, t.feat[feature, OFFSET] :]
    t.node_i[leaf, KIND] = kind
    t.node_i[leaf, FEATURE] = feature
    t.node_f[leaf, VALUE] = value
    if kind == MULTIWAY:
        table = new_table(t)
        t.node_i[leaf, LEFT] = table
        for v in range(_most_categories(stats, n_classes)):
            child = new_node(t, depth)
            t.child[table, v] = child
            for c in range(n_classes):
                if stats[N_CATEGORIES, c] > v:
                    _give(t, child, c, stats[CATEGORY_COUNTS + v, c])
    else:
        t.node_i[leaf, LEFT] = new_node(t, depth)
        t.node_i[leaf, RIGHT] = new_node(t, depth)
        for c in range(n_classes):
            _share(t, leaf, stats, c)
    t.node_i[leaf, SLOT] = NO_SLOT
    free_slot(t, slot)


@njit
def _share(t, node, stats, c):
    """Give class `c`'s weights to the two branches; a branch knows it only where MOA's would."""
    value = t.node_f[node, VALUE]
    left, right = t.node_i[node, LEFT], t.node_i[node, RIGHT]
    if t.node_i[node, KIND] == NUMERIC:
        below, above = weights_beside(stats, c, value)
        if stats[W, c] > 0.0 and value >= stats[LOW, c]:
            _give(t, left, c, below)
        if stats[W, c] > 0.0 and value < stats[HIGH, c]:
            _give(t, right, c, above)
        return
    for v in range(int(stats[N_CATEGORIES, c])):
        _give(t, left if v == value else right, c, stats[CATEGORY_COUNTS + v, c])


@njit
def _give(t, leaf, c, weight):
    t.node_f[leaf, COUNTS + c] += weight
    t.node_f[leaf, W_LAST] += weight
    t.node_i[leaf, N_LABELS] = max(t.node_i[leaf, N_LABELS], c + 1)
