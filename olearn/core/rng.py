"""Seeded random numbers for compiled loops: one `uint64` array of four words is the whole state.

The generator is xoshiro256++ (Blackman, Vigna, 2019, "Scrambled linear pseudorandom number
generators", arXiv 1805.01407). Its state is a plain array: it pickles, copies and resumes.
"""

import math

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import njit

__all__ = ["kernel_state", "next_below", "next_double", "next_gaussian", "next_poisson", "next_u64"]

KernelState = NDArray[np.uint64]


def kernel_state(seed: int | None, stream: int = 0) -> KernelState:
    """Make the state of one generator, shape `(4,)`.

    Parameters
    ----------
    seed
        Non-negative integer; `None` draws fresh entropy.
    stream
        Number of an independent stream of the same seed, for the members of an ensemble.

    Examples
    --------
    >>> from olearn.core.rng import kernel_state, next_double
    >>> state = kernel_state(42)
    >>> round(next_double(state), 6), round(next_double(state), 6)
    (0.351577, 0.480193)

    """
    sequence = np.random.SeedSequence(seed, spawn_key=(stream,))
    return sequence.generate_state(4, np.uint64).astype(np.uint64)


@njit(inline="always")
def _rotate(x: np.uint64, k: int) -> np.uint64:
    return (x << np.uint64(k)) | (x >> np.uint64(64 - k))


@njit
def next_u64(state: KernelState) -> np.uint64:
    """Draw 64 random bits and advance `state` in place."""
    result = _rotate(state[0] + state[3], 23) + state[0]
    shifted = state[1] << np.uint64(17)
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = _rotate(state[3], 45)
    return result


@njit
def next_double(state: KernelState) -> float:
    """Draw a float64 uniform on [0, 1)."""
    return (next_u64(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)  # 53 bits


@njit
def next_below(state: KernelState, n: int) -> int:
    """Draw an integer uniform on 0..n-1; `n` far below 2^53, so the bias is negligible."""
    return int(next_double(state) * n)


@njit
def next_gaussian(state: KernelState) -> float:
    """Draw a standard normal number (polar method; the second number is thrown away)."""
    while True:
        u = 2.0 * next_double(state) - 1.0
        v = 2.0 * next_double(state) - 1.0
        s = u * u + v * v
        if 0.0 < s < 1.0:
            return u * math.sqrt(-2.0 * math.log(s) / s)


@njit
def next_poisson(state: KernelState, lam: float) -> int:
    """Draw a Poisson number by multiplying uniforms (Knuth); meant for small `lam` (< 30)."""
    limit = math.exp(-lam)
    k = 0
    product = next_double(state)
    while product > limit:
        k += 1
        product *= next_double(state)
    return k
