"""Sorted numbers inside a flat state: what detectors with windows share.

`table` is where the sorted numbers begin in `state`, `n` how many they are.
"""

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
