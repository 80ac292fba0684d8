"""What agents on the torch backend share: parameters, devices, checks, threads."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import torch
from torch import Tensor

from olearn.core.threads import threads_for
from olearn.core.validate import check_choice, check_in_range, check_integer, check_seed
from olearn.learners.rl.torch_backend import DTYPES, Shape, TorchNetwork

A = TypeVar("A", bound="TorchAgents")
P = ParamSpec("P")
R = TypeVar("R")

# multiplications that take the time of a step, for each number learnt: some thirty passes over
# weights, gradients and traces, which wait for the memory
_WORK = 300.0


def with_threads(method: Callable[Concatenate[A, P], R]) -> Callable[Concatenate[A, P], R]:
    """Run a method with one thread, unless the agents are so large that they gain by more."""

    @wraps(method)
    def run(self: A, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with threads_for(_WORK * self._n_numbers, self.device):
            return method(self, *args, **kwargs)

    return run


class TorchAgents:
    """Agents on one device, each with a network of its own."""

    def __init__(
        self,
        observation_shape: Shape,
        *,
        convolutions: Sequence[Shape],
        hidden: Sequence[int],
        n_agents: int,
        gamma: float,
        lambda_: float,
        sparsity: float,
        device: str,
        dtype: str,
        seed: int | None,
    ) -> None:
        check_integer("n_agents", n_agents, 1)
        check_in_range("gamma", gamma, 0.0, 1.0)
        check_in_range("lambda_", lambda_, 0.0, 1.0)
        check_choice("dtype", dtype, DTYPES)
        check_seed(seed)
        if seed is None:
            seed = int(np.random.default_rng().integers(2**31))
        self.observation_shape = tuple(observation_shape)
        self.n_agents = n_agents
        self.gamma = gamma
        self.decay = gamma * lambda_
        self.device = device
        self._dtype = DTYPES[dtype]
        self._build: dict[str, Any] = {
            "convolutions": convolutions, "hidden": hidden, "n_agents": n_agents,
            "sparsity": sparsity, "device": device, "dtype": dtype,
        }  # fmt: skip
        self._seed = seed
        self._generator = torch.Generator(device).manual_seed(seed)
        self.td_errors = torch.zeros(n_agents, dtype=torch.float64, device=device)

    def _network(self, n_outputs: int, number: int) -> TorchNetwork:
        """Make network `number`; agent k has the seed of agent 0 plus k."""
        sequence = [[self._seed + k, number] for k in range(self.n_agents)]
        with threads_for(0.0, self.device):
            return TorchNetwork(self.observation_shape, n_outputs, seeds=sequence, **self._build)

    @property
    def _n_numbers(self) -> int:
        """Numbers that all agents learn."""
        kept = (value for value in vars(self).values() if isinstance(value, TorchNetwork))
        return sum(p.numel() for network in kept for p in network.parameters)

    def _observations(self, name: str, X: Any) -> Tensor:
        tensor = torch.as_tensor(X, dtype=self._dtype, device=self.device)
        expected = (self.n_agents, *self.observation_shape)
        if tuple(tensor.shape) != expected:
            raise ValueError(f"{name} must have shape {expected}, got {tuple(tensor.shape)}")
        return tensor

    def _vector(self, name: str, values: Any, dtype: torch.dtype) -> Tensor:
        if values is None:
            return torch.zeros(self.n_agents, dtype=dtype, device=self.device)
        tensor = torch.as_tensor(values, dtype=dtype, device=self.device)
        if tensor.shape != (self.n_agents,):
            raise ValueError(
                f"{name} must have shape ({self.n_agents},), got {tuple(tensor.shape)}"
            )
        return tensor

    def _transition(
        self, before: Any, rewards: Any, after: Any, terminated: Any, truncated: Any
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Check what both kinds learn: observations, the next, rewards, ends, ends of any kind."""
        X = self._observations("observations", before)
        X2 = self._observations("next_observations", after)
        reward = self._vector("rewards", rewards, torch.float64)
        stop = self._vector("terminated", terminated, torch.bool)
        return X, X2, reward, stop, stop | self._vector("truncated", truncated, torch.bool)

    def _uniform(self) -> Tensor:
        return torch.rand(
            self.n_agents, dtype=torch.float64, device=self.device, generator=self._generator
        )

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_generator": self._generator.get_state()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._generator = torch.Generator(self.device)
        self._generator.set_state(state["_generator"])
