"""Trunk and heads, whose rows grow with the classes, and their optimiser."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from olearn.learners.replay.objective import Objective, View
from olearn.learners.replay.optimiser import SGD, Adam, Groups, replace_parameter
from olearn.learners.replay.trunks import RowMLP, draw_weights, torch_seed

PRECISIONS = ("auto", "float32", "bfloat16")


class Network:
    """A trunk, a head with a row a class, and a projection where the objective has one.

    A row of the head is drawn from a generator seeded with its number, so that a head that grows
    and one that has all rows from the start hold the same rows.

    Parameters
    ----------
    trunk
        Maps inputs to features `(n, width)`; it is trained in place.
    example
        Inputs of one sample, to find the width.
    objective
        Says which heads there are.
    optimiser
        `SGD` or `Adam`.
    device
        Where all is.
    precision
        `"float32"` or `"bfloat16"`: of the trunk. Heads and losses are float32.
    seed
        Seed of the heads.

    """

    def __init__(
        self,
        trunk: nn.Module,
        example: Tensor,
        *,
        objective: Objective,
        optimiser: SGD | Adam,
        device: torch.device,
        precision: str,
        seed: int,
    ) -> None:
        self.trunk = trunk.to(device)
        if example.dim() == 4:
            self.trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.device = device
        self.seed = seed
        self._autocast = precision == "bfloat16"
        self._training: bool | None = None
        self.width, self.work = self._measured(example)
        self.heads: dict[str, nn.Parameter] = {}
        self.heads["weight"] = nn.Parameter(torch.zeros(0, self.width, device=device))
        if objective.bias:
            self.heads["bias"] = nn.Parameter(torch.zeros(0, device=device))
        if objective.projection is not None:
            self._add_projection(objective.projection)
        self._spec = optimiser
        self.optimiser = optimiser.make(self._groups())

    def _measured(self, example: Tensor) -> tuple[int, float]:
        """Return the width of the features, and the multiplications of one sample."""
        work = 0.0

        def add(layer: Any, _: Any, out: Tensor) -> None:
            nonlocal work
            work += layer.weight.numel() * out.numel() / len(layer.weight)

        layers = [m for m in self.trunk.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
        hooks = [layer.register_forward_hook(add) for layer in layers]
        self._mode(False)
        try:
            with torch.inference_mode():
                feat = self.trunk(example)
        except RuntimeError as error:
            raise ValueError(
                f"trunk must take inputs of shape {tuple(example.shape)}, got {error}"
            ) from error
        finally:
            for hook in hooks:
                hook.remove()
        if feat.dim() != 2:
            raise ValueError(f"trunk must give features (n, width), got shape {tuple(feat.shape)}")
        return int(feat.shape[1]), work

    def _add_projection(self, n_out: int) -> None:
        with torch.device("meta"):
            linear = nn.Linear(self.width, n_out)
        linear.to_empty(device="cpu")
        draw_weights(linear, torch.Generator().manual_seed(torch_seed(self.seed + 1)))
        for name, value in linear.named_parameters():
            self.heads[f"projection.{name}"] = nn.Parameter(value.detach().to(self.device))

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield all parameters, those of the trunk first."""
        yield from self.trunk.parameters()
        yield from self.heads.values()

    def _groups(self) -> Groups:
        """Return the parameters to be learnt, first weights of rows without decay.

        With it, it would matter when a column was first heard of, before it has had a value.
        """
        first = self.trunk.weight if isinstance(self.trunk, RowMLP) else None
        groups: Groups = [{"params": [p for p in self.parameters() if p is not first]}]
        if first is not None:
            groups.append({"params": [first], "weight_decay": 0.0})
        return groups

    @property
    def n_rows(self) -> int:
        """Number of classes with a row."""
        return len(self.heads["weight"])

    def grow(self, n_rows: int) -> None:
        """Add rows to the head."""
        bound = self.width**-0.5
        drawn = [
            np.random.default_rng([self.seed, row]).uniform(-bound, bound, self.width + 1)
            for row in range(self.n_rows, n_rows)
        ]
        rows = torch.as_tensor(np.array(drawn), dtype=torch.float32, device=self.device)
        for name, new in (("weight", rows[:, :-1]), ("bias", rows[:, -1])):
            if name in self.heads:
                old = self.heads[name]
                self.heads[name] = nn.Parameter(torch.cat([old.detach(), new]))
                replace_parameter(self.optimiser, old, self.heads[name])

    def replace_first(self, mlp: RowMLP, weight: nn.Parameter) -> None:
        """Give the trunk first weights for more columns."""
        old = mlp.weight
        mlp.weight = weight
        replace_parameter(self.optimiser, old, weight)

    def descend(self, terms: Mapping[str, Tensor]) -> None:
        """Take one step down the sum of the terms; none where there are no terms."""
        self.optimiser.zero_grad(set_to_none=True)
        if terms:
            loss = torch.stack([*terms.values()]).sum()
            torch.autograd.backward(loss)
            self.optimiser.step()

    def _mode(self, training: bool) -> None:
        if self._training is not training:
            self.trunk.train(training)
            self._training = training

    def __call__(self, x: Tensor, training: bool) -> View:
        """Map inputs to features, with batch statistics if training."""
        self._mode(training)
        if not self._autocast:
            return View(self.trunk(x), self.heads)
        with torch.autocast(self.device.type, torch.bfloat16, cache_enabled=False):
            feat = self.trunk(x)
        return View(feat.float(), self.heads)

    # -- saving ----------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return all tensors, in nested dicts."""
        mlp = self.trunk if isinstance(self.trunk, RowMLP) else None
        return {
            "trunk": self.trunk.state_dict(),
            "heads": self.heads,
            "optimiser": self.optimiser.state_dict()["state"],
            "columns": None if mlp is None else [mlp.n_columns, mlp.bound],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned."""
        if isinstance(self.trunk, RowMLP):
            self.trunk.n_columns, self.trunk.bound = state["columns"]
            self.trunk.weight = nn.Parameter(torch.empty_like(state["trunk"]["weight"]))
        self.trunk.load_state_dict(state["trunk"])
        self.heads = {name: nn.Parameter(value) for name, value in state["heads"].items()}
        self.optimiser = self._spec.make(self._groups())
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": state["optimiser"], "param_groups": groups})
        for parameter, kept in self.optimiser.state.items():
            for name, value in kept.items():
                if value.shape == parameter.shape:  # fused steps go through memory: equal strides
                    kept[name] = torch.empty_like(parameter, requires_grad=False).copy_(value)
