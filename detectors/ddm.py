"""The drift detection method."""

import math

import numpy as np

from olearn.core.jit import njit
from olearn.core.parameters import FiniteFloat, NonNegativeInt, with_parameters
from olearn.detectors._state_detector import DECISION, HEADER, ErrorDetector, State, decide, scan_of

__all__ = ["DDM"]

_WARM_START, _WARNING_AT, _DRIFT_AT = range(HEADER, HEADER + 3)
_N, _P, _P_MIN, _S_MIN = range(HEADER + 3, HEADER + 7)
_SIZE = HEADER + 7


@njit
def _update(state: State, x: float) -> int:
    if state[DECISION] > 0.0:
        _restart(state)
    n = state[_N] + 1.0
    p = state[_P] + (1.0 / n) * (x - state[_P])
    state[_N] = n
    state[_P] = p
    if n <= state[_WARM_START]:
        return decide(state, 0, False)
    s = math.sqrt(p * (1.0 - p) / n)
    if p + s <= state[_P_MIN] + state[_S_MIN]:
        state[_P_MIN] = p
        state[_S_MIN] = s
    drift = p + s > state[_P_MIN] + state[_DRIFT_AT] * state[_S_MIN]
    warning = p + s > state[_P_MIN] + state[_WARNING_AT] * state[_S_MIN]
    return decide(state, 1 if drift else 0, warning)


@njit(forceinline=True)
def _restart(state: State) -> None:
    state[_N] = 0.0
    state[_P] = 0.0
    state[_P_MIN] = np.inf
    state[_S_MIN] = np.inf


_scan = scan_of(_update)


@with_parameters
class DDM(ErrorDetector):
    r"""Drift detection method: an error rate that rises above its minimum[^1].

    With the error rate $p_i$ of the $i$ predictions so far and $s_i = \sqrt{p_i (1 - p_i) / i}$,
    it keeps $p_{min}$ and $s_{min}$ of the prediction at which $p + s$ was least. A warning is
    $p_i + s_i > p_{min} + w s_{min}$, a drift the same with the drift threshold in place of $w$.
    Time and memory per update: O(1).

    Parameters
    ----------
    warm_start
        Number of predictions before it looks for a minimum, a warning or a drift; at least 0.
    warning_threshold
        $w$, in deviations at the minimum.
    drift_threshold
        The same for a drift.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is neither 0 nor 1.

    Notes
    -----
    Gives the drifts and warnings of `river.drift.binary.DDM`, row for row, and so its false alarms:
    after a start without errors, $p_{min} + s_{min}$ is 0 and the first error a drift. It finds no
    fall of the error rate.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> errors = rng.random(2000) < np.repeat([0.1, 0.5], 1000)
    >>> detectors.DDM().update_many(errors)
    array([1109])

    References
    ----------
    [^1]: Gama, J., Medas, P., Castillo, G. and Rodrigues, P. (2004). Learning with drift detection.
        Brazilian Symposium on Artificial Intelligence, 286-295.

    """

    warm_start: NonNegativeInt = 30
    warning_threshold: FiniteFloat = 2.0
    drift_threshold: FiniteFloat = 3.0

    _update = staticmethod(_update)
    _scan_values = staticmethod(_scan)
    _restart = staticmethod(_restart)

    def _settings(self) -> tuple[float, ...]:
        return self.warm_start, self.warning_threshold, self.drift_threshold

    def _length(self) -> int:
        return _SIZE
