"""Several agents at once, each on a stream of its own."""

import numpy as np
from numpy.typing import NDArray
from river import base

from olearn.core.types import AnyArray
from olearn.core.validate import check_integer
from olearn.learners.rl import _agent_kernels as kernels
from olearn.learners.rl._agent import Agent
from olearn.learners.rl._engine import Engine
from olearn.learners.rl._network_kernels import L1, STEP

__all__ = ["VectorAgents"]


class VectorAgents(base.Base):
    """Agents of one kind that act and learn in one compiled call, and share nothing.

    Agent k is what `agent` with the seed `agent.seed + k` would be, bit for bit; for many seeds of
    an experiment, or one agent a stream.

    Parameters
    ----------
    agent
        Gives kind and parameters; it is not changed.
    n_agents
        Number of agents, at least 1.

    Raises
    ------
    ValueError
        If `n_agents` is not positive, or an array has the wrong shape or values.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners import rl
    >>> agents = rl.VectorAgents(rl.StreamQ(2, seed=1), n_agents=3)
    >>> here, there = np.random.default_rng(1).normal(size=(2, 3, 4))
    >>> actions = agents.act(here)
    >>> agents.learn_many(here, actions, np.ones(3), there)
    >>> agents.td_errors
    array([1., 1., 1.])

    """

    def __init__(self, agent: Agent, n_agents: int = 8) -> None:
        if not isinstance(agent, Agent):
            raise TypeError(f"agent must be an agent such as StreamQ, got {agent!r}")
        check_integer("n_agents", n_agents, 1)
        self.agent = agent
        self.n_agents = n_agents
        self._engine: Engine | None = None

    def act(self, observations: AnyArray) -> AnyArray:
        """Return an action for each observation, `(n_agents, d)`.

        Shape `(n_agents,)` for discrete actions, `(n_agents, k)` for continuous ones.
        """
        engine = self._started(observations)
        engine.X[:] = observations
        actions = engine.act()
        discrete = engine.policy and not engine.state.low.size
        return actions[:, 0].astype(np.int64) if discrete else actions.copy()

    def learn_many(
        self,
        observations: AnyArray,
        actions: AnyArray,
        rewards: AnyArray,
        next_observations: AnyArray,
        terminated: AnyArray | None = None,
        truncated: AnyArray | None = None,
        *,
        skip: AnyArray | None = None,
    ) -> None:
        """Learn one transition an agent; arguments as of `learn_one`, with a row an agent.

        `skip` marks agents that have none, such as those whose environment was reset in this step.
        """
        engine = self._started(observations)
        X2 = self._checked("next_observations", next_observations, (engine.n_values,))
        reward = self._checked("rewards", rewards, ())
        if not np.isfinite(reward).all():
            raise ValueError(f"rewards must be finite, got {reward[~np.isfinite(reward)][0]}")
        if len(actions) != self.n_agents:
            raise ValueError(f"actions must have {self.n_agents} rows, got {len(actions)}")
        for row, action in enumerate(actions):
            self.agent._put_action(engine, row, action)
        engine.X[:], engine.X2[:], engine.rewards[:] = observations, X2, reward
        engine.ends[:] = 0
        for value, flags in ((2, truncated), (1, terminated), (-1, skip)):
            if flags is not None:
                engine.ends[self._checked("flags", flags, ()) != 0] = value
        engine.learn()

    @property
    def td_errors(self) -> AnyArray:
        """The last TD error of each agent, `(n_agents,)`."""
        engine = self._engine
        return (
            np.zeros(self.n_agents)
            if engine is None
            else engine.state.counters[:, kernels.TD_ERROR]
        )

    @property
    def trace_l1(self) -> AnyArray:
        """L1 norm of each agent's trace of values in its last update, `(n_agents,)`."""
        engine = self._engine
        return np.zeros(self.n_agents) if engine is None else engine.nets[-1].info[:, L1]

    @property
    def step_sizes(self) -> AnyArray:
        """Step size of values in each agent's last update, `(n_agents,)`."""
        engine = self._engine
        return np.zeros(self.n_agents) if engine is None else engine.nets[-1].info[:, STEP]

    def _started(self, observations: AnyArray) -> Engine:
        """Check the observations; make the networks at the first."""
        if self._engine is None:
            X = np.asarray(observations)
            if X.ndim != 2 or X.shape[1] == 0:
                raise ValueError(
                    f"observations must have shape ({self.n_agents}, d), got {X.shape}"
                )
            self._checked("observations", X, X.shape[1:])
            first = self.agent.seed
            seeds = [None if first is None else first + k for k in range(self.n_agents)]
            self._engine = Engine(self.agent._plan(), X.shape[1], seeds)
        self._checked("observations", observations, (self._engine.n_values,))
        return self._engine

    def _checked(self, name: str, value: AnyArray, shape: tuple[int, ...]) -> NDArray[np.float64]:
        numbers = np.asarray(value, dtype=np.float64)
        if numbers.shape != (self.n_agents, *shape):
            raise ValueError(
                f"{name} must have shape {(self.n_agents, *shape)}, got {numbers.shape}"
            )
        return numbers
