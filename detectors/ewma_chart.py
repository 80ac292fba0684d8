"""The exponentially weighted moving average chart."""

import math
from dataclasses import KW_ONLY
from typing import Annotated

import numpy as np

from olearn.core.jit import njit
from olearn.core.parameters import (
    AtLeast,
    FiniteFloat,
    In,
    PositiveFloat,
    check_parameters,
    with_parameters,
)
from olearn.detectors._reference import (
    CHART,
    ReferenceDetector,
    reference_start,
    restart_after_drift,
    standardise,
)
from olearn.detectors._state_detector import State, decide, scan_of

__all__ = ["EWMAChart"]

_LAMBDA, _WIDTH, _AVERAGE, _FADED, _LIMIT = range(CHART, CHART + 5)
_SIZE = CHART + 5


@njit
def _update(state: State, x: float) -> int:
    if restart_after_drift(state):
        state[_AVERAGE] = 0.0
        state[_FADED] = 1.0
    z = standardise(state, x)
    if np.isnan(z):
        return decide(state, 0, False)
    lambda_ = state[_LAMBDA]
    average = (1.0 - lambda_) * state[_AVERAGE] + lambda_ * z
    state[_FADED] *= (1.0 - lambda_) * (1.0 - lambda_)
    limit = state[_WIDTH] * math.sqrt(lambda_ / (2.0 - lambda_) * (1.0 - state[_FADED]))
    state[_AVERAGE] = average
    state[_LIMIT] = limit
    return decide(state, 1 if abs(average) > limit else 0, abs(average) > 2.0 / 3.0 * limit)


_scan = scan_of(_update)


@with_parameters
class EWMAChart(ReferenceDetector):
    r"""Control chart of an exponentially weighted moving average, for a shift of the mean[^1].

    With $z_t = (x_t - \mu) / \sigma$ it smooths $e_t = (1 - \lambda) e_{t-1} + \lambda z_t$ from
    $e_0 = 0$ and signals when $|e_t|$ exceeds `width` of its own standard deviations,

    $$\sqrt{\tfrac{\lambda}{2 - \lambda} \left(1 - (1 - \lambda)^{2t}\right)}.$$

    Time and memory per update: O(1).

    Parameters
    ----------
    lambda_
        Weight of the newest value, in (0, 1]; small values find small shifts later.
    width
        Half-width of the control band, in standard deviations of the average; positive.
    mean
        $\mu$, what the values scatter around without a drift. None: estimated from the first
        `warm_up` values, and again after each drift.
    sigma
        $\sigma$, their standard deviation, positive. None: estimated likewise.
    warm_up
        Number of values that estimate what is not given; at least 2. No alarm meanwhile.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is NaN or infinite.

    Notes
    -----
    For independent Gaussian values and a known reference, $\lambda$ = 0.1 with a width of 2.814
    raises a false alarm every 500 values and detects a shift of one deviation after 10.3, if the
    limits are those of large t; $\lambda$ = 0.2 needs 2.962 and 10.5[^2]. The exact limits, used
    here, are narrower at first: the mean times are 488 and 496, and a shift that is there from the
    first value is found after 8.2 and 9.6. A warning is an average beyond two thirds of its limit.

    A given reference is kept: after a change that lasts, alarms
    follow each other until the values come back, as on a chart of a process. Left to be estimated,
    mean and deviation are those of the time after the alarm.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> xs = np.concatenate([rng.normal(20.0, 3.0, 400), rng.normal(23.0, 3.0, 50)])
    >>> chart = detectors.EWMAChart(width=3.5)
    >>> for t, x in enumerate(xs):
    ...     chart.update(x)
    ...     if chart.drift_detected:
    ...         print(f"alarm at {t}: average {chart.average:.2f} beyond {chart.limit:.2f}")
    alarm at 417: average 0.93 beyond 0.80

    References
    ----------
    [^1]: Roberts, S. W. (1959). Control chart tests based on geometric moving averages.
        Technometrics 1(3), 239-250.
    [^2]: Lucas, J. M. and Saccucci, M. S. (1990). Exponentially weighted moving average control
        schemes: properties and enhancements. Technometrics 32(1), 1-12.

    """

    lambda_: Annotated[float, In(0.0, 1.0, "(]")] = 0.1
    width: PositiveFloat = 2.814
    mean: FiniteFloat | None = None
    _: KW_ONLY
    sigma: PositiveFloat | None = None
    warm_up: Annotated[int, AtLeast(2)] = 200

    _update = staticmethod(_update)
    _scan_values = staticmethod(_scan)

    def __post_init__(self) -> None:
        check_parameters(self)
        self._reset()

    def _new_state(self) -> State:
        state = np.empty(_SIZE)
        reference_start(state, self.mean, self.sigma, self.warm_up)
        state[_LAMBDA] = self.lambda_
        state[_WIDTH] = self.width
        state[_FADED] = 1.0
        return state

    @property
    def average(self) -> float:
        """The moving average, in standard deviations of the values from their mean."""
        return float(self._state[_AVERAGE])

    @property
    def limit(self) -> float:
        """The limit of its absolute value at the newest value; 0 before the first."""
        return float(self._state[_LIMIT])

    @property
    def direction(self) -> int:
        """Side of the average: 1 above the mean, -1 below."""
        return -1 if self._state[_AVERAGE] < 0.0 else 1
