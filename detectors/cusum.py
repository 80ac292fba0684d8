"""The cumulative sum chart."""

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
from olearn.detectors._state_detector import N_VALUES, State, decide, scan_of

__all__ = ["CUSUM"]

_K, _H, _TWO_SIDED, _UPPER, _LOWER, _UPPER_ONSET, _LOWER_ONSET = range(CHART, CHART + 7)
_SIZE = CHART + 7


@njit
def _update(state: State, x: float) -> int:
    if restart_after_drift(state):
        state[_UPPER : _LOWER + 1] = 0.0
        state[_UPPER_ONSET : _LOWER_ONSET + 1] = state[N_VALUES]
    z = standardise(state, x)
    if np.isnan(z):
        state[_UPPER_ONSET : _LOWER_ONSET + 1] = state[N_VALUES] + 1.0
        return decide(state, 0, False)
    for side in range(2 if state[_TWO_SIDED] > 0.0 else 1):
        z = z if side == 0 else -z
        total = max(state[_UPPER + side] + z - state[_K], 0.0)
        state[_UPPER + side] = total
        if total == 0.0:
            state[_UPPER_ONSET + side] = state[N_VALUES] + 1.0
    largest = max(state[_UPPER], state[_LOWER])
    return decide(state, 1 if largest > state[_H] else 0, largest >= 0.5 * state[_H])


_scan = scan_of(_update)


@with_parameters
class CUSUM(ReferenceDetector):
    r"""Cumulative sum chart for a shift of the mean, of either sign[^1].

    With $z_t = (x_t - \mu) / \sigma$ it adds up what exceeds an allowance,

    $$S^+_t = \max(0, S^+_{t-1} + z_t - k), \quad S^-_t = \max(0, S^-_{t-1} - z_t - k),$$

    and signals when a sum exceeds $h$. Time and memory per update: O(1).

    Parameters
    ----------
    k
        Allowance, in standard deviations; not negative. Half the shift to look for is best.
    h
        Threshold of the sums, in standard deviations; positive.
    mean
        $\mu$, what the values scatter around without a drift. None: estimated from the first
        `warm_up` values, and again after each drift.
    sigma
        $\sigma$, their standard deviation, positive. None: estimated likewise.
    warm_up
        Number of values that estimate what is not given; at least 2. No alarm meanwhile.
    two_sided
        Watch $S^-$ too, for a fall of the mean.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is NaN or infinite.

    Notes
    -----
    For independent Gaussian values, a known reference, k = 0.5 and h = 5 the mean time between
    false alarms is 465 values, and 10.4 values detect a shift of one deviation; each sum alone
    raises half as many false alarms[^2]. For $\Delta$ = k less the shift and $b = h + 1.166$ the
    mean time is about $(e^{2 \Delta b} - 2 \Delta b - 1) / (2 \Delta^2)$, one-sided. A warning is a
    sum of at least half the threshold.

    A given reference is kept: after a change that lasts, alarms
    follow each other until the values come back, as on a chart of a process. Left to be estimated,
    mean and deviation are those of the time after the alarm.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> xs = np.concatenate([rng.normal(20.0, 3.0, 400), rng.normal(17.0, 3.0, 50)])
    >>> chart = detectors.CUSUM(h=8.0)
    >>> for t, x in enumerate(xs):
    ...     chart.update(x)
    ...     if chart.drift_detected:
    ...         print(f"alarm at {t}: direction {chart.direction}, since {chart.onset}")
    alarm at 409: direction -1, since 399

    References
    ----------
    [^1]: Page, E. S. (1954). Continuous inspection schemes. Biometrika 41(1/2), 100-115.
    [^2]: Montgomery, D. C. (2009). Introduction to statistical quality control, 6th edition. Wiley.
        Table 9.3; the approximation, by Siegmund (1985), is its equation 9.6.

    """

    k: Annotated[float, In(0.0, ends="[)")] = 0.5
    h: PositiveFloat = 5.0
    mean: FiniteFloat | None = None
    _: KW_ONLY
    sigma: PositiveFloat | None = None
    warm_up: Annotated[int, AtLeast(2)] = 200
    two_sided: bool = True

    _update = staticmethod(_update)
    _scan_values = staticmethod(_scan)

    def __post_init__(self) -> None:
        check_parameters(self)
        self._reset()

    def _new_state(self) -> State:
        state = np.empty(_SIZE)
        reference_start(state, self.mean, self.sigma, self.warm_up)
        state[_K] = self.k
        state[_H] = self.h
        state[_TWO_SIDED] = self.two_sided
        return state

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"k", "h"}

    def _apply_parameters(self) -> None:
        self._state[_K] = self.k
        self._state[_H] = self.h

    @property
    def statistic(self) -> float:
        """The larger sum, in standard deviations."""
        return float(max(self._state[_UPPER], self._state[_LOWER]))

    @property
    def direction(self) -> int:
        """Side of the larger sum: 1 for a rise of the mean, -1 for a fall."""
        return -1 if self._state[_LOWER] > self._state[_UPPER] else 1

    @property
    def onset(self) -> int:
        """Position, from 0, of the first value since the larger sum was last 0."""
        return int(self._state[_UPPER_ONSET if self.direction > 0 else _LOWER_ONSET])
