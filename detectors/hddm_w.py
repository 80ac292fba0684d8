"""HDDM with the W-test: weighted averages compared by McDiarmid's bound."""

import math

import numpy as np

from olearn.core.jit import njit
from olearn.core.parameters import Fraction, OpenFraction, with_parameters
from olearn.detectors._state_detector import (
    DECISION,
    HEADER,
    WARNING,
    ErrorDetector,
    State,
    decide,
    scan_of,
)

__all__ = ["HDDMW"]

_TWO_SIDED, _LAMBDA, _LOG_DRIFT, _LOG_WARNING = range(HEADER, HEADER + 4)
# a weighted average is two numbers: its value, NaN before there is one, and its sum of squared
# weights; that of all, then before and after the cut of a rise, then of a fall, and the cuts
_TOTAL = HEADER + 4
_LOW, _AFTER_LOW, _HIGH, _AFTER_HIGH = range(HEADER + 6, HEADER + 14, 2)
_LOW_CUT, _HIGH_CUT = HEADER + 14, HEADER + 15
_SIZE = HEADER + 16


@njit
def _update(state: State, x: float) -> int:
    if state[DECISION] > 0.0:
        _restart(state)
    _add(state, _TOTAL, x)
    mean = state[_TOTAL]
    bound = _bound(state, state[_TOTAL + 1], _LOG_DRIFT)
    if mean + bound < state[_LOW_CUT]:
        state[_LOW_CUT] = mean + bound
        _cut(state, _LOW, _AFTER_LOW)
    else:
        _add(state, _AFTER_LOW, x)
    if mean - bound > state[_HIGH_CUT]:
        state[_HIGH_CUT] = mean - bound
        _cut(state, _HIGH, _AFTER_HIGH)
    else:
        _add(state, _AFTER_HIGH, x)
    drift = _exceeds(state, _AFTER_LOW, _LOW, _LOG_DRIFT)
    warning = not drift and _exceeds(state, _AFTER_LOW, _LOW, _LOG_WARNING)
    if state[_TWO_SIDED] > 0.0:
        if _exceeds(state, _HIGH, _AFTER_HIGH, _LOG_DRIFT):
            drift = True
        elif _exceeds(state, _HIGH, _AFTER_HIGH, _LOG_WARNING):
            warning = True
    decide(state, 1 if drift else 0, False)
    state[WARNING] = 1.0 if warning else 0.0  # of one side, beside a drift of the other
    return 1 if drift else 0


@njit(forceinline=True)
def _add(state: State, at: int, x: float) -> None:
    weight = state[_LAMBDA]
    if np.isnan(state[at]):
        state[at] = x
    else:
        state[at] = weight * x + (1.0 - weight) * state[at]
    state[at + 1] = weight * weight + (1.0 - weight) ** 2 * state[at + 1]


@njit(forceinline=True)
def _cut(state: State, before: int, after: int) -> None:
    state[before] = state[_TOTAL]
    state[before + 1] = state[_TOTAL + 1]
    state[after] = np.nan
    state[after + 1] = 1.0


@njit(forceinline=True)
def _bound(state: State, squares: float, log: int) -> float:
    return math.sqrt(squares * state[log] / 2.0)


@njit(forceinline=True)
def _exceeds(state: State, larger: int, smaller: int, log: int) -> bool:
    """Whether one average is above the other by more than the bound; not if either is NaN."""
    bound = _bound(state, state[smaller + 1] + state[larger + 1], log)
    return state[larger] - state[smaller] > bound


@njit(forceinline=True)
def _restart(state: State) -> None:
    for at in (_TOTAL, _LOW, _AFTER_LOW, _HIGH, _AFTER_HIGH):
        state[at] = np.nan
        state[at + 1] = 1.0
    state[_LOW_CUT] = np.inf
    state[_HIGH_CUT] = -np.inf


_scan = scan_of(_update)


@with_parameters
class HDDMW(ErrorDetector):
    r"""Drift detection by McDiarmid's bound on weighted averages, the W-test[^1].

    Averages the errors with exponential weights, of all predictions, and of those before and after
    the cut at which the average plus its bound was least. It signals when that after the cut is
    larger by more than $\sqrt{\tfrac{1}{2} v \ln \tfrac{1}{\alpha}}$, where $v$ sums the squared
    weights of both. Time and memory per update: O(1). Finds gradual changes; see `HDDMA` for abrupt
    ones.

    Parameters
    ----------
    drift_confidence
        $\alpha$ of a drift, in (0, 1).
    warning_confidence
        $\alpha$ of a warning, in (0, 1); larger than that of a drift.
    lambda_val
        Weight of the newest prediction, in [0, 1].
    two_sided_test
        Whether a fall of the error rate is looked for too.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is neither 0 nor 1.

    Notes
    -----
    Gives the drifts and warnings of `river.drift.binary.HDDMW`, row for row; with both sides, a
    warning of one may stand beside a drift of the other.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> errors = rng.random(2000) < np.repeat([0.1, 0.5], 1000)
    >>> detectors.HDDMW().update_many(errors)
    array([1015])

    References
    ----------
    [^1]: Frias-Blanco, I., del Campo-Avila, J., Ramos-Jimenez, G., Morales-Bueno, R., Ortiz-Diaz,
        A. and Caballero-Mota, Y. (2015). Online and non-parametric drift detection methods based on
        Hoeffding's bounds. IEEE Transactions on Knowledge and Data Engineering 27(3), 810-823.

    """

    drift_confidence: OpenFraction = 0.001
    warning_confidence: OpenFraction = 0.005
    lambda_val: Fraction = 0.05
    two_sided_test: bool = False

    _update = staticmethod(_update)
    _scan_values = staticmethod(_scan)
    _restart = staticmethod(_restart)

    def _settings(self) -> tuple[float, ...]:
        return (
            self.two_sided_test,
            self.lambda_val,
            math.log(1.0 / self.drift_confidence),
            math.log(1.0 / self.warning_confidence),
        )

    def _length(self) -> int:
        return _SIZE
