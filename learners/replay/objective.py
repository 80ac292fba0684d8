"""What differs between rehearsal methods: views of a batch, terms of the loss, what is stored.

A step of `RehearsalClassifier` is always the same:

1. `n_replayed` samples are drawn from the memory, uniformly and without replacement;
2. `views` lists the passes through the trunk, each with batch statistics of its own, in order;
3. `terms` gives the parts of the loss, whose sum one optimiser step reduces;
4. the batch is offered to the memory, with what `payload` gives for each of its samples.

No method may wait for the device (`.item()`, `bool(tensor)`, shapes that depend on data): what it
branches on are the plain numbers of `Batch`; a step with the same numbers may be replayed as one
CUDA graph. So a quantity that changes every step, such as `Batch.step`, is a tensor.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from olearn.learners.replay.softmax import cosine_logits

if TYPE_CHECKING:
    from olearn.learners.replay.memory import ReplayMemory


@dataclass
class Replayed:
    """Samples of the memory.

    Parameters
    ----------
    x
        Inputs of the trunk, float32, as `Batch.x`.
    y
        Rows of the heads, int64 `(m,)`.
    fields
        What `Objective.payload` gave when they were stored, each `(m, ...)`.

    """

    x: Tensor
    y: Tensor
    fields: dict[str, Tensor] = field(default_factory=dict)


@dataclass
class Batch:
    """A batch of the stream and what it is learnt with.

    Parameters
    ----------
    x
        Inputs, float32: images `(n, channels, height, width)`, pixels / 255, or less the mean and
        divided by the deviation of `Objective.pixel_scale`; standardised rows
        `(n, columns)`.
    y
        Rows of the heads, int64 `(n,)`.
    replayed
        Samples drawn from the memory; None while it is empty.
    memory
        The whole memory before this batch is stored: `fill`, `y`, `fields`. Slots from `fill` on
        hold nothing yet.
    recall
        Function from slots, int64 `(k,)`, to the samples there.
    n_classes
        Number of rows of the heads.
    phase
        0 until the first new class after a quiet time or the first `begin_task` that follows a
        batch; then 1, 2, ...
    task_start
        True for the first batch after `begin_task`, that of the first task included.
    step
        Batches learnt before this one; float32, no axes.
    phase_step
        Of these, batches of this phase; float32, no axes.
    state
        Tensors that the objective keeps between steps, made in `Objective.grown`. They are written
        in place, and saved with the classifier.
    generator
        Source of all randomness; on the device of `x`.
    notes
        What `Objective.views` leaves for `Objective.terms` of the same step.

    """

    x: Tensor
    y: Tensor
    replayed: Replayed | None
    memory: ReplayMemory
    recall: Callable[[Tensor], Replayed]
    n_classes: int
    phase: int
    task_start: bool
    step: Tensor
    phase_step: Tensor
    state: dict[str, Tensor]
    generator: torch.Generator
    notes: dict[str, Tensor] = field(default_factory=dict)


@dataclass
class Pass:
    """One call of the trunk.

    Parameters
    ----------
    rows
        Its inputs, as `Batch.x`.
    parts
        Names of ranges of its rows, such as `"stream.plain"`, `"stream.aug"`, `"memory.plain"`;
        each name is used once in a step.

    """

    rows: Tensor
    parts: dict[str, slice]

    @classmethod
    def of_two(cls, name: str, plain: Tensor, augmented: Tensor) -> Pass:
        """Make one pass of two views, `"<name>.plain"` and `"<name>.aug"`."""
        n = len(plain)
        parts = {f"{name}.plain": slice(0, n), f"{name}.aug": slice(n, None)}
        return cls(torch.cat([plain, augmented]), parts)


class View:
    """Features of some rows, and what the heads make of them; all float32, computed when asked for.

    Parameters
    ----------
    feat
        Features, not negative, shape `(rows, width)`.
    heads
        Parameters: `weight` (n_classes, width), `bias` (n_classes,) if the objective has one,
        `projection.weight` and `projection.bias` likewise.

    """

    def __init__(self, feat: Tensor, heads: Mapping[str, Tensor]) -> None:
        self.feat = feat
        self.heads = heads

    @cached_property
    def dot(self) -> Tensor:
        """Dot products with the rows of the head, plus the bias; `(rows, n_classes)`."""
        return functional.linear(self.feat, self.heads["weight"], self.heads.get("bias"))

    @cached_property
    def cos(self) -> Tensor:
        """Cosines with the rows of the head, not divided by a temperature; `(rows, n_classes)`."""
        return cosine_logits(self.feat, self.heads["weight"], 1.0)

    @cached_property
    def proj(self) -> Tensor:
        """Projection, not normalised; `(rows, projection)`."""
        heads = self.heads
        return functional.linear(self.feat, heads["projection.weight"], heads["projection.bias"])


Outputs = dict[str, View]
"""Views by the names of the parts of all passes."""


class Objective(abc.ABC):
    """A rehearsal method. A subclass sets the attributes it needs and writes `terms` at least.

    It holds parameters only; what it keeps between steps is in `Batch.state`.
    """

    bias: bool = False  # has the linear head a bias?
    projection: int | None = None  # width of the projection head

    @abc.abstractmethod
    def terms(self, out: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return the weighted parts of the loss by name; none means that no step is taken."""

    @abc.abstractmethod
    def scores(self, view: View) -> Tensor:
        """Return logits of each class, `(rows, n_classes)`; the highest is predicted."""

    def views(self, batch: Batch) -> list[Pass]:
        """Return the passes in order; the default is plain stream, then plain memory."""
        passes = [Pass(batch.x, {"stream.plain": slice(None)})]
        if batch.replayed is not None:
            passes.append(Pass(batch.replayed.x, {"memory.plain": slice(None)}))
        return passes

    def pixel_scale(self, n_channels: int) -> tuple[Sequence[float], Sequence[float]]:
        """Return mean and deviation of pixels / 255: a number for each channel, or one for all."""
        return (0.0,), (1.0,)

    def n_replayed(self, wanted: int, n_classes: int, phase: int) -> int:
        """Return how many samples to draw, where the user wants `wanted`; fewer may be there.

        `n_classes` counts the classes of which a sample has come, this batch included; `phase` is
        that of `Batch`.
        """
        return wanted

    def payload(self, out: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return what is stored with each sample of the batch, each `(n, ...)`, detached."""
        return {}

    def grown(  # noqa: B027  (most methods have nothing to do here)
        self,
        heads: Mapping[str, Tensor],
        memory: ReplayMemory,
        state: dict[str, Tensor],
        n_before: int,
    ) -> None:
        """Adapt to new rows of the heads, those from `n_before` on; called before they are used.

        The first call, with `n_before` 0, comes when the network is built. Entries of `state`, and
        those of `memory.fields`, are made and replaced here; the latter have a row for each slot
        and one more, into which rejected samples are written.
        """
