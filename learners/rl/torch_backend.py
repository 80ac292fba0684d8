"""The same agents in torch: convolutions, CUDA, and many agents at once on one device.

All agents of a batch stand in stacked parameters, `(agents, ...)`. As they share nothing, the
gradient of the sum of their objectives is the gradient of each; one backward pass serves all.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from olearn.core.validate import check_in_range
from olearn.learners.rl._network_kernels import (
    ADAPTIVE,
    ALPHA,
    BETA2,
    EPSILON,
    KAPPA,
    LAYER_EPS,
    OBGD,
    RULE,
    SLOPE,
)
from olearn.learners.rl.initialise import sparse_uniform
from olearn.learners.rl.optimisers import Optimiser

Shape = tuple[int, ...]
MINATAR: tuple[Shape, ...] = ((16, 3, 1),)
ATARI: tuple[Shape, ...] = ((32, 8, 5), (64, 4, 3), (64, 3, 2))
DTYPES = {"float32": torch.float32, "float64": torch.float64}


class TorchNetwork:
    """Convolutions, then dense layers, each with layer norm and leaky ReLU, and an affine head.

    The layer norm runs over channels and places of a layer together and learns nothing.

    Parameters
    ----------
    observation_shape
        `(d,)`, or `(channels, height, width)` where there are convolutions.
    n_outputs
        Width of the head.
    convolutions
        `(filters, size, stride)` of each, such as `MINATAR` or `ATARI`.
    hidden
        Widths of the dense layers, at least one.
    n_agents
        Number of agents, each with its own parameters.
    sparsity
        Share of weights that start at zero, in [0, 1].
    device
        `"cpu"`, `"cuda"`, ...
    dtype
        `"float32"` or `"float64"`.
    seeds
        One an agent: what `numpy.random.default_rng` takes.

    """

    def __init__(
        self,
        observation_shape: Shape,
        n_outputs: int,
        *,
        convolutions: Sequence[Shape] = (),
        hidden: Sequence[int] = (128,),
        n_agents: int = 1,
        sparsity: float = 0.9,
        device: str = "cpu",
        dtype: str = "float32",
        seeds: Sequence[Any] = (None,),
    ) -> None:
        check_in_range("sparsity", sparsity, 0.0, 1.0)
        if len(observation_shape) != (3 if convolutions else 1):
            raise ValueError(f"observation_shape does not fit the layers, got {observation_shape}")
        self.strides = [stride for _, _, stride in convolutions]
        shapes = _weight_shapes(observation_shape, n_outputs, convolutions, hidden)
        self.parameters: list[Tensor] = []
        rngs = [np.random.default_rng(seed) for seed in seeds]
        for shape in shapes:
            drawn = np.stack([sparse_uniform(shape, sparsity, rng=rng) for rng in rngs])
            weight = torch.as_tensor(drawn, dtype=DTYPES[dtype], device=device)
            bias = torch.zeros(n_agents, shape[0], dtype=weight.dtype, device=device)
            self.parameters += [weight.requires_grad_(), bias.requires_grad_()]

    def __call__(self, x: Tensor) -> Tensor:
        """Outputs `(agents, n_outputs)` for one observation an agent, `(agents, ...)`."""
        n = len(x)
        layers = list(zip(self.parameters[::2], self.parameters[1::2], strict=True))
        for stride, (weight, bias) in zip(self.strides, layers, strict=False):
            x = functional.conv2d(
                x.reshape(1, -1, *x.shape[2:]), weight.flatten(0, 1), bias.flatten(), stride,
                groups=n,
            )  # fmt: skip
            x = _activate(x.reshape(n, -1, *x.shape[2:]))
        x = x.flatten(1)
        for weight, bias in layers[len(self.strides) : -1]:
            x = _activate(torch.baddbmm(bias[:, :, None], weight, x[:, :, None])[:, :, 0])
        weight, bias = layers[-1]
        return torch.baddbmm(bias[:, :, None], weight, x[:, :, None])[:, :, 0]


class TorchTrace:
    """Trace and update rule of one network; a TD error an agent.

    Parameters
    ----------
    network
        Its parameters are changed in place.
    optimiser
        `ObGD`, `AdaptiveObGD` or `PlainSGD`.
    decay
        Factor of the trace, gamma * lambda.

    """

    def __init__(self, network: TorchNetwork, optimiser: Optimiser, decay: float) -> None:
        self.network = network
        self.decay = decay
        self.rule = optimiser.rule.tolist()
        self.z = [torch.zeros_like(p) for p in network.parameters]
        self.v = [torch.zeros_like(p) for p in self.z] if self.rule[RULE] == ADAPTIVE else []
        self.count = 0
        self.l1 = torch.zeros(len(self.z[0]))
        self.bound = self.l1
        self.step_size = self.l1

    def add(self, objective: Tensor, cut_before: Tensor | None = None) -> None:
        """Add the gradient of each agent's objective, `(agents,)`; first zero what is cut."""
        gradients = torch.autograd.grad(objective.sum(), self.network.parameters)
        for z, gradient in zip(self.z, gradients, strict=True):
            z.mul_(self.decay)
            if cut_before is not None:
                z.mul_(_along(~cut_before, z))
            z.add_(gradient)

    @torch.no_grad()
    def update(self, td_error: Tensor, reset: Tensor) -> None:
        """Move the weights; then zero the traces of agents in `reset`."""
        self.count += 1
        directions = [self._direction(k, td_error) for k in range(len(self.z))]
        self.l1 = _l1(self.z)
        alpha = self.rule[ALPHA]
        step = torch.full_like(td_error, alpha)
        if self.rule[RULE] in (OBGD, ADAPTIVE):
            limit = td_error.abs().clamp(min=1.0)
            self.bound = alpha * self.rule[KAPPA] * limit * _l1(directions)
            step = alpha / self.bound.clamp(min=1.0)
        self.step_size = step
        keep = ~reset
        for w, q, z in zip(self.network.parameters, directions, self.z, strict=True):
            w.add_(_along((step * td_error).to(w.dtype), w) * q)
            z.mul_(_along(keep, z))

    def _direction(self, k: int, td_error: Tensor) -> Tensor:
        if self.rule[RULE] != ADAPTIVE:
            return self.z[k]
        beta2, v, z = self.rule[BETA2], self.v[k], self.z[k]
        v.mul_(beta2).add_((1 - beta2) * (_along(td_error.to(z.dtype), z) * z) ** 2)
        return z / torch.sqrt(v / (1 - beta2**self.count) + self.rule[EPSILON])


def _activate(x: Tensor) -> Tensor:
    y = functional.layer_norm(x, x.shape[1:], eps=LAYER_EPS)
    return functional.leaky_relu(y, SLOPE)


def _along(values: Tensor, like: Tensor) -> Tensor:
    """Reshape `(agents,)` so that it multiplies `(agents, ...)`."""
    return values.reshape(-1, *(1,) * (like.dim() - 1))


def _l1(parts: Sequence[Tensor]) -> Tensor:
    """L1 norm of each agent's parameters, in float64."""
    sums = [part.abs().flatten(1).sum(1, dtype=torch.float64) for part in parts]
    return torch.stack(sums).sum(0)


def _weight_shapes(
    shape: Shape, n_outputs: int, convolutions: Sequence[Shape], hidden: Sequence[int]
) -> list[Shape]:
    shapes: list[Shape] = []
    for filters, size, stride in convolutions:
        shapes.append((filters, shape[0], size, size))
        places = [(length - size) // stride + 1 for length in shape[1:]]
        if min(places) < 1:
            raise ValueError(f"observation_shape is too small for the convolutions, got {shape}")
        shape = (filters, *places)
    width = math.prod(shape)
    for units in (*hidden, n_outputs):
        shapes.append((units, width))
        width = units
    return shapes
