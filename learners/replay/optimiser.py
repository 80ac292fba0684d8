"""Optimisers of a network whose parameters may be replaced by larger ones."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from olearn.core.validate import check_in_range

Groups = list[dict[str, Any]]


@dataclass(frozen=True)
class SGD:
    """Gradient descent without momentum: a parameter without gradient stays, bit for bit.

    Parameters
    ----------
    lr
        Step size; positive.

    """

    lr: float = 0.1

    def __post_init__(self) -> None:
        check_in_range("lr", self.lr, 0.0, open_low=True)

    def make(self, groups: Groups) -> torch.optim.Optimizer:
        """Make the optimiser of groups of parameters, as torch writes them."""
        return torch.optim.SGD(groups, lr=self.lr, fused=True)


@dataclass(frozen=True)
class Adam:
    """Adam with L2 regularisation, as in the program of OnPro.

    Parameters
    ----------
    lr
        Step size; positive.
    betas
        Factors of the two running means, in [0, 1).
    weight_decay
        Factor of the L2 term; not negative.

    """

    lr: float = 5e-4
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 1e-4

    def __post_init__(self) -> None:
        check_in_range("lr", self.lr, 0.0, open_low=True)
        for beta in self.betas:
            check_in_range("betas", beta, 0.0, 1.0, open_high=True)
        check_in_range("weight_decay", self.weight_decay, 0.0)

    def make(self, groups: Groups) -> torch.optim.Optimizer:
        """Make the optimiser of groups; its count of steps stays on the device."""
        return torch.optim.Adam(
            groups, lr=self.lr, betas=self.betas, weight_decay=self.weight_decay, fused=True,
            capturable=groups[0]["params"][0].is_cuda,
        )  # fmt: skip


def replace_parameter(
    optimiser: torch.optim.Optimizer, old: nn.Parameter, new: nn.Parameter
) -> None:
    """Put a parameter in the place of one with fewer rows; what is kept of it gets zero rows."""
    for group in optimiser.param_groups:
        group["params"] = [new if p is old else p for p in group["params"]]
    state = optimiser.state.pop(old, {})
    if state:
        optimiser.state[new] = {name: _padded(value, old, new) for name, value in state.items()}


def _padded(value: Tensor, old: Tensor, new: Tensor) -> Tensor:
    if value.shape != old.shape:  # a count
        return value
    padded = torch.zeros_like(new)
    padded[: len(old)] = value
    return padded
