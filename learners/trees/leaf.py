"""Compiled statistics of a Hoeffding tree's leaves: naive Bayes votes and their updates."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import njit
from olearn.learners.trees.layout import (
    CAPACITY,
    CATEGORY_COUNTS,
    COUNTS,
    HALF_PRECISION,
    HIGH,
    INVERSE,
    LOW,
    M2,
    MEAN,
    N_CATEGORIES,
    N_CLASSES,
    NORM,
    OFFSET,
    SLOT,
    TOTAL,
    W,
)

_ONE_OVER_PI = 1.0 / math.pi
_NO_SPREAD = 1e200  # precision where the variance is 0: any other value has density 0
_IMPOSSIBLE = -1e100  # log votes below come from a density of 0


@njit(forceinline=True)
def highest(values, n):
    """Return the index of the largest of the first `n`; the lowest index wins a tie."""
    best = 0
    for c in range(1, n):
        if values[c] > values[best]:
            best = c
    return best


@njit(forceinline=True)
def weight_of(t, node):
    """Sum of the class weights of a node."""
    total = 0.0
    for c in range(t.head[N_CLASSES]):
        total += t.node_f[node, COUNTS + c]
    return total


@njit(forceinline=True)
def bayes_votes(t, leaf, x, votes, product):
    """Write prior x densities of each class; return whether these are logarithms.

    They are where a number takes part, or where the products would leave float64's range; -inf then
    stands for 0. `product` is scratch.
    """
    n_classes = t.head[N_CLASSES]
    total = weight_of(t, leaf)
    for c in range(n_classes):
        votes[c] = 0.0
        product[c] = t.node_f[leaf, COUNTS + c] / total if total > 0.0 else 0.0
    slot = t.node_i[leaf, SLOT]
    in_logs = False
    if slot >= 0:
        in_logs = _add_densities(t.stats, t.seen, t.feat, slot, x, n_classes, votes, product)
    for c in range(n_classes):
        if not in_logs:
            votes[c] = product[c]
        elif product[c] > 0.0 and votes[c] > _IMPOSSIBLE:
            votes[c] += np.log(product[c])
        else:
            votes[c] = -np.inf
    return in_logs


@njit(forceinline=True)
def _add_densities(stats, seen, feat, slot, x, n_classes, votes, product):
    """Multiply in the density of each feature; return whether a part of it went to `votes`.

    There go the exponents of numeric densities, and the logarithms of very large or small products.
    """
    # whole arrays with three indices: a view per feature would cost more than its arithmetic
    n_nominal = 0
    in_logs = False
    for f in range(feat.shape[0]):
        value = x[f]
        if seen[slot, f] <= 0 or value != value:
            continue
        begin = feat[f, OFFSET]
        if feat[f, CAPACITY] == 0:
            for c in range(n_classes):
                distance = value - stats[slot, begin + MEAN, c]
                votes[c] -= distance * distance * stats[slot, begin + HALF_PRECISION, c]
                product[c] *= stats[slot, begin + NORM, c]
            _keep_range(votes, product, n_classes)
            in_logs = True
            continue
        code = int(value)
        if 0 <= code < feat[f, CAPACITY]:
            field = begin + CATEGORY_COUNTS + code
            for c in range(n_classes):
                product[c] *= (stats[slot, field, c] + 1.0) * stats[slot, begin + INVERSE, c]
        else:
            for c in range(n_classes):
                product[c] *= stats[slot, begin + INVERSE, c]
        n_nominal += 1
        if n_nominal % 8 == 0:  # eight of these factors cannot leave the range
            in_logs |= _keep_range(votes, product, n_classes)
    return in_logs


@njit(forceinline=True)
def _keep_range(votes, product, n_classes):
    """Move products near the ends of float64's range to the logarithms; return whether any."""
    moved = False
    for c in range(n_classes):
        if 0.0 < product[c] < 1e-100 or product[c] > 1e100:
            votes[c] += np.log(product[c])
            product[c] = 1.0
            moved = True
    return moved


@njit(forceinline=True)
def observe(stats, seen, feat, slot, x, y, w):
    """Add a row to the statistics of a leaf."""
    for f in range(feat.shape[0]):
        value = x[f]
        if seen[slot, f] < 0 or value != value:
            continue
        begin = feat[f, OFFSET]
        if feat[f, CAPACITY] == 0:
            _observe_number(stats, slot, begin, y, value, w)
            seen[slot, f] = 1
        elif value >= 0.0:  # a category beyond the index's bound is not counted
            code = int(value)
            total = stats[slot, begin + TOTAL, y] + w
            n_categories = max(stats[slot, begin + N_CATEGORIES, y], code + 1.0)
            stats[slot, begin + CATEGORY_COUNTS + code, y] += w
            stats[slot, begin + TOTAL, y] = total
            stats[slot, begin + N_CATEGORIES, y] = n_categories
            stats[slot, begin + INVERSE, y] = 1.0 / (total + n_categories)
            seen[slot, f] = 1


@njit(forceinline=True)
def _observe_number(stats, slot, begin, y, value, w):
    """Welford's update of one class of one numeric feature, and of what its density needs."""
    before = stats[slot, begin + W, y]
    weight = before + w
    stats[slot, begin + W, y] = weight
    if before == 0.0:
        stats[slot, begin + MEAN, y] = value
        stats[slot, begin + LOW, y] = value
        stats[slot, begin + HIGH, y] = value
        m2 = 0.0
    else:
        mean = stats[slot, begin + MEAN, y]
        distance = value - mean
        mean += w * distance / weight
        m2 = stats[slot, begin + M2, y] + w * distance * (value - mean)
        stats[slot, begin + MEAN, y] = mean
        stats[slot, begin + M2, y] = m2
        stats[slot, begin + LOW, y] = min(stats[slot, begin + LOW, y], value)
        stats[slot, begin + HIGH, y] = max(stats[slot, begin + HIGH, y], value)
    half_precision, norm = _NO_SPREAD, 1.0
    if weight > 1.0 and m2 > 0.0:
        half_precision = min(0.5 * (weight - 1.0) / m2, _NO_SPREAD)
        norm = math.sqrt(half_precision * _ONE_OVER_PI)
    stats[slot, begin + HALF_PRECISION, y] = half_precision
    stats[slot, begin + NORM, y] = norm
