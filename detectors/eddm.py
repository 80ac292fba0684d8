"""The early drift detection method."""

from typing import Annotated

from olearn.core.jit import njit
from olearn.core.parameters import Fraction, In, NonNegativeInt, with_parameters
from olearn.detectors._state_detector import (
    DECISION,
    HEADER,
    WARNING,
    ErrorDetector,
    State,
    decide,
    scan_of,
)

__all__ = ["EDDM"]

_WARM_START, _ALPHA, _BETA, _HALF = range(HEADER, HEADER + 4)
_N, _LAST_ERROR, _N_ERRORS, _MEAN, _M2, _MAX = range(HEADER + 4, HEADER + 10)
_SIZE = HEADER + 10


@njit
def _update(state: State, x: float) -> int:
    if state[DECISION] > 0.0:
        _restart(state)
        state[WARNING] = 0.0
    drift, warning = False, state[WARNING] > 0.0
    state[_N] += 1.0
    if x == 1.0:
        state[_N_ERRORS] += 1.0
        level = _level(state)
        state[_LAST_ERROR] = state[_N]
        if level >= 0.0:
            drift = level < state[_BETA]
            warning = warning if drift else level < state[_ALPHA]
    decide(state, 1 if drift else 0, False)
    state[WARNING] = 1.0 if warning else 0.0  # beside a drift too, as river's
    return 1 if drift else 0


@njit(forceinline=True)
def _level(state: State) -> float:
    """Add the distance to the last error; return its share of the largest, -1 if not to be used."""
    distance = state[_N] - state[_LAST_ERROR]
    n = state[_N_ERRORS]
    gap = distance - state[_MEAN]
    state[_MEAN] += (1.0 / n) * gap
    state[_M2] += gap * (distance - state[_MEAN])
    if state[_N] <= state[_WARM_START]:
        return -1.0
    variance = state[_M2] / (n - 1.0) if n > 1.0 else 0.0
    # the power of the C library, as Python's: a square root differs by an ulp now and then
    largest = state[_MEAN] + 2.0 * variance ** state[_HALF]
    if largest > state[_MAX]:
        state[_MAX] = largest
        return -1.0
    return largest / state[_MAX] if n > state[_WARM_START] else -1.0


@njit(forceinline=True)
def _restart(state: State) -> None:
    state[_N:_MAX] = 0.0
    state[_MAX] = -1.0


_scan = scan_of(_update)


@with_parameters
class EDDM(ErrorDetector):
    r"""Early drift detection method: errors that follow each other faster than ever[^1].

    With the mean $p'_i$ of the distances between errors so far and their deviation $s'_i$, it looks
    at each error at $(p'_i + 2 s'_i) / \max_j (p'_j + 2 s'_j)$: below `alpha` is a warning, below
    `beta` a drift. Time and memory per update: O(1).

    Parameters
    ----------
    warm_start
        Number of predictions before it looks for the maximum, and of errors before a warning or a
        drift; at least 0.
    alpha
        Level of a warning, at least `beta` and at most 1.
    beta
        Level of a drift, in [0, 1].

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is neither 0 nor 1.

    Notes
    -----
    Gives the drifts and warnings of `river.drift.binary.EDDM`, row for row: a warning lasts until
    the next error that is looked at, and stands beside a drift that it came before. False alarms
    are many where errors are not rare.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> errors = rng.random(2000) < np.repeat([0.1, 0.5], 1000)
    >>> detectors.EDDM(alpha=0.8, beta=0.7).update_many(errors)
    array([1247])

    References
    ----------
    [^1]: Baena-Garcia, M., del Campo-Avila, J., Fidalgo, R., Bifet, A., Gavalda, R. and
        Morales-Bueno, R. (2006). Early drift detection method. Workshop on Knowledge Discovery from
        Data Streams.

    """

    warm_start: NonNegativeInt = 30
    alpha: Annotated[float, In("beta", 1.0)] = 0.95
    beta: Fraction = 0.9

    _update = staticmethod(_update)
    _scan_values = staticmethod(_scan)
    _restart = staticmethod(_restart)

    def _settings(self) -> tuple[float, ...]:
        return self.warm_start, self.alpha, self.beta, 0.5

    def _length(self) -> int:
        return _SIZE
