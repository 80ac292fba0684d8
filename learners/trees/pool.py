"""The trees of one learner, and how their arrays grow.

Kernels in `kernels` read and write the arrays and never allocate: they stop before a row for
which room could run out, and `make_room` makes it.
"""

import dataclasses
import inspect
import math
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from olearn.core.handles import handle_of, kinds_of
from olearn.core.jit import in_python
from olearn.core.rng import KernelState, kernel_state
from olearn.learners.trees import layout as at
from olearn.learners.trees.layout import Pool
from olearn.learners.trees.lists import free_slot, new_node
from olearn.learners.trees.river_parts import points_of

_Item = TypeVar("_Item", bound=np.generic)

_MIN_SLOTS = 4
_KINDS = kinds_of(Pool)


class TreePool:
    """Trees of one learner: their arrays, and all changes of the arrays' shapes.

    Parameters
    ----------
    conf
        Settings of the trees, as `tree_settings` packs them.
    max_size
        Bound of the memory of all arrays, in MiB.
    subspace
        Number of random features that each leaf looks at; 0 = all.
    bytes_beside
        Memory that the learner itself keeps beside each node, in bytes.
    rng
        State of the random generator; None where nothing is drawn.

    """

    def __init__(
        self,
        conf: NDArray[np.float64],
        max_size: float,
        subspace: int = 0,
        bytes_beside: int = 0,
        rng: KernelState | None = None,
    ) -> None:
        self._max_bytes = int(max_size * 2**20)
        self._bytes_beside = bytes_beside
        head = np.zeros(at.HEAD_SIZE, np.int64)
        head[[at.FIRST_FREE_NODE, at.FIRST_FREE_SLOT, at.FIRST_FREE_TABLE]] = -1
        head[at.SUBSPACE] = subspace
        head[at.MAY_GROW] = 1
        self.arrays = Pool(
            node_i=np.zeros((8, 7), np.int64),
            node_f=np.zeros((8, at.COUNTS), np.float64),
            stats=np.zeros((_MIN_SLOTS, 0, 0), np.float64),
            seen=np.zeros((_MIN_SLOTS, 0), np.int8),
            feat=np.zeros((0, 2), np.int64),
            child=np.full((1, 2), -1, np.int64),
            head=head,
            conf=conf,
            rng=kernel_state(0) if rng is None else rng,
        )

    @property
    def arrays(self) -> Pool:
        """The arrays; those of now, since growth makes new ones."""
        return self._arrays

    @arrays.setter
    def arrays(self, arrays: Pool) -> None:
        self._arrays = arrays
        self.handle = handle_of(arrays, _KINDS)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "handle"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        conf = self._arrays.conf
        if len(conf) < at.CONF_SIZE:  # of a file of version 0.1, which knew no MAX_SHARE
            self._arrays = self._arrays._replace(conf=np.append(conf, np.inf))
            state = {"_arrays": self._arrays}
        self.arrays = state["_arrays"]

    @property
    def subspace(self) -> int:
        """Number of random features that each new leaf looks at; 0 = all."""
        return int(self.arrays.head[at.SUBSPACE])

    @subspace.setter
    def subspace(self, size: int) -> None:
        self.arrays.head[at.SUBSPACE] = size

    @property
    def n_bytes(self) -> int:
        """Memory of the arrays in bytes."""
        return sum(array.nbytes for array in self.arrays)

    def grow(self, widths: list[int], n_classes: int) -> bool:
        """Make room for features (categories each, 0 = numeric) and classes; True if it grew."""
        t = self.arrays
        t.head[at.N_CLASSES] = max(n_classes, t.head[at.N_CLASSES])
        class_room = t.stats.shape[2]
        if n_classes > class_room:
            class_room = n_classes if n_classes <= 16 else n_classes * 3 // 2
        old = t.feat[:, at.CAPACITY].tolist()
        capacities = [category_room(width) for width in widths]
        capacities[: len(old)] = [max(a, b) for a, b in zip(old, capacities, strict=False)]
        if capacities == old and class_room == t.stats.shape[2]:
            return False
        self._lay_out(capacities, class_room)
        return True

    def add_tree(self) -> int:
        """Make a tree of one empty leaf; returns its root, which stays its root for ever."""
        if _free(self.arrays.head, at.NODES_USED, at.NODES_FREE, self.arrays.node_i) < 1:
            rows = len(self.arrays.node_i) + 8
            self.arrays = self.arrays._replace(
                node_i=_enlarge(self.arrays.node_i, rows, 0),
                node_f=_enlarge(self.arrays.node_f, rows, 0.0),
            )
        return int(in_python(new_node)(self.arrays, 0))

    def make_room(self, n_trees: int) -> None:
        """Make sure that `n_trees` trees can learn one more row, within the memory bound."""
        t = self.arrays
        branches = max(2, t.child.shape[1]) + 1
        if (
            t.head[at.MAY_GROW]
            and _free(t.head, at.NODES_USED, at.NODES_FREE, t.node_i) < n_trees * branches
        ):
            self._grow_nodes(n_trees * branches)
        if t.head[at.MAY_GROW] and _free(t.head, at.TABLES_USED, at.TABLES_FREE, t.child) < n_trees:
            self._grow_tables(n_trees)
        if _free(t.head, at.SLOTS_USED, at.SLOTS_FREE, t.stats) < n_trees:
            self._grow_slots(n_trees)

    def _grow_nodes(self, n_more: int) -> None:
        """Double the nodes; where a quarter of the memory bound is reached, stop all growth."""
        t = self.arrays
        rows = max(2 * len(t.node_i), len(t.node_i) + n_more)
        bytes_each = t.node_i.strides[0] + t.node_f.strides[0] + self._bytes_beside
        if rows * bytes_each > max(self._max_bytes // 4, 1 << 12):
            t.head[at.MAY_GROW] = 0
            return
        self.arrays = t._replace(
            node_i=_enlarge(t.node_i, rows, 0), node_f=_enlarge(t.node_f, rows, 0.0)
        )

    def _grow_tables(self, n_more: int) -> None:
        """Double the tables; where a quarter of the memory bound is reached, stop all growth."""
        t = self.arrays
        rows = max(2 * len(t.child), len(t.child) + n_more)
        if rows * t.child.strides[0] > max(self._max_bytes // 4, 1 << 12):
            t.head[at.MAY_GROW] = 0
            return
        self.arrays = t._replace(child=_enlarge(t.child, rows, -1))

    def _grow_slots(self, n_more: int) -> None:
        """Double the slots; where the memory bound is reached, put the least promising to sleep."""
        t = self.arrays
        most = self._most_slots(t.stats.shape[1], t.stats.shape[2])
        rows = min(max(2 * len(t.stats), len(t.stats) + n_more), max(most, len(t.stats)))
        if rows - t.head[at.SLOTS_USED] + t.head[at.SLOTS_FREE] >= n_more:
            self.arrays = t._replace(
                stats=_enlarge(t.stats, rows, 0.0), seen=_enlarge(t.seen, rows, 0)
            )
            return
        self._rank_leaves(max(len(t.stats) * 2 // 3 - n_more, 1))
        if (
            _free(t.head, at.SLOTS_USED, at.SLOTS_FREE, t.stats) < n_more
        ):  # a bound below one row's need
            rows = len(t.stats) + n_more
            self.arrays = t._replace(
                stats=_enlarge(t.stats, rows, 0.0), seen=_enlarge(t.seen, rows, 0)
            )

    def _most_slots(self, fields: int, class_room: int) -> int:
        return max(self._max_bytes // 2 // max(8 * fields * class_room, 1), _MIN_SLOTS)

    def _rank_leaves(self, n_active: int) -> None:
        """Keep the `n_active` most promising leaves active; free the statistics of the others.

        The promise of a leaf is the weight that its majority class gets wrong (MOA's rule). A leaf
        that comes back starts with empty statistics.
        """
        t = self.arrays
        leaves = np.flatnonzero(t.node_i[: t.head[at.NODES_USED], at.KIND] == at.LEAF)
        counts = t.node_f[leaves, at.COUNTS :]
        promise = counts.sum(axis=1) - counts.max(axis=1, initial=0.0)
        order = leaves[np.argsort(-promise, kind="stable")]
        woken = order[:n_active]
        woken = woken[t.node_i[woken, at.SLOT] == at.INACTIVE]
        t.node_i[woken, at.SLOT] = at.NO_SLOT
        for leaf in order[n_active:].tolist():
            slot = t.node_i[leaf, at.SLOT]
            t.node_i[leaf, at.SLOT] = at.INACTIVE
            if slot >= 0:
                t.seen[slot], t.stats[slot] = 0, 0.0
                in_python(free_slot)(t, slot)

    def _lay_out(self, capacities: list[int], class_room: int) -> None:
        """Rebuild the arrays for more features, categories or classes, keeping live slots only."""
        t = self.arrays
        sizes = [at.NUMERIC_FIELDS if v == 0 else at.CATEGORY_COUNTS + v for v in capacities]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        most = self._most_slots(int(offsets[-1]), class_room)
        leaves = np.flatnonzero(t.node_i[: t.head[at.NODES_USED], at.KIND] == at.LEAF)
        if np.count_nonzero(t.node_i[leaves, at.SLOT] >= 0) > most:
            self._rank_leaves(most)
        live = leaves[t.node_i[leaves, at.SLOT] >= 0]
        slots = t.node_i[live, at.SLOT]
        rows = max(len(live), min(len(t.stats), most), _MIN_SLOTS)
        stats = np.zeros((rows, int(offsets[-1]), class_room))
        seen = np.zeros((rows, len(capacities)), np.int8)
        seen[: len(live), : t.seen.shape[1]] = t.seen[slots]
        for f, (begin, capacity) in enumerate(zip(offsets.tolist(), capacities, strict=False)):
            if f < len(t.feat):
                old = int(t.feat[f, at.OFFSET])
                size = (
                    at.NUMERIC_FIELDS
                    if capacity == 0
                    else at.CATEGORY_COUNTS + t.feat[f, at.CAPACITY]
                )
                part = stats[: len(live), begin : begin + size, : t.stats.shape[2]]
                part[...] = t.stats[slots, old : old + size]
        t.node_i[live, at.SLOT] = np.arange(len(live))
        t.head[[at.SLOTS_USED, at.SLOTS_FREE, at.FIRST_FREE_SLOT]] = len(live), 0, -1
        node_f = np.zeros((len(t.node_f), at.COUNTS + class_room))
        node_f[:, : t.node_f.shape[1]] = t.node_f
        width = max([2, t.child.shape[1], *capacities])
        child = np.full((len(t.child), width), -1, np.int64)
        child[:, : t.child.shape[1]] = t.child
        feat = np.stack([offsets[:-1], np.array(capacities, np.int64)], axis=1)
        self.arrays = t._replace(stats=stats, seen=seen, node_f=node_f, child=child, feat=feat)


def tree_settings(
    *,
    grace_period: float,
    delta: float,
    tau: float,
    split_criterion: str,
    leaf_prediction: str,
    nb_threshold: float = 0.0,
    max_depth: int | None = None,
    min_branch_fraction: float = 0.01,
    n_split_points: int = 10,
    binary_split: bool = False,
    max_share_to_split: float = 1.0,
) -> NDArray[np.float64]:
    """Pack the settings of trees for the kernels."""
    conf = np.zeros(at.CONF_SIZE)
    conf[at.GRACE] = grace_period
    conf[at.LOG_INVERSE_DELTA] = math.log(1.0 / delta)
    conf[at.TAU] = tau
    conf[at.MIN_BRANCH] = min_branch_fraction
    conf[at.N_POINTS] = n_split_points
    conf[at.GINI] = split_criterion == "gini"
    conf[at.LEAF_MODE] = LEAF_MODES[leaf_prediction]
    conf[at.NB_THRESHOLD] = nb_threshold
    conf[at.MAX_DEPTH] = math.inf if max_depth is None else max_depth
    conf[at.BINARY] = binary_split
    # rounding of weights must not forbid a split where no share does
    conf[at.MAX_SHARE] = max_share_to_split if max_share_to_split < 1.0 else math.inf
    return conf


def settings_of(model: Any) -> NDArray[np.float64]:
    """Pack those settings of trees that are parameters of a learner; the others have defaults."""
    names = {field.name for field in dataclasses.fields(model)}
    settings = {name: getattr(model, name) for name in _SETTINGS if name in names}
    if "splitter" in names and model.splitter is not None:
        settings["n_split_points"] = points_of(model.splitter)
    return tree_settings(**settings)


_SETTINGS = tuple(inspect.signature(tree_settings).parameters)
LEAF_MODES = {"mc": at.MAJORITY, "nb": at.NAIVE_BAYES, "nba": at.ADAPTIVE}


def category_room(n_categories: int) -> int:
    """Power of two, so that categories that come one by one seldom rebuild the arrays."""
    return 0 if n_categories == 0 else max(2, 1 << (n_categories - 1).bit_length())


def _free(head: NDArray[np.int64], used: int, free: int, array: NDArray[np.generic]) -> int:
    return len(array) - int(head[used]) + int(head[free])


def _enlarge(array: NDArray[_Item], rows: int, fill: float) -> NDArray[_Item]:
    new = np.full((rows, *array.shape[1:]), fill, array.dtype)
    new[: len(array)] = array
    return new
