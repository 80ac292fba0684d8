"""Stream Q and stream actor-critic on the torch backend: pictures, CUDA, many agents at once."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from olearn.core.types import AnyArray
from olearn.core.validate import check_choice, check_flag, check_in_range, check_integer
from olearn.learners.rl._torch_agent import TorchAgents, with_threads
from olearn.learners.rl.optimisers import ObGD, Optimiser, check_optimiser
from olearn.learners.rl.torch_backend import Shape, TorchTrace

__all__ = ["TorchStreamAC", "TorchStreamQ"]

CUTS = ("after", "before", "never")


class TorchStreamQ(TorchAgents):
    r"""Stream Q(lambda) in torch, for one or many agents on one device[^1].

    The equations are those of `StreamQ`. Observations and rewards are taken as they come: put the
    wrappers of `environments.make` around the environments. One agent with a small dense network
    is faster with `StreamQ`; this one is for pictures, and for hundreds of agents on a GPU.

    Parameters
    ----------
    observation_shape
        `(d,)`, or `(channels, height, width)` where there are convolutions.
    n_actions
        Number of actions, at least 2.
    n_agents
        Number of agents, at least 1.
    convolutions
        `(filters, size, stride)` of each, such as `torch_backend.MINATAR`.
    hidden
        Widths of the dense layers.
    gamma
        Discount, in [0, 1].
    lambda_
        Decay of the trace beside the discount, in [0, 1].
    epsilon
        Probability of a random action at the start and in the end.
    epsilon_steps
        Choices over which it falls; at least 1.
    trace_cut
        `"after"`, `"before"` or `"never"`, as of `StreamQ`.
    optimiser
        Update rule; None: `ObGD(kappa=2)`.
    sparsity
        Share of weights that start at zero, in [0, 1].
    device
        `"cpu"`, `"cuda"`, ...
    dtype
        `"float32"` or `"float64"`.
    seed
        Seed of weights and choices; None draws one. Results do not depend on the number of threads,
        below 30 million weights.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners import rl
    >>> agents = rl.TorchStreamQ((4, 10, 10), 3, 2, convolutions=((16, 3, 1),), seed=1)
    >>> pictures = np.random.default_rng(1).normal(size=(2, 2, 4, 10, 10))
    >>> actions = agents.act(pictures[0])
    >>> agents.learn_many(pictures[0], actions, np.ones(2), pictures[1])
    >>> agents.td_errors.shape
    torch.Size([2])

    References
    ----------
    [^1]: Elsayed, M., Vasan, G., Mahmood, A. R. (2024). Streaming deep reinforcement learning
        finally works. arXiv 2410.14606, Algorithm 8.

    """

    def __init__(
        self,
        observation_shape: Shape,
        n_actions: int,
        n_agents: int = 1,
        *,
        convolutions: Sequence[Shape] = (),
        hidden: Sequence[int] = (128,),
        gamma: float = 0.99,
        lambda_: float = 0.8,
        epsilon: tuple[float, float] = (1.0, 0.01),
        epsilon_steps: int = 25_000,
        trace_cut: str = "after",
        optimiser: Optimiser | None = None,
        sparsity: float = 0.9,
        device: str = "cpu",
        dtype: str = "float32",
        seed: int | None = None,
    ) -> None:
        super().__init__(
            observation_shape, convolutions=convolutions, hidden=hidden, n_agents=n_agents,
            gamma=gamma, lambda_=lambda_, sparsity=sparsity, device=device, dtype=dtype, seed=seed,
        )  # fmt: skip
        check_integer("n_actions", n_actions, 2)
        check_integer("epsilon_steps", epsilon_steps, 1)
        for rate in epsilon:
            check_in_range("epsilon", rate, 0.0, 1.0)
        check_choice("trace_cut", trace_cut, CUTS)
        check_optimiser("optimiser", optimiser)
        self.n_actions = n_actions
        self.epsilon = epsilon
        self.epsilon_steps = epsilon_steps
        self.trace_cut = trace_cut
        self.network = self._network(n_actions, 0)
        rule = optimiser if optimiser is not None else ObGD(kappa=2.0)
        self.trace = TorchTrace(self.network, rule, self.decay)
        self._choices = 0

    @with_threads
    @torch.no_grad()
    def act(self, observations: Any, *, explore: bool = True) -> AnyArray:
        """Return an action for each observation, `(n_agents,)`."""
        best = self.network(self._observations("observations", observations)).argmax(1)
        if explore:
            self._choices += 1
            first, last = self.epsilon
            rate = max(first + self._choices * (last - first) / self.epsilon_steps, last)
            other = (self._uniform() * self.n_actions).long()
            best = torch.where(self._uniform() < rate, other, best)
        actions: AnyArray = best.cpu().numpy()
        return actions

    @with_threads
    def learn_many(
        self,
        observations: Any,
        actions: Any,
        rewards: Any,
        next_observations: Any,
        terminated: Any = None,
        truncated: Any = None,
    ) -> None:
        """Learn one transition an agent, each given as an array with a row an agent."""
        X, X2, reward, stop, over = self._transition(
            observations, rewards, next_observations, terminated, truncated
        )
        taken = self._vector("actions", actions, torch.int64)
        with torch.no_grad():
            following = self.network(X2).max(1).values.double()
        values = self.network(X)
        value = values.gather(1, taken[:, None])[:, 0]
        explored = taken != values.argmax(1)
        self.td_errors = reward + self.gamma * following * ~stop - value.detach().double()
        self.trace.add(value, explored if self.trace_cut == "before" else None)
        self.trace.update(self.td_errors, over | explored if self.trace_cut == "after" else over)


class TorchStreamAC(TorchAgents):
    r"""Stream AC(lambda) in torch, for one or many agents on one device[^1].

    The equations are those of `StreamAC`; the rest is as of `TorchStreamQ`. Continuous actions are
    returned as they were drawn: clip them for the environment, and learn with them unclipped.

    Parameters
    ----------
    observation_shape
        `(d,)`, or `(channels, height, width)` where there are convolutions.
    n_actions
        Number of discrete actions, or of dimensions of continuous ones.
    n_agents
        Number of agents, at least 1.
    continuous
        Whether actions are continuous.
    convolutions
        `(filters, size, stride)` of each, such as `torch_backend.MINATAR`.
    hidden
        Widths of the dense layers.
    gamma
        Discount, in [0, 1].
    lambda_
        Decay of the trace beside the discount, in [0, 1].
    entropy
        Weight of the entropy; not negative.
    actor_optimiser
        Update rule of the policy; None: `ObGD(kappa=3)`.
    critic_optimiser
        Update rule of the value; None: `ObGD(kappa=2)`.
    sparsity
        Share of weights that start at zero, in [0, 1].
    device
        `"cpu"`, `"cuda"`, ...
    dtype
        `"float32"` or `"float64"`.
    seed
        Seed of weights and choices; None draws one. Results do not depend on the number of threads,
        below 30 million weights.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners import rl
    >>> agents = rl.TorchStreamAC((4,), 2, 5, hidden=(16, 16), seed=1)
    >>> agents.act(np.ones((5, 4))).shape
    (5,)

    References
    ----------
    [^1]: Elsayed, M., Vasan, G., Mahmood, A. R. (2024). Streaming deep reinforcement learning
        finally works. arXiv 2410.14606, Algorithm 10.

    """

    def __init__(
        self,
        observation_shape: Shape,
        n_actions: int,
        n_agents: int = 1,
        *,
        continuous: bool = False,
        convolutions: Sequence[Shape] = (),
        hidden: Sequence[int] = (128,),
        gamma: float = 0.99,
        lambda_: float = 0.8,
        entropy: float = 0.01,
        actor_optimiser: Optimiser | None = None,
        critic_optimiser: Optimiser | None = None,
        sparsity: float = 0.9,
        device: str = "cpu",
        dtype: str = "float32",
        seed: int | None = None,
    ) -> None:
        super().__init__(
            observation_shape, convolutions=convolutions, hidden=hidden, n_agents=n_agents,
            gamma=gamma, lambda_=lambda_, sparsity=sparsity, device=device, dtype=dtype, seed=seed,
        )  # fmt: skip
        check_integer("n_actions", n_actions, 1 if continuous else 2)
        check_in_range("entropy", entropy, 0.0)
        check_optimiser("actor_optimiser", actor_optimiser)
        check_optimiser("critic_optimiser", critic_optimiser)
        check_flag("continuous", continuous)
        self.n_actions = n_actions
        self.continuous = continuous
        self.entropy = entropy
        self.actor = self._network(2 * n_actions if continuous else n_actions, 0)
        self.critic = self._network(1, 1)
        actor_rule = actor_optimiser if actor_optimiser is not None else ObGD(kappa=3.0)
        critic_rule = critic_optimiser if critic_optimiser is not None else ObGD(kappa=2.0)
        self.actor_trace = TorchTrace(self.actor, actor_rule, self.decay)
        self.critic_trace = TorchTrace(self.critic, critic_rule, self.decay)

    @with_threads
    @torch.no_grad()
    def act(self, observations: Any) -> AnyArray:
        """Draw an action for each observation, `(n_agents,)`, or `(n_agents, n_actions)`."""
        out = self.actor(self._observations("observations", observations))
        if self.continuous:
            means, spread = _normal(out)
            noise = torch.randn(
                means.shape, dtype=means.dtype, device=self.device, generator=self._generator
            )
            drawn: AnyArray = (means + spread * noise).cpu().numpy()
            return drawn
        below = out.softmax(1).double().cumsum(1) <= self._uniform()[:, None]
        actions: AnyArray = below.sum(1).clamp(max=self.n_actions - 1).cpu().numpy()
        return actions

    @with_threads
    def learn_many(
        self,
        observations: Any,
        actions: Any,
        rewards: Any,
        next_observations: Any,
        terminated: Any = None,
        truncated: Any = None,
    ) -> None:
        """Learn one transition an agent, each given as an array with a row an agent."""
        X, X2, reward, stop, over = self._transition(
            observations, rewards, next_observations, terminated, truncated
        )
        with torch.no_grad():
            following = self.critic(X2)[:, 0].double()
        value = self.critic(X)[:, 0]
        self.td_errors = reward + self.gamma * following * ~stop - value.detach().double()
        likelihood, entropy = self._policy(self.actor(X), actions)
        weight = self.entropy * torch.sign(self.td_errors).to(value.dtype)
        self.actor_trace.add(likelihood + weight * entropy)
        self.critic_trace.add(value)
        self.actor_trace.update(self.td_errors, over)
        self.critic_trace.update(self.td_errors, over)

    def _policy(self, out: Tensor, actions: Any) -> tuple[Tensor, Tensor]:
        """Log-probability of the actions, and entropy up to a constant; `(n_agents,)` each."""
        if not self.continuous:
            logs = out.log_softmax(1)
            taken = self._vector("actions", actions, torch.int64)
            return logs.gather(1, taken[:, None])[:, 0], -(logs.exp() * logs).sum(1)
        means, spread = _normal(out)
        drawn = torch.as_tensor(actions, dtype=out.dtype, device=self.device)
        if drawn.shape != means.shape:
            raise ValueError(
                f"actions must have shape {tuple(means.shape)}, got {tuple(drawn.shape)}"
            )
        logs = -0.5 * ((drawn - means) / spread) ** 2 - spread.log()
        return logs.sum(1), spread.log().sum(1)


def _normal(out: Tensor) -> tuple[Tensor, Tensor]:
    means, before = out.chunk(2, dim=1)
    return means, torch.nn.functional.softplus(before)
