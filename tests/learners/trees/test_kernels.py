"""Votes of the leaves and splits of the compiled trees, against slow and obvious oracles."""

import math
from statistics import NormalDist, fmean, variance

import numpy as np
import pytest

from olearn.learners import HoeffdingTreeClassifier
from olearn.learners.trees import kernels, leaf
from olearn.learners.trees.layout import (
    COUNTS,
    EQUALS,
    FEATURE,
    KIND,
    LEFT,
    MULTIWAY,
    NUMERIC,
    VALUE,
)

DELTAS = {"info_gain": 0.6, "gini": 0.9, "hellinger": 0.6}  # some seeds split, some do not


def naive_density(values, x, nominal):
    """Density of `x` in a class whose values are known; Laplace with L = 1 + highest code."""
    if not values:
        return 0.0
    if nominal:
        return (values.count(x) + 1) / (len(values) + 1 + max(values))
    spread = variance(values) if len(values) > 1 else 0.0
    if spread == 0.0:
        return float(x == values[0])
    return NormalDist(fmean(values), math.sqrt(spread)).pdf(x)


def naive_log_votes(X, y, x, n_classes, nominal):
    """log(prior x densities) of each class; features missing in `x` or never seen are left out."""
    votes = []
    for c in range(n_classes):
        factors = [np.sum(y == c) / len(y)]
        for f in range(X.shape[1]):
            if np.isnan(x[f]) or np.isnan(X[:, f]).all():
                continue
            values = [v for v in X[y == c, f].tolist() if not math.isnan(v)]
            factors.append(naive_density(values, x[f], f in nominal))
        votes.append(sum(math.log(p) if p > 0.0 else -math.inf for p in factors))
    return votes


def naive_impurity(counts, gini):
    shares = [n / sum(counts) for n in counts if n > 0.0]
    if gini:
        return 1.0 - sum(p * p for p in shares)
    return -sum(p * math.log2(p) for p in shares)


def naive_hellinger(branches):
    """Distance of one class's shares in the branches from those of the rest, largest of all."""
    distances = []
    for c in range(len(branches[0])):
        own = np.array([branch[c] for branch in branches])
        rest = np.array([sum(branch) - branch[c] for branch in branches])
        if own.sum() > 0.0 and rest.sum() > 0.0:
            apart = np.sqrt(own / own.sum()) - np.sqrt(rest / rest.sum())
            distances.append(math.sqrt((apart**2).sum()))
    return max(distances)


def naive_merit(branches, leaf, criterion):
    """Gain on the leaf's entropy, 1 - weighted Gini, or the distance of classes; -inf unless two
    branches have over 1 %."""
    total = sum(map(sum, branches))
    if sum(sum(branch) > 0.01 * total for branch in branches) < 2:
        return -math.inf
    if criterion == "hellinger":
        return naive_hellinger(branches)
    gini = criterion == "gini"
    before = 1.0 if gini else naive_impurity(leaf, gini)
    return before - sum(sum(b) / total * naive_impurity(b, gini) for b in branches if sum(b) > 0)


def naive_below(values, point):
    """Weight of a class at most `point`: its normal distribution between its extremes."""
    if not values or point < min(values):
        return 0.0
    if point >= max(values):
        return float(len(values))
    return len(values) * NormalDist(fmean(values), math.sqrt(variance(values))).cdf(point)


def naive_numeric(by_class, leaf, criterion):
    known = [v for values in by_class for v in values]
    low, high = min(known), max(known)
    proposals = []
    for i in range(1, 11):
        point = low + (high - low) * i / 11
        if low < point < high:
            left = [naive_below(values, point) for values in by_class]
            right = [len(v) - n for v, n in zip(by_class, left, strict=True)]
            proposals.append(
                (naive_merit([left, right], leaf, criterion), NUMERIC, point, [left, right])
            )
    return max(proposals, key=lambda p: p[0], default=None)


def naive_nominal(by_class, leaf, criterion, binary):
    n_values = 1 + max(int(v) for values in by_class for v in values)
    branches = [[values.count(v) for values in by_class] for v in range(n_values)]
    proposals = (
        [] if binary else [(naive_merit(branches, leaf, criterion), MULTIWAY, 0.0, branches)]
    )
    for v, left in enumerate(branches):
        right = [len(values) - n for values, n in zip(by_class, left, strict=True)]
        proposals.append(
            (naive_merit([left, right], leaf, criterion), EQUALS, float(v), [left, right])
        )
    return max(proposals, key=lambda p: p[0])


def naive_split(X, y, n_classes, nominal, *, delta, tau, criterion, binary):
    """The split that the Hoeffding bound allows: (feature, kind, value, class weights), or None."""
    proposals = []
    leaf = np.bincount(y, minlength=n_classes).tolist()  # rows with gaps count here, as in MOA
    for f in range(X.shape[1]):
        column = X[:, f]
        if np.isnan(column).all():
            continue
        by_class = [column[(y == c) & ~np.isnan(column)].tolist() for c in range(n_classes)]
        best = naive_nominal(by_class, leaf, criterion, binary) if f in nominal else None
        best = naive_numeric(by_class, leaf, criterion) if best is None else best
        if best is not None:
            proposals.append((best[0], f, *best[1:]))
    proposals.sort(key=lambda p: p[:2])
    second = proposals[-2][0] if len(proposals) > 1 else 0.0
    reach = 1.0 if criterion == "gini" else math.log2(max(2, y.max() + 1))
    bound = math.sqrt(reach**2 * math.log(1 / delta) / (2 * len(y)))
    return proposals[-1][1:] if proposals[-1][0] - second > bound or bound < tau else None


def leaf_rows(seed, n=60, n_classes=3):
    """Rows of two numbers and two categories with gaps; how much they tell depends on the seed."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    pull = rng.uniform(0, 2, 4)
    X = np.column_stack(
        [
            rng.normal(pull[0] * y, 1.0),
            np.round(rng.normal(-pull[1] * y, 2.0)),
            np.where(rng.random(n) < pull[2] / 2, y, rng.integers(0, 3, n)),
            np.where(rng.random(n) < pull[3] / 2, y % 2, rng.integers(0, 5, n)),
        ]
    )
    X[rng.random(X.shape) < 0.1] = np.nan
    return X.astype(float), y


def leaf_of(X, y, nominal, n_classes, **options):
    tree = HoeffdingTreeClassifier(
        nominal_attributes=nominal, classes=list(range(n_classes)), **options
    )
    tree.learn_many(X, y)
    return tree


def log_votes(tree, row):
    t = tree._pool.arrays
    node, work = kernels.route(t, tree._root, row), leaf.make_work(t)
    in_logs = leaf.bayes_votes(t, node, row, work)
    votes = work[leaf.VOTES]
    with np.errstate(divide="ignore"):
        return votes if in_logs else np.log(votes)


@pytest.mark.parametrize("seed", range(8))
def test_log_votes_equal_the_oracle(seed):
    """Gaussian densities, Laplace shares, gaps and a class without rows, on 60 rows."""
    X, y = leaf_rows(seed)
    X[y == 1, 3] = np.nan  # a class that never had the feature
    probes = leaf_rows(seed + 100)[0]
    probes[:5, 2] = -1.0  # a category that was never learnt
    tree = leaf_of(X, y, [2, 3], 4, grace_period=1000)  # nothing is seen of class 3
    for row in probes:
        expected = naive_log_votes(X, y, row, 4, {2, 3})
        np.testing.assert_allclose(log_votes(tree, row), expected, rtol=1e-9)
        assert expected[3] == -math.inf


def test_density_of_a_class_with_one_value():
    """Without spread the density is 1 at the value and 0 elsewhere; so for a single row."""
    X = np.array([[1.0], [1.0], [1.0], [5.0], [2.0], [3.0]])
    y = np.array([0, 0, 0, 1, 2, 2])
    tree = leaf_of(X, y, [], 3, grace_period=1000)
    for value in (1.0, 5.0, 1.0 + 1e-12, 2.5):
        row = np.array([value])
        np.testing.assert_allclose(log_votes(tree, row), naive_log_votes(X, y, row, 3, set()))


@pytest.mark.parametrize("kind", ["numbers", "categories"])
def test_votes_of_400_features_do_not_underflow(kind):
    """The product of 400 densities is 0 in double precision; its logarithm still tells."""
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 200)
    if kind == "numbers":
        X = rng.normal(size=(200, 400)) * 1000 + 300.0 * y[:, None]
        nominal = []
    else:
        X = (rng.integers(0, 50, (200, 400)) + 10 * y[:, None]).astype(float)
        nominal = list(range(400))
    tree = leaf_of(X, y, nominal, 2, grace_period=1000, leaf_prediction="nb")
    for row in X[:10]:
        votes = log_votes(tree, row)
        np.testing.assert_allclose(votes, naive_log_votes(X, y, row, 2, set(nominal)), rtol=1e-9)
        assert (np.exp(votes) == 0.0).all()
    assert np.mean(tree.predict_many(X) == y) > 0.95
    proba = tree.predict_proba_many(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-12)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("criterion", ["info_gain", "gini", "hellinger"])
def test_first_split_equals_the_oracle(seed, binary, criterion):
    """Whether, on what and where a leaf of 60 rows splits, and how it shares its weights."""
    X, y = leaf_rows(seed)
    options = {"delta": DELTAS[criterion], "tau": 0.02}
    expected = naive_split(X, y, 3, {2, 3}, criterion=criterion, binary=binary, **options)
    tree = leaf_of(
        X, y, [2, 3], 3,
        grace_period=60, split_criterion=criterion, binary_split=binary, **options,
    )  # fmt: skip
    t, root = tree._pool.arrays, tree._root
    if expected is None:
        assert tree.n_nodes == 1
        return
    feature, kind, value, branches = expected
    assert tree.n_nodes == 1 + len(branches)
    assert (t.node_i[root, FEATURE], t.node_i[root, KIND]) == (feature, kind)
    assert t.node_f[root, VALUE] == pytest.approx(value, rel=1e-12)
    first = t.node_i[root, LEFT]
    nodes = t.child[first, : len(branches)] if kind == MULTIWAY else [first, first + 1]
    np.testing.assert_allclose(t.node_f[nodes, COUNTS : COUNTS + 3], branches, rtol=1e-9, atol=1e-9)


def test_both_outcomes_are_among_the_tested_splits():
    """The seeds above reach leaves that split on numbers, on categories, and not at all."""
    found = set()
    for seed in range(12):
        X, y = leaf_rows(seed)
        for criterion, delta in DELTAS.items():
            for binary in (False, True):
                split = naive_split(
                    X, y, 3, {2, 3}, delta=delta, tau=0.02, criterion=criterion, binary=binary
                )
                found.add(None if split is None else split[1])
    assert found == {None, NUMERIC, EQUALS, MULTIWAY}


@pytest.mark.parametrize(("grace_period", "n_nodes"), [(199, 1), (201, 1), (200, 3)])
def test_a_leaf_tries_once_a_grace_period(grace_period, n_nodes):
    """Two features tie until row 200, which alone makes the bound allow a split."""
    # tau rules: bound = sqrt(ln(1/delta) / 2n) < tau from n = 200 on
    X = np.tile([[0.0, 0.0], [1.0, 1.0]], (100, 1))
    y = np.tile([0, 1], 100)
    tau = math.sqrt(math.log(1e3) / (2 * 199.5))
    tree = leaf_of(X, y, [], 2, grace_period=grace_period, delta=1e-3, tau=tau)
    assert tree.n_nodes == n_nodes


def test_of_equal_merits_the_later_feature_splits():
    """Where all features are the same the last one is taken, as in MOA."""
    column = np.random.default_rng(0).normal(size=300)
    X = np.repeat(column[:, None], 3, axis=1)
    tree = leaf_of(X, (column > 0).astype(int), [], 2, grace_period=300, tau=0.5)
    assert tree._pool.arrays.node_i[tree._root, FEATURE] == 2


def test_pure_leaf_does_not_split():
    """A leaf of one class stays a leaf, whatever its features do."""
    X = np.random.default_rng(0).normal(size=(500, 3))
    tree = leaf_of(X, np.ones(500, int), [], 2, grace_period=20, tau=10.0)
    assert tree.n_nodes == 1


def test_routing_follows_the_splits():
    """`route` ends where the conditions in words lead, for numbers on either side and gaps."""
    X, y = leaf_rows(1, n=2000)
    tree = leaf_of(X, y, [2, 3], 3, grace_period=50, delta=0.5, tau=0.3)
    t = tree._pool.arrays
    for row in X[:300]:
        node = tree._root
        while t.node_i[node, KIND] in (NUMERIC, EQUALS, MULTIWAY):
            value = row[t.node_i[node, FEATURE]]
            if math.isnan(value):
                break
            left, right = t.node_i[node, LEFT : LEFT + 2]
            if t.node_i[node, KIND] == MULTIWAY:
                node = t.child[left, int(value)]
            elif t.node_i[node, KIND] == NUMERIC:
                node = left if value <= t.node_f[node, VALUE] else right
            else:
                node = left if value == t.node_f[node, VALUE] else right
        assert kernels.route(t, tree._root, row) == node
    assert tree.height > 2
