"""The random numbers of Java's `java.util.Random`, for streams that must equal MOA's bit for bit.

A 48-bit linear congruential generator (Knuth, 1997, The Art of Computer Programming 2, 3.2.1), as
the class's public documentation defines it. The state is an int64 array of three words: the
generator, whether a second Gaussian number is waiting, and that number's bits. All products stay
below 2^63, so the functions are right with the JIT off too.
"""

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import njit
from olearn.core.parameters import In
from olearn.core.validate import check_in_range, check_integer

STATE_SIZE = 3
_WORD, _READY, _SPARE = range(STATE_SIZE)

_MULTIPLIER = 0x5DEECE66D
_INCREMENT = 0xB
_MASK_24 = (1 << 24) - 1
_MASK_48 = (1 << 48) - 1


def java_state(seed: int) -> NDArray[np.int64]:
    """Make the state that `new Random(seed)` has, shape `(3,)`."""
    return np.array([(seed ^ _MULTIPLIER) & _MASK_48, 0, 0], np.int64)


JavaSeed = Annotated[int, In(0, 2**63 - 1)]
"""A whole number that a Java long can hold."""


def check_seed(seed: int) -> None:
    """Raise unless `seed` is a whole number that a Java long can hold."""
    check_integer("seed", seed, 0, 2**63 - 1)


def check_percent(name: str, probability: float) -> int:
    """Return a probability as whole percents, in which MOA draws its noise."""
    check_in_range(name, probability, 0.0, 1.0)
    percent = round(100 * probability)
    if abs(percent - 100 * probability) > 1e-9:
        raise ValueError(f"{name} must be a whole number of percents, got {probability!r}")
    return percent


@njit
def next_bits(state: NDArray[np.int64], bits: int) -> int:
    """Draw `bits` random bits, at most 31."""
    high = state[_WORD] >> 24
    low = state[_WORD] & _MASK_24
    word = (((high * _MULTIPLIER) & _MASK_24) << 24) + low * _MULTIPLIER + _INCREMENT
    state[_WORD] = word & _MASK_48
    return int(state[_WORD] >> (48 - bits))


@njit
def next_int(state: NDArray[np.int64], n: int) -> int:
    """Draw an integer uniform on 0..n-1."""
    if n & (n - 1) == 0:
        return (n * next_bits(state, 31)) >> 31
    while True:
        bits = next_bits(state, 31)
        value = bits % n
        if bits - value + (n - 1) < 2147483648:  # reject the incomplete last interval
            return value


@njit
def next_double(state: NDArray[np.int64]) -> float:
    """Draw a float64 uniform on [0, 1)."""
    high = next_bits(state, 26)
    return ((high << 27) + next_bits(state, 27)) * (1.0 / 9007199254740992.0)  # 2^-53


@njit
def next_gaussian(state: NDArray[np.int64]) -> float:
    """Draw a standard normal number by the polar method; every second call is free."""
    spare = state.view(np.float64)
    if state[_READY]:
        state[_READY] = 0
        return float(spare[_SPARE])
    while True:
        v1 = 2.0 * next_double(state) - 1.0
        v2 = 2.0 * next_double(state) - 1.0
        s = v1 * v1 + v2 * v2
        if 0.0 < s < 1.0:
            scale = math.sqrt(-2.0 * math.log(s) / s)
            spare[_SPARE] = v2 * scale
            state[_READY] = 1
            return v1 * scale
