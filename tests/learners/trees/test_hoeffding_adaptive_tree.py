"""Hoeffding adaptive tree: both doors, alternate trees, freed nodes, memory, accuracy."""

import copy
import itertools
import pickle

import numba
import numpy as np
import pytest

from olearn import streams
from olearn.detectors._adwin_kernels import adwin_width
from olearn.learners import HoeffdingAdaptiveTreeClassifier, HoeffdingTreeClassifier
from olearn.learners.trees import hat_kernels as kernels
from olearn.learners.trees.layout import (
    EQUALS,
    FREE,
    KIND,
    LEAF,
    LEFT,
    MULTIWAY,
    NODES_FREE,
    NODES_USED,
    NUMERIC,
    RIGHT,
    SLOT,
    SLOTS_FREE,
    SLOTS_USED,
)

needs_compiler = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="tens of thousands of rows need compiled kernels"
)


def flipping_rows(n, period, seed=0):
    """Two of five numbers decide; every `period` rows all labels change sides."""
    X = np.random.default_rng(seed).random((n, 5))
    concept = np.arange(n) // period % 2
    return X, ((X[:, 0] + X[:, 1] > 1.0) ^ (concept == 1)).astype(np.int64)


def nominal_rows(n, period, seed=0):
    """A nominal feature of four values and a number; the labels flip as above."""
    rng = np.random.default_rng(seed)
    X = np.stack([rng.integers(0, 4, n).astype(float), rng.random(n)], axis=1)
    y = ((X[:, 0] >= 2) ^ (X[:, 1] > 0.5)).astype(np.int64)
    return X, y ^ (np.arange(n) // period % 2)


def adaptive(**options):
    return HoeffdingAdaptiveTreeClassifier(
        **{"grace_period": 50, "delta": 1e-3, "seed": 4, **options}
    )


def state(model):
    return [*model._pool.arrays, model._windows, model._alternate, model._tally]


def assert_same_state(a, b):
    for left, right in zip(state(a), state(b), strict=True):
        np.testing.assert_array_equal(left, right)


def reachable(model):
    """Nodes of the main tree and of all alternate trees, by their links; every one once."""
    t = model._pool.arrays
    todo, found = [model._root], []
    while todo:
        node = todo.pop()
        found.append(node)
        kind = t.node_i[node, KIND]
        if kind in (NUMERIC, EQUALS):
            todo += [int(t.node_i[node, LEFT]), int(t.node_i[node, RIGHT])]
        elif kind == MULTIWAY:
            todo += [int(c) for c in t.child[t.node_i[node, LEFT]] if c >= 0]
        if model._alternate[node] >= 0:
            todo.append(int(model._alternate[node]))
    return found


def assert_sound(model):
    """Every node and slot is used once or free; free nodes have no window and no alternate."""
    t = model._pool.arrays
    nodes = reachable(model)
    assert len(set(nodes)) == len(nodes)
    assert len(nodes) == t.head[NODES_USED] - t.head[NODES_FREE]
    assert model._tally[kernels.GROWING] == np.count_nonzero(model._alternate[nodes] >= 0)
    free = np.flatnonzero(t.node_i[: t.head[NODES_USED], KIND] == FREE)
    assert set(free.tolist()).isdisjoint(nodes)
    assert (model._alternate[free] == -1).all()
    assert all(adwin_width(model._windows[node]) == 0.0 for node in free)
    slots = [t.node_i[n, SLOT] for n in nodes if t.node_i[n, KIND] == LEAF]
    slots = [slot for slot in slots if slot >= 0]
    assert len(set(slots)) == len(slots) == t.head[SLOTS_USED] - t.head[SLOTS_FREE]


@pytest.mark.parametrize("rows", [flipping_rows, nominal_rows])
def test_rows_equal_arrays(rows):
    """Row by row and array by array give the same predictions, probabilities and state."""
    X, y = rows(1800, 900)
    by_row = adaptive(nominal_attributes=[0] if rows is nominal_rows else None)
    by_array = by_row.clone()
    predicted = []
    for x, label in zip(X.tolist(), y.tolist(), strict=True):
        row = dict(enumerate(x))
        predicted.append(by_row.predict_one(row))
        by_row.learn_one(row, label)
    assert by_array.test_then_train_many(X, y).tolist() == predicted
    assert_same_state(by_row, by_array)
    proba = by_array.predict_proba_many(X[:50])
    for x, expected in zip(X[:50].tolist(), proba.tolist(), strict=True):
        assert list(by_row.predict_proba_one(dict(enumerate(x))).values()) == expected


def test_any_blocks_give_the_same_tree():
    """Learning in blocks of another size leaves the same state."""
    X, y = flipping_rows(2500, 800)
    whole, parts = adaptive(), adaptive()
    whole.test_then_train_many(X, y)
    for start in range(0, len(X), 333):
        parts.learn_many(X[start : start + 333], y[start : start + 333])
    assert_same_state(whole, parts)


def test_pickle_and_copy_mid_stream_continue_exactly():
    """A pickled or copied tree goes on as the original does."""
    X, y = flipping_rows(2400, 1000)
    original = adaptive()
    original.learn_many(X[:1200], y[:1200])
    copies = [pickle.loads(pickle.dumps(original)), copy.deepcopy(original)]
    expected = original.test_then_train_many(X[1200:], y[1200:])
    for other in copies:
        np.testing.assert_array_equal(other.test_then_train_many(X[1200:], y[1200:]), expected)
        assert_same_state(original, other)


def test_seed_decides_the_bootstrap():
    """Equal seeds give equal trees, others not; without the bootstrap the seed has no effect."""
    X, y = flipping_rows(1000, 2000)

    def proba(**options):
        model = adaptive(**options)
        model.learn_many(X, y)
        return model.predict_proba_many(X)

    np.testing.assert_array_equal(proba(seed=1), proba(seed=1))
    assert (proba(seed=1) != proba(seed=2)).any()
    plain = [proba(seed=seed, bootstrap_sampling=False) for seed in (1, 2)]
    np.testing.assert_array_equal(*plain)


def test_without_drift_it_is_the_hoeffding_tree():
    """With no bootstrap and no alarm it predicts what the Hoeffding tree predicts."""
    X, y = flipping_rows(3000, 5000)
    model = adaptive(bootstrap_sampling=False, drift_delta=1e-300)
    tree = HoeffdingTreeClassifier(grace_period=50, delta=1e-3)
    np.testing.assert_array_equal(model.test_then_train_many(X, y), tree.test_then_train_many(X, y))
    np.testing.assert_array_equal(model.predict_proba_many(X), tree.predict_proba_many(X))
    assert model.n_alternate_trees == 0
    assert (model.n_nodes, model.height) == (tree.n_nodes, tree.height)


@needs_compiler
def test_recovers_from_abrupt_drift():
    """After all labels change sides a branch is replaced and the tree beats one that cannot."""
    X, y = flipping_rows(16_000, 8000)
    model, tree = adaptive(), HoeffdingTreeClassifier(grace_period=50, delta=1e-3)
    right = model.test_then_train_many(X, y) == y
    alone = tree.test_then_train_many(X, y) == y
    assert model.n_switch_alternate_trees == model.n_drifts >= 1
    assert right[12_000:].mean() > 0.9
    assert right[8000:].mean() > alone[8000:].mean() + 0.1
    assert_sound(model)


@needs_compiler
@pytest.mark.parametrize("rows", [flipping_rows, nominal_rows])
def test_replaced_branches_are_freed_and_used_again(rows):
    """Under endless drift nodes, slots, windows and alternates stay consistent and bounded."""
    X, y = rows(40_000, 2000)
    model = adaptive(nominal_attributes=[0] if rows is nominal_rows else None)
    used = []
    for start in range(0, len(X), 1000):
        model.learn_many(X[start : start + 1000], y[start : start + 1000])
        assert_sound(model)
        used.append(int(model._pool.arrays.head[NODES_USED]))
    assert model.n_switch_alternate_trees > 5
    assert used[-1] <= 1.5 * used[19] + 20


@needs_compiler
def test_alternate_that_is_worse_is_pruned():
    """An alternate tree that cannot learn the branch's concept is given up and freed."""
    X, y = flipping_rows(6000, 10_000)
    model = adaptive()
    model.learn_many(X, y)
    assert model.height >= 1
    model._alternate[model._root] = model._pool.add_tree()
    model._follow_pool()
    model._tally[kernels.GROWING] += 1
    other = int(model._alternate[model._root])
    for _ in range(400):  # a record of nothing but errors
        kernels.adwin_rose(model._windows[other], 1.0, 1e-300)
    pruned = model.n_pruned_alternate_trees
    model.learn_many(X[:1], y[:1])
    assert model.n_pruned_alternate_trees == pruned + 1
    assert model._alternate[model._root] == -1
    assert_sound(model)


@needs_compiler
def test_memory_is_bounded():
    """A tree of 0.3 MiB, windows included, stays there and still adapts."""
    X, y = flipping_rows(30_000, 7500)
    model = adaptive(max_size=0.3)
    for start in range(0, len(X), 1000):
        model.learn_many(X[start : start + 1000], y[start : start + 1000])
        beside = model._windows.nbytes + model._alternate.nbytes + model._scratch.nbytes
        assert model._pool.n_bytes + beside < 0.3 * 2**20
    assert model.n_drifts >= 1
    assert_sound(model)


@needs_compiler
@pytest.mark.parametrize(
    ("name", "low", "high"), [("sea_a_mini", 0.855, 0.865), ("rbf_f", 0.68, 0.71)]
)
def test_accuracy_is_above_the_single_tree(name, low, high):
    """On 50,000 rows with drift it stays in its band, above the Hoeffding tree."""
    X, y = next(streams.load(name, seed=42).blocks(50_000))
    accuracy = (HoeffdingAdaptiveTreeClassifier(seed=1).test_then_train_many(X, y) == y).mean()
    assert low < accuracy < high
    assert accuracy > (HoeffdingTreeClassifier().test_then_train_many(X, y) == y).mean()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"grace_period": 0}, ValueError, "grace_period"),
        ({"max_depth": 0}, ValueError, "max_depth"),
        ({"split_criterion": "chi"}, ValueError, "split_criterion"),
        ({"delta": 1.0}, ValueError, "delta"),
        ({"drift_window_threshold": 0}, ValueError, "drift_window_threshold"),
        ({"drift_window_threshold": 1.5}, TypeError, "drift_window_threshold"),
        ({"drift_delta": 0.0}, ValueError, "drift_delta"),
        ({"switch_significance": 1.0}, ValueError, "switch_significance"),
        ({"max_size": 0.0}, ValueError, "max_size"),
        ({"seed": -1}, ValueError, "seed"),
    ],
)
def test_bad_parameters_raise(options, error, words):
    """A parameter outside its range is refused by name."""
    with pytest.raises(error, match=words):
        HoeffdingAdaptiveTreeClassifier(**options)


@pytest.mark.parametrize("max_size", [0.01, 0.05, 0.1])
def test_bound_has_the_floor_that_the_docs_state(max_size):
    """Seven features, ten classes: 40 KiB, or the bound where it is larger."""
    model = HoeffdingAdaptiveTreeClassifier(50, delta=0.1, max_size=max_size, seed=1)
    blocks = streams.load("led", seed=1).blocks(500)
    for X, y in itertools.islice(blocks, 10):
        model.learn_many(X[:, :7], y)
        assert model._raw_memory_usage < max(42 * 2**10, 1.25 * max_size * 2**20)
