"""Tests of the random numbers against the generator's definition in plain integers."""

import math
import pickle

import numpy as np
import pytest

from olearn.core.rng import (
    kernel_state,
    next_below,
    next_double,
    next_gaussian,
    next_poisson,
    next_u64,
)

MASK = 2**64 - 1


def rotate(x, k):
    return ((x << k) | (x >> (64 - k))) & MASK


def naive_next(s):
    """One step of xoshiro256++ on a list of four Python integers."""
    result = (rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
    t = (s[1] << 17) & MASK
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= t
    s[3] = rotate(s[3], 45)
    return result


def draws(function, n, seed, *args):
    state = kernel_state(seed)
    return np.array([function(state, *args) for _ in range(n)])


@pytest.mark.parametrize("words", [[1, 2, 3, 4], [MASK, MASK, MASK, MASK], [0, 0, 0, 1 << 63]])
def test_u64_follows_the_definition_from_any_state(words):
    """The 64-bit numbers and the state are those of the definition, overflow included."""
    state = np.array(words, dtype=np.uint64)
    expected = list(words)
    for _ in range(200):
        assert int(next_u64(state)) == naive_next(expected)
    assert state.tolist() == expected


def test_u64_starts_with_the_hand_computed_numbers():
    """From 1, 2, 3, 4: rotl(5, 23) + 1, then the state 7, 0, 2^18 + 2, rotl(6, 45) is used."""
    state = np.array([1, 2, 3, 4], dtype=np.uint64)
    assert int(next_u64(state)) == (5 << 23) + 1
    assert state.tolist() == [7, 0, (1 << 18) + 2, 6 << 45]
    mixed = 7 + (6 << 45)
    assert int(next_u64(state)) == ((mixed << 23) & MASK | mixed >> 41) + 7


@pytest.mark.parametrize("seed", [0, 1, 42, 2**40])
def test_doubles_are_the_upper_53_bits(seed):
    """A double is the upper 53 bits over 2^53, so it is in [0, 1)."""
    expected = kernel_state(seed).tolist()
    for value in draws(next_double, 100, seed):
        assert value == (naive_next(expected) >> 11) / 2**53


def test_seeds_and_streams_are_reproducible_and_distinct():
    """The same seed and stream give the same state; any other gives another."""
    states = [tuple(kernel_state(seed, stream)) for seed in range(5) for stream in range(5)]
    again = [tuple(kernel_state(seed, stream)) for seed in range(5) for stream in range(5)]
    assert states == again
    assert len(set(states)) == 25
    assert tuple(kernel_state(None)) != tuple(kernel_state(None))


def test_negative_seed_is_refused():
    """A seed is a non-negative integer."""
    with pytest.raises(ValueError, match="non-negative"):
        kernel_state(-1)


def test_a_pickled_state_goes_on_alike():
    """The state is all there is: a copy through pickle draws the same numbers."""
    state = kernel_state(3)
    next_gaussian(state)
    copy = pickle.loads(pickle.dumps(state))
    assert [next_double(state) for _ in range(10)] == [next_double(copy) for _ in range(10)]


def test_below_is_uniform():
    """Integers below n are equally frequent: chi-squared of 7 cells below its 0.999 quantile."""
    counts = np.bincount(draws(next_below, 14_000, 1, 7), minlength=7)
    assert len(counts) == 7
    assert np.sum((counts - 2_000) ** 2 / 2_000) < 22.5


def test_gaussian_moments():
    """Mean 0, variance 1, skewness 0 and kurtosis 3, within 4 standard errors of 20,000 draws."""
    z = draws(next_gaussian, 20_000, 2)
    n = len(z)
    assert abs(z.mean()) < 4 / math.sqrt(n)
    assert abs((z**2).mean() - 1) < 4 * math.sqrt(2 / n)
    assert abs((z**3).mean()) < 4 * math.sqrt(15 / n)
    assert abs((z**4).mean() - 3) < 4 * math.sqrt(96 / n)


@pytest.mark.parametrize("lam", [0.1, 1.0, 6.0])
def test_poisson_mean_variance_and_zeros(lam):
    """Mean and variance are lam, and exp(-lam) of the draws are 0, within 4 standard errors."""
    n = 20_000
    k = draws(next_poisson, n, 5, lam)
    assert abs(k.mean() - lam) < 4 * math.sqrt(lam / n)
    assert abs(k.var() - lam) < 4 * math.sqrt((lam + 2 * lam**2) / n)
    zeros = math.exp(-lam)
    assert abs((k == 0).mean() - zeros) < 4 * math.sqrt(zeros * (1 - zeros) / n)


def test_poisson_of_rate_zero_is_zero():
    """A rate of 0 always gives 0."""
    assert not draws(next_poisson, 100, 1, 0.0).any()
