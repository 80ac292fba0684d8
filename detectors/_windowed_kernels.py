"""Two adjacent sliding windows in one flat array, and three distances between them.

Layout of a state, all float64: the head that every detector has, six numbers, a ring of the newest
`2 * window_size` values, and sorted copies of its older half, the reference, and of its newer half.
An update costs O(window_size) and allocates nothing.
"""

import math

import numpy as np

from olearn.core.jit import njit
from olearn.detectors._state_detector import DECISION, HEADER, State, decide
from olearn.detectors._windows import insert, replace

KOLMOGOROV_SMIRNOV, WASSERSTEIN, STABILITY = range(3)

_SIZE, _KIND, _N_BINS, _RESTART, THRESHOLD = range(HEADER, HEADER + 5)
_N, _HEAD, STATISTIC = range(HEADER + 5, HEADER + 8)
_RING = HEADER + 8

# share of a bin without values, so that its logarithm is finite
_LEAST_SHARE = 1e-4


def windows_size(window_size: int) -> int:
    """Return the length of a state."""
    return _RING + 4 * window_size


def windows_start(
    state: State, kind: int, window_size: int, threshold: float, restart: bool, n_bins: int = 0
) -> None:
    """Make `state` two empty windows with this distance and its threshold (unchecked)."""
    state[:] = 0.0
    state[_SIZE] = window_size
    state[_KIND] = kind
    state[_N_BINS] = n_bins
    state[_RESTART] = restart
    state[THRESHOLD] = threshold
    state[STATISTIC] = np.nan


@njit
def windows_update(state: State, x: float) -> int:
    """Read a value; return 1 if the windows are further apart than the threshold, else 0."""
    if state[DECISION] > 0.0 and state[_RESTART] > 0.0:
        state[_N] = 0.0
        state[_HEAD] = 0.0
        state[STATISTIC] = np.nan
    _slide(state, x)
    size = int(state[_SIZE])
    if state[_N] < 2 * size:
        return decide(state, 0, False)
    reference = _RING + 2 * size
    target = reference + size
    if state[_KIND] == KOLMOGOROV_SMIRNOV:
        distance = _largest_gap(state, reference, target, size)
    elif state[_KIND] == WASSERSTEIN:
        distance = _mean_gap(state, reference, target, size)
    else:
        distance = _stability(state, reference, target, size)
    state[STATISTIC] = distance
    return decide(state, 1 if distance > state[THRESHOLD] else 0, False)


@njit(forceinline=True)
def _slide(state: State, x: float) -> None:
    """Add a value to the newer window, whose oldest one then moves to the reference."""
    size = int(state[_SIZE])
    n = int(state[_N])
    head = int(state[_HEAD])
    reference = _RING + 2 * size
    target = reference + size
    oldest = state[_RING + head]
    if n < size:
        insert(state, target, n, x)
    else:
        moving = state[_RING + (head + size) % (2 * size)]
        replace(state, target, size, moving, x)
        if n < 2 * size:
            insert(state, reference, n - size, moving)
        else:
            replace(state, reference, size, oldest, moving)
    state[_RING + head] = x
    state[_HEAD] = (head + 1) % (2 * size)
    state[_N] = min(n + 1, 2 * size)


@njit(forceinline=True)
def _largest_gap(state: State, reference: int, target: int, size: int) -> float:
    """Return the largest distance between the two empirical distribution functions."""
    i, j, largest = 0, 0, 0
    while i < size and j < size:
        value = min(state[reference + i], state[target + j])
        while i < size and state[reference + i] == value:
            i += 1
        while j < size and state[target + j] == value:
            j += 1
        largest = max(largest, abs(i - j))
    return largest / size


@njit(forceinline=True)
def _mean_gap(state: State, reference: int, target: int, size: int) -> float:
    """Return the mean distance between values of the same rank, the 1-Wasserstein distance."""
    total = 0.0
    for i in range(size):
        total += abs(state[reference + i] / size - state[target + i] / size)
    return total


@njit(forceinline=True)
def _stability(state: State, reference: int, target: int, size: int) -> float:
    """Return the population stability index over bins between quantiles of the reference."""
    n_bins = int(state[_N_BINS])
    index = 0.0
    i, j = 0, 0
    for b in range(1, n_bins + 1):
        first_i, first_j = i, j
        if b == n_bins:
            i, j = size, size
        else:
            place = (size - 1) * b / n_bins
            below = int(place)
            low = state[reference + below]
            # weighted, not low + share * (high - low), which can overflow
            share = place - below
            edge = low
            if share > 0.0:
                edge = (1.0 - share) * low + share * state[reference + below + 1]
            while i < size and state[reference + i] < edge:
                i += 1
            while j < size and state[target + j] < edge:
                j += 1
        expected = max((i - first_i) / size, _LEAST_SHARE)
        actual = max((j - first_j) / size, _LEAST_SHARE)
        index += (actual - expected) * math.log(actual / expected)
    return index
