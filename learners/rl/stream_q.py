"""Agents that learn the values of discrete actions: stream Q(lambda) and stream SARSA(lambda)."""

import numbers
from dataclasses import KW_ONLY
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.locked import locked
from olearn.core.parameters import (
    AtLeast,
    Fraction,
    OneOf,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.core.validate import check_in_range, check_integer
from olearn.learners.rl import _agent_kernels as kernels
from olearn.learners.rl._agent import COMPAT, Agent, Observation, shared_conf
from olearn.learners.rl._engine import Engine, Plan
from olearn.learners.rl.networks import DTYPES, check_hidden
from olearn.learners.rl.optimisers import ObGD, Optimiser, check_optimiser

__all__ = ["StreamQ", "StreamSARSA"]

CUTS = ("after", "before", "never")


def check_exploration(name: str, value: Any) -> None:
    """Raise unless `value` is a pair of probabilities, the first and the last."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise ValueError(f"{name} must be a pair (first, last), got {value!r}")
    for each in value:
        check_in_range(name, each, 0.0, 1.0)


class _ValueAgent(Agent):
    """What Q and SARSA share: values of actions, epsilon-greedy choices."""

    n_actions: int
    hidden: tuple[int, ...]
    epsilon: tuple[float, float]
    epsilon_steps: int
    optimiser: Optimiser | None
    sparsity: float
    dtype: str

    def _plan_of(self, method: int, cut: int) -> Plan:
        own = {
            kernels.EPS_FIRST: self.epsilon[0],
            kernels.EPS_LAST: self.epsilon[1],
            kernels.EPS_STEPS: self.epsilon_steps,
            kernels.METHOD: method,
            kernels.CUT: cut,
        }
        rule = self.optimiser if self.optimiser is not None else ObGD(kappa=2.0)
        return Plan(
            self.hidden, (self.n_actions,), (rule,), self.sparsity, self.dtype,
            shared_conf(self) | own,
        )  # fmt: skip

    def _put_action(self, engine: Engine, row: int, action: Any) -> None:
        if not isinstance(action, numbers.Integral) or not 0 <= int(action) < self.n_actions:
            check_integer("action", action, 0, self.n_actions - 1)
        engine.actions[row] = action

    def _own_action(self, action: Any) -> int:
        return int(action)

    def _best_action(self, outputs: NDArray[Any]) -> int:
        return int(np.argmax(outputs))

    def values(self, observation: Observation) -> NDArray[Any]:
        """Return the value of each action in scaled rewards, `(n_actions,)`; changes nothing."""
        if self._engine is None:
            return np.zeros(self.n_actions, self.dtype)
        X = np.array(observation, dtype=np.float64)[None]
        return self._engine.outputs(0, X)[0]


@with_parameters
class StreamQ(_ValueAgent):
    r"""Stream Q(lambda): learns the values of discrete actions, one transition at a time[^1].

    $\delta = r + \gamma \max_b q(s', b) - q(s, a)$ moves the weights along the trace
    $z \leftarrow \gamma \lambda z + \nabla q(s, a)$, by no more than ObGD allows. The trace ends
    with an episode and with an action that is not the greedy one. Time: O(weights) a step.

    Parameters
    ----------
    n_actions
        Number of actions, at least 2; they are 0, 1, ...
    hidden
        Widths of the hidden layers, at least one; 10 or more with the default sparsity.
    gamma
        Discount, in [0, 1].
    lambda_
        Decay of the trace beside the discount, in [0, 1].
    epsilon
        Probability of a random action at the start and in the end, each in [0, 1].
    epsilon_steps
        Choices over which it falls; at least 1.
    trace_cut
        Where an action that is not greedy cuts the trace: `"after"` the update, `"before"` it, or
        `"never"`.
    optimiser
        Update rule; None: `ObGD(kappa=2)`.
    sparsity
        Share of weights that start at zero, in [0, 1].
    layer_norm
        Whether hidden layers have a layer norm; False only shows what it is good for.
    normalise
        Whether observations are normalised by their running mean and deviation.
    scale_reward
        Whether rewards are divided by the deviation of their discounted sum.
    time_limit
        Steps of the longest episode, at least 1; adds the time as an input. None: no such input.
    compat
        `"reference"` for the habits of the authors' program: a truncated episode counts as
        terminated; None without.
    dtype
        `"float32"` or `"float64"`, of networks and traces.
    seed
        Seed of weights and choices; None draws one. Results do not depend on the number of threads.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or an observation or reward is not finite.
    TypeError
        If a parameter or an action has the wrong type.

    Notes
    -----
    The paper's pseudocode cuts the trace before the update, its program after it, which learns
    better. Where an episode is truncated, the next value is bootstrapped from and the trace ends.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners import rl
    >>> agent = rl.StreamQ(2, gamma=0.0, epsilon_steps=200, seed=1)
    >>> rng = np.random.default_rng(1)
    >>> here, hits = rng.normal(size=3), 0.0
    >>> for step in range(2000):  # the better action is the sign of the first value
    ...     action = agent.act(here)
    ...     reward, there = float(action == (here[0] > 0)), rng.normal(size=3)
    ...     agent.learn_one(here, action, reward, there)
    ...     here, hits = there, hits + reward * (step >= 1000)
    >>> hits > 900
    True

    References
    ----------
    [^1]: Elsayed, M., Vasan, G., Mahmood, A. R. (2024). Streaming deep reinforcement learning
        finally works. arXiv 2410.14606, Algorithm 8.

    """

    n_actions: Annotated[int, AtLeast(2)] = 2
    hidden: tuple[int, ...] = (32, 32)
    gamma: Fraction = 0.99
    _: KW_ONLY
    lambda_: Fraction = 0.8
    epsilon: Annotated[tuple[float, float], check_exploration] = (1.0, 0.01)
    epsilon_steps: PositiveInt = 25_000
    trace_cut: Annotated[str, OneOf(*CUTS)] = "after"
    optimiser: Annotated[Optimiser | None, check_optimiser] = None
    sparsity: Fraction = 0.9
    layer_norm: bool = True
    normalise: bool = True
    scale_reward: bool = True
    time_limit: PositiveInt | None = None
    compat: Annotated[str, OneOf(*COMPAT)] | None = None
    dtype: Annotated[str, OneOf(*DTYPES)] = "float32"
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._engine = None
        check_hidden(self.hidden, self.sparsity)

    def _plan(self) -> Plan:
        return self._plan_of(kernels.Q, CUTS.index(self.trace_cut))


@with_parameters
class StreamSARSA(_ValueAgent):
    r"""Stream SARSA(lambda): learns the values of the actions it takes[^1].

    As `StreamQ`, but $\delta = r + \gamma q(s', a') - q(s, a)$ with the action a' that is taken
    next: `learn_one` draws it and the following `act` returns it. Only the end of an episode cuts
    the trace.

    Parameters
    ----------
    n_actions
        Number of actions, at least 2; they are 0, 1, ...
    hidden
        Widths of the hidden layers, at least one; 10 or more with the default sparsity.
    gamma
        Discount, in [0, 1].
    lambda_
        Decay of the trace beside the discount, in [0, 1].
    epsilon
        Probability of a random action at the start and in the end, each in [0, 1].
    epsilon_steps
        Choices over which it falls; at least 1.
    optimiser
        Update rule; None: `ObGD(kappa=2)`.
    sparsity
        Share of weights that start at zero, in [0, 1].
    layer_norm
        Whether hidden layers have a layer norm; False only shows what it is good for.
    normalise
        Whether observations are normalised by their running mean and deviation.
    scale_reward
        Whether rewards are divided by the deviation of their discounted sum.
    time_limit
        Steps of the longest episode, at least 1; adds the time as an input. None: no such input.
    compat
        `"reference"` for the habits of the authors' program: a truncated episode counts as
        terminated, and the first action of an episode is drawn at the end of the one before;
        None without.
    dtype
        `"float32"` or `"float64"`, of networks and traces.
    seed
        Seed of weights and choices; None draws one. Results do not depend on the number of threads.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or an observation or reward is not finite.
    TypeError
        If a parameter or an action has the wrong type.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners import rl
    >>> agent = rl.StreamSARSA(2, gamma=0.0, epsilon_steps=200, seed=1)
    >>> rng = np.random.default_rng(1)
    >>> here, hits = rng.normal(size=3), 0.0
    >>> for step in range(2000):  # the better action is the sign of the first value
    ...     action = agent.act(here)
    ...     reward, there = float(action == (here[0] > 0)), rng.normal(size=3)
    ...     agent.learn_one(here, action, reward, there)
    ...     here, hits = there, hits + reward * (step >= 1000)
    >>> hits > 900
    True

    References
    ----------
    [^1]: Elsayed, M., Vasan, G., Mahmood, A. R. (2024). Streaming deep reinforcement learning
        finally works. arXiv 2410.14606, Algorithm 9.

    """

    n_actions: Annotated[int, AtLeast(2)] = 2
    hidden: tuple[int, ...] = (32, 32)
    gamma: Fraction = 0.99
    _: KW_ONLY
    lambda_: Fraction = 0.8
    epsilon: Annotated[tuple[float, float], check_exploration] = (1.0, 0.01)
    epsilon_steps: PositiveInt = 25_000
    optimiser: Annotated[Optimiser | None, check_optimiser] = None
    sparsity: Fraction = 0.9
    layer_norm: bool = True
    normalise: bool = True
    scale_reward: bool = True
    time_limit: PositiveInt | None = None
    compat: Annotated[str, OneOf(*COMPAT)] | None = None
    dtype: Annotated[str, OneOf(*DTYPES)] = "float32"
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._engine = None
        check_hidden(self.hidden, self.sparsity)

    @locked
    def learn_one(
        self,
        observation: Observation,
        action: int,
        reward: float,
        next_observation: Observation,
        terminated: bool = False,
        truncated: bool = False,
        next_action: int | None = None,
    ) -> None:
        """Learn one transition; `next_action` is the next one where the agent does not draw it."""
        engine = self._engine if self._engine is not None else self._start(observation)
        if next_action is not None:
            check_integer("next_action", next_action, 0, self.n_actions - 1)
        engine.given[0] = -1 if next_action is None else next_action
        try:
            super().learn_one(observation, action, reward, next_observation, terminated, truncated)
        finally:
            engine.given[0] = -1

    def _plan(self) -> Plan:
        return self._plan_of(kernels.SARSA, kernels.AFTER)
