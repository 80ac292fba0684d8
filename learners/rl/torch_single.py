"""One torch agent with the surface of `StreamQ`: an observation, an action, a transition."""

from typing import Any

import numpy as np

from olearn.core.validate import one_number
from olearn.learners.rl.torch_agents import TorchStreamAC, TorchStreamQ

__all__ = ["SingleTorchAgent"]


class SingleTorchAgent:
    """Act and learn in one environment with a torch agent of discrete actions.

    Observations and rewards are taken as they come, so that the environment has to be prepared, as
    `rl.make` does for pictures.

    Parameters
    ----------
    agents
        A `TorchStreamQ` or `TorchStreamAC` of one agent.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners import rl
    >>> from olearn.learners.rl.torch_single import SingleTorchAgent
    >>> agent = SingleTorchAgent(rl.TorchStreamQ((3,), 2, hidden=(8,), seed=1))
    >>> agent.learn_one(np.ones(3), 1, 1.0, np.zeros(3))
    >>> agent.td_error
    1.0

    """

    def __init__(self, agents: TorchStreamQ | TorchStreamAC) -> None:
        if agents.n_agents != 1:
            raise ValueError(f"agents must be a single one, got {agents.n_agents}")
        if isinstance(agents, TorchStreamAC) and agents.continuous:
            raise ValueError("agents must have discrete actions, got continuous=True")
        self.agents = agents

    def act(self, observation: Any) -> int:
        """Return an action for an observation."""
        return int(self.agents.act(np.asarray(observation)[None])[0])

    def learn_one(
        self,
        observation: Any,
        action: int,
        reward: float,
        next_observation: Any,
        terminated: bool = False,
        truncated: bool = False,
    ) -> None:
        """Learn one transition, given as to `StreamQ.learn_one`."""
        X, X2 = np.asarray(observation)[None], np.asarray(next_observation)[None]
        rewards = [one_number("reward", reward)]
        self.agents.learn_many(X, [action], rewards, X2, [terminated], [truncated])

    @property
    def td_error(self) -> float:
        """The last TD error; 0 before any. Feed it to a drift detector."""
        return float(self.agents.td_errors[0])
