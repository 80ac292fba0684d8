"""Gymnasium wrappers: normalised observations, scaled rewards, time; drifting environments.

This module imports Gymnasium (extra `rl`); `environments.make` puts the wrappers together. Those
for pictures are in `picture_wrappers`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, SupportsFloat

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.wrappers import TransformAction
from numpy.typing import NDArray

from olearn.core.validate import check_integer, one_number
from olearn.learners.rl.normalise import RewardScaler, RunningNorm, TimeFeature

__all__ = [
    "AppendTime",
    "DriftingDynamics",
    "DriftingReward",
    "NormaliseObservation",
    "PermutedActions",
    "ScaleReward",
]

Env = gymnasium.Env[Any, Any]
Info = dict[str, Any]
Step = tuple[Any, SupportsFloat, bool, bool, Info]


class NormaliseObservation(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Observations normalised by `RunningNorm`; each counts once, first and last ones too.

    While `update_running_mean` is False, as for an evaluation, none counts.
    """

    def __init__(self, env: Env) -> None:
        super().__init__(env)
        self.norm = RunningNorm()
        self.update_running_mean = True  # Gymnasium's name
        shape = env.observation_space.shape
        self.observation_space = spaces.Box(-np.inf, np.inf, shape, np.float64)

    def reset(self, **kwargs: Any) -> tuple[Any, Info]:
        """Start an episode."""
        observation, info = self.env.reset(**kwargs)
        return self._normalise(observation), info

    def _normalise(self, observation: NDArray[Any]) -> NDArray[Any]:
        normalise = self.norm if self.update_running_mean else self.norm.frozen
        return normalise(observation)

    def step(self, action: Any) -> Step:
        """Make a step."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self._normalise(observation), reward, terminated, truncated, info


class ScaleReward(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Rewards scaled by `RewardScaler`; the raw one stays in `info["reward"]`.

    While `update_running_mean` is False, as for an evaluation, none counts.
    """

    def __init__(self, env: Env, gamma: float = 0.99) -> None:
        super().__init__(env)
        self.scaler = RewardScaler(gamma)
        self.update_running_mean = True  # Gymnasium's name

    def step(self, action: Any) -> Step:
        """Make a step."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        raw = one_number("reward", reward)
        if self.update_running_mean:
            scaled = self.scaler(raw, terminated or truncated)
        else:
            scaled = self.scaler.frozen(raw)
        return observation, scaled, terminated, truncated, info | {"reward": raw}


class AppendTime(gymnasium.Wrapper[Any, Any, Any, Any]):
    """`TimeFeature` as the last value of an observation."""

    def __init__(self, env: Env, limit: int) -> None:
        super().__init__(env)
        self.time = TimeFeature(limit)
        shape = env.observation_space.shape
        if shape is None or len(shape) != 1:
            raise ValueError(f"observations must be vectors for the time to be appended: {shape}")
        self.observation_space = spaces.Box(-np.inf, np.inf, (shape[0] + 1,), np.float64)

    def reset(self, **kwargs: Any) -> tuple[Any, Info]:
        """Start an episode."""
        observation, info = self.env.reset(**kwargs)
        return np.append(observation, self.time.reset()), info

    def step(self, action: Any) -> Step:
        """Make a step."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return np.append(observation, self.time.step()), reward, terminated, truncated, info


class DriftingDynamics(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Attributes of the environment change at known steps, counted over all episodes.

    Parameters
    ----------
    env
        The environment, whose innermost object has the attributes.
    changes
        From the step at which they act to the attributes' new values. Names may lead on to parts:
        CartPole's `"gravity"`, LunarLander's `"world.gravity"`, MuJoCo's `"model.opt.gravity"` or
        `"model.body_mass"`, of DM Control `"physics.model.opt.gravity"`. Derived numbers, such as
        CartPole's `total_mass`, have to be named too. Many small changes make a gradual drift.

    Examples
    --------
    >>> from olearn.learners import rl
    >>> env = rl.DriftingDynamics(rl.make("CartPole-v1"), {1: {"gravity": 20.0}})
    >>> observation, info = env.reset(seed=1)
    >>> for _ in range(2):
    ...     step = env.step(0)
    ...     print(env.unwrapped.gravity)
    9.8
    20.0

    """

    def __init__(self, env: Env, changes: Mapping[int, Mapping[str, Any]]) -> None:
        super().__init__(env)
        check_positions(list(changes))
        for values in changes.values():
            for name in values:
                self._owner(name)
        self.changes = changes
        self.steps = 0
        self._in_force: dict[str, Any] = {}

    @property
    def drift_positions(self) -> tuple[int, ...]:
        """Steps, from 0, that are the first of a new concept."""
        return tuple(self.changes)

    def reset(self, **kwargs: Any) -> tuple[Any, Info]:
        """Start an episode; a task that is built anew for it gets the values in force."""
        observation, info = self.env.reset(**kwargs)
        self._set(self._in_force)
        return observation, info

    def step(self, action: Any) -> Step:
        """Make a step; the change comes before it."""
        changes = self.changes.get(self.steps)
        if changes is not None:
            self._in_force |= changes
            self._set(changes)
        self.steps += 1
        return self.env.step(action)

    def _set(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(self._owner(name), name.rpartition(".")[2], value)

    def _owner(self, name: str) -> Any:
        """Return the object that has the attribute."""
        owner: Any = self.env.unwrapped
        parts = name.split(".")
        for at, part in enumerate(parts):
            if not hasattr(owner, part):
                raise ValueError(f"changes must name attributes of the task, got {name!r}")
            if at < len(parts) - 1:
                owner = getattr(owner, part)
        return owner


class DriftingReward(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Rewards follow another rule from known steps on, counted over all episodes.

    Parameters
    ----------
    env
        The environment.
    rules
        From the step at which it begins to `rule(reward, observation, action)`, the new reward;
        before the first the reward is the environment's.

    """

    def __init__(
        self, env: Env, rules: Mapping[int, Callable[[float, NDArray[Any], Any], float]]
    ) -> None:
        super().__init__(env)
        check_positions(list(rules))
        self.rules = rules
        self.rule: Callable[[float, NDArray[Any], Any], float] | None = None
        self.steps = 0

    @property
    def drift_positions(self) -> tuple[int, ...]:
        """Steps, from 0, that are the first of a new concept."""
        return tuple(self.rules)

    def step(self, action: Any) -> Step:
        """Make a step."""
        self.rule = self.rules.get(self.steps, self.rule)
        self.steps += 1
        observation, reward, terminated, truncated, info = self.env.step(action)
        if self.rule is not None:
            reward = self.rule(one_number("reward", reward), observation, action)
        return observation, reward, terminated, truncated, info


class PermutedActions(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Discrete actions change places at known steps: an abrupt drift that any task can have.

    Parameters
    ----------
    env
        The environment, with discrete actions.
    orders
        From the step at which it begins to the order: `orders[step][k]` is done for the k-th
        action.

    """

    def __init__(self, env: Env, orders: Mapping[int, Sequence[int]]) -> None:
        super().__init__(env)
        check_positions(list(orders))
        if not isinstance(env.action_space, spaces.Discrete):
            raise ValueError(f"actions must be discrete to be permuted, got {env.action_space}")
        self._first = int(env.action_space.start)
        actions = [self._first + k for k in range(int(env.action_space.n))]
        for order in orders.values():
            if sorted(order) != actions:
                raise ValueError(f"orders must permute {actions}, got {list(order)}")
        self.orders = orders
        self.order: Sequence[int] = actions
        self.steps = 0

    @property
    def drift_positions(self) -> tuple[int, ...]:
        """Steps, from 0, that are the first of a new concept."""
        return tuple(self.orders)

    def step(self, action: Any) -> Step:
        """Make a step."""
        self.order = self.orders.get(self.steps, self.order)
        self.steps += 1
        return self.env.step(self.order[int(action) - self._first])


def plain_actions(env: Env) -> Env:
    """Let an environment take actions as agents give them: 0, 1, ..., or float64 in a box.

    It gets numbers that begin where its own do, and arrays of its own type; whole numbers are
    rounded.
    """
    space = env.action_space
    if isinstance(space, spaces.Discrete) and space.start != 0:
        first = int(space.start)
        numbers = spaces.Discrete(int(space.n))
        return TransformAction(env, lambda action: int(action) + first, numbers)
    if isinstance(space, spaces.Box) and space.dtype != np.float64:
        low, high = space.low.astype(np.float64), space.high.astype(np.float64)
        box = spaces.Box(low, high, dtype=np.float64)
        return TransformAction(env, lambda action: _in_box(action, space), box)
    return env


def _in_box(action: Any, space: spaces.Box) -> NDArray[Any]:
    """Return the nearest action of the space, of its type."""
    values = np.asarray(action, np.float64)
    if np.issubdtype(space.dtype, np.integer):
        values = np.rint(values)
    return np.clip(values, space.low, space.high).astype(space.dtype)


def prepare(env: Env, gamma: float, time_feature: bool) -> Env:
    """Normalise observations, scale rewards and append the time, where there is a limit."""
    env = NormaliseObservation(ScaleReward(env, gamma))
    limit = None if env.spec is None else env.spec.max_episode_steps
    return AppendTime(env, limit) if time_feature and limit is not None else env


def check_positions(positions: Sequence[int]) -> None:
    """Raise unless positions are steps in ascending order."""
    for position in positions:
        check_integer("position", position, 0)
    if list(positions) != sorted(positions):
        raise ValueError(f"positions must ascend, got {list(positions)}")
