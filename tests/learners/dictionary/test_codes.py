"""Thresholds, errors and the sparsity of codes."""

import numpy as np
import pytest

from olearn.learners.dictionary import (
    keep_largest,
    mad_threshold,
    match_atoms,
    recovery_error,
    residual,
    soft,
    sparsity,
)
from olearn.learners.dictionary.codes import gaussian_sparsity, hard

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(50, 9))


def naive_largest(z, k):
    order = sorted(range(len(z)), key=lambda j: -abs(z[j]))[:k]
    return [z[j] if j in order else 0.0 for j in range(len(z))]


@pytest.mark.parametrize("k", [1, 4, 9, 12])
def test_largest_codes(k):
    """Row by row the k largest stay as they are, and the input is left alone."""
    before = Z.copy()
    assert keep_largest(Z, k).tolist() == [naive_largest(z, k) for z in Z]
    assert np.array_equal(Z, before)


def test_thresholds():
    """Soft moves towards zero by the level, hard cuts; a code at the level becomes zero."""
    z = np.array([[2.0, -1.0, 0.5, -3.0, 0.0]])
    assert soft(z, 1.0).tolist() == [[1.0, 0.0, 0.0, -2.0, 0.0]]
    assert hard(z, 1.0).tolist() == [[2.0, 0.0, 0.0, -3.0, 0.0]]


def test_mad_lets_through_little_noise():
    """Of pure normal noise 3 deviations let 0.27 % through, whatever its size."""
    noise = RNG.normal(size=(200, 500)) * RNG.lognormal(size=(200, 1))
    assert (mad_threshold(noise, 3.0) != 0.0).mean() == pytest.approx(0.0027, abs=0.001)


@pytest.mark.parametrize("k", [1, 3, 9])
def test_residual_is_the_error_of_storing_k_codes(k):
    """Equal to the relative error of the samples that the kept codes rebuild."""
    A = np.linalg.qr(RNG.normal(size=(9, 9)))[0]
    X = Z @ A
    error = np.linalg.norm(X - keep_largest(Z, k) @ A, axis=1) / np.linalg.norm(X, axis=1)
    np.testing.assert_allclose(residual(Z, k), error, atol=1e-12)
    assert residual(np.zeros((2, 9)), k).tolist() == [0.0, 0.0]


def test_sparsity_ends():
    """One entry gives 1, normal samples their own value, zeros are left out, none gives NaN."""
    assert sparsity(np.diag([3.0, -0.1, 7.0])) == pytest.approx(1.0)
    for n, value in ((10, 0.470), (64, 0.197)):
        assert gaussian_sparsity(n) == pytest.approx(value, abs=1e-3)
        assert sparsity(RNG.normal(size=(20_000, n))) == pytest.approx(value, abs=3e-3)
    assert sparsity(np.array([[0.0, 0.0], [0.0, 2.0]])) == 1.0
    assert np.isnan(sparsity(np.zeros((3, 2))))


def test_recovery_error_ignores_order_and_sign_only():
    """Zero for a signed permutation, also a shrunk one; large for an unrelated basis."""
    D = np.linalg.qr(RNG.normal(size=(20, 20)))[0]
    P = np.eye(20)[RNG.permutation(20)] * RNG.choice([-1.0, 1.0], 20)
    assert recovery_error(P @ D.T, D) < 1e-14
    assert recovery_error(0.7 * P @ D.T, D) < 1e-14
    other = np.linalg.qr(RNG.normal(size=(20, 20)))[0]
    assert recovery_error(other, D) > 0.7


def test_match_atoms_undoes_a_signed_permutation():
    """The assignment names each atom's true column, sign and angle."""
    D = np.linalg.qr(RNG.normal(size=(7, 7)))[0]
    order, signs = RNG.permutation(7), RNG.choice([-1.0, 1.0], 7)
    column, sign, angle = match_atoms((D[:, order] * signs).T, D)
    assert column.tolist() == order.tolist()
    assert sign.tolist() == signs.tolist()
    np.testing.assert_allclose(angle, 0.0, atol=1e-6)


def test_refusals():
    """Counts and levels out of range raise, named."""
    for call in (keep_largest, residual):
        with pytest.raises(ValueError, match=r"k must be in \[1, inf\], got 0"):
            call(Z, 0)
    with pytest.raises(ValueError, match=r"level must be .* got -1"):
        mad_threshold(Z, -1.0)
