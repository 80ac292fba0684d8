"""Compiled search trees of values with the targets' statistics, and lists of categories.

The extended binary search tree (E-BST) of Ikonomovska, Gama and Dzeroski (2011): an entry holds the
statistics of its own value and of all values on its left. A triple is weight, mean and sum of
squared deviations; sums and differences of triples are river's `Var`, operation by operation.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner
from olearn.learners.trees import model_tree_layout as at

SPLIT_SIZE = 8  # merit, value, then weight, mean and squares of both sides
_EXACT = float(2**51)  # below it the product with a power of ten is exact to the first decimal


@inner
def rounded(x, power):
    """Round to the decimals of a power of ten as Python does: correctly, ties to even."""
    p = x * power
    if power == 0.0 or not abs(p) < _EXACT:
        return x
    c, b = 134217729.0 * x, 134217729.0 * power
    high, above = c - (c - x), b - (b - power)
    low, below = x - high, power - above
    error = ((high * above - p) + high * below + low * above) + low * below
    floor = math.floor(p)
    rest = p - floor
    if rest == 0.5 and error == 0.0:
        up = floor % 2.0 != 0.0
    else:
        up = rest > 0.5 or (rest == 0.5 and error > 0.0)
    return (floor + 1.0 if up else floor) / power


@inner
def added(n, mean, s, n2, mean2, s2):
    """Sum of two triples."""
    total = n + n2
    if total == 0.0:
        return 0.0, 0.0, 0.0
    s += s2 + (mean - mean2) * (mean - mean2) * n * n2 / total
    return total, (n * mean + n2 * mean2) / total, s


@inner
def without(n, mean, s, n2, mean2, s2):
    """Difference of two triples."""
    rest = n - n2
    if rest > 0.0:
        mean = (n * mean - n2 * mean2) / rest
    else:
        rest, mean = 0.0, 0.0
    s -= s2
    if rest + n2 > 0.0:
        s -= (mean - mean2) * (mean - mean2) * rest * n2 / (rest + n2)
    return rest, mean, s


@inner
def variance(n, s):
    """Variance of a triple, by n - 1."""
    return s / (n - 1.0) if n > 1.0 else 0.0


@inner
def copy(a, b):
    """Write a split over another one."""
    for i in range(SPLIT_SIZE):
        b[i] = a[i]


@inner
def update(t, k, y, w):
    """Add a target to an entry's statistics."""
    f = t.entry_f
    f[k, at.WEIGHT] += w
    before = f[k, at.AVERAGE]
    f[k, at.AVERAGE] += w / f[k, at.WEIGHT] * (y - before)
    f[k, at.SQUARES] += w * (y - before) * (y - f[k, at.AVERAGE])


@inner
def _new_entry(t, key, above, y, w):
    head = t.head
    k = head[at.FIRST_FREE_ENTRY]
    if k >= 0:
        head[at.FIRST_FREE_ENTRY] = t.entry_i[k, at.LEFT]
        head[at.ENTRIES_FREE] -= 1
    else:
        k = head[at.ENTRIES_USED]
        head[at.ENTRIES_USED] += 1
    t.entry_i[k, at.LEFT] = at.NONE
    t.entry_i[k, at.RIGHT] = at.NONE
    t.entry_i[k, at.ABOVE] = above
    t.entry_f[k] = 0.0
    t.entry_f[k, at.KEY] = key
    update(t, k, y, w)
    return k


@inner
def _free_entry(t, k):
    t.entry_i[k, at.LEFT] = t.head[at.FIRST_FREE_ENTRY]
    t.head[at.FIRST_FREE_ENTRY] = k
    t.head[at.ENTRIES_FREE] += 1


@inner
def insert(t, root, key, y, w):
    """Insert a value; return the root."""
    links, f = t.entry_i, t.entry_f
    if root < 0:
        return _new_entry(t, key, at.NONE, y, w)
    k = root
    while True:
        if key <= f[k, at.KEY]:
            update(t, k, y, w)
            if key == f[k, at.KEY]:
                return root
            side = at.LEFT
        else:
            side = at.RIGHT
        below = links[k, side]
        if below < 0:
            links[k, side] = _new_entry(t, key, k, y, w)
            return root
        k = below


@inner
def insert_category(t, root, code, y, w):
    """Add to a list of categories in order of their codes; return its first entry."""
    links, f = t.entry_i, t.entry_f
    before, k = at.NONE, root
    while k >= 0 and f[k, at.KEY] < code:
        before, k = k, links[k, at.LEFT]
    if k >= 0 and f[k, at.KEY] == code:
        update(t, k, y, w)
        return root
    new = _new_entry(t, code, at.NONE, y, w)
    links[new, at.LEFT] = k
    if before < 0:
        return new
    links[before, at.LEFT] = new
    return root


@inner
def free_entries(t, root):
    """Give back all entries below and at a root."""
    links = t.entry_i
    if root < 0:
        return
    links[root, at.ABOVE] = at.NONE  # ABOVE serves as the link of the list of entries to do
    todo = root
    while todo >= 0:
        k = todo
        todo = links[k, at.ABOVE]
        for side in range(2):
            below = links[k, side]
            if below >= 0:
                links[below, at.ABOVE] = todo
                todo = below
        _free_entry(t, k)


@inner
def merit_of(n, s, n1, s1, n2, s2, least, relative):
    """Reduction of the variance, or its share, by a split in two; 0 where a side is too small."""
    if n1 < least or n2 < least:
        return 0.0
    merit = variance(n, s)
    if relative:
        if not merit > 0.0:
            return 0.0
        rest = 1.0 - n1 / n * (variance(n1, s1) / merit)
        return rest - n2 / n * (variance(n2, s2) / merit)
    merit -= n1 / n * variance(n1, s1)
    merit -= n2 / n * variance(n2, s2)
    return merit


@inner
def _split_at(t, leaf, k, n, mean, s, out, relative):
    """Write the split at an entry to `out`: merit, key, both triples.

    The triple is of the values that lie left of the subtrees in which the entry is the root.
    """
    f, of = t.entry_f, t.node_f
    ln, lm, ls = added(f[k, at.WEIGHT], f[k, at.AVERAGE], f[k, at.SQUARES], n, mean, s)
    rn, rm, rs = without(of[leaf, at.N], of[leaf, at.MEAN], of[leaf, at.S], ln, lm, ls)
    least = t.conf[at.MIN_SAMPLES]
    out[0] = merit_of(of[leaf, at.N], of[leaf, at.S], ln, ls, rn, rs, least, relative)
    out[1] = f[k, at.KEY]
    out[2], out[3], out[4] = ln, lm, ls
    out[5], out[6], out[7] = rn, rm, rs


@inner
def best_split(t, leaf, root, out, best, relative):
    """Write the best split of a numeric feature to `best`: merit, threshold, both triples."""
    links, f = t.entry_i, t.entry_f
    best[0] = -np.inf
    n = mean = s = 0.0
    k, done = root, 0  # of the sides of k: none, the left one, both
    while k >= 0:
        if done == 0:
            if links[k, at.LEFT] >= 0:
                k = links[k, at.LEFT]
                continue
            done = 1
        if done == 1:
            _split_at(t, leaf, k, n, mean, s, out, relative)
            if out[0] > best[0]:
                copy(out, best)
            if links[k, at.RIGHT] >= 0:
                n, mean, s = added(n, mean, s, f[k, at.WEIGHT], f[k, at.AVERAGE], f[k, at.SQUARES])
                k, done = links[k, at.RIGHT], 0
                continue
        above = links[k, at.ABOVE]
        done = 1
        if above >= 0 and links[above, at.LEFT] != k:
            n, mean, s = without(
                n, mean, s, f[above, at.WEIGHT], f[above, at.AVERAGE], f[above, at.SQUARES]
            )
            done = 2
        k = above


@inner
def prune(t, leaf, root, best_merit, limit, out):
    """Take out entries without any below whose merit, by the best one, is under a limit.

    Returns the root. From the bottom up, and only where the whole subtree is that bad.
    """
    links, f = t.entry_i, t.entry_f
    n = mean = s = 0.0
    k, done, bad = root, 0, False
    while k >= 0:
        if done == 0:
            if links[k, at.LEFT] >= 0:
                k = links[k, at.LEFT]
                continue
            bad, done = True, 1
        if done == 1 and bad:
            if links[k, at.RIGHT] >= 0:
                n, mean, s = added(n, mean, s, f[k, at.WEIGHT], f[k, at.AVERAGE], f[k, at.SQUARES])
                k, done = links[k, at.RIGHT], 0
                continue
            done = 2
        if done == 2 and bad:
            _split_at(t, leaf, k, n, mean, s, out, False)
            bad = out[0] / best_merit < limit
        above = links[k, at.ABOVE]
        is_left = above >= 0 and links[above, at.LEFT] == k
        if bad:  # nothing is left below
            if above < 0:
                root = at.NONE
            else:
                links[above, at.LEFT if is_left else at.RIGHT] = at.NONE
            _free_entry(t, k)
        done = 1
        if above >= 0 and not is_left:
            n, mean, s = without(
                n, mean, s, f[above, at.WEIGHT], f[above, at.AVERAGE], f[above, at.SQUARES]
            )
            done = 2
        k = above
    return root
