"""The Page-Hinkley test."""

from typing import Annotated

import numpy as np

from olearn.core.jit import njit
from olearn.core.parameters import (
    FiniteFloat,
    Fraction,
    NonNegativeInt,
    OneOf,
    with_parameters,
)
from olearn.detectors._state_detector import (
    DECISION,
    HEADER,
    KernelDetector,
    State,
    decide,
    scan_of,
)

__all__ = ["PageHinkley"]

_MODES = ("both", "up", "down")
_BOTH, _UP, _DOWN = range(3)

_MIN_INSTANCES, _DELTA, _THRESHOLD, _ALPHA, _MODE = range(HEADER, HEADER + 5)
_N, _MEAN, _RISE, _FALL, _LEAST_RISE, _LARGEST_FALL = range(HEADER + 5, HEADER + 11)
_SIZE = HEADER + 11


@njit
def _update(state: State, x: float) -> int:
    if state[DECISION] > 0.0:
        _restart(state)
    n = state[_N] + 1.0
    mean = state[_MEAN] + (1.0 / n) * (x - state[_MEAN])
    state[_N] = n
    state[_MEAN] = mean
    gap = x - mean
    rise = state[_ALPHA] * state[_RISE] + gap - state[_DELTA]
    fall = state[_ALPHA] * state[_FALL] + gap + state[_DELTA]
    state[_RISE] = rise
    state[_FALL] = fall
    state[_LEAST_RISE] = min(state[_LEAST_RISE], rise)
    state[_LARGEST_FALL] = max(state[_LARGEST_FALL], fall)
    if n < state[_MIN_INSTANCES]:
        return decide(state, 0, False)
    up = state[_MODE] != _DOWN and rise - state[_LEAST_RISE] > state[_THRESHOLD]
    down = state[_MODE] != _UP and state[_LARGEST_FALL] - fall > state[_THRESHOLD]
    return decide(state, 1 if up or down else 0, False)


@njit(forceinline=True)
def _restart(state: State) -> None:
    state[_N:_LEAST_RISE] = 0.0
    state[_LEAST_RISE] = np.inf
    state[_LARGEST_FALL] = -1.0


_scan = scan_of(_update)


@with_parameters
class PageHinkley(KernelDetector):
    r"""Page-Hinkley test: deviations from the running mean, summed[^1].

    With the mean $\bar x_t$ of the values so far it sums, fading,

    $$U_t = \alpha U_{t-1} + x_t - \bar x_t - \delta, \quad
    L_t = \alpha L_{t-1} + x_t - \bar x_t + \delta,$$

    and signals a rise when $U_t - \min_i U_i$ exceeds the threshold, a fall when
    $\max_i L_i - L_t$ does. Time and memory per update: O(1).

    Parameters
    ----------
    min_instances
        Number of values before the first alarm; at least 0.
    delta
        Deviation that is allowed, in the unit of the values.
    threshold
        Of the sums, in the unit of the values.
    alpha
        Fading of the sums, in [0, 1].
    mode
        "up" for a rise of the mean, "down" for a fall, or "both".

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is NaN or infinite.

    Notes
    -----
    Gives the alarms of `river.drift.PageHinkley`, row for row; as there, $\max_i L_i$ starts at -1,
    whatever the unit. There are no warnings.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> xs = np.concatenate([rng.normal(0.0, 1.0, 1000), rng.normal(3.0, 1.0, 1000)])
    >>> detectors.PageHinkley().update_many(xs)
    array([1011, 1920])

    References
    ----------
    [^1]: Page, E. S. (1954). Continuous inspection schemes. Biometrika 41(1/2), 100-115. The fading
        form: Sebastiao, R. and Fernandes, J. M. (2017). Supporting the Page-Hinkley test with
        empirical mode decomposition for change detection. ISMIS, 492-498.

    """

    min_instances: NonNegativeInt = 30
    delta: FiniteFloat = 0.005
    threshold: FiniteFloat = 50.0
    alpha: Fraction = 1 - 0.0001
    mode: Annotated[str, OneOf(*_MODES)] = "both"

    _update = staticmethod(_update)
    _scan_values = staticmethod(_scan)
    _restart = staticmethod(_restart)

    def _settings(self) -> tuple[float, ...]:
        mode = _MODES.index(self.mode)
        return self.min_instances, self.delta, self.threshold, self.alpha, mode

    def _length(self) -> int:
        return _SIZE
