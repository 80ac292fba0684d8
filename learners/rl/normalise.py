"""Signals kept in range: observations, rewards, time; each usable alone."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from river import base

from olearn.core.parameters import Fraction, In, PositiveInt, check_parameters, with_parameters
from olearn.learners.rl._signal_kernels import (
    COUNT,
    M2,
    MEAN,
    REWARD_SIZE,
    SIGNAL_EPS,
    SIGNAL_ROWS,
    average_signal,
    count_reward,
    normalise_signal,
    reward_spread,
)

__all__ = ["ObservationTrace", "RewardScaler", "RunningNorm", "TimeFeature"]

Vector = NDArray[np.float64]


class RunningNorm(base.Base):
    r"""Normalise each channel by the mean and deviation of all observations so far[^1].

    $s = (o - \mu) / \sqrt{\sigma^2 + 10^{-8}}$, after $o$ has been counted. The first observation
    gives zeros, as does a constant; nothing is clipped. NaN gives 0 and is not counted.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.rl import RunningNorm
    >>> norm = RunningNorm()
    >>> [norm(np.array([value])).round(3).tolist() for value in (5.0, 7.0, 9.0)]
    [[0.0], [0.707], [1.0]]

    References
    ----------
    [^1]: Elsayed, M., Vasan, G., Mahmood, A. R. (2024). Streaming deep reinforcement learning
        finally works. arXiv 2410.14606, Algorithms 4 and 6.

    """

    def __init__(self) -> None:
        self._stats = np.zeros((SIGNAL_ROWS, 0))

    def __call__(self, observation: NDArray[np.floating]) -> Vector:
        """Count an observation of any shape and return it normalised, in that shape."""
        x = finite("observation", observation, gaps=True)
        if self._stats.size == 0:
            self._stats = np.zeros((SIGNAL_ROWS, x.size))
        if x.size != self._stats.shape[1]:
            raise ValueError(
                f"observation must have {self._stats.shape[1]} values, got shape {x.shape}"
            )
        out = np.empty(x.size)
        normalise_signal(self._stats, x.ravel(), out)
        return out.reshape(x.shape)

    def frozen(self, observation: NDArray[np.floating]) -> Vector:
        """Return an observation normalised by what has been counted, and do not count it."""
        x = finite("observation", observation, gaps=True)
        if self._stats.size == 0:
            return np.nan_to_num(x)
        if x.size != self._stats.shape[1]:
            raise ValueError(
                f"observation must have {self._stats.shape[1]} values, got shape {x.shape}"
            )
        scaled = (x.ravel() - self._stats[MEAN]) / np.sqrt(self.var + SIGNAL_EPS)
        return np.nan_to_num(scaled.reshape(x.shape))

    @property
    def mean(self) -> Vector:
        """Mean of each channel."""
        return self._stats[MEAN].copy()

    @property
    def var(self) -> Vector:
        """Sample variance of each channel; 1 before its second value."""
        count = self._stats[COUNT]
        spread: Vector = np.where(count < 2, 1.0, self._stats[M2] / np.maximum(count - 1, 1.0))
        return spread


@with_parameters
class RewardScaler(base.Base):
    r"""Divide rewards by the deviation of their discounted sum[^1]; nothing is subtracted.

    $u \leftarrow \gamma u + R$, or R where an episode ends; the next episode goes on from there.
    The scaled reward is $R / \sqrt{\mathrm{var}(u) + 10^{-8}}$.

    Parameters
    ----------
    gamma
        Discount, in [0, 1]; that of the agent.
    center
        Variance about the mean, as in the authors' program; False: about 0, as in the paper.

    Examples
    --------
    >>> from olearn.learners.rl import RewardScaler
    >>> scale = RewardScaler(gamma=0.5)
    >>> [round(scale(reward), 3) for reward in (1.0, 3.0, 2.0)]
    [1.0, 1.697, 1.315]

    References
    ----------
    [^1]: Elsayed, M., Vasan, G., Mahmood, A. R. (2024). Streaming deep reinforcement learning
        finally works. arXiv 2410.14606, Algorithm 5.

    """

    gamma: Fraction = 0.99
    center: bool = True

    def __post_init__(self) -> None:
        check_parameters(self)
        self._reward = np.zeros(REWARD_SIZE)

    def __call__(self, reward: float, ended: bool = False) -> float:
        """Count a reward and return it scaled; `ended` where the episode ends with it."""
        value = float(finite("reward", np.asarray(reward)))
        count_reward(self._reward, value, self.gamma, ended)
        return value / self.spread

    def frozen(self, reward: float) -> float:
        """Return a reward scaled by what has been counted, and do not count it."""
        return float(finite("reward", np.asarray(reward))) / self.spread

    @property
    def spread(self) -> float:
        """What rewards are divided by now: a scaled prediction times this is in raw units."""
        return float(reward_spread(self._reward, self.center))


@with_parameters
class TimeFeature(base.Base):
    """The share of an episode's time limit that has passed, from -0.5; lags by one step[^1].

    Parameters
    ----------
    limit
        Steps of the longest episode; at least 1.

    Examples
    --------
    >>> from olearn.learners.rl import TimeFeature
    >>> time = TimeFeature(limit=4)
    >>> time.reset()
    -0.5
    >>> [time.step() for _ in range(3)]
    [-0.5, -0.25, 0.0]

    References
    ----------
    [^1]: Pardo, F., Tavakoli, A., Levdik, V., Kormushev, P. (2018). Time limits in reinforcement
        learning. ICML.

    """

    limit: PositiveInt = 1000

    def __post_init__(self) -> None:
        check_parameters(self)
        self._steps = 0

    def reset(self) -> float:
        """Start an episode; return the value of its first observation."""
        self._steps = 0
        return -0.5

    def step(self) -> float:
        """Return the value of the next observation."""
        self._steps += 1
        return -0.5 + (self._steps - 1) / self.limit


@with_parameters
class ObservationTrace(base.Base):
    """Exponential average of each channel, without the bias of its start.

    Parameters
    ----------
    beta
        Weight of what was, in [0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.rl import ObservationTrace
    >>> trace = ObservationTrace(beta=0.5)
    >>> [trace(np.array([value])).round(3).tolist() for value in (1.0, 4.0)]
    [[1.0], [3.0]]

    """

    beta: Annotated[float, In(0.0, 1.0, "[)")] = 0.999

    def __post_init__(self) -> None:
        check_parameters(self)
        self._stats = np.zeros((SIGNAL_ROWS, 0))

    def __call__(self, observation: NDArray[np.floating]) -> Vector:
        """Count an observation, shape `(n,)`, and return its average."""
        x = finite("observation", observation, gaps=True)
        if self._stats.size == 0:
            self.reset(x.size)
        if x.shape != self._stats.shape[1:]:
            raise ValueError(f"observation must have shape {self._stats.shape[1:]}, got {x.shape}")
        out = np.empty(x.size)
        average_signal(self._stats, self.beta, x, out)
        return out

    def reset(self, size: int = 0) -> None:
        """Forget, as where an episode ends."""
        self._stats = np.zeros((SIGNAL_ROWS, size))


def finite(name: str, value: NDArray[np.floating], gaps: bool = False) -> Vector:
    """Return `value` as float64; raise if it is infinite, or NaN where `gaps` are not allowed."""
    x = np.ascontiguousarray(value, dtype=np.float64).reshape(np.shape(value))
    bad = np.isinf(x) if gaps else ~np.isfinite(x)
    if bad.any():
        raise ValueError(f"{name} must be finite, got {x[bad][0]}")
    return x
