"""The trees of one learner, and how their arrays grow.

Kernels in `kernels` read and write the arrays and never allocate: they stop before a row for
which room could run out, and `make_room` makes it.
"""

import dataclasses
import inspect
import math
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from olearn.core.handles import handle_of, kinds_of
from olearn.core.jit import in_python
from olearn.core.rng import KernelState, kernel_state
from olearn.learners.trees import layout as at
from olearn.learners.trees.layout import Pool
from olearn.learners.trees.lists import free_slot, new_node
from olearn.learners.trees.river_parts import is_gaussian

_Item = TypeVar("_Item", bound=np.generic)

_MIN_SLOTS = 4
_KINDS = kinds_of(Pool)
_FEAT = Pool._fields.index("feat")


class TreePool:
    """Trees of one learner: their arrays, and all changes of the arrays' shapes.

    Parameters
    ----------
    conf
        Settings of the trees, as `tree_settings` packs them.
    max_size
        Bound of the memory of all arrays, in MiB.
    subspace
        Number of random features that each leaf looks at; 0 = all, below 0 = as many, and the same
        ones in all leaves.
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
        self._set_columns(np.zeros(0, np.int64))

    @property
    def arrays(self) -> Pool:
        """The arrays; those of now, since growth makes new ones."""
        return self._arrays

    @arrays.setter
    def arrays(self, arrays: Pool) -> None:
        self._arrays = arrays
        self.handle = handle_of(arrays, _KINDS)

    def __getstate__(self) -> dict[str, Any]:
        derived = ("handle", "_columns", "_n_category_rooms")
        return {name: value for name, value in vars(self).items() if name not in derived}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        t: Pool = state["_arrays"]
        if len(t.conf) < at.CONF_SIZE:  # of a file of version 0.1, which knew no MAX_SHARE
            t = t._replace(conf=np.append(t.conf, np.inf))
        spare = np.zeros(t.seen.shape[1] - len(t.feat), np.int64)
        self._set_columns(np.concatenate([t.feat[:, at.CAPACITY], spare]))
        self.arrays = t._replace(feat=self._columns[: len(t.feat)])

    def _set_columns(self, rooms: NDArray[np.int64]) -> None:
        """Place all columns that there is room for; the last ones may wait for their features."""
        sizes = np.where(rooms == 0, at.NUMERIC_FIELDS, at.CATEGORY_COUNTS + rooms)
        self._columns = np.empty((len(rooms), 2), np.int64)
        self._columns[:, at.OFFSET] = np.cumsum(sizes) - sizes
        self._columns[:, at.CAPACITY] = rooms
        self._n_category_rooms = int(rooms.sum())

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

    def grow(self, wanted: "Rooms", n_classes: int) -> bool:
        """Make room for features (`category_rooms`) and classes; True if arrays were made anew.

        Numeric features that come later find their columns ready: there is room for as many again
        whenever it runs out, so that a growing vocabulary rarely moves anything.
        """
        t = self.arrays
        t.head[at.N_CLASSES] = max(n_classes, t.head[at.N_CLASSES])
        class_room = t.stats.shape[2]
        if n_classes > class_room:
            class_room = n_classes if n_classes <= 16 else n_classes * 3 // 2
        n_old, n = len(t.feat), len(wanted.each)
        same = class_room == t.stats.shape[2] and wanted.total == self._n_category_rooms
        if same and n <= len(self._columns):
            if n > n_old:
                self._show_columns(n)
            return False
        rooms = wanted.each.copy()
        rooms[:n_old] = np.maximum(rooms[:n_old], t.feat[:, at.CAPACITY])
        self._lay_out(rooms, class_room)
        return True

    def _show_columns(self, n: int) -> None:
        """Let kernels see the first `n` columns; those that are new belong to every subspace."""
        t = self._arrays
        t.seen[:, len(t.feat) : n] = 0
        self._arrays = t._replace(feat=self._columns[:n])  # it begins where it did
        self.handle[_FEAT, 1] = n

    def add_tree(self) -> int:
        """Make a tree of one empty leaf; returns its root, which stays its root for ever."""
        if _free(self.arrays.head, at.NODES_USED, at.NODES_FREE, self.arrays.node_i) < 1:
            self._enlarge_nodes(len(self.arrays.node_i) + 8)
        return int(in_python(new_node)(self.arrays, 0))

    def make_room(self, n_trees: int, n_learning: int | None = None) -> None:
        """Make sure of what `has_room` asks for, within the memory bound.

        `n_learning`: None where all `n_trees` trees learn a row.
        """
        t = self.arrays
        branches = max(2, t.child.shape[1]) + 1
        if (
            t.head[at.MAY_GROW]
            and _free(t.head, at.NODES_USED, at.NODES_FREE, t.node_i) < n_trees * branches
        ):
            self._grow_nodes(n_trees * branches)
        if t.head[at.MAY_GROW] and _free(t.head, at.TABLES_USED, at.TABLES_FREE, t.child) < n_trees:
            self._grow_tables(n_trees)
        n_slots = n_trees if n_learning is None else n_learning
        if _free(t.head, at.SLOTS_USED, at.SLOTS_FREE, t.stats) < n_slots:
            self._grow_slots(n_slots)

    def _grow_nodes(self, n_more: int) -> None:
        """Double the nodes; where a quarter of the memory bound is reached, stop all growth."""
        t = self.arrays
        rows = max(2 * len(t.node_i), len(t.node_i) + n_more)
        bytes_each = t.node_i.strides[0] + t.node_f.strides[0] + self._bytes_beside
        if rows * bytes_each > max(self._max_bytes // 4, 1 << 12):
            t.head[at.MAY_GROW] = 0
            return
        self._enlarge_nodes(rows)

    def _enlarge_nodes(self, rows: int) -> None:
        t = self.arrays
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
            self._enlarge_slots(rows)
            return
        self._rank_leaves(max(len(t.stats) * 2 // 3 - n_more, 1))
        if _free(t.head, at.SLOTS_USED, at.SLOTS_FREE, t.stats) < n_more:
            self._enlarge_slots(len(t.stats) + n_more)  # the bound is below one row's need

    def _enlarge_slots(self, rows: int) -> None:
        t = self.arrays
        self.arrays = t._replace(stats=_enlarge(t.stats, rows, 0.0), seen=_enlarge(t.seen, rows, 0))

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

    def _lay_out(self, rooms: NDArray[np.int64], class_room: int) -> None:
        """Rebuild the arrays for more features, categories or classes, keeping live slots only."""
        t, old = self.arrays, self._columns
        n, n_old = len(rooms), len(t.feat)
        for spare in (n, n // 8, 0) if n > len(old) > 0 else (max(len(old) - n, 0), 0):
            self._set_columns(np.concatenate([rooms, np.zeros(spare, np.int64)]))
            if 8 * self._n_fields * class_room * len(t.stats) <= self._max_bytes // 2:
                break  # else memory is too short for as many columns that wait
        most = self._most_slots(self._n_fields, class_room)
        leaves = np.flatnonzero(t.node_i[: t.head[at.NODES_USED], at.KIND] == at.LEAF)
        if np.count_nonzero(t.node_i[leaves, at.SLOT] >= 0) > most:
            self._rank_leaves(most)
        live = leaves[t.node_i[leaves, at.SLOT] >= 0]
        slots = t.node_i[live, at.SLOT]
        rows = max(len(live), min(len(t.stats), most), _MIN_SLOTS)
        stats = np.zeros((rows, self._n_fields, class_room))
        seen = np.zeros((rows, len(self._columns)), np.int8)
        seen[: len(live), :n_old] = t.seen[slots, :n_old]
        for begin, to, size in _moves(old[:n_old], self._columns[:n_old]):
            part = stats[:, to : to + size, : t.stats.shape[2]]
            for i, slot in enumerate(slots.tolist()):  # one by one: no copy in between
                part[i] = t.stats[slot, begin : begin + size]
        t.node_i[live, at.SLOT] = np.arange(len(live))
        t.head[[at.SLOTS_USED, at.SLOTS_FREE, at.FIRST_FREE_SLOT]] = len(live), 0, -1
        node_f = np.zeros((len(t.node_f), at.COUNTS + class_room))
        node_f[:, : t.node_f.shape[1]] = t.node_f
        width = max(2, t.child.shape[1], int(rooms.max(initial=0)))
        child = np.full((len(t.child), width), -1, np.int64)
        child[:, : t.child.shape[1]] = t.child
        feat = self._columns[:n]
        self.arrays = t._replace(stats=stats, seen=seen, node_f=node_f, child=child, feat=feat)

    @property
    def _n_fields(self) -> int:
        """Fields of a slot, those of columns that wait included."""
        return _end_of(self._columns)


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
    conf[at.CRITERION] = CRITERIA[split_criterion]
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
    splitter = model.splitter if "splitter" in names else None
    if splitter is None:
        return tree_settings(**settings)
    if is_gaussian(splitter):
        return tree_settings(**settings | {"n_split_points": splitter.n_splits})
    # the kernels split no leaf: `Observers` do
    return tree_settings(**settings | {"grace_period": math.inf})


_SETTINGS = tuple(inspect.signature(tree_settings).parameters)
CRITERIA = {"info_gain": at.INFO_GAIN, "gini": at.GINI, "hellinger": at.HELLINGER}
LEAF_MODES = {"mc": at.MAJORITY, "nb": at.NAIVE_BAYES, "nba": at.ADAPTIVE}


def category_room(n_categories: int) -> int:
    """Power of two, so that categories that come one by one seldom rebuild the arrays."""
    return 0 if n_categories == 0 else max(2, 1 << (n_categories - 1).bit_length())


def category_rooms(widths: list[int]) -> "Rooms":
    """Return the categories that there is to be room for in each feature; 0 = numeric."""
    each = np.zeros(len(widths), np.int64)
    if any(widths):
        each[:] = [category_room(width) for width in widths]
    return Rooms(each, int(each.sum()))


class Rooms(NamedTuple):
    """Categories that there is to be room for in each feature, and their sum."""

    each: NDArray[np.int64]
    total: int


def _end_of(columns: NDArray[np.int64]) -> int:
    """Return where the statistics of the last column end."""
    if not len(columns):
        return 0
    begin, room = columns[-1].tolist()
    return int(begin + (at.NUMERIC_FIELDS if room == 0 else at.CATEGORY_COUNTS + room))


def _moves(old: NDArray[np.int64], new: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Yield begin, new begin and size of the statistics that can be copied in one piece."""
    changed = np.flatnonzero(old[:, at.CAPACITY] != new[:, at.CAPACITY]).tolist()
    starts = [0, *(f + 1 for f in changed)]
    for start, stop in zip(starts, [*(f + 1 for f in changed), len(old)], strict=True):
        if start < stop:  # a column that becomes larger ends its piece
            begin, to = int(old[start, at.OFFSET]), int(new[start, at.OFFSET])
            # a column that waited for its first value may turn out nominal, hence smaller
            yield begin, to, min(_end_of(old[:stop]) - begin, _end_of(new[:stop]) - to)


def _free(head: NDArray[np.int64], used: int, free: int, array: NDArray[np.generic]) -> int:
    return len(array) - int(head[used]) + int(head[free])


def _enlarge(array: NDArray[_Item], rows: int, fill: float) -> NDArray[_Item]:
    new = np.full((rows, *array.shape[1:]), fill, array.dtype)
    new[: len(array)] = array
    return new
