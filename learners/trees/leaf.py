"""Compiled statistics of a Hoeffding tree's leaves: naive Bayes votes and their updates.

`work` is scratch of one row a purpose, see `make_work`.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner, njit
from olearn.learners.trees import layout as at

# rows of `work`: votes of naive Bayes, products of densities, weights beside a split; then those of
# a feature's split points
VOTES, PRODUCT, BESIDE, POINTS = range(4)

_ONE_OVER_PI = 1.0 / math.pi
_NO_SPREAD = 1e200  # precision where the variance is 0: any other value has density 0
_IMPOSSIBLE = -1e100  # log votes below come from a density of 0


@njit
def make_work(t):
    """Allocate scratch for the votes of a leaf and for its splits."""
    return np.empty((POINTS + np.int64(t.conf[at.N_POINTS]), t.head[at.N_CLASSES]))


@inner(forceinline=True)
def highest(values, n):
    """Return the index of the largest of the first `n`; the lowest index wins a tie."""
    best = 0
    for c in range(1, n):
        if values[c] > values[best]:
            best = c
    return best


@inner(forceinline=True)
def weight_of(t, node):
    """Sum of the class weights of a node."""
    node_f, total = t.node_f, 0.0
    for c in range(t.head[at.N_CLASSES]):
        total += node_f[node, at.COUNTS + c]
    return total


@inner(forceinline=True)
def bayes_votes(t, leaf, x, work):
    """Write prior x densities of each class; return whether these are logarithms.

    They are where a number takes part, or where the products would leave float64's range; -inf then
    stands for 0.
    """
    n_classes, node_f = t.head[at.N_CLASSES], t.node_f
    votes, product = work[VOTES], work[PRODUCT]
    total = weight_of(t, leaf)
    for c in range(n_classes):
        votes[c] = 0.0
        product[c] = node_f[leaf, at.COUNTS + c] / total if total > 0.0 else 0.0
    slot = t.node_i[leaf, at.SLOT]
    in_logs = False
    if slot >= 0:
        in_logs = _add_densities(t, slot, x, n_classes, votes, product)
    for c in range(n_classes):
        if not in_logs:
            votes[c] = product[c]
        elif product[c] > 0.0 and votes[c] > _IMPOSSIBLE:
            votes[c] += math.log(product[c])
        else:
            votes[c] = -math.inf
    return in_logs


@inner(forceinline=True)
def _add_densities(t, slot, x, n_classes, votes, product):
    """Multiply in the density of each feature; return whether a part of it went to `votes`.

    There go the exponents of numeric densities, and the logarithms of very large or small products.
    """
    # whole arrays with three indices: a view per feature would cost more than its arithmetic
    stats, seen, feat = t.stats, t.seen, t.feat
    n_nominal = 0
    in_logs = False
    for f in range(feat.shape[0]):
        value = x[f]
        if seen[slot, f] <= 0 or value != value:
            continue
        begin, capacity = feat[f, at.OFFSET], feat[f, at.CAPACITY]
        if capacity == 0:
            far = False
            for c in range(n_classes):
                distance = value - stats[slot, begin + at.MEAN, c]
                votes[c] -= distance * distance * stats[slot, begin + at.HALF_PRECISION, c]
                p = product[c] * stats[slot, begin + at.NORM, c]
                product[c] = p
                if _is_far(p):
                    far = True
            if far:
                _move_far(votes, product, n_classes)
            in_logs = True
            continue
        code = np.int64(value)
        field = begin + at.INVERSE
        if 0 <= code < capacity:
            counts = begin + at.CATEGORY_COUNTS + code
            for c in range(n_classes):
                product[c] *= (stats[slot, counts, c] + 1.0) * stats[slot, field, c]
        else:
            for c in range(n_classes):
                product[c] *= stats[slot, field, c]
        n_nominal += 1
        if n_nominal % 8 == 0:  # eight of these factors cannot leave the range
            in_logs |= _keep_range(votes, product, n_classes)
    return in_logs


@inner(forceinline=True)
def _is_far(p):
    return p > 1e100 or (p < 1e-100 and p > 0.0)


@inner(forceinline=True)
def _keep_range(votes, product, n_classes):
    """Move products near the ends of float64's range to the logarithms; return whether any."""
    for c in range(n_classes):
        if _is_far(product[c]):
            _move_far(votes, product, n_classes)
            return True
    return False


@inner
def _move_far(votes, product, n_classes):
    # a function of its own: logarithms inside of the loops above would slow these by half
    for c in range(n_classes):
        p = product[c]
        if _is_far(p):
            votes[c] += math.log(p)
            product[c] = 1.0


@inner(forceinline=True)
def observe(t, slot, x, y, w):
    """Add a row to the statistics of a leaf."""
    stats, seen, feat = t.stats, t.seen, t.feat
    for f in range(feat.shape[0]):
        value = x[f]
        if seen[slot, f] < 0 or value != value:
            continue
        begin = feat[f, at.OFFSET]
        if feat[f, at.CAPACITY] == 0:
            _observe_number(stats, slot, begin, y, value, w)
            seen[slot, f] = 1
        elif value >= 0.0:  # a category beyond the index's bound is not counted
            code = np.int64(value)
            total = stats[slot, begin + at.TOTAL, y] + w
            n_categories = stats[slot, begin + at.N_CATEGORIES, y]
            if n_categories < code + 1.0:
                n_categories = code + 1.0
            stats[slot, begin + at.CATEGORY_COUNTS + code, y] += w
            stats[slot, begin + at.TOTAL, y] = total
            stats[slot, begin + at.N_CATEGORIES, y] = n_categories
            stats[slot, begin + at.INVERSE, y] = 1.0 / (total + n_categories)
            seen[slot, f] = 1


@inner(forceinline=True)
def _observe_number(stats, slot, begin, y, value, w):
    """Welford's update of one class of one numeric feature, and of what its density needs."""
    before = stats[slot, begin + at.W, y]
    weight = before + w
    stats[slot, begin + at.W, y] = weight
    if before == 0.0:
        stats[slot, begin + at.MEAN, y] = value
        stats[slot, begin + at.LOW, y] = value
        stats[slot, begin + at.HIGH, y] = value
        m2 = 0.0
    else:
        mean = stats[slot, begin + at.MEAN, y]
        distance = value - mean
        mean += w * distance / weight
        m2 = stats[slot, begin + at.M2, y] + w * distance * (value - mean)
        stats[slot, begin + at.MEAN, y] = mean
        stats[slot, begin + at.M2, y] = m2
        stats[slot, begin + at.LOW, y] = min(stats[slot, begin + at.LOW, y], value)
        stats[slot, begin + at.HIGH, y] = max(stats[slot, begin + at.HIGH, y], value)
    half_precision, norm = _NO_SPREAD, 1.0
    if weight > 1.0 and m2 > 0.0:
        half_precision = 0.5 * (weight - 1.0) / m2
        if half_precision > _NO_SPREAD:
            half_precision = _NO_SPREAD
        norm = math.sqrt(half_precision * _ONE_OVER_PI)
    stats[slot, begin + at.HALF_PRECISION, y] = half_precision
    stats[slot, begin + at.NORM, y] = norm
