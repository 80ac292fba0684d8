"""The memory: samples on the device, kept by reservoir sampling, slots drawn on the host."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from olearn.core.validate import check_choice, check_integer

RULES = ("exact", "reference")
Slots = NDArray[np.int64]


class ReplayMemory:
    """Samples with labels and further fields, each a tensor of one row a slot.

    There is one slot more than `capacity`: rejected samples are written there, so that every batch
    writes the same number of rows. Which slots are read and written is decided on the host, which
    knows all it needs; so nothing waits for the device.

    Parameters
    ----------
    capacity
        Number of samples kept; at least 1.
    rule
        `"exact"`: after S samples, each of them is in the memory with the same probability.
        `"reference"`: the programs of the papers draw a slot below the number of samples before
        the batch, for each of its samples, which forgets early samples somewhat faster.
    device
        Where the tensors are.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.replay.memory import ReplayMemory
    >>> memory, rng = ReplayMemory(3), np.random.default_rng(1)
    >>> for n in (2, 4):
    ...     print(memory.place(n, rng))  # slot 3 takes the rejected, such as one overwritten
    ...     memory.count(n)
    [0 1]
    [3 2 3 0]

    """

    def __init__(
        self, capacity: int, rule: str = "exact", device: torch.device | str = "cpu"
    ) -> None:
        check_integer("memory_size", capacity, 1)
        check_choice("rule", rule, RULES)
        self.capacity = capacity
        self.rule = rule
        self.device = torch.device(device)
        self.fill = 0
        self.n_seen = 0
        self.x = torch.zeros(0, device=self.device)
        self.y = torch.zeros(capacity + 1, dtype=torch.int64, device=self.device)
        self.fields: dict[str, Tensor] = {}

    def draw(self, m: int, rng: np.random.Generator) -> Slots:
        """Draw `min(m, fill)` distinct slots, uniformly; all, in order, if there are fewer."""
        if m >= self.fill:
            return np.arange(self.fill)
        slots: Slots = rng.choice(self.fill, m, replace=False)
        return slots

    def place(self, n: int, rng: np.random.Generator) -> Slots:
        """Choose a slot for each sample of a batch, `capacity` for one that is rejected.

        Where several fall on one slot the last is kept and the others are rejected.
        """
        direct = min(n, self.capacity - self.fill)
        slots = np.arange(self.fill, self.fill + n)
        if direct < n:
            upper = self.n_seen + np.arange(direct, n) + 1.0  # the sample itself counts
            if self.rule == "reference":
                upper[:] = self.n_seen + direct
            drawn = (rng.random(n - direct) * upper).astype(np.int64)
            slots[direct:] = np.minimum(drawn, self.capacity)
            taken: set[int] = set()
            for i in range(n - 1, -1, -1):
                slot = int(slots[i])
                if slot in taken:
                    slots[i] = self.capacity
                taken.add(slot)
        return slots

    def count(self, n: int) -> None:
        """Count `n` samples as stored or rejected."""
        self.fill = min(self.fill + n, self.capacity)
        self.n_seen += n

    def write(self, slots: Tensor, x: Tensor, y: Tensor, fields: dict[str, Tensor]) -> None:
        """Write a batch into the slots of `place`."""
        if not self.n_seen:
            self.x = self._with_room(x[:0])
        self.x[slots] = x
        self.y[slots] = y
        for name, values in fields.items():
            if name not in self.fields:
                self.fields[name] = self._with_room(values[:0])
            self.fields[name][slots] = values

    def read(self, slots: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Return samples, labels and fields of slots."""
        fields = {name: values[slots] for name, values in self.fields.items()}
        return self.x[slots], self.y[slots], fields

    def restore(self, n_seen: int, x: Tensor, y: Tensor, fields: dict[str, Tensor]) -> None:
        """Take over the samples in the first slots, and how many there have been."""
        self.fill, self.n_seen = len(y), n_seen
        self.x, self.y = self._with_room(x), self._with_room(y)
        self.fields = {name: self._with_room(values) for name, values in fields.items()}

    def _with_room(self, values: Tensor) -> Tensor:
        """Return a tensor with a row a slot that begins with `values`."""
        shape = (self.capacity + 1, *values.shape[1:])
        out = torch.zeros(shape, dtype=values.dtype, device=self.device)
        out[: len(values)] = values
        return out
