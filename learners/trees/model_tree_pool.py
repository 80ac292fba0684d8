"""The trees of one learner of numbers, and how their arrays grow."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.handles import handle_of, kinds_of
from olearn.core.jit import in_python
from olearn.core.rng import KernelState, kernel_state
from olearn.core.types import Rows
from olearn.learners.linear import layout as linear
from olearn.learners.trees import model_tree_kernels as kernels
from olearn.learners.trees import model_tree_layout as at
from olearn.learners.trees.model_tree_layout import ModelPool
from olearn.learners.trees.model_tree_split import new_leaf

_KINDS = kinds_of(ModelPool)
_LEAST_BYTES = 1 << 14


class ModelTreePool:
    """Trees of one learner: their arrays, and all changes of the arrays' shapes.

    Parameters
    ----------
    conf
        Settings of the trees, see `model_tree_layout`.
    model
        Settings of the linear models in the leaves, see `linear.layout`.
    intercept
        Where the intercepts of these start.
    max_size
        Bound of the memory of all arrays, in MiB.
    rng
        State of the random generator; None where nothing is drawn.

    """

    def __init__(
        self,
        conf: Rows,
        model: Rows,
        intercept: float,
        max_size: float,
        rng: KernelState | None = None,
    ) -> None:
        self._max_bytes = max(int(max_size * 2**20), _LEAST_BYTES)
        head = np.zeros(at.HEAD_SIZE, np.int64)
        head[[at.FIRST_FREE_NODE, at.FIRST_FREE_ENTRY]] = at.NONE
        head[[at.WIDEST, at.MAY_GROW]] = 2, 1
        self.arrays = ModelPool(
            node_i=np.zeros((4, at.NODE_INTS), np.int64),
            node_f=np.zeros((4, at.NODE_FLOATS)),
            roots=np.zeros((4, 0), np.int64),
            heads=np.zeros((4, linear.N_HEAD)),
            slots=np.zeros((4, linear.N_SLOTS, 0)),
            entry_i=np.zeros((16, at.ENTRY_INTS), np.int64),
            entry_f=np.zeros((16, at.ENTRY_FLOATS)),
            nominal=np.zeros(0, np.int64),
            scales=np.zeros((1, 3)),
            head=head,
            conf=conf,
            model=model,
            start=np.array([intercept]),
            rng=kernel_state(0) if rng is None else rng,
        )

    @property
    def arrays(self) -> ModelPool:
        """The arrays; those of now, since growth makes new ones."""
        return self._arrays

    @arrays.setter
    def arrays(self, arrays: ModelPool) -> None:
        self._arrays = arrays
        self.handle = handle_of(arrays, _KINDS)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "handle"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.arrays = state["_arrays"]

    @property
    def n_bytes(self) -> int:
        """Memory of the arrays in bytes."""
        return sum(array.nbytes for array in self.arrays)

    def add_tree(self) -> int:
        """Make a tree of one empty leaf; returns its root, which stays its root for ever."""
        return int(in_python(new_leaf)(self.arrays, at.NONE, 0))

    def grow(self, widths: Sequence[int]) -> None:
        """Make room for features, of so many categories each; 0 = numeric."""
        t, n = self.arrays, len(widths)
        nominal = (np.array(widths, np.int64) > 0).astype(np.int64)
        t.head[at.WIDEST] = max(2, t.head[at.WIDEST], *widths) if widths else 2
        if n == len(t.nominal) and (nominal == t.nominal).all():
            return
        room = t.roots.shape[1]
        if n > room:
            more = (n if room == 0 else max(n, 2 * room)) - room
            t = t._replace(
                roots=np.pad(t.roots, ((0, 0), (0, more)), constant_values=at.NONE),
                slots=np.pad(t.slots, ((0, 0), (0, 0), (0, more))),
                scales=np.pad(t.scales, ((0, more), (0, 0))),
            )
        self.arrays = t._replace(nominal=nominal)

    def make_room(self, n_trees: int = 1) -> None:
        """Make room for so many trees to learn a row, within the memory bound."""
        t = self.arrays
        nodes = len(t.node_i) - int(t.head[at.NODES_USED]) + int(t.head[at.NODES_FREE])
        least = n_trees * (int(t.head[at.WIDEST]) + 1)
        if t.head[at.MAY_GROW] and nodes <= least:
            self._grow_nodes(least + 1)
        n_entries = n_trees * len(t.nominal)
        while self._free_entries < n_entries and self._grow_entries(n_entries):
            pass

    @property
    def _free_entries(self) -> int:
        t = self.arrays
        return len(t.entry_i) - int(t.head[at.ENTRIES_USED]) + int(t.head[at.ENTRIES_FREE])

    def _grow_nodes(self, least: int) -> None:
        """Double the nodes; where a quarter of the memory bound is reached, stop all growth."""
        t = self.arrays
        more = max(len(t.node_i), least)
        parts = {name: getattr(t, name) for name in ("node_i", "node_f", "roots", "heads", "slots")}
        bytes_each = sum(part.nbytes for part in parts.values()) // len(t.node_i)
        if (len(t.node_i) + more) * bytes_each > self._max_bytes // 4:
            t.head[at.MAY_GROW] = 0
            return
        self.arrays = t._replace(**{name: _longer(part, more) for name, part in parts.items()})

    def _grow_entries(self, least: int) -> bool:
        """Double the entries; at the memory bound put leaves to sleep; False if none is awake."""
        t = self.arrays
        more = len(t.entry_i)
        bytes_each = t.entry_i.strides[0] + t.entry_f.strides[0]
        if (len(t.entry_i) + more) * bytes_each <= self._max_bytes * 3 // 4:
            self.arrays = t._replace(
                entry_i=_longer(t.entry_i, more), entry_f=_longer(t.entry_f, more)
            )
            return True
        awake = np.flatnonzero(t.node_i[: t.head[at.NODES_USED], at.KIND] == at.LEAF)
        if not len(awake):  # nothing is kept: room for one row, whatever the bound
            more = least
            self.arrays = t._replace(
                entry_i=_longer(t.entry_i, more), entry_f=_longer(t.entry_f, more)
            )
            return False
        deepest = np.argsort(-t.node_i[awake, at.DEPTH], kind="stable")
        wanted = len(t.entry_i) // 4
        for leaf in awake[deepest].tolist():
            kernels.sleep(self.handle, leaf)
            if self._free_entries >= wanted:
                break
        return True


def _longer(array: NDArray[Any], more: int) -> NDArray[Any]:
    return np.concatenate([array, np.zeros((more, *array.shape[1:]), array.dtype)])
