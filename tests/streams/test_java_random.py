"""Tests of `olearn.streams._java_random`, against Java's documented recurrence in plain Python."""

import math

import numpy as np
import pytest

from olearn.streams import _java_random as java


class NaiveRandom:
    """`java.util.Random`, word for word from its public documentation."""

    def __init__(self, seed: int) -> None:
        self.word = (seed ^ 0x5DEECE66D) % 2**48
        self.spare: float | None = None

    def next(self, bits: int) -> int:
        self.word = (self.word * 0x5DEECE66D + 0xB) % 2**48
        return self.word >> (48 - bits)

    def next_int(self, n: int) -> int:
        if n & -n == n:
            return (n * self.next(31)) >> 31
        while True:
            bits = self.next(31)
            value = bits % n
            if bits - value + (n - 1) < 2**31:
                return value

    def next_double(self) -> float:
        return ((self.next(26) << 27) + self.next(27)) / 2**53

    def next_gaussian(self) -> float:
        if self.spare is not None:
            value, self.spare = self.spare, None
            return value
        while True:
            v1, v2 = 2 * self.next_double() - 1, 2 * self.next_double() - 1
            s = v1 * v1 + v2 * v2
            if 0 < s < 1:
                scale = math.sqrt(-2 * math.log(s) / s)
                self.spare = v2 * scale
                return v1 * scale


@pytest.mark.parametrize("seed", [0, 1, 42, 2**40 + 17, 2**63 - 1])
def test_equals_the_documented_recurrence(seed):
    """Every kind of draw, interleaved, equals the plain recurrence."""
    state, naive = java.java_state(seed), NaiveRandom(seed)
    for n in (2, 10, 100, 1, 8, 1_500_000_000) * 50:  # the last rejects every fourth draw
        assert java.next_int(state, n) == naive.next_int(n)
        assert java.next_double(state) == naive.next_double()
        assert java.next_gaussian(state) == pytest.approx(naive.next_gaussian(), rel=1e-15)


def test_first_double_of_seed_42():
    """Java prints 0.7275636800328681 for `new Random(42).nextDouble()` (widely published)."""
    assert java.next_double(java.java_state(42)) == 0.7275636800328681


def test_kernels_are_compiled_once():
    """The kernels see one type of state only."""
    state = java.java_state(1)
    for kernel in (java.next_double, java.next_gaussian):
        kernel(state)
        assert len(getattr(kernel, "signatures", [0])) == 1


@pytest.mark.parametrize("noise", [0.005, 0.101, 1.5, -0.1, float("nan")])
def test_percent_refuses_what_it_cannot_draw(noise):
    """Noise is drawn in whole percents: anything else is an error that names the argument."""
    with pytest.raises(ValueError, match="noise must be"):
        java.check_percent("noise", noise)


def test_percent_is_not_fooled_by_binary_fractions():
    """Every whole percent is recognised although 100 * 0.29 < 29 in floats."""
    assert [java.check_percent("noise", p / 100) for p in range(101)] == list(range(101))


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_seed_is_checked(seed):
    """A seed that a Java long cannot hold is refused."""
    with pytest.raises(ValueError, match="seed must be in"):
        java.check_seed(seed)


def test_state_holds_the_spare_gaussian():
    """A copied state continues with the same numbers, the waiting Gaussian included."""
    state = java.java_state(7)
    java.next_gaussian(state)
    copy = state.copy()
    expected = [java.next_gaussian(state) for _ in range(5)]
    np.testing.assert_array_equal([java.next_gaussian(copy) for _ in range(5)], expected)
