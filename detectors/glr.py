"""The generalised likelihood ratio: the best change point in a window, of the mean or variance."""

import math
from dataclasses import KW_ONLY
from typing import Annotated

import numpy as np

from olearn.core.jit import njit
from olearn.core.parameters import (
    AtLeast,
    FiniteFloat,
    OneOf,
    PositiveFloat,
    PositiveInt,
    check_parameters,
    with_parameters,
)
from olearn.core.validate import check_integer
from olearn.detectors._reference import (
    CHART,
    ReferenceDetector,
    reference_start,
    restart_after_drift,
    standardise,
    was_constant,
)
from olearn.detectors._state_detector import N_VALUES, State, decide, scan_of

__all__ = ["GeneralizedLikelihoodRatio"]

_WHAT = ("mean", "variance", "both")
_MEAN, _VARIANCE, _BOTH = range(3)

_MODEL, _H, _SIZE, _FEWEST, _STATISTIC, _LENGTH, _N, _HEAD = range(CHART, CHART + 8)
_WINDOW = CHART + 8

# the logarithm of a variance of 0 would be an infinite ratio for any run of equal values
_LEAST_VARIANCE = 1e-12


@njit
def _update(state: State, x: float) -> int:
    if restart_after_drift(state):
        state[_N] = 0.0
        state[_HEAD] = 0.0
        state[_STATISTIC] = 0.0
        state[_LENGTH] = 0.0
    z = standardise(state, x)
    if np.isnan(z):
        return decide(state, 0, False)
    size = int(state[_SIZE])
    head = int(state[_HEAD])
    state[_WINDOW + head] = z
    state[_HEAD] = (head + 1) % size
    state[_N] = min(state[_N] + 1.0, size)
    _scan_changes(state, head, size)
    statistic = state[_STATISTIC]
    return decide(state, 1 if statistic >= state[_H] else 0, statistic >= 0.5 * state[_H])


@njit(forceinline=True)
def _scan_changes(state: State, head: int, size: int) -> None:
    """Find the number of newest values that speak most for a change before them."""
    model = int(state[_MODEL])
    fewest = int(state[_FEWEST])
    best, length = 0.0, 0.0
    total, squares = 0.0, 0.0
    for n in range(1, int(state[_N]) + 1):
        z = state[_WINDOW + (head + 1 - n if n <= head + 1 else head + 1 - n + size)]
        total += z
        squares += z * z
        # a spread of 0 can only grow: more equal values are no change of it
        if n < fewest or (squares == 0.0 and was_constant(state)):
            continue
        if model == _MEAN:
            ratio = 0.5 * total * total / n
        else:
            mean = total / n if model == _BOTH else 0.0
            variance = max(squares / n - mean * mean, _LEAST_VARIANCE)
            ratio = 0.5 * (squares - n * (1.0 + math.log(variance)))
        if ratio > best:
            best, length = ratio, float(n)
    state[_STATISTIC] = best
    state[_LENGTH] = length


_scan = scan_of(_update)


@with_parameters
class GeneralizedLikelihoodRatio(ReferenceDetector):
    r"""Change of a Gaussian mean, variance or both, of unknown size at an unknown time[^1].

    With $z_t = (x_t - \mu) / \sigma$, each number $n$ of newest values has a log-likelihood ratio
    of their own best parameters against $\mu, \sigma$; with $m$ their mean, $q$ their mean square
    and $v = q - m^2$ their variance it is

    $$\tfrac{n}{2} m^2, \quad \tfrac{n}{2} (q - 1 - \ln q), \quad \tfrac{n}{2} (q - 1 - \ln v)$$

    for a change of the mean, of the variance, or of both. The largest is the statistic, and a drift
    where it reaches the threshold. Time per update and memory: O(`window_size`).

    Parameters
    ----------
    change
        What may change: "mean", "variance" (the mean is taken to stay) or "both".
    threshold
        Log-likelihood ratio that is a drift; positive.
    window_size
        Number of newest values among which a change is looked for; at least `min_length`.
    mean
        $\mu$, what the values scatter around without a drift. None: estimated from the first
        `warm_up` values, and again after each drift.
    sigma
        $\sigma$, their standard deviation, positive. None: estimated likewise.
    min_length
        Fewest values after a change; at least 1, and 2 where a variance may change. Of very few
        values a variance near 0 is no rare event.
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
    Unlike `CUSUM` it needs no idea of the size of the change. For independent values, a known
    reference, "mean" and `min_length` = 1 the mean time between false alarms is about
    $\sqrt{2 \pi} e^h / (b \int_0^b x \nu(x)^2 dx)$, $b = \sqrt{2 h}$[^2], for a threshold $h$; that
    is 430 values for h = 6. Simulated with the other defaults: 18,000 values for "mean" and
    "variance", 1,400 for "both", which needs a threshold of 12 for 6,000. A warning is a statistic
    of at least half the threshold.

    A given reference is kept: after a change that lasts, alarms
    follow each other until the values come back, as on a chart of a process. Left to be estimated,
    mean and deviation are those of the time after the alarm.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> xs = np.concatenate([rng.normal(20.0, 3.0, 400), rng.normal(20.0, 6.0, 100)])
    >>> ratio = detectors.GeneralizedLikelihoodRatio("both", 12.0)
    >>> for t, x in enumerate(xs):
    ...     ratio.update(x)
    ...     if ratio.drift_detected:
    ...         print(f"alarm at {t}, since {ratio.onset}")
    alarm at 410, since 406

    References
    ----------
    [^1]: Willsky, A. S. and Jones, H. L. (1976). A generalized likelihood ratio approach to the
        detection and estimation of jumps in linear systems. IEEE Transactions on Automatic Control
        21(1), 108-112.
    [^2]: Siegmund, D. and Venkatraman, E. S. (1995). Using the generalized likelihood ratio
        statistic for sequential detection of a change-point. Annals of Statistics 23(1), 255-271.

    """

    change: Annotated[str, OneOf(*_WHAT)] = "mean"
    threshold: PositiveFloat = 10.0
    window_size: Annotated[int, AtLeast("min_length")] = 200
    _: KW_ONLY
    mean: FiniteFloat | None = None
    sigma: PositiveFloat | None = None
    min_length: PositiveInt = 5
    warm_up: Annotated[int, AtLeast(2)] = 200

    _update = staticmethod(_update)
    _scan_values = staticmethod(_scan)

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.change != "mean":
            check_integer("min_length", self.min_length, 2)
        self._reset()

    def _new_state(self) -> State:
        state = np.empty(_WINDOW + self.window_size)
        reference_start(state, self.mean, self.sigma, self.warm_up)
        state[_MODEL] = _WHAT.index(self.change)
        state[_H] = self.threshold
        state[_SIZE] = self.window_size
        state[_FEWEST] = self.min_length
        return state

    @property
    def statistic(self) -> float:
        """Largest log-likelihood ratio of a change in the window."""
        return float(self._state[_STATISTIC])

    @property
    def onset(self) -> int:
        """Position, from 0, of the first value after the likeliest change."""
        return int(self._state[N_VALUES] - self._state[_LENGTH])
