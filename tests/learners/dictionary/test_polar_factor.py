"""The polar factor: golden cases, and the methods against each other."""

from pathlib import Path

import numpy as np
import pytest

from olearn.learners.dictionary import polar
from olearn.learners.dictionary.polar_factor import METHODS, polar_of_near

with np.load(Path(__file__).parents[2] / "golden/frank_wolfe_odl/polar_cases.npz") as file:
    GOLDEN = dict(file)


def matrix(n, condition, seed=0, n_columns=None):
    """A random matrix with singular values from 1 down to 1 / condition."""
    rng = np.random.default_rng(seed)
    k = n_columns or n
    U, _ = np.linalg.qr(rng.normal(size=(n, k)))
    V, _ = np.linalg.qr(rng.normal(size=(k, k)))
    return (U * np.logspace(0, -np.log10(condition), k)) @ V.T


def naive_polar(G):
    """Newton's iteration, which uses neither singular values nor a scaled polynomial."""
    X = G
    for _ in range(100):
        X = 0.5 * (X + np.linalg.inv(X).T)
    return X


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("rand5", 1e-9),
        ("rand32", 1e-9),
        ("rect", 1e-8),
        ("cond1e6_5", 1e-9),
        ("cond1e6_32", 1e-9),
        ("cond1e10_5", 1e-5),
        ("cond1e10_32", 1e-5),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_golden_cases(name, tolerance, method):
    """Factors of the reference, made with an independent program, at its tolerances."""
    given = GOLDEN[f"{name}_in"]
    np.testing.assert_allclose(
        polar(given, method), GOLDEN[f"{name}_polar"], rtol=0, atol=tolerance
    )
    np.testing.assert_allclose(
        polar(given.T, method), GOLDEN[f"{name}_polar"].T, rtol=0, atol=tolerance
    )


@pytest.mark.parametrize("method", METHODS)
def test_rank_one_is_optimal(method):
    """A matrix of rank one has no unique factor, but the best value of the linear problem."""
    G = GOLDEN["rank1_in"]
    S = polar(G, method)
    assert np.linalg.norm(S, 2) <= 1.0 + 1e-10
    assert (G * S).sum() == pytest.approx(float(GOLDEN["rank1_nuclear"]), rel=1e-10)


@pytest.mark.parametrize("n", [1, 7, 30, 96])
@pytest.mark.parametrize("condition", [1.0, 50.0, 1e3])
def test_methods_agree(n, condition):
    """All methods give Newton's answer within 1e-10 up to a condition of 1000."""
    G = matrix(n, condition, seed=n)
    expected = naive_polar(G)
    for method in METHODS:
        np.testing.assert_allclose(polar(G, method), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("condition", [3e3, 3e4, 2e5])
def test_gram_restores_weak_directions(condition):
    """Beyond a condition of 1000 eigenvectors of the square are corrected: still 1e-8."""
    G = matrix(40, condition)
    np.testing.assert_allclose(polar(G, "gram"), naive_polar(G), rtol=0, atol=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_scale_does_not_matter(method):
    """A positive factor changes nothing, however small or large."""
    G = matrix(30, 20.0)
    for factor in (1e-80, 1e80):
        np.testing.assert_allclose(polar(factor * G, method), polar(G, method), atol=1e-10)


@pytest.mark.parametrize("n", [10, 40])
def test_near_factor_is_that_of_the_svd(n):
    """A mixture of two orthogonal matrices is projected as the SVD projects it."""
    rng = np.random.default_rng(3)
    A, S = (np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(2))
    mixed = 0.9 * A + 0.1 * S
    np.testing.assert_allclose(polar_of_near(mixed), polar(mixed, "svd"), atol=1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("method", METHODS)
def test_torch_agrees(dtype, method):
    """Tensors give the factor of arrays, in their own type."""
    torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")
    G = matrix(40, 100.0).astype(dtype)
    S = polar(torch.from_numpy(G), method)
    assert S.dtype == getattr(torch, dtype)
    tolerance = 1e-10 if dtype == "float64" else 2e-4
    np.testing.assert_allclose(S.numpy(), polar(matrix(40, 100.0)), atol=tolerance)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_refuses_what_is_not_finite(bad):
    """NaN would make LAPACK hang or fail far from its cause."""
    G = np.eye(3)
    G[1, 2] = bad
    with pytest.raises(ValueError, match="G must be finite"):
        polar(G)


def test_refuses_other_shapes_and_methods():
    """The messages name the argument."""
    with pytest.raises(ValueError, match="G must be a matrix, got shape"):
        polar(np.ones(3))
    with pytest.raises(ValueError, match=r"method must be one of .* got 'qr'"):
        polar(np.eye(2), "qr")
