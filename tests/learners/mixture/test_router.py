"""The router's state: initial weights, seeds, blocks, pickling, growth."""

import copy
import pickle

import numpy as np
import pytest

from olearn.learners.mixture import router_kernels as kernels
from olearn.learners.mixture.router import Router, layers


def forward(router, X):
    logits = np.empty((len(X), router.head[kernels.N_OUTPUTS]), router.params.dtype)
    work, index = kernels.make_scratch(router.head, router.params)
    for x, out in zip(X, logits, strict=True):
        kernels.forward(router.head, router.params, x, work, index, out)
    return logits


def learn(router, X, M, *, lr=2e-3, dropout=0.0):
    """Push all rows, training each block that is full; return the losses."""
    losses = []
    for x, mask in zip(X, M, strict=True):
        if kernels.push_row(router.head, router.block, x, mask.astype(router.block.dtype)):
            losses.append(
                kernels.train_block(
                    router.head,
                    router.params,
                    router.moments,
                    router.block,
                    lr,
                    dropout,
                    router.state,
                )
            )
    return losses


def rows(n, d, k, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.integers(0, 2, (n, k))


def arrays(router):
    return router.head, router.params, router.moments, router.block, router.state


def assert_same(one, other):
    for a, b in zip(arrays(one), arrays(other), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_start_glorot_uniform():
    """Weights fill +-sqrt(6 / (fan in + fan out)) evenly; biases and moments are 0."""
    router = Router(24, 12, seed=3)
    assert router.params.shape == (40_844,)  # (d + 1) 256 + 257 * 128 + 129 K
    assert router.params.dtype == np.float32
    parts = layers(router.head, router.params)
    for weights, bias in zip(parts[::2], parts[1::2], strict=True):
        limit = np.sqrt(6 / sum(weights.shape))
        assert np.abs(weights).max() == pytest.approx(limit, rel=0.01)
        assert weights.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)
        assert not bias.any()
    assert not router.moments.any()


def test_layers_cover_the_parameters_once():
    """The six views share the flat array's memory and leave no gap."""
    router = Router(3, 5, hidden=8, seed=1)
    parts = layers(router.head, router.params)
    assert [part.shape for part in parts] == [(3, 8), (8,), (8, 4), (4,), (4, 5), (5,)]
    for number, part in enumerate(parts):
        part[...] = number
    np.testing.assert_array_equal(router.params, np.repeat(range(6), [p.size for p in parts]))


def test_seed_decides_every_bit():
    """Same seed, same bits after training with dropout; another seed, other weights."""
    X, M = rows(50, 4, 3)
    one, same, other = (Router(4, 3, hidden=8, batch_size=16, seed=s) for s in (1, 1, 2))
    for router in (one, same, other):
        learn(router, X, M, dropout=0.3)
    assert_same(one, same)
    assert not np.array_equal(one.params, other.params)


def test_block_trains_when_full():
    """Nothing changes until the block is full; an incomplete one waits."""
    X, M = rows(23, 4, 3)
    router = Router(4, 3, hidden=8, batch_size=10, seed=1)
    start = router.params.copy()
    assert learn(router, X[:9], M[:9]) == []
    np.testing.assert_array_equal(router.params, start)
    assert len(learn(router, X[9:], M[9:])) == 2
    assert router.head[[kernels.N_ROWS, kernels.N_STEPS]].tolist() == [3, 2]
    np.testing.assert_allclose(router.block[:3], np.hstack([X[20:], M[20:]]), rtol=1e-6)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])
def test_copies_continue_identically(duplicate):
    """A pickle or deep copy made inside a block continues like the original, growth included."""
    X, M = rows(40, 4, 3)
    router = Router(4, 3, hidden=8, batch_size=16, seed=1)
    learn(router, X[:21], M[:21], dropout=0.2)
    twin = duplicate(router)
    X_more, M_more = rows(40, 5, 5, seed=1)
    for r in (router, twin):
        learn(r, X[21:], M[21:], dropout=0.2)
        r.grow(5, 5)
        learn(r, X_more, M_more, dropout=0.2)
    assert_same(router, twin)


def test_new_features_change_no_logit():
    """A new feature has no effect at first, whatever its value, and is then learnt."""
    X, M = rows(60, 4, 3)
    router = Router(4, 3, hidden=16, batch_size=10, seed=1)
    learn(router, X[:57], M[:57])
    before = forward(router, X)
    moments = [m.copy() for m in layers(router.head, router.moments[1])]
    router.grow(6, 3)
    wide = np.hstack([X, rows(60, 2, 1, seed=9)[0]])
    np.testing.assert_array_equal(forward(router, wide), before)
    np.testing.assert_allclose(router.block[:7, :4], X[50:57], rtol=1e-6)
    np.testing.assert_array_equal(router.block[:7, 4:6], 0)
    np.testing.assert_array_equal(router.block[:7, 6:], M[50:57])
    grown = layers(router.head, router.moments[1])
    np.testing.assert_array_equal(grown[0][:4], moments[0])
    assert not grown[0][4:].any()
    for old, new in zip(moments[1:], grown[1:], strict=True):
        np.testing.assert_array_equal(old, new)
    learn(router, wide, M)
    assert layers(router.head, router.params)[0][4:].any()


def test_new_experts_change_no_other_logit():
    """A new expert gets a Glorot row and the mean bias; the logits of the others stay."""
    X, M = rows(60, 4, 3)
    router = Router(4, 3, hidden=64, batch_size=10, seed=1)
    learn(router, X, M)
    before = forward(router, X)
    router.grow(4, 4)
    np.testing.assert_array_equal(forward(router, X)[:, :3], before)
    *_, w3, b3 = layers(router.head, router.params)
    assert b3[3] == pytest.approx(b3[:3].mean())
    assert np.abs(w3[:, 3]).max() == pytest.approx(np.sqrt(6 / (32 + 4)), rel=0.1)
    *_, w3_moments, b3_moments = layers(router.head, router.moments[0])
    assert not w3_moments[:, 3].any()
    assert b3_moments[3] == 0
    assert len(learn(router, *rows(10, 4, 4))) == 1


def test_growth_at_once_equals_growth_by_steps():
    """It does not matter how many features and experts are announced together."""
    X, M = rows(25, 3, 2)
    at_once, by_steps = (Router(3, 2, hidden=8, batch_size=10, seed=4) for _ in range(2))
    for router in (at_once, by_steps):
        learn(router, X, M)
    at_once.grow(5, 5)
    for sizes in ((3, 3), (4, 3), (4, 5), (5, 5), (2, 1)):
        by_steps.grow(*sizes)
    assert_same(at_once, by_steps)


def test_first_features_of_an_empty_router_get_weights():
    """A router made before any feature is known can learn from those that come."""
    router = Router(0, 2, hidden=8, batch_size=10, seed=1)
    assert forward(router, np.empty((1, 0))).tolist() == [[0.0, 0.0]]
    router.grow(3, 2)
    w1 = layers(router.head, router.params)[0]
    assert np.abs(w1).max() == pytest.approx(np.sqrt(6 / 11), rel=0.2)


def test_learns_which_expert_is_right_where():
    """After training, the router finds the right expert of each region (exclusive or)."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (2000, 2))
    right = (X[:, 0] > 0) ^ (X[:, 1] > 0)
    router = Router(2, 2, hidden=32, batch_size=20, seed=1)
    losses = learn(router, X, np.stack([right, ~right], axis=1), lr=0.02)
    assert losses[0] > 0.6
    assert np.mean(losses[-20:]) < 0.15
    test = rng.uniform(-1, 1, (500, 2))
    chosen = forward(router, test).argmax(axis=1)
    assert np.mean(chosen == ((test[:, 0] > 0) == (test[:, 1] > 0))) > 0.95
