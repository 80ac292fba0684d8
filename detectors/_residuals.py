"""Residuals of a prediction as scores in [0, 1]: the rescaling of the HTM + SPRT paper, eq. 3-4.

Layout of a state, all float64: the window's size, the factor k, how many observations the window
holds, where the next one goes, and the window.
"""

import math

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import njit

State = NDArray[np.float64]

_SIZE, _K, _N, _HEAD = range(4)
_WINDOW = 4
# fewer observations tell nothing about their deviation
_FEWEST = 5


def residual_size(window_size: int) -> int:
    """Return the length of a state."""
    return _WINDOW + window_size


def residual_start(state: State, window_size: int, k: float) -> None:
    """Make `state` a window that has seen nothing; `window_size` at least 5, `k` positive."""
    state[:] = 0.0
    state[_SIZE] = window_size
    state[_K] = k


@njit
def residual_score(state: State, observed: float, predicted: float) -> float:
    """Return min(1, |predicted - observed| / (k sigma)); 0 for the first four observations.

    sigma is the population deviation of the newest `window_size` observations, the current one
    included; where they are all equal, any residual but 0 scores 1.
    """
    head = int(state[_HEAD])
    state[_WINDOW + head] = observed
    state[_HEAD] = (head + 1) % int(state[_SIZE])
    state[_N] = min(state[_N] + 1.0, state[_SIZE])
    n = int(state[_N])
    if n < _FEWEST:
        return 0.0
    mean = 0.0
    for i in range(_WINDOW, _WINDOW + n):
        mean += state[i] / n
    variance = 0.0
    for i in range(_WINDOW, _WINDOW + n):
        variance += (state[i] - mean) * (state[i] - mean) / n
    residual = abs(predicted - observed)
    scale = state[_K] * math.sqrt(variance)
    if residual >= scale:
        return 1.0 if residual > 0.0 else 0.0
    return residual / scale
