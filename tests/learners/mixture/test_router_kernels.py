"""The router's kernels against an oracle made with torch, torch itself, and slow NumPy code."""

import os
import pathlib

import numpy as np
import pytest

from olearn.core.rng import kernel_state
from olearn.learners.mixture import router_kernels as kernels
from olearn.learners.mixture.router import Router, layers

GOLDEN = pathlib.Path(__file__).parents[2] / "golden" / "router_oracle.npz"
NO_JIT = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def naive_forward(router, x):
    """Sum the rows of each layer's weights one by one, in the router's own float type."""
    w1, b1, w2, b2, w3, b3 = layers(router.head, router.params)
    values = np.where(np.isfinite(x), x, 0.0).astype(router.params.dtype)
    for weights, bias, is_last in ((w1, b1, False), (w2, b2, False), (w3, b3, True)):
        out = bias.copy()
        for value, row in zip(values, weights, strict=True):
            out = out + value * row
        values = out if is_last else np.maximum(out, 0)
    return values


def naive_loss(logits, mask):
    """Return the mean binary cross-entropy, in float64 and from its definition."""
    logits, mask = np.asarray(logits, float), np.asarray(mask, float)
    return np.mean(mask * np.logaddexp(0, -logits) + (1 - mask) * np.logaddexp(0, logits))


def naive_top_k(scores, k):
    return sorted(range(len(scores)), key=lambda e: (-scores[e], e))[:k]


def forward(router, X):
    logits = np.empty((len(X), router.head[kernels.N_OUTPUTS]), router.params.dtype)
    work, index = kernels.make_scratch(router.head, router.params)
    for x, out in zip(X, logits, strict=True):
        kernels.forward(router.head, router.params, x, work, index, out)
    return logits


def push(router, X, M):
    for x, mask in zip(X, M, strict=True):
        kernels.push_row(router.head, router.block, x, mask.astype(router.block.dtype))


def train(router, X, M, *, lr=2e-3, dropout=0.0):
    """Train on rows that fill a block at most; return the loss."""
    push(router, X, M)
    return kernels.train_block(
        router.head, router.params, router.moments, router.block, lr, dropout, router.state
    )


def gradient(router, *, dropout=0.0):
    grad = np.zeros_like(router.params)
    state = router.state.copy()
    loss = kernels.block_gradient(router.head, router.params, router.block, dropout, state, grad)
    return loss, grad


def from_oracle(oracle, names):
    """Put torch's (out, in) layers, by their names in the file, behind one another."""
    return np.concatenate([oracle[name].T.ravel() for name in names])


def oracle_router(oracle):
    router = Router(5, 4, hidden=8, batch_size=16, seed=0, dtype=np.float64)
    router.params[:] = from_oracle(oracle, [f"{p}{i}_init" for i in range(3) for p in "Wb"])
    return router


def test_forward_and_training_follow_the_oracle():
    """Logits, softmax, best two, losses and weights of five steps equal the oracle's to 1e-10."""
    oracle = np.load(GOLDEN)
    router = oracle_router(oracle)
    for step in range(5):
        X, mask = oracle["X"][step], oracle["mask"][step]
        logits = forward(router, X)
        np.testing.assert_allclose(logits, oracle["logits"][step], rtol=0, atol=1e-10)
        softmax = np.exp(logits / 0.8) / np.exp(logits / 0.8).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(softmax, oracle["softmax_T08"][step], rtol=0, atol=1e-10)
        for row, best in zip(softmax, oracle["topk"][step], strict=True):
            top = np.empty(2, np.int64)
            assert kernels.top_k(row, 2, top) == 2
            assert top.tolist() == best.tolist()
        loss = train(router, X, mask)
        assert loss == pytest.approx(oracle["loss"][step], abs=1e-10)
        names = [f"{p}{i}_after{step + 1}" for i in range(3) for p in "Wb"]
        np.testing.assert_allclose(router.params, from_oracle(oracle, names), rtol=0, atol=1e-10)
    assert router.head[kernels.N_STEPS] == 5
    assert router.head[kernels.N_ROWS] == 0


def test_gradient_equals_the_oracle():
    """The gradient of the first block equals the oracle's to 1e-10."""
    oracle = np.load(GOLDEN)
    router = oracle_router(oracle)
    push(router, oracle["X"][0], oracle["mask"][0])
    names = [f"g{p}{i}_step0" for i in range(3) for p in "Wb"]
    np.testing.assert_allclose(gradient(router)[1], from_oracle(oracle, names), rtol=0, atol=1e-10)


@pytest.mark.parametrize(("dtype", "atol"), [(np.float64, 1e-12), (np.float32, 2e-5)])
@pytest.mark.parametrize("sizes", [(1, 2, 1, 1), (3, 10, 5, 33), (9, 24, 13, 70)])
def test_training_equals_torch(sizes, dtype, atol):
    """Losses and logits over several steps equal torch's, also where a block fills no tile."""
    torch = pytest.importorskip("torch")
    d, hidden, k, batch = sizes
    rng = np.random.default_rng(d)
    router = Router(d, k, hidden=hidden, batch_size=batch, seed=d, dtype=dtype)
    shapes = [(d, hidden), (hidden, hidden // 2), (hidden // 2, k)]
    linear = [torch.nn.Linear(*shape, dtype=getattr(torch, dtype.__name__)) for shape in shapes]
    net = torch.nn.Sequential(linear[0], torch.nn.ReLU(), linear[1], torch.nn.ReLU(), linear[2])
    parts = layers(router.head, router.params)
    with torch.no_grad():
        for layer, weights, bias in zip(linear, parts[::2], parts[1::2], strict=True):
            layer.weight.copy_(torch.from_numpy(weights.T.copy()))
            layer.bias.copy_(torch.from_numpy(bias.copy()))
    adam = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(6):
        X = rng.standard_normal((batch, d)).astype(dtype)
        M = (rng.random((batch, k)) < 0.4).astype(dtype)
        logits = net(torch.from_numpy(X))
        np.testing.assert_allclose(
            forward(router, X.astype(float)), logits.detach().numpy(), rtol=0, atol=atol
        )
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(M))
        adam.zero_grad()
        loss.backward()
        adam.step()
        assert train(router, X.astype(float), M) == pytest.approx(loss.item(), abs=atol)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_gradient_equals_finite_differences(dropout):
    """Each slope is that of the loss, for soft targets and with dropped units too."""
    rng = np.random.default_rng(3)
    router = Router(4, 3, hidden=6, batch_size=40, seed=5, dtype=np.float64)
    router.params += rng.normal(0, 0.1, len(router.params))  # biases that are not 0
    push(router, rng.standard_normal((40, 4)), rng.random((40, 3)))
    _, grad = gradient(router, dropout=dropout)
    for i in range(len(grad)):
        value, step, losses = router.params[i], 1e-6, []
        for router.params[i] in (value + step, value - step):
            losses.append(gradient(router, dropout=dropout)[0])
        router.params[i] = value
        assert (losses[0] - losses[1]) / (2 * step) == pytest.approx(grad[i], abs=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forward_sums_in_order_in_its_own_float_type(dtype):
    """The floats are those of the plain sum of rows: nothing is promoted, fused or reordered."""
    rng = np.random.default_rng(1)
    router = Router(11, 7, hidden=18, seed=2, dtype=dtype)
    X = rng.standard_normal((20, 11))
    X[rng.random(X.shape) < 0.4] = 0.0
    logits = forward(router, X)
    assert logits.dtype == dtype
    np.testing.assert_array_equal(logits, [naive_forward(router, x) for x in X])


def test_adam_computes_in_float32():
    """A float32 step has the floats of NumPy's float32 arithmetic, element by element."""
    rng = np.random.default_rng(2)
    f = np.float32
    params, grad = rng.standard_normal((2, 50)).astype(f)
    moments = np.abs(rng.standard_normal((2, 50))).astype(f)
    n, lr = 3, 2e-3
    mean = f(0.9) * moments[0] + f(1.0 - 0.9) * grad
    square = f(0.999) * moments[1] + f(1.0 - 0.999) * grad * grad
    root = np.sqrt(square) * f(1.0 / np.sqrt(1.0 - 0.999**n))
    expected = params - f(lr / (1.0 - 0.9**n)) * mean / (root + f(1e-8))
    kernels._adam(params, grad, moments, n, lr)
    np.testing.assert_array_equal(moments, [mean, square])
    np.testing.assert_array_equal(params, expected)


def test_moments_without_gradient_fade_to_zero():
    """A parameter without gradient ends with moments of exactly 0, never with subnormals."""
    params, grad, moments = np.ones(3, np.float32), np.zeros(3, np.float32), np.ones((2, 3), "f4")
    for n in range(1, 1000):
        kernels._adam(params, grad, moments, n, 1e-3)
        assert not np.any((moments != 0) & (np.abs(moments) < np.finfo(np.float32).tiny))
    assert not moments[0].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [0.0, 1e-3, 5.0, 80.0, 800.0, 1e4])
def test_loss_is_stable(size, dtype):
    """Loss and slope are right and finite for logits up to 1e4 in size."""
    logits = np.array([size, size, -size, -size], dtype)
    mask = np.array([0, 1, 0, 1], dtype)
    slope = logits.copy()
    loss = kernels._loss_slope(slope, mask, 4)
    assert loss / 4 == pytest.approx(naive_loss(logits, mask), rel=1e-6)
    sigmoid = np.exp(-np.logaddexp(0, -logits.astype(float)))
    np.testing.assert_allclose(slope, (sigmoid - mask) / 4, rtol=1e-6, atol=np.finfo(dtype).eps)


def test_scratch_and_neighbours_leave_no_trace():
    """The logits of a row depend on nothing but the row: not on scratch, nor on rows before."""
    rng = np.random.default_rng(4)
    router = Router(5, 6, hidden=16, seed=1)
    X = rng.standard_normal((30, 5))
    before = X.copy()
    together = forward(router, X)
    alone = np.concatenate([forward(router, X[i : i + 1]) for i in range(29, -1, -1)])
    np.testing.assert_array_equal(together, alone[::-1])
    np.testing.assert_array_equal(X, before)


def test_what_is_not_finite_never_enters():
    """NaN and infinities act as 0; huge values are clipped, and training on them stays finite."""
    router = Router(3, 2, hidden=8, batch_size=4, seed=1)
    odd = np.array([[np.nan, 2.0, np.inf], [-np.inf, 2.0, np.nan]])
    plain = np.array([[0.0, 2.0, 0.0]] * 2)
    np.testing.assert_array_equal(forward(router, odd), forward(router, plain))
    huge = np.array([[1e300, -1e300, 1.0], [1e15, -1e15, 1.0], [-1e308, 1e20, 1e300], odd[0]])
    np.testing.assert_array_equal(forward(router, huge[:1]), forward(router, huge[1:2]))
    for _ in range(50):
        assert np.isfinite(train(router, huge, np.eye(2)[[0, 1, 0, 1]]))
    assert np.isfinite(router.params).all()
    assert np.isfinite(router.moments).all()
    assert np.isfinite(forward(router, huge)).all()


def drop(router, X, dropout, state):
    logits = np.empty((len(X), router.head[kernels.N_OUTPUTS]), router.params.dtype)
    hidden = np.empty((len(X), router.head[kernels.HIDDEN_1]), router.params.dtype)
    work, index = kernels.make_scratch(router.head, router.params)
    for i, x in enumerate(X):
        kernels.forward_dropout(
            router.head, router.params, x, dropout, state, work, index, logits[i]
        )
        hidden[i] = work[len(x) : len(x) + hidden.shape[1]]
    return logits, hidden


def test_dropout_drops_the_stated_share_and_keeps_the_mean():
    """Each first-layer unit is 0 with the given probability, else divided by its complement."""
    rate, n = 0.2, 4000
    router = Router(2, 3, hidden=6, seed=1)
    layers(router.head, router.params)[1][:] = 10.0  # all units alive
    x = np.array([0.3, -0.4])
    _, full = drop(router, [x], 0.0, kernel_state(1))
    _, hidden = drop(router, [x] * n, rate, kernel_state(1))
    np.testing.assert_allclose(hidden, np.where(hidden == 0, 0, full / 0.8), rtol=1e-6)
    share = np.mean(hidden == 0, axis=0)
    assert np.all(np.abs(share - rate) < 4 * np.sqrt(rate * (1 - rate) / n))
    logits, _ = drop(router, [x], 0.0, kernel_state(1))
    np.testing.assert_array_equal(logits, forward(router, [x]))


def test_training_drops_the_units_that_prediction_dropped():
    """From the same state a row's loss in training is that of its prediction with dropout."""
    rng = np.random.default_rng(6)
    router = Router(3, 4, hidden=20, batch_size=1, seed=7)
    for _ in range(20):
        x, mask = rng.standard_normal(3), rng.integers(0, 2, 4).astype(np.float32)
        logits, _ = drop(router, [x], 0.5, router.state.copy())
        before = router.state.copy()
        loss = train(router, [x], [mask], dropout=0.5)
        assert loss == pytest.approx(naive_loss(logits[0], mask), rel=1e-5)
        assert not np.array_equal(before, router.state)


@pytest.mark.parametrize("seed", range(5))
def test_top_k_prefers_the_lowest_index(seed):
    """The best k come in order, ties by index, and no more than there are scores."""
    rng = np.random.default_rng(seed)
    for k in (1, 3, 6, 9):
        scores = rng.integers(0, 4, 6).astype(np.float32)
        out = np.full(9, -1, np.int64)
        n = kernels.top_k(scores, k, out)
        assert n == min(k, 6)
        assert out[:n].tolist() == naive_top_k(scores, k)
        assert np.all(out[n:] == -1)


@pytest.mark.skipif(NO_JIT, reason="needs compiled kernels")
def test_nothing_is_compiled_twice():
    """Rows of an array, single rows, and a router that has grown call the same compiled code."""
    X, M = np.ones((8, 3)), np.ones((8, 2))
    router = Router(3, 2, hidden=4, batch_size=8, seed=1)
    compiled = (kernels.forward, kernels.push_row, kernels.train_block)
    forward(router, X)
    train(router, X, M)
    before = [set(kernel.signatures) for kernel in compiled]
    router.grow(4, 3)
    forward(router, [np.ones(4)])
    train(router, [np.ones(4)] * 8, np.ones((8, 3)))
    assert [set(kernel.signatures) for kernel in compiled] == before
    assert all(before)
