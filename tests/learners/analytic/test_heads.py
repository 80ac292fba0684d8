"""The balanced heads: golden pseudo-features, class weights, and that reading changes nothing."""

import numpy as np
import pytest

from olearn import learners
from olearn.learners.analytic.backends import NumpyBackend
from olearn.learners.analytic.heads import ClassState, pseudo_feature_head, weighted_head
from olearn.learners.analytic.moments import ClassMoments
from olearn.learners.analytic.ridge_core import InformationState

OPS = NumpyBackend("float64")


@pytest.mark.parametrize("name", ["pfg_cycle_noise1", "pfg_cycle_noise05"])
def test_pseudo_features_with_recorded_noise(name, golden):
    """Moments and augmented weights of the reference; learning goes on from the real rows only."""
    file = golden(name)
    M, d = file["W_buf"].shape
    n_classes = file["W_base_4"].shape[1]
    state, moments = InformationState(OPS, M, n_classes, float(file["gamma"])), ClassMoments()
    moments.grow(n_classes, d)

    def lift(X):
        return np.maximum(X @ file["W_buf"].T, 0)

    for k in range(5):
        X, y = file[f"X_{k}"], file[f"y_{k}"]
        state.learn(lift(X), np.eye(n_classes)[y])
        moments.learn(X, y, np.ones(len(y)))
        base, c = state.weights(), file[f"W_base_{k}"].shape[1]
        np.testing.assert_allclose(base[:, :c], file[f"W_base_{k}"], atol=1e-8)
        if k in file["update_after"]:
            np.testing.assert_allclose(moments.mean[:c], file[f"mean_{k}"], atol=1e-12)
            np.testing.assert_allclose(moments.std()[:c], file[f"std_{k}"], atol=1e-7)

            def draw(code, n, d, k=k):
                drawn = file.get(f"noise_{k}_class{code}", np.zeros((0, d)))
                assert len(drawn) == n
                return drawn.astype(float)

            noise = float(file["noise"])
            W = pseudo_feature_head(state, moments, noise, lift, draw)
            np.testing.assert_allclose(W[:, :c], file[f"W_aug_{k}"], atol=1e-7)
            recorded = moments.twin()  # the reference's deviations, rounded to single precision
            recorded.m2[:c] = file[f"std_{k}"] ** 2 * np.maximum(moments.n[:c] - 1, 0)[:, None]
            W = pseudo_feature_head(state, recorded, noise, lift, draw)
            np.testing.assert_allclose(W[:, :c], file[f"W_aug_{k}"], atol=1e-8)
            assert np.array_equal(state.weights(), base)


def test_class_weights_equal_sample_weights(golden):
    """The weighted head is ridge regression with weight max(n) / n_c a row."""
    file = golden("extensions")
    state = ClassState(OPS, 24, 4, float(file["gamma"]))
    Phi, Y = np.maximum(file["X"] @ file["W_buf"].T, 0), np.eye(4)[file["y"]]
    for i in range(0, len(Phi), 11):
        state.learn(Phi[i : i + 11], Y[i : i + 11])
    np.testing.assert_allclose(weighted_head(state), file["W_peak_weights"], rtol=1e-9, atol=1e-10)


def test_air_weights_of_the_reference(golden):
    """The same sums with the weights of the sibling method AIR give its weights."""
    file = golden("air_reweight")
    state = ClassState(OPS, 24, 4, float(file["gamma"]))
    n = np.zeros(4)
    for k in range(3):
        X, y = file[f"X_{k}"], file[f"y_{k}"]
        state.learn(np.maximum(X @ file["W_buf"].T, 0), np.eye(4)[y])
        n += np.bincount(y, minlength=4)
        inverse = np.divide(1.0, n, out=np.zeros(4), where=n > 0)
        pi = inverse * (n > 0).sum() / inverse.sum()
        W = state.reweighted(pi.tolist()).weights()
        c = file[f"W_{k}"].shape[1]
        np.testing.assert_allclose(W[:, :c], file[f"W_{k}"], rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(pi, file["pi_2"], rtol=1e-12)


@pytest.mark.parametrize("balance", ["pfg", "weights"])
def test_reading_changes_nothing_and_repeats(balance):
    """Reading twice gives the same bits, and learning on is as if nothing had been read."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(150, 6)), (rng.random(150) < 0.2).astype(int)
    quiet, asked = (learners.AEFOCLClassifier(16, balance=balance, seed=1) for _ in range(2))
    for i in range(0, 150, 10):
        quiet.learn_many(X[i : i + 10], y[i : i + 10])
        asked.learn_many(X[i : i + 10], y[i : i + 10])
        first = asked.predict_proba_many(X)
        assert np.array_equal(first, asked.predict_proba_many(X))
    assert np.array_equal(quiet.weights, asked.weights)


def test_pseudo_features_follow_from_the_seed():
    """The same seed draws the same pseudo-rows, another seed others; noise 0 draws none."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 4)), (rng.random(90) < 0.2).astype(int)

    def weights(**given):
        model = learners.AEFOCLClassifier(12, scale=0.5, **given)
        model.learn_many(X, y)
        return model.weights

    assert np.array_equal(weights(seed=1), weights(seed=1))
    assert not np.allclose(weights(seed=1), weights(seed=2))
    assert not np.allclose(weights(seed=1, noise=0.0), weights(seed=1, noise=1.0))
