"""What detectors with windows share: sorted numbers inside a flat state, and the test of two.

`table` is where the sorted numbers begin in `state`, `n` how many they are.
"""

import functools
import warnings
from typing import Any

import numpy as np
from scipy import stats

from olearn.core.jit import njit
from olearn.detectors._state_detector import State


@njit(forceinline=True)
def n_below(state: State, table: int, n: int, value: float) -> int:
    """Count the sorted numbers smaller than `value`."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if state[table + middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@njit(forceinline=True)
def insert(state: State, table: int, n: int, value: float) -> None:
    """Add a number to the sorted ones; there must be room for it."""
    i = table + n
    while i > table and state[i - 1] > value:
        state[i] = state[i - 1]
        i -= 1
    state[i] = value


@njit(forceinline=True)
def replace(state: State, table: int, n: int, old: float, new: float) -> None:
    """Take `old` out of the sorted numbers and put `new` in: one shift of those between them."""
    i = table + n_below(state, table, n, old)
    last = table + n - 1
    while i < last and state[i + 1] < new:
        state[i] = state[i + 1]
        i += 1
    while i > table and state[i - 1] > new:
        state[i] = state[i - 1]
        i -= 1
    state[i] = new


@functools.lru_cache(maxsize=1024)
def ks_p_value(steps: int, size: int, method: str = "exact") -> float:
    """Return the p-value of the distance `steps / size` between two samples of `size` values."""
    if steps > size:  # no distance is that large
        return 0.0
    ranks = np.arange(float(size))
    # a sample shifted past `steps` values of the other has exactly that distance
    shift = steps - 0.5 if steps else 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where rounding leaves no exact one
        found: Any = stats.ks_2samp(ranks, ranks + shift, method=method)
    return float(found.pvalue)
