"""HDDM with the A-test: averages compared by Hoeffding's bound."""

import math

from olearn.core.jit import njit
from olearn.core.parameters import OpenFraction, with_parameters
from olearn.detectors._state_detector import (
    DECISION,
    HEADER,
    WARNING,
    ErrorDetector,
    State,
    decide,
    scan_of,
)

__all__ = ["HDDMA"]

# logarithms that the bounds need: of 1 over the confidence, and of 2 over it
_TWO_SIDED, _LOG_CUT, _LOG_DRIFT, _LOG_WARNING = range(HEADER, HEADER + 4)
# counts and means: of all, of the cut that a rise is measured from, of that for a fall
_N, _MEAN, _LOW_N, _LOW, _HIGH_N, _HIGH = range(HEADER + 4, HEADER + 10)
_SIZE = HEADER + 10


@njit
def _update(state: State, x: float) -> int:
    if state[DECISION] > 0.0:
        _restart(state)
    n = state[_N] + 1.0
    mean = state[_MEAN] + (1.0 / n) * (x - state[_MEAN])
    state[_N] = n
    state[_MEAN] = mean
    bound = _bound(state, n)
    if n == 1.0 or state[_LOW] + _bound(state, state[_LOW_N]) >= mean + bound:
        state[_LOW_N] = n
        state[_LOW] = mean
    if n == 1.0 or state[_HIGH] - _bound(state, state[_HIGH_N]) <= mean - bound:
        state[_HIGH_N] = n
        state[_HIGH] = mean
    rise = mean - state[_LOW]
    drift = _differs(state, state[_LOW_N], rise, _LOG_DRIFT)
    warning = not drift and _differs(state, state[_LOW_N], rise, _LOG_WARNING)
    if state[_TWO_SIDED] > 0.0:
        fall = state[_HIGH] - mean
        if _differs(state, state[_HIGH_N], fall, _LOG_DRIFT):
            drift = True
        elif _differs(state, state[_HIGH_N], fall, _LOG_WARNING):
            warning = True
    decide(state, 1 if drift else 0, False)
    state[WARNING] = 1.0 if warning else 0.0  # of one side, beside a drift of the other
    return 1 if drift else 0


@njit(forceinline=True)
def _bound(state: State, n: float) -> float:
    return math.sqrt(1.0 / (2.0 * n) * state[_LOG_CUT])


@njit(forceinline=True)
def _differs(state: State, n: float, gap: float, log: int) -> bool:
    """Whether the mean of all is further than the bound from that of the first `n`."""
    if n == state[_N]:
        return False
    m = (state[_N] - n) / n * (1.0 / state[_N])
    return gap >= math.sqrt(m / 2.0 * state[log])


@njit(forceinline=True)
def _restart(state: State) -> None:
    state[_N:_SIZE] = 0.0


_scan = scan_of(_update)


@with_parameters
class HDDMA(ErrorDetector):
    r"""Drift detection by Hoeffding's bound on averages, the A-test[^1].

    Compares the error rate of all predictions with that of the first $n$, where $n$ is the cut at
    which the rate plus its bound was least. It signals when they are further apart than

    $$\sqrt{\tfrac{m}{2} \ln \tfrac{2}{\alpha}}, \quad m = \frac{1}{n} - \frac{1}{N}.$$

    Time and memory per update: O(1). Finds abrupt changes; see `HDDMW` for gradual ones.

    Parameters
    ----------
    drift_confidence
        $\alpha$ of a drift, in (0, 1).
    warning_confidence
        $\alpha$ of a warning, in (0, 1); larger than that of a drift.
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
    Gives the drifts and warnings of `river.drift.binary.HDDMA`, row for row; with both sides, a
    warning of one may stand beside a drift of the other.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> errors = rng.random(2000) < np.repeat([0.1, 0.5], 1000)
    >>> detectors.HDDMA().update_many(errors)
    array([1015])

    References
    ----------
    [^1]: Frias-Blanco, I., del Campo-Avila, J., Ramos-Jimenez, G., Morales-Bueno, R., Ortiz-Diaz,
        A. and Caballero-Mota, Y. (2015). Online and non-parametric drift detection methods based on
        Hoeffding's bounds. IEEE Transactions on Knowledge and Data Engineering 27(3), 810-823.

    """

    drift_confidence: OpenFraction = 0.001
    warning_confidence: OpenFraction = 0.005
    two_sided_test: bool = False

    _update = staticmethod(_update)
    _scan_values = staticmethod(_scan)
    _restart = staticmethod(_restart)

    def _settings(self) -> tuple[float, ...]:
        return (
            self.two_sided_test,
            math.log(1.0 / self.drift_confidence),
            math.log(2.0 / self.drift_confidence),
            math.log(2.0 / self.warning_confidence),
        )

    def _length(self) -> int:
        return _SIZE
