"""Draws of Python's `random` in kernels: the Mersenne Twister[^1], bit for bit.

A state is three rows of `uint32`: the words that a seed gives, the words now, and what is drawn
from these, in order.

[^1]: Matsumoto, M. and Nishimura, T. (1998). Mersenne Twister: a 623-dimensionally equidistributed
    uniform pseudo-random number generator. ACM Transactions on Modeling and Computer Simulation
    8(1), 3-30.
"""

import math
import random

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import inner

N_WORDS = 624
_MIDDLE = 397

Words = NDArray[np.uint32]


def twister(seed: int | None) -> Words:
    """Return the state of `random.Random(seed)`: nothing is drawn yet."""
    *words, _ = random.Random(seed).getstate()[1]
    return np.array([words, words, words], dtype=np.uint32)


def takes_pool(n: int, k: int) -> bool:
    """Return whether `Random.sample` of `k` out of `n` moves them in a list, or draws again."""
    return n <= 21 + (4 ** math.ceil(math.log(k * 3, 4)) if k > 5 else 0)


@inner
def restart(words: Words) -> None:
    """Go back to the words of the seed; `draw_all` must follow."""
    for i in range(N_WORDS):
        words[1, i] = words[0, i]


@inner
def draw_all(words: Words) -> None:
    """Make the next 624 draws; loops without a turn, which run four words at a time."""
    now, drawn = words[1], words[2]
    last = now[N_WORDS - 1]
    turn = N_WORDS - _MIDDLE
    for i in range(turn):
        now[i] = _mixed(now[i], now[i + 1], now[i + _MIDDLE])
    for i in range(turn, N_WORDS - 1):
        now[i] = _mixed(now[i], now[i + 1], now[i - turn])
    now[N_WORDS - 1] = _mixed(last, now[0], now[_MIDDLE - 1])
    for i in range(N_WORDS):
        word = now[i]
        word ^= word >> 11
        word ^= (word << 7) & 0x9D2C5680
        word ^= (word << 15) & 0xEFC60000
        drawn[i] = word ^ (word >> 18)


@inner
def _mixed(word: int, following: int, other: int) -> int:
    both = (word & 0x80000000) | (following & 0x7FFFFFFF)
    return other ^ (both >> 1) ^ ((both & 1) * 0x9908B0DF)
