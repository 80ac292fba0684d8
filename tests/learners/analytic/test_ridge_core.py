"""The three forms of recursive ridge regression, against batch solutions."""

import numpy as np
import pytest

from olearn import learners
from olearn.learners.analytic.backends import NumpyBackend
from olearn.learners.analytic.ridge_core import CovarianceState, InformationState, RootState

KINDS = [InformationState, CovarianceState, RootState]


def make(kind, n, c, gamma, dtype="float64"):
    return kind(NumpyBackend(dtype), n, c, gamma)


def learn(state, Phi, Y, block):
    ops = state._ops
    for i in range(0, len(Phi), block):
        state.learn(ops.array(Phi[i : i + block]), ops.array(Y[i : i + block]))


def ill_conditioned(n=128, rows=4000, seed=3):
    """ReLU features of few inputs, drawn as by the reference: a true condition of 2.6e3."""
    rng = np.random.default_rng(seed)
    Phi = np.maximum(rng.normal(size=(rows, 16)) @ rng.uniform(-0.25, 0.25, size=(16, n)), 0)
    return Phi, np.eye(4)[rng.integers(0, 4, rows)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("block", [1, 7, 300])
def test_any_order_and_block_gives_batch_ridge(kind, block, batch_ridge):
    """Rows in any order and blocks of any size: the batch solution to 1e-9."""
    rng = np.random.default_rng(block)
    Phi, Y = np.maximum(rng.normal(size=(300, 20)), 0), np.eye(3)[rng.integers(0, 3, 300)]
    expected = batch_ridge(Phi, Y, 0.1)
    for order in (np.arange(300), np.arange(300)[::-1], rng.permutation(300)):
        state = make(kind, 20, 3, 0.1)
        learn(state, Phi[order], Y[order], block)
        np.testing.assert_allclose(state.weights(), expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_ill_conditioned_double(kind, batch_ridge):
    """gamma 1e-3, 128 features, blocks of 256: relative error below 1e-9 (reference: 3e-5)."""
    Phi, Y = ill_conditioned()
    expected = batch_ridge(Phi, Y, 1e-3)
    state = make(kind, 128, 4, 1e-3)
    learn(state, Phi, Y, 256)
    assert np.abs(state.weights() - expected).max() < 1e-9 * np.abs(expected).max()


@pytest.mark.parametrize("kind", KINDS)
def test_ill_conditioned_single(kind, batch_ridge):
    """The same in float32: below 5e-3, and finite (reference: NaN)."""
    Phi, Y = ill_conditioned()
    expected = batch_ridge(Phi, Y, 1e-3)
    state = make(kind, 128, 4, 1e-3, "float32")
    learn(state, Phi, Y, 256)
    assert np.abs(state.weights() - expected).max() < 5e-3 * np.abs(expected).max()


@pytest.mark.parametrize("kind", KINDS)
def test_growing_equals_room_from_the_start(kind):
    """Features and targets that appear late were zero before."""
    rng = np.random.default_rng(0)
    Phi, Y = rng.normal(size=(60, 12)), rng.normal(size=(60, 3))
    Phi[:30, 8:] = 0.0
    Y[:30, 2] = 0.0
    whole, growing = make(kind, 12, 3, 0.5), make(kind, 8, 2, 0.5)
    whole.learn(Phi[:30], Y[:30])
    whole.learn(Phi[30:], Y[30:])
    growing.learn(np.ascontiguousarray(Phi[:30, :8]), np.ascontiguousarray(Y[:30, :2]))
    growing.grow(12, 3)
    growing.learn(Phi[30:], Y[30:])
    np.testing.assert_allclose(growing.weights(), whole.weights(), rtol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_forms_convert_into_each_other(kind):
    """S and Q come out of every form and make every other form; the ridge is counted once."""
    rng = np.random.default_rng(1)
    Phi, Y = rng.normal(size=(50, 10)), rng.normal(size=(50, 2))
    state = make(kind, 10, 2, 0.3)
    learn(state, Phi, Y, 8)
    S, Q = state.information()
    np.testing.assert_allclose(S, Phi.T @ Phi, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(Q, Phi.T @ Y, rtol=1e-9, atol=1e-10)
    for other in KINDS:
        made = make(other, 10, 2, 0.3)
        made.restore(S, Q)
        np.testing.assert_allclose(made.weights(), state.weights(), rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_unlearning_and_relearning(kind, batch_ridge):
    """Rows taken away leave the solution of the others; learnt again, that of all."""
    rng = np.random.default_rng(2)
    Phi, Y = rng.normal(size=(80, 16)), rng.normal(size=(80, 2))
    state = make(kind, 16, 2, 0.1)
    learn(state, Phi, Y, 16)
    state.forget(Phi[20:35], Y[20:35])
    kept = np.r_[0:20, 35:80]
    expected = batch_ridge(Phi[kept], Y[kept], 0.1)
    np.testing.assert_allclose(state.weights(), expected, rtol=1e-9, atol=1e-11)
    state.learn(Phi[20:35], Y[20:35])
    np.testing.assert_allclose(state.weights(), batch_ridge(Phi, Y, 0.1), rtol=1e-9, atol=1e-11)


def test_unlearning_what_was_not_learnt_is_refused():
    """The covariance form notices that rows cannot have been learnt."""
    state = make(CovarianceState, 3, 1, 0.1)
    state.learn(np.eye(3), np.ones((3, 1)))
    with pytest.raises(np.linalg.LinAlgError):
        state.forget(10.0 * np.eye(3), np.ones((3, 1)))


@pytest.mark.parametrize(("kind", "name"), [
    (InformationState, "const"), (CovarianceState, "decaying"), (RootState, "decaying"),
])  # fmt: skip
@pytest.mark.parametrize(("factor", "suffix"), [(0.99, "099"), (0.9, "09")])
@pytest.mark.parametrize("block", [1, 13])
def test_forgetting_factor(kind, name, factor, suffix, block, golden):
    """Forgetting keeps the ridge in the information form and lets it decay in the others."""
    file = golden("extensions")
    Phi = np.maximum(file["X"] @ file["W_buf"].T, 0)
    Y = np.eye(4)[file["y"]]
    state = make(kind, 24, 4, float(file["gamma"]))
    for i in range(0, len(Phi), block):
        rows = Phi[i : i + block]
        root = np.sqrt(factor ** np.arange(len(rows) - 1, -1, -1))[:, None]
        state.learn(rows * root, Y[i : i + block] * root, factor ** len(rows))
    expected = file[f"W_forget_{name}_gamma_{suffix}"]
    np.testing.assert_allclose(state.weights(), expected, rtol=1e-9, atol=1e-9)


def test_constant_ridge_does_not_wind_up():
    """100,000 rows in 5 of 64 dimensions at 0.99: everything stays finite and bounded."""
    rng = np.random.default_rng(4)
    basis = np.linalg.qr(rng.normal(size=(64, 5)))[0]
    state = make(InformationState, 64, 1, 0.1)
    root = np.sqrt(0.99 ** np.arange(499, -1, -1))[:, None]
    for _ in range(200):
        z = rng.normal(size=(500, 5))
        state.learn((z @ basis.T) * root, z[:, :1] * root, 0.99**500)
    W = state.weights()
    assert np.isfinite(state.S).all()
    assert 0.9 < np.abs(W).max() / np.abs(basis[:, 0]).max() < 1.1


def test_ridge_is_raised_and_logged_where_factorising_fails(caplog):
    """Sums that are not positive definite are solved with more ridge, which is logged."""
    state = make(InformationState, 2, 1, 1e-3)
    state.restore(np.diag([1.0, -0.5]), np.ones((2, 1)))
    with caplog.at_level("WARNING"):
        assert np.isfinite(state.weights()).all()
    assert "ridge raised" in caplog.text


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_weights_far_beyond_one_leave_a_model_that_answers(backend):
    """Their rounding errors outweigh any ridge of the usual size: it grows with the diagonal."""
    if backend == "torch":
        pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    X = rng.normal(size=(300, 2))
    y = X[:, 0] > 0
    model = learners.AnalyticRidgeClassifier(n_features=32, seed=1, backend=backend)
    model.learn_many(X, y, w=np.full(300, 1e40))
    assert (model.predict_many(X) == y).mean() > 0.9
    model.learn_many(X, y)
    assert (model.predict_many(X) == y).mean() > 0.9
