"""The reactive drift detection method."""

import math

import numpy as np

from olearn.core.jit import njit
from olearn.core.parameters import FiniteFloat, NonNegativeInt, PositiveInt, with_parameters
from olearn.detectors._state_detector import DECISION, HEADER, ErrorDetector, State, decide, scan_of

__all__ = ["RDDM"]

_WARM_START, _WARNING_AT, _DRIFT_AT, _MOST, _STABLE, _LIMIT = range(HEADER, HEADER + 6)
_N, _P, _P_MIN, _S_MIN = range(HEADER + 6, HEADER + 10)
# of the newest predictions: place of the next, how many are kept, and how many of them came since
# the warning began (NaN: none, or it is older than all that are kept); then how many updates ago
# that was, NaN without a warning; and whether to begin anew from what is kept
_HEAD, _KEPT, _SINCE, _WARNED, _REBUILD = range(HEADER + 10, HEADER + 15)
_RING = HEADER + 15


@njit
def _update(state: State, x: float) -> int:
    if state[_REBUILD] > 0.0:
        _rebuild(state)
    _keep(state, x)
    p, s = _add(state, x)
    if state[_N] < state[_WARM_START]:
        return decide(state, 0, False)
    _lower(state, p, s)
    if p + s > state[_P_MIN] + state[_DRIFT_AT] * state[_S_MIN]:
        if np.isnan(state[_WARNED]):
            state[_KEPT] = 1.0
        return _drift(state)
    if p + s > state[_P_MIN] + state[_WARNING_AT] * state[_S_MIN]:
        if np.isnan(state[_WARNED]):
            state[_WARNED] = 0.0
            state[_SINCE] = 1.0
        elif state[_WARNED] >= state[_LIMIT]:
            state[_KEPT] = 1.0
            state[_SINCE] = np.nan
            return _drift(state)
        return decide(state, 0, True)
    state[_WARNED] = np.nan
    state[_SINCE] = np.nan
    if state[_N] >= state[_MOST]:
        state[_REBUILD] = 1.0  # too long a concept: only the newest predictions count from here
    return decide(state, 0, False)


@njit(forceinline=True)
def _keep(state: State, x: float) -> None:
    """Keep a prediction in place of the oldest."""
    n_most = state[_STABLE]
    head = int(state[_HEAD])
    state[_RING + head] = x
    state[_HEAD] = 0.0 if head + 1 == n_most else head + 1.0
    state[_KEPT] = min(state[_KEPT] + 1.0, n_most)
    state[_WARNED] += 1.0
    state[_SINCE] += 1.0
    if state[_SINCE] > n_most:
        state[_SINCE] = np.nan


@njit(forceinline=True)
def _add(state: State, x: float) -> tuple[float, float]:
    """Add a prediction to the error rate; return the rate and its deviation."""
    n = state[_N] + 1.0
    p = state[_P] + (x - state[_P]) / n
    state[_N] = n
    state[_P] = p
    return p, math.sqrt(p * (1.0 - p) / n)


@njit(forceinline=True)
def _lower(state: State, p: float, s: float) -> None:
    if p + s < state[_P_MIN] + state[_S_MIN]:
        state[_P_MIN] = p
        state[_S_MIN] = s


@njit(forceinline=True)
def _drift(state: State) -> int:
    state[_REBUILD] = 1.0
    return decide(state, 1, False)


@njit(forceinline=True)
def _rebuild(state: State) -> None:
    """Compute the error rate anew, of the predictions since the warning or of all that are kept."""
    after_drift = state[DECISION] > 0.0
    if state[_SINCE] > 0.0:
        state[_KEPT] = state[_SINCE]
    state[_N] = 0.0
    state[_P] = 0.0
    if after_drift:
        state[_P_MIN] = np.inf
        state[_S_MIN] = np.inf
    kept, n_most = int(state[_KEPT]), int(state[_STABLE])
    first = int(state[_HEAD]) - kept + n_most
    for i in range(first, first + kept):
        p, s = _add(state, state[_RING + i % n_most])
        if after_drift and state[_N] > state[_WARM_START]:
            _lower(state, p, s)
    state[_SINCE] = np.nan
    state[_WARNED] = np.nan
    state[_REBUILD] = 0.0


@njit(forceinline=True)
def _restart(state: State) -> None:
    state[_N:_RING] = 0.0
    state[_P_MIN] = np.inf
    state[_S_MIN] = np.inf
    state[_SINCE] = np.nan
    state[_WARNED] = np.nan


_scan = scan_of(_update)


@with_parameters
class RDDM(ErrorDetector):
    r"""Reactive drift detection method: DDM that forgets the far past of a long concept[^1].

    Looks for a rise of the error rate above its minimum as `DDM` does. Where a concept has become
    too long, the rate is computed anew of the newest predictions; a warning that lasts too long is
    a drift; and after a drift the rate is that of the predictions since its warning. Time per
    update: amortised O(1), memory: O(`min_stable_concept`).

    Parameters
    ----------
    warm_start
        Number of predictions before the first test; at least 0.
    warning_threshold
        Of a warning, in deviations at the minimum.
    drift_threshold
        The same for a drift.
    max_concept
        Number of predictions after which the rate is computed anew, outside of warnings; at
        least 1.
    min_stable_concept
        Number of newest predictions that it is computed of then; at least 1.
    warning_limit
        Number of predictions after which a warning is a drift; at least 1.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is neither 0 nor 1.

    Notes
    -----
    Follows MOA's `RDDM`, by the authors of the method, row for row. Its options are there called
    minNumInstances, warningLevel, driftLevel, maxSizeConcept, minSizeStableConcept and warnLimit.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> errors = rng.random(2000) < np.repeat([0.1, 0.5], 1000)
    >>> detectors.RDDM().update_many(errors)
    array([1018])

    References
    ----------
    [^1]: Barros, R. S. M., Cabral, D. R. L., Goncalves, P. M. and Santos, S. G. T. C. (2017). RDDM:
        reactive drift detection method. Expert Systems with Applications 90, 344-355.

    """

    warm_start: NonNegativeInt = 129
    warning_threshold: FiniteFloat = 1.773
    drift_threshold: FiniteFloat = 2.258
    max_concept: PositiveInt = 40_000
    min_stable_concept: PositiveInt = 7_000
    warning_limit: PositiveInt = 1_400

    _update = staticmethod(_update)
    _scan_values = staticmethod(_scan)
    _restart = staticmethod(_restart)
    _fixed = frozenset({"min_stable_concept"})

    def _settings(self) -> tuple[float, ...]:
        return (
            self.warm_start,
            self.warning_threshold,
            self.drift_threshold,
            self.max_concept,
            self.min_stable_concept,
            self.warning_limit,
        )

    def _length(self) -> int:
        return _RING + self.min_stable_concept
