"""The arrays of Hoeffding trees: growth, memory bound, and giving trees back."""

import numba
import numpy as np
import pytest

from olearn import streams
from olearn.learners import HoeffdingTreeClassifier
from olearn.learners.trees import kernels
from olearn.learners.trees.layout import (
    FIRST_FREE_NODE,
    FIRST_FREE_SLOT,
    FIRST_FREE_TABLE,
    INACTIVE,
    KIND,
    LEAF,
    MAY_GROW,
    MULTIWAY,
    NODES_FREE,
    NODES_USED,
    SLOT,
    SLOTS_FREE,
    SLOTS_USED,
    TABLES_FREE,
    TABLES_USED,
)

needs_compiler = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="tens of thousands of rows need compiled kernels"
)


def mixed(n, seed=0):
    """Two numbers and two categories; the class depends on three of them."""
    rng = np.random.default_rng(seed)
    X = np.column_stack(
        [rng.normal(size=(n, 2)), rng.integers(0, 4, n), rng.integers(0, 3, n)]
    ).astype(float)
    return X, ((X[:, 0] > 0) ^ (X[:, 2] == 1) ^ (X[:, 3] == 2)).astype(int)


def mixed_tree(X, y, **options):
    tree = HoeffdingTreeClassifier(
        30, delta=0.3, tau=0.3, nominal_attributes=[2, 3], classes=[0, 1], **options
    )
    tree.learn_many(X, y)
    return tree


def n_in_use(t):
    head = t.head
    return (
        head[NODES_USED] - head[NODES_FREE],
        head[SLOTS_USED] - head[SLOTS_FREE],
        head[TABLES_USED] - head[TABLES_FREE],
    )


def length_of_list(head, array, first, column=0):
    """Number of entries on a free list; the link stands in `column`."""
    n, entry = 0, int(head[first])
    while entry >= 0:
        n, entry = n + 1, int(array[entry].flat[column])
    return n


@pytest.mark.parametrize("late", ["class", "feature", "text feature", "category"])
def test_growth_keeps_all_statistics(late):
    """Room for a late class, feature or category leaves all answers for old rows as they were."""
    X, y = mixed(600)
    tree = mixed_tree(X, y)
    shape, text = tree._pool.arrays.stats.shape, tree.to_text()
    before = tree.predict_proba_many(X)
    x = dict(enumerate(X[0].tolist()))
    new = {"feature": {4: 1.0}, "text feature": {4: "red"}, "category": {3: 40}}.get(late, {})
    tree.learn_one(x | new, 7 if late == "class" else 0, w=0.0)  # weight 0 teaches nothing
    assert tree._pool.arrays.stats.shape != shape
    after = tree.predict_proba_many(X)
    knows = before[:, 0] != 0.5  # an empty leaf finds all classes, new ones too, equally probable
    assert np.mean(knows) > 0.9
    np.testing.assert_array_equal(after[knows, :2], before[knows])
    assert not after[knows, 2:].any()
    assert tree.to_text() == text
    assert tree.n_nodes > 5


def test_growth_half_way_equals_growth_at_the_start():
    """A tree that met a class, feature and categories late is the tree that had room at once."""
    X, y = mixed(800)
    early, late = (HoeffdingTreeClassifier(30, delta=0.3, tau=0.3) for _ in range(2))
    whole = {0: 0.0, 1: 0.0, 2: 0.0, 3: 0.0, "new": "green"}  # row 401 is green
    for label in (0, 1, 2):
        early.learn_one(whole, label, w=0.0)
    late.learn_one({0: 0.0, 1: 0.0, 2: 0.0, 3: 0.0}, 0, w=0.0)
    for i, (row, label) in enumerate(zip(X.tolist(), y.tolist(), strict=True)):
        x = dict(enumerate(row))
        if i > 400:
            x["new"] = ("red", "blue", "green")[i % 3]
            label = 2 if i % 3 == 2 else label
        assert early.predict_one(x) == late.predict_one(x)
        early.learn_one(x, label)
        late.learn_one(x, label)
    assert early.to_text() == late.to_text()
    assert early.n_nodes > 5


def test_freed_tree_gives_everything_back():
    """After `free_tree` no node, slot or table is in use, and a new tree takes up old room."""
    X, y = mixed(1500)
    tree = mixed_tree(X, y)
    pool, t = tree._pool, tree._pool.arrays
    assert (t.node_i[:, KIND] == MULTIWAY).any()
    nodes, slots, tables = n_in_use(t)
    assert nodes == tree.n_nodes
    assert slots == np.sum((t.node_i[:, KIND] == LEAF) & (t.node_i[:, SLOT] >= 0))
    assert tables == np.sum(t.node_i[:, KIND] == MULTIWAY)
    kernels.free_tree(t, tree._root)
    assert n_in_use(t) == (0, 0, 0)
    assert length_of_list(t.head, t.node_i, FIRST_FREE_NODE, column=2) == t.head[NODES_FREE]
    assert length_of_list(t.head, t.stats, FIRST_FREE_SLOT) == t.head[SLOTS_FREE]
    assert length_of_list(t.head, t.child, FIRST_FREE_TABLE) == t.head[TABLES_FREE]
    tree._root = pool.add_tree()
    tree.learn_many(X, y)
    assert pool.n_bytes == sum(array.nbytes for array in t)  # nothing had to grow
    assert tree.to_text() == mixed_tree(X, y).to_text()


def test_freeing_a_tree_that_never_saw_a_feature():
    """Rows without features take no slot, so that there is none to give back."""
    tree = HoeffdingTreeClassifier()
    for label in (0, 1, 1):
        tree.learn_one({}, label)
    kernels.free_tree(tree._pool.arrays, tree._root)
    assert n_in_use(tree._pool.arrays) == (0, 0, 0)


@needs_compiler
@pytest.mark.parametrize("max_size", [0.05, 0.3])
def test_memory_bound(max_size):
    """Over 100,000 rows the arrays stay within `max_size`; leaves sleep and wake; it learns."""
    stream = streams.load("rbf", seed=1)  # does not drift: a full tree cannot follow a drift
    tree = HoeffdingTreeClassifier(50, delta=0.1, tau=0.2, max_size=max_size, classes=[0, 1])
    free = HoeffdingTreeClassifier(50, delta=0.1, tau=0.2, classes=[0, 1])
    asleep, n_slept, n_woken, right, majority = set(), 0, 0, [], []
    for rows, y in first_blocks(stream, 100):
        X = np.tile(rows, 4)  # many features: statistics, not nodes, fill the memory
        right.append(np.mean(tree.test_then_train_many(X, y) == y))
        majority.append(max(np.mean(y), 1 - np.mean(y)))
        free.learn_many(X, y)
        t = tree._pool.arrays
        assert tree._pool.n_bytes <= max_size * 2**20
        is_leaf = t.node_i[:, KIND] == LEAF
        now = set(np.flatnonzero(is_leaf & (t.node_i[:, SLOT] == INACTIVE)).tolist())
        n_slept += len(now - asleep)
        n_woken += len(asleep - now)  # a leaf asleep never splits, so it woke
        asleep = now
    assert free._pool.n_bytes > max_size * 2**20  # the bound did bind
    assert n_slept > 0
    assert n_woken > 0
    assert 1 < tree.n_nodes < free.n_nodes
    assert np.mean(right[-20:]) > 0.8 > np.mean(majority[-20:]) + 0.2


def first_blocks(stream, n):
    blocks = stream.blocks(1000)
    return [next(blocks) for _ in range(n)]


def test_bound_below_one_rows_need():
    """A bound smaller than a single leaf's statistics still leaves a tree that learns."""
    X, y = mixed(2000)
    tree = mixed_tree(X, y, max_size=1e-6)
    t = tree._pool.arrays
    assert len(t.stats) == 4  # the floor
    assert t.head[MAY_GROW] == 0
    nodes, text = tree.n_nodes, tree.to_text()
    assert nodes > 1
    tree.learn_many(X, y)
    assert tree.n_nodes == nodes  # no splits any more, yet the leaves go on counting
    assert tree.to_text() != text


def test_full_tree_grows_no_branch():
    """Where no node may be added a new category is answered by the split, and not learnt."""
    tree = HoeffdingTreeClassifier(100, nominal_attributes=["c"], max_size=1e-6, delta=1e-3)
    for i in range(400):
        tree.learn_one({"c": "ab"[i % 2]}, i % 2)
    assert tree.n_nodes == 3
    tree._pool.arrays.head[MAY_GROW] = 0
    tree.learn_one({"c": "new"}, 1)
    assert tree.n_nodes == 3
    assert tree.predict_proba_one({"c": "new"}) == pytest.approx({0: 0.5, 1: 0.5})


@needs_compiler
def test_tables_of_branches_count_as_memory():
    """Many splits of many branches stop growing at the bound, and the tree goes on learning."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (20_000, 8)).astype(float)
    X[:, 0] *= 4000.0  # a code this high makes every table wide
    y = (X[:, 1:].sum(axis=1) > 3.5).astype(np.int64)
    settings = {"nominal_attributes": range(8), "delta": 0.5, "tau": 0.9, "classes": [0, 1]}
    bound = HoeffdingTreeClassifier(20, max_size=2.0, **settings)
    free = HoeffdingTreeClassifier(20, **settings)
    for start in range(0, len(y), 1000):
        rows = slice(start, start + 1000)
        bound.learn_many(X[rows], y[rows])
        free.learn_many(X[rows], y[rows])
        assert bound._pool.n_bytes <= 2.0 * 2**20
    assert free._pool.arrays.child.nbytes > 2**20
    assert 1 < bound.n_nodes < free.n_nodes
