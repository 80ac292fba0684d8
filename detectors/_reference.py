"""What control charts compare with: a mean and a standard deviation, given or estimated."""

import math

import numpy as np

from olearn.core.jit import njit
from olearn.detectors._state_detector import DECISION, HEADER, OneKernelDetector, State

_WARM_UP, _GIVEN_MEAN, _GIVEN_SIGMA, _MEAN, _SIGMA = range(HEADER, HEADER + 5)
_N, _ESTIMATE, _M2 = range(HEADER + 5, HEADER + 8)
# where the numbers of the chart itself begin
CHART = HEADER + 8

_LIMIT = 1e150  # of a standardised value: squares and sums of them stay finite


def reference_start(state: State, mean: float | None, sigma: float | None, warm_up: int) -> None:
    """Empty `state` and give it a reference; None is estimated from the first values."""
    state[:] = 0.0
    state[_WARM_UP] = warm_up
    state[_GIVEN_MEAN] = math.nan if mean is None else mean
    state[_GIVEN_SIGMA] = math.nan if sigma is None else sigma
    state[_MEAN] = state[_GIVEN_MEAN]
    state[_SIGMA] = state[_GIVEN_SIGMA]


@njit(forceinline=True)
def restart_after_drift(state: State) -> bool:
    """Return whether the last update was a drift; then empty the chart and what was estimated."""
    if state[DECISION] == 0.0:
        return False
    state[_MEAN] = state[_GIVEN_MEAN]
    state[_SIGMA] = state[_GIVEN_SIGMA]
    state[_N] = 0.0
    state[_ESTIMATE] = 0.0
    state[_M2] = 0.0
    return True


@njit(forceinline=True)
def standardise(state: State, x: float) -> float:
    """Return (x - mean) / sigma, or NaN where the value was used to estimate them."""
    if np.isnan(state[_MEAN]) or np.isnan(state[_SIGMA]):
        _estimate(state, x)
        return np.nan
    return min(max((x - state[_MEAN]) / state[_SIGMA], -_LIMIT), _LIMIT)


@njit(forceinline=True)
def was_constant(state: State) -> bool:
    """Return whether the values that estimated the reference were all equal."""
    return bool(np.isnan(state[_GIVEN_SIGMA]) and state[_M2] == 0.0)


@njit
def _estimate(state: State, x: float) -> None:
    n = state[_N] + 1.0
    gap = min(max(x - state[_ESTIMATE], -1.7e308), 1.7e308)
    state[_N] = n
    state[_ESTIMATE] += gap / n
    state[_M2] += gap * (x - state[_ESTIMATE])
    if n < state[_WARM_UP]:
        return
    mean = state[_ESTIMATE]
    if np.isnan(state[_GIVEN_SIGMA]):
        # of equal values the deviation would be 0, and rounding alone a drift
        least = max(1e-9 * abs(mean), 1e-100)
        state[_SIGMA] = min(max(math.sqrt(state[_M2] / (n - 1.0)), least), _LIMIT)
    if np.isnan(state[_GIVEN_MEAN]):
        state[_MEAN] = mean


class ReferenceDetector(OneKernelDetector):
    """A control chart: a detector that compares with a mean and a standard deviation."""

    @property
    def reference(self) -> tuple[float, float] | None:
        """Mean and standard deviation without a drift; None while they are being estimated."""
        mean, sigma = self._state[_MEAN : _SIGMA + 1]
        if math.isnan(mean) or math.isnan(sigma):
            return None
        return float(mean), float(sigma)
