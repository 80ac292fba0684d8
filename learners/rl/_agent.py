"""What all agents share: the door between Python's numbers and the arrays of an `Engine`."""

import abc
import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import base

from olearn.core.locked import Locked
from olearn.core.memory import memory_bytes
from olearn.core.validate import check_in_range, one_number
from olearn.learners.rl import _agent_kernels as kernels
from olearn.learners.rl._engine import Engine, Plan
from olearn.learners.rl._network_kernels import L1, STEP
from olearn.learners.rl.networks import Layers, layers_of

COMPAT = ("reference",)
Observation = NDArray[Any]
LARGEST = 1.7976931348623157e308


class Agent(Locked, base.Base, abc.ABC):
    """An agent that learns each transition once, when it arrives.

    The networks are made at the first observation, whose length is kept. Statistics count each
    observation once: `act(x)` and `learn_one(x, ...)` know the observation they were last given as
    `x` or as the next one, by its values; any other `x` begins an episode, and cuts the trace.
    """

    seed: int | None
    _engine: Engine | None

    @abc.abstractmethod
    def _plan(self) -> Plan:
        """Return what the networks and kernels need to know."""

    @abc.abstractmethod
    def _put_action(self, engine: Engine, row: int, action: Any) -> None:
        """Check an action and write it into the buffer."""

    @abc.abstractmethod
    def _own_action(self, action: Any) -> Any:
        """Turn a row of the buffer into what an environment takes."""

    @abc.abstractmethod
    def _best_action(self, outputs: NDArray[Any]) -> Any:
        """Return what the first network prefers."""

    def act(self, observation: Observation, *, explore: bool = True) -> Any:
        """Return an action for a finite observation `(d,)`.

        `explore=False` gives the action that is thought best and changes nothing; an observation
        that is not the current one is then taken for the first of an episode.
        """
        with self._lock:
            engine = self._engine
            if engine is None:
                engine = self._start(observation)
            check_observation("observation", observation, engine.n_values)
            if not explore:
                X = np.array(observation, dtype=np.float64)[None]
                return self._best_action(engine.outputs(0, X)[0])
            engine.X[0] = observation
            return self._own_action(engine.act()[0])

    def learn_one(
        self,
        observation: Observation,
        action: Any,
        reward: float,
        next_observation: Observation,
        terminated: bool = False,
        truncated: bool = False,
    ) -> None:
        """Learn one transition.

        Parameters
        ----------
        observation
            What the agent saw, `(d,)`, finite.
        action
            What it did there: any action, its own or not.
        reward
            What it got for it, finite.
        next_observation
            What it saw next, `(d,)`, finite; at the end of an episode the last observation, not
            the first of the next episode.
        terminated
            Whether the episode ended, so that nothing can follow.
        truncated
            Whether it was broken off, so that more could have followed.

        """
        with self._lock:
            engine = self._engine
            if engine is None:
                engine = self._start(observation)
            self._put(engine, 0, observation, action, reward, next_observation)
            engine.ends[0] = 1 if terminated else 2 if truncated else 0
            engine.learn()

    def _put(
        self, engine: Engine, row: int, x: Observation, action: Any, reward: Any, x2: Observation
    ) -> None:
        """Check a transition and write it into row `row` of the buffers."""
        check_observation("observation", x, engine.n_values)
        check_observation("next_observation", x2, engine.n_values)
        if not isinstance(reward, numbers.Real):
            reward = one_number("reward", reward)
        if not math.isfinite(reward):
            raise ValueError(f"reward must be finite, got {reward}")
        self._put_action(engine, row, action)
        engine.rewards[row] = reward
        engine.X[row] = x
        engine.X2[row] = x2

    def _start(self, observation: Observation) -> Engine:
        """Make the networks; they stay away if the observation cannot be one."""
        x = np.asarray(observation)
        if x.ndim != 1 or x.size == 0 or x.dtype.kind not in "biuf":
            raise ValueError(f"observation must be a vector of numbers, got {observation!r}")
        check_in_range("observation", float(np.abs(x).max()), 0.0, LARGEST)
        self._engine = Engine(self._plan(), x.size, [self.seed])
        return self._engine

    @property
    def td_error(self) -> float:
        """The last TD error, in scaled rewards; 0 before any. Feed it to a drift detector."""
        if self._engine is None:
            return 0.0
        return float(self._engine.state.counters[0, kernels.TD_ERROR])

    @property
    def trace_l1(self) -> float:
        """L1 norm of the trace of values that the last update used."""
        return 0.0 if self._engine is None else float(self._engine.nets[-1].info[0, L1])

    @property
    def step_size(self) -> float:
        """Step size of values in the last update."""
        return 0.0 if self._engine is None else float(self._engine.nets[-1].info[0, STEP])

    @property
    def layers(self) -> list[Layers]:
        """Matrices `(units, inputs)` and biases of each network; views. Empty before the first."""
        if self._engine is None:
            return []
        return [layers_of(net.sizes, net.w[0]) for net in self._engine.nets]

    @property
    def _raw_memory_usage(self) -> int:
        if self._engine is None:
            return memory_bytes(vars(self))
        engine = vars(self._engine) | {"nets": [list(net) for net in self._engine.nets]}
        return memory_bytes(vars(self) | {"_engine": engine | {"state": list(self._engine.state)}})


def check_observation(name: str, value: Any, size: int) -> None:
    """Raise unless `value` is a vector of that many numbers."""
    shape = value.shape if isinstance(value, np.ndarray) else np.shape(value)
    if shape != (size,):
        raise ValueError(f"{name} must have shape ({size},), got {shape}")


def shared_conf(agent: Any) -> dict[int, float]:
    """Return entries of `conf` that all agents have."""
    return {
        kernels.GAMMA: agent.gamma,
        kernels.LAMBDA: agent.lambda_,
        kernels.NORMALISE: agent.normalise,
        kernels.SCALE: agent.scale_reward,
        kernels.LIMIT: agent.time_limit or 0,
        kernels.REFERENCE: agent.compat == "reference",
        kernels.BARE: not agent.layer_norm,
    }
