"""Compiled split decisions of Hoeffding trees, in the semantics of MOA.

Each feature proposes its best split; the Hoeffding bound decides between the best two.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner
from olearn.learners.trees import layout as at
from olearn.learners.trees.leaf import BESIDE, POINTS
from olearn.learners.trees.lists import free_slot, new_node, new_table

_LN2 = math.log(2.0)
_SQRT_HALF = math.sqrt(0.5)
_SQRT_1_2PI = 1.0 / math.sqrt(2.0 * math.pi)


@inner
def try_split(t, leaf, seen, work):
    """Split the leaf if its best proposal beats the second by the Hoeffding bound; True if so."""
    n_classes, node_i, conf = t.head[at.N_CLASSES], t.node_i, t.conf
    counts = t.node_f[leaf, at.COUNTS : at.COUNTS + n_classes]
    if t.head[at.MAY_GROW] == 0 or node_i[leaf, at.DEPTH] >= conf[at.MAX_DEPTH]:
        return False
    n_seen = 0
    largest = 0.0
    for c in range(n_classes):
        n_seen += counts[c] != 0.0
        if largest < counts[c]:
            largest = counts[c]
    if n_seen < 2 or largest > conf[at.MAX_SHARE] * seen:
        return False
    best, second = -math.inf, -math.inf
    feature, kind, value = -1, at.NUMERIC, 0.0
    n_proposals = 0
    before = 1.0
    if conf[at.CRITERION] == at.INFO_GAIN:
        weight, impurity = weighted_impurity(conf, counts)
        before = impurity / weight
    slot = node_i[leaf, at.SLOT]
    for f in range(t.feat.shape[0]):
        if t.seen[slot, f] <= 0:
            continue
        merit, f_kind, f_value = _propose(t, slot, f, before, work)
        if f_kind == at.LEAF:
            continue
        n_proposals += 1
        if merit >= best:  # of equal merits the later feature wins, as in MOA
            second = best
            best, feature, kind, value = merit, f, f_kind, f_value
        elif merit > second:
            second = merit
    if n_proposals == 1:
        second = 0.0  # the merit of not splitting
    if not best > -math.inf:
        return False
    reach = 1.0
    if conf[at.CRITERION] != at.GINI:  # river has the range of the entropy for Hellinger too
        n_labels = node_i[leaf, at.N_LABELS]
        reach = math.log(n_labels if n_labels > 2 else 2) / _LN2
    bound = math.sqrt(reach * reach * conf[at.LOG_INVERSE_DELTA] / (2.0 * seen))
    if best - second > bound or bound < conf[at.TAU]:
        split_leaf(t, leaf, feature, kind, value)
        return True
    return False


@inner
def _propose(t, slot, f, before, work):
    """Return merit, kind and value of a feature's best split; kind LEAF if it proposes none."""
    stats = t.stats[slot, t.feat[f, at.OFFSET] :]
    if t.feat[f, at.CAPACITY] == 0:
        return _propose_numeric(t.conf, stats, before, work[POINTS:], work[BESIDE])
    return propose_nominal(t.conf, stats, before, work[POINTS], work[BESIDE])


@inner
def _propose_numeric(conf, stats, before, left, right):
    n_points, n_classes = left.shape
    low, high = math.inf, -math.inf
    for c in range(n_classes):
        if stats[at.W, c] > 0.0:
            if low > stats[at.LOW, c]:
                low = stats[at.LOW, c]
            if high < stats[at.HIGH, c]:
                high = stats[at.HIGH, c]
    step = (high - low) / (n_points + 1.0)
    for c in range(n_classes):
        _weights_below(stats, c, low, step, left)
    best, value, kind = -math.inf, 0.0, at.LEAF
    for i in range(n_points):
        point = step * (i + 1) + low
        if not low < point < high:
            continue
        for c in range(n_classes):
            above = stats[at.W, c] - left[i, c]
            right[c] = above if above > 0.0 else 0.0
        merit = merit_of(conf, before, left[i], right)
        if kind == at.LEAF or merit > best:
            best, value, kind = merit, point, at.NUMERIC
    return best, kind, value


@inner
def _weights_below(stats, c, low, step, out):
    """Write class `c`'s weight at most at each point, by its normal distribution, to a column."""
    weight, mean, lowest, highest = (
        stats[at.W, c],
        stats[at.MEAN, c],
        stats[at.LOW, c],
        stats[at.HIGH, c],
    )
    variance = stats[at.M2, c] / (weight - 1.0) if weight > 1.0 else 0.0
    scale = math.sqrt(0.5 / variance) if variance > 0.0 else 0.0
    for i in range(out.shape[0]):
        point = step * (i + 1) + low
        if weight == 0.0 or point < lowest:
            below = 0.0
        elif point >= highest:
            below = weight
        elif scale > 0.0:
            below = 0.5 * math.erfc((mean - point) * scale) * weight
        else:
            below = weight if point >= mean else 0.0
        out[i, c] = below


@inner
def weights_beside(stats, c, point):
    """Weights of class `c` at most and above `point`, by its normal distribution, for new leaves.

    Written with MOA's order of operations (below + equal, and the rest): a grace period that ends
    on a rounding error would else end one row earlier or later than there.
    """
    weight = stats[at.W, c]
    if weight == 0.0 or point < stats[at.LOW, c]:
        return 0.0, weight
    if point >= stats[at.HIGH, c]:
        return weight, 0.0
    variance = stats[at.M2, c] / (weight - 1.0) if weight > 1.0 else 0.0
    distance = point - stats[at.MEAN, c]
    if variance <= 0.0:
        return (weight, 0.0) if distance >= 0.0 else (0.0, weight)
    sd = math.sqrt(variance)
    equal = _SQRT_1_2PI / sd * math.exp(-0.5 * (distance / sd) ** 2) * weight
    below = _normal_cdf(distance / sd) * weight - equal
    above = weight - equal - below
    return below + equal, above if above > 0.0 else 0.0


@inner
def _normal_cdf(z):
    x = z * _SQRT_HALF
    size = math.fabs(x)
    if size < _SQRT_HALF:
        return 0.5 + 0.5 * math.erf(x)
    tail = 0.5 * math.erfc(size)
    return 1.0 - tail if x > 0.0 else tail


@inner
def propose_nominal(conf, stats, before, left, right):
    n_classes = left.shape[0]
    n_values = _most_categories(stats, n_classes)
    best, kind, value = -math.inf, at.LEAF, 0.0
    if conf[at.BINARY] == 0.0:
        best, kind = _merit_multiway(conf, before, stats, n_values, left), at.MULTIWAY
        if n_values == 2:  # one value against the other is the same split
            return best, kind, value
    for v in range(n_values):
        for c in range(n_classes):
            count = stats[at.CATEGORY_COUNTS + v, c]
            left[c] = count
            right[c] = stats[at.TOTAL, c] - count
        merit = merit_of(conf, before, left, right)
        if kind == at.LEAF or merit > best:
            best, kind, value = merit, at.EQUALS, 1.0 * v
    return best, kind, value


@inner
def _most_categories(stats, n_classes):
    most = 0.0
    for c in range(n_classes):
        if most < stats[at.N_CATEGORIES, c]:
            most = stats[at.N_CATEGORIES, c]
    return np.int64(most)


@inner
def merit_of(conf, before, left, right):
    """Merit of a split: information gain in bits, 1 - weighted Gini impurity, or a distance."""
    n_left, after_left = weighted_impurity(conf, left)
    n_right, after_right = weighted_impurity(conf, right)
    total = n_left + n_right
    least = conf[at.MIN_BRANCH] * total
    if not (n_left > least and n_right > least):
        return -math.inf
    if conf[at.CRITERION] == at.HELLINGER:
        return _hellinger(left, right)
    return before - (after_left + after_right) / total


@inner
def _merit_multiway(conf, before, stats, n_values, counts):
    n_classes = counts.shape[0]
    total, after, n_large = 0.0, 0.0, 0
    for c in range(n_classes):
        total += stats[at.TOTAL, c]
    for v in range(n_values):
        for c in range(n_classes):
            counts[c] = stats[at.CATEGORY_COUNTS + v, c]
        weight, impurity = weighted_impurity(conf, counts)
        after += impurity
        n_large += weight > conf[at.MIN_BRANCH] * total
    if n_large < 2:
        return -math.inf
    if conf[at.CRITERION] == at.HELLINGER:
        return _hellinger_multiway(stats, n_values, n_classes, total)
    return before - after / total


@inner
def _hellinger(left, right):
    """Distance of a class's shares in two branches from those of the rest; the largest counts."""
    n_left, n_right, best = 0.0, 0.0, 0.0
    for c in range(left.shape[0]):
        n_left += left[c]
        n_right += right[c]
    for c in range(left.shape[0]):
        n_class = left[c] + right[c]
        n_rest = n_left + n_right - n_class
        apart = _apart(left[c], n_class, n_left - left[c], n_rest)
        apart += _apart(right[c], n_class, n_right - right[c], n_rest)
        best = max(best, apart)
    return math.sqrt(best)


@inner
def _hellinger_multiway(stats, n_values, n_classes, total):
    """Do as `_hellinger` for a branch a category."""
    best = 0.0
    for c in range(n_classes):
        n_class, apart = stats[at.TOTAL, c], 0.0
        for v in range(n_values):
            inside, outside = stats[at.CATEGORY_COUNTS + v, c], 0.0
            for other in range(n_classes):
                outside += stats[at.CATEGORY_COUNTS + v, other]
            apart += _apart(inside, n_class, outside - inside, total - n_class)
        best = max(best, apart)
    return math.sqrt(best)


@inner
def _apart(inside, n_class, outside, n_rest):
    """Part of one branch in the squared distance of a class from the rest."""
    if not (n_class > 0.0 and n_rest > 0.0):
        return 0.0
    outside = max(outside, 0.0)  # a difference, which rounding may leave below 0
    return (math.sqrt(inside / n_class) - math.sqrt(outside / n_rest)) ** 2


@inner
def weighted_impurity(conf, counts):
    """Weight of a branch, and its entropy (bits) or Gini impurity times that weight."""
    total, inner, gini = 0.0, 0.0, conf[at.CRITERION] == at.GINI
    for c in range(counts.shape[0]):
        weight = counts[c]
        if weight > 0.0 or gini:
            total += weight
            inner += weight * (weight if gini else math.log(weight))
    if not total > 0.0:
        return total, 0.0
    if gini:
        return total, total - inner / total
    return total, (total * math.log(total) - inner) / _LN2


@inner
def split_leaf(t, leaf, feature, kind, value):
    """Turn the leaf into a split node whose new leaves share its class weights."""
    n_classes, node_i = t.head[at.N_CLASSES], t.node_i
    slot = node_i[leaf, at.SLOT]
    depth = node_i[leaf, at.DEPTH] + 1
    stats = t.stats[slot, t.feat[feature, at.OFFSET] :]
    node_i[leaf, at.KIND] = kind
    node_i[leaf, at.FEATURE] = feature
    node_i[leaf, at.SLOT] = at.NO_SLOT
    t.node_f[leaf, at.VALUE] = value
    if kind == at.MULTIWAY:
        table = new_table(t)
        node_i[leaf, at.LEFT] = table
        for v in range(_most_categories(stats, n_classes)):
            child = new_node(t, depth)
            t.child[table, v] = child
            for c in range(n_classes):
                if stats[at.N_CATEGORIES, c] > v:
                    _give(t, child, c, stats[at.CATEGORY_COUNTS + v, c])
    else:
        left = new_node(t, depth)
        right = new_node(t, depth)
        node_i[leaf, at.LEFT] = left
        node_i[leaf, at.RIGHT] = right
        for c in range(n_classes):
            if kind == at.NUMERIC:
                _share_numeric(t, left, right, stats, c, value)
            else:
                for v in range(np.int64(stats[at.N_CATEGORIES, c])):
                    _give(t, left if v == value else right, c, stats[at.CATEGORY_COUNTS + v, c])
    free_slot(t, slot)


@inner
def _share_numeric(t, left, right, stats, c, value):
    """Give class `c`'s weights to the two branches; a branch knows it only where MOA's would."""
    if stats[at.W, c] > 0.0:
        below, above = weights_beside(stats, c, value)
        if value >= stats[at.LOW, c]:
            _give(t, left, c, below)
        if value < stats[at.HIGH, c]:
            _give(t, right, c, above)


@inner
def _give(t, leaf, c, weight):
    t.node_f[leaf, at.COUNTS + c] += weight
    t.node_f[leaf, at.W_LAST] += weight
    if t.node_i[leaf, at.N_LABELS] < c + 1:
        t.node_i[leaf, at.N_LABELS] = c + 1
