"""Anomaly likelihood: how unusual the recent scores are among those of the past."""

import math
from dataclasses import KW_ONLY
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from river import base

from olearn.core.jit import njit
from olearn.core.memory import memory_bytes
from olearn.core.parameters import (
    AtLeast,
    NonNegativeInt,
    OneOf,
    PositiveInt,
    check_parameters,
    with_parameters,
)
from olearn.core.validate import check_in_range, check_integer
from olearn.detectors._values import finite_value

__all__ = ["AnomalyLikelihood"]

State = NDArray[np.float64]

# layout of a state: parameters, numbers, then the rings of the newest scores and values
_LEARNING, _ESTIMATION, _HISTORY, _PERIOD, _AVERAGING, _DECAY = range(6)
_TIME, _MEAN, _SD, _LAST, _EW_MEAN, _EW_VARIANCE = range(6, 12)
_RINGS = 12

_LEAST_MEAN, _LEAST_VARIANCE, _FLAT_VARIANCE = 0.03, 0.0003, 1.5e-5  # NuPIC's
_RED, _YELLOW = 1e-5, 1e-3  # NuPIC's tail probabilities: only the first red of a burst stays red


def likelihood_state(
    learning: int, estimation: int, history: int, period: int, averaging: int, time_constant: float
) -> State:
    """Return the state of a likelihood that has read nothing; `time_constant` 0 = windowed."""
    state = np.zeros(_RINGS + 2 * history)
    state[:_DECAY] = learning, estimation, history, period, averaging
    state[_DECAY] = 1.0 / time_constant if time_constant else 0.0
    return state


@njit
def peek_likelihood(state: State, score: float) -> float:
    """Return the likelihood of a score in [0, 1] if it came next; nothing is changed."""
    if state[_TIME] < state[_LEARNING] + state[_ESTIMATION]:
        return 0.5
    tail = _tail(state, _average(state, score))
    if tail <= _RED and _tail(state, state[_LAST]) <= _RED:
        tail = _YELLOW
    return 1.0 - tail


@njit
def update_likelihood(state: State, score: float, value: float) -> float:
    """Read a score and the value it belongs to; return the score's likelihood."""
    likelihood = peek_likelihood(state, score)
    average = _average(state, score)
    history = int(state[_HISTORY])
    time = int(state[_TIME])
    state[_RINGS + time % history] = score
    state[_RINGS + history + time % history] = value
    state[_LAST] = average
    state[_TIME] = time + 1
    if state[_DECAY] > 0.0:
        _estimate_fading(state, average)
        return likelihood
    start = state[_LEARNING] + state[_ESTIMATION]
    if time + 1 == start or (time + 1 > start and (time + 1) % state[_PERIOD] == 0):
        _estimate_window(state)
    return likelihood


@njit
def log_likelihood(likelihood: float) -> float:
    """Return the likelihood on NAB's log scale: 0.5 -> 0.03, 0.99999 -> 0.5."""
    return math.log(1.0000000001 - likelihood) / math.log(1e-10)


@njit
def _tail(state: State, average: float) -> float:
    """Return the Gaussian tail above an average; one-sided, as in NAB's published results."""
    return 0.5 * math.erfc((average - state[_MEAN]) / (state[_SD] * 1.4142))


@njit
def _average(state: State, score: float) -> float:
    """Return the mean of a score and those before it, `averaging` in all."""
    history = int(state[_HISTORY])
    time = int(state[_TIME])
    n = min(int(state[_AVERAGING]) - 1, time)
    total = score
    for t in range(time - n, time):
        total += state[_RINGS + t % history]
    return total / (n + 1)


@njit
def _estimate_window(state: State) -> None:
    """Fit the Gaussian to the averages of the stored scores, but for the learning period's."""
    history = int(state[_HISTORY])
    time = int(state[_TIME])
    averaging = int(state[_AVERAGING])
    first = max(0, time - history)
    begin = max(first, int(state[_LEARNING]))
    total = 0.0
    sum_1, sum_2, sum_value = 0.0, 0.0, 0.0
    for t in range(first, time):
        total += state[_RINGS + t % history]
        if t - first >= averaging:
            total -= state[_RINGS + (t - averaging) % history]
        if t >= begin:
            average = total / min(t - first + 1, averaging)
            sum_1 += average
            sum_2 += average * average
            sum_value += state[_RINGS + history + t % history]
    n = time - begin
    spread = 0.0
    for t in range(begin, time):
        spread += (state[_RINGS + history + t % history] - sum_value / n) ** 2
    if spread / n < _FLAT_VARIANCE:
        state[_MEAN], state[_SD] = 0.5, 1e3
        return
    state[_MEAN] = max(sum_1 / n, _LEAST_MEAN)
    state[_SD] = math.sqrt(max(sum_2 / n - (sum_1 / n) ** 2, _LEAST_VARIANCE))


@njit
def _estimate_fading(state: State, average: float) -> None:
    """Let the newest average enter the exponential mean and variance."""
    n = state[_TIME] - state[_LEARNING]
    if n < 1.0:
        return
    weight = max(state[_DECAY], 1.0 / n)  # plain moments until the time constant is reached
    gap = average - state[_EW_MEAN]
    state[_EW_MEAN] += weight * gap
    state[_EW_VARIANCE] = (1.0 - weight) * (state[_EW_VARIANCE] + weight * gap * gap)
    state[_MEAN] = max(state[_EW_MEAN], _LEAST_MEAN)
    state[_SD] = math.sqrt(max(state[_EW_VARIANCE], _LEAST_VARIANCE))


@with_parameters
class AnomalyLikelihood(base.Base):
    r"""How unlikely the mean of the newest anomaly scores is, given those before[^1].

    Fits a Gaussian to the running means of `averaging` scores over the history and returns one
    minus its upper tail at the newest mean: near 1 when scores are higher than they used to be,
    whether they used to be low or high. Of a burst of likelihoods above 0.99999 only the first
    stays; the following ones become 0.999.

    Parameters
    ----------
    learning
        Number of first scores left out of the estimate, at least 0: the model was learning.
    estimation
        Number of scores after those before the first estimate, at least 1. Until then: 0.5.
    history
        Number of newest scores the estimate looks at, at least `averaging` and `learning +
        estimation`.
    period
        Updates from one estimate to the next; at least 1.
    averaging
        Number of scores averaged; at least 1.
    method
        "window": as in the Numenta Anomaly Benchmark. "ewma": exponential mean and variance with
        a time constant of `history`, O(`averaging`) memory, estimated at every update, without
        the guard against flat values.

    Raises
    ------
    TypeError, ValueError
        If a parameter is outside the range above, a score is not in [0, 1], or a value is not
        finite.

    Notes
    -----
    One-sided: scores that are lower than usual are not unusual. With "window", if the values over
    the history hardly vary (variance below 1.5e-5), the likelihood stays at 0.5: a flat line.

    Examples
    --------
    >>> from olearn.detectors import htm

    >>> likelihood = htm.AnomalyLikelihood(learning=20, estimation=20)
    >>> for t in range(60):
    ...     _ = likelihood.update(0.1 * (t % 3), value=t)
    >>> [round(likelihood.update(1.0, value=1.0), 5) for _ in range(3)]
    [1.0, 0.999, 0.999]
    >>> round(likelihood.log_score, 3)
    0.3

    References
    ----------
    [^1]: Ahmad, S., Lavin, A., Purdy, S. and Agha, Z. (2017). Unsupervised real-time anomaly
        detection for streaming data. Neurocomputing 262, 134-147. Section 3.2.

    """

    learning: NonNegativeInt = 288
    estimation: PositiveInt = 100
    history: Annotated[int, AtLeast("averaging")] = 8640
    _: KW_ONLY
    period: PositiveInt = 100
    averaging: PositiveInt = 10
    method: Annotated[str, OneOf("window", "ewma")] = "window"

    def __post_init__(self) -> None:
        check_parameters(self)
        check_integer("history", self.history, self.learning + self.estimation)
        self._state = self._new_state()
        self._likelihood = 0.5

    def _new_state(self) -> State:
        fading = self.method == "ewma"
        return likelihood_state(
            self.learning,
            self.estimation,
            self.averaging if fading else self.history,
            self.period,
            self.averaging,
            self.history if fading else 0.0,
        )

    @property
    def likelihood(self) -> float:
        """Likelihood of the newest score, in [0, 1]; 0.5 before the first estimate."""
        return self._likelihood

    @property
    def log_score(self) -> float:
        """The same on NAB's log scale, in [0, 1]; 0.5 corresponds to a likelihood of 0.99999."""
        return float(log_likelihood(self._likelihood))

    def peek(self, score: float) -> float:
        """Return the likelihood that a score would have if it came next."""
        check_in_range("score", score, 0.0, 1.0)
        return float(peek_likelihood(self._state, float(score)))

    def update(self, score: float, value: float = 0.0) -> float:
        """Read a score in [0, 1] and the finite value it belongs to; return its likelihood."""
        check_in_range("score", score, 0.0, 1.0)
        self._likelihood = float(update_likelihood(self._state, float(score), finite_value(value)))
        return self._likelihood

    @property
    def _raw_memory_usage(self) -> int:
        return memory_bytes(vars(self))
