"""Moments per class."""

import numpy as np
import pytest

from olearn.learners.analytic.moments import ClassMoments


def test_edge_cases_of_the_reference(golden):
    """A constant feature, an offset of 1e6, a class of one row and an absent class."""
    file = golden("stats_edge")
    moments = ClassMoments()
    moments.grow(4, 5)
    for i in range(0, 40, 7):
        part = slice(i, i + 7)
        moments.learn(file["X"][part], file["y"][part], np.ones(len(file["y"][part])))
    std = moments.std()
    np.testing.assert_array_equal(moments.n, file["cnt"])
    seen = file["cnt"] > 0
    np.testing.assert_allclose(moments.mean[seen], file["expected_mean"][seen], rtol=1e-12)
    np.testing.assert_allclose(std[:, 3], file["expected_std"][:, 3], rtol=1e-5)
    others = [0, 2, 4]
    np.testing.assert_allclose(std[:, others], file["expected_std"][:, others], rtol=1e-10)
    assert np.abs(std[:, 1]).max() < 1e-12
    assert (std[2:] == 0.0).all()


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_merge_and_forget_are_exact(offset):
    """Two halves merged are the whole; what is forgotten leaves the rest."""
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(60, 3)) + offset, rng.integers(0, 2, 60)
    parts = []
    for rows in (slice(0, 60), slice(0, 25), slice(25, 60)):
        moments = ClassMoments()
        moments.grow(2, 3)
        moments.learn(X[rows], codes[rows], np.ones(len(codes[rows])))
        parts.append(moments)
    whole, first, second = parts
    joined = first.twin()
    joined.merge(second, np.arange(2), np.arange(3))
    np.testing.assert_allclose(joined.std(), whole.std(), rtol=1e-9)
    np.testing.assert_allclose(joined.mean, whole.mean, rtol=1e-13)
    joined.forget(X[25:], codes[25:], np.ones(35))
    np.testing.assert_allclose(joined.std(), first.std(), rtol=1e-5 if offset else 1e-10)


def test_weights_are_copies():
    """Weight 3 is three copies; an earlier row decays."""
    X, codes = np.array([[1.0], [4.0]]), np.array([0, 0])
    weighted, copied = ClassMoments(), ClassMoments()
    for moments in (weighted, copied):
        moments.grow(1, 1)
    weighted.learn(X, codes, np.array([3.0, 1.0]))
    copied.learn(X[[0, 0, 0, 1]], np.zeros(4, int), np.ones(4))
    np.testing.assert_allclose(weighted.std(), copied.std(), rtol=1e-14)
    weighted.learn(X[:1], codes[:1], np.ones(1), decay=0.5)
    assert weighted.n[0] == pytest.approx(3.0)
