"""What can be asked about the shape of a tree: numbers, text, tables and pictures."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river.base.typing import FeatureName

from olearn.core.features import FeatureIndex
from olearn.core.labels import LabelIndex
from olearn.core.locked import locked
from olearn.learners.trees import arf_kernels as kernels
from olearn.learners.trees import layout as at
from olearn.learners.trees.pool import TreePool
from olearn.learners.trees.text import (
    describe_path,
    draw_graph,
    draw_tree,
    tree_shape,
    tree_table,
    tree_text,
    walk,
)


class TreeShape:
    """One tree of a pool; a learner of one tree is one itself."""

    _pool: TreePool
    _root: int
    _features: FeatureIndex
    _labels: LabelIndex
    _lock: threading.RLock

    @property
    @locked
    def n_nodes(self) -> int:
        """Number of nodes of the tree that predicts, leaves included."""
        return tree_shape(self._pool.arrays, self._root)[0]

    @property
    @locked
    def n_branches(self) -> int:
        """Number of splits."""
        return self.n_nodes - self.n_leaves

    @property
    @locked
    def n_leaves(self) -> int:
        """Number of leaves of the tree that predicts."""
        return tree_shape(self._pool.arrays, self._root)[1]

    @property
    @locked
    def n_active_leaves(self) -> int:
        """Number of leaves that keep statistics and may be split."""
        return self.n_leaves - self.n_inactive_leaves

    @property
    @locked
    def n_inactive_leaves(self) -> int:
        """Number of leaves that keep no statistics, because `max_size` was reached."""
        t = self._pool.arrays
        nodes = [visit.node for visit in walk(t, self._root, self._features)]
        asleep = (t.node_i[nodes, at.KIND] == at.LEAF) & (t.node_i[nodes, at.SLOT] == at.INACTIVE)
        return int(asleep.sum())

    @property
    @locked
    def height(self) -> int:
        """Number of splits on the longest path of the tree that predicts; river's is one more."""
        return tree_shape(self._pool.arrays, self._root)[2]

    @property
    @locked
    def summary(self) -> dict[str, Any]:
        """The numbers above, and the weight of all rows that the leaves know of."""
        t = self._pool.arrays
        nodes = [visit.node for visit in walk(t, self._root, self._features)]
        leaves = t.node_i[nodes, at.KIND] == at.LEAF
        weight = float(t.node_f[nodes][leaves, at.COUNTS :].sum())
        names = ("n_nodes", "n_branches", "n_leaves", "n_active_leaves", "n_inactive_leaves")
        numbers = {name: getattr(self, name) for name in (*names, "height")}
        return {**numbers, "total_observed_weight": weight}

    @locked
    def debug_one(self, x: dict[FeatureName, Any]) -> str:
        """Return the path of `x` through the tree, and the votes at its end, in words."""
        row = self._features.encode_one(x)
        return describe_path(self._pool.arrays, self._root, row, self._features, self._labels)

    @locked
    def to_text(self, max_depth: int | None = None) -> str:
        """Return the tree as indented text, down to `max_depth` splits."""
        arrays = self._pool.arrays
        return tree_text(arrays, self._root, self._features, self._labels, max_depth)

    @locked
    def to_dataframe(self) -> Any:
        """Return a pandas frame with a row a node; None for a tree of one leaf, as river."""
        return tree_table(self._pool.arrays, self._root, self._features, self._labels)

    @locked
    def plot(self, max_depth: int | None = 4) -> Any:
        """Draw the tree down to `max_depth` splits; return the Matplotlib figure."""
        arrays = self._pool.arrays
        return draw_tree(arrays, self._root, self._features, self._labels, max_depth)

    @locked
    def draw(self, max_depth: int | None = None) -> Any:
        """Return the tree as a `graphviz.Digraph`, down to `max_depth` splits."""
        arrays = self._pool.arrays
        return draw_graph(arrays, self._root, self._features, self._labels, max_depth)


class MemberTree(TreeShape):
    """A tree of a forest, as it is now, to be looked at.

    Parameters
    ----------
    pool, root
        Where the tree is.
    features, labels, lock
        Those of the forest.
    n_warnings, n_drifts
        Warnings of the member and replacements of its tree, so far.

    """

    def __init__(
        self,
        pool: TreePool,
        root: int,
        features: FeatureIndex,
        labels: LabelIndex,
        lock: threading.RLock,
        *,
        n_warnings: int,
        n_drifts: int,
    ) -> None:
        self._pool, self._root = pool, root
        self._features, self._labels, self._lock = features, labels, lock
        self.n_warnings, self.n_drifts = n_warnings, n_drifts


class ForestShape:
    """A forest as a sequence of its members' trees."""

    n_models: int
    _pools: list[TreePool]
    _status: NDArray[np.int64]
    _features: FeatureIndex
    _labels: LabelIndex
    _lock: threading.RLock

    def __len__(self) -> int:
        """Return the number of members."""
        return self.n_models

    @locked
    def __getitem__(self, number: int) -> MemberTree:
        """Return a member's tree, as it is now, to be looked at."""
        status = self._status[number]
        return MemberTree(
            self._pools[number], int(status[kernels.TREE]),
            self._features, self._labels, self._lock,
            n_warnings=int(status[kernels.N_WARNINGS]), n_drifts=int(status[kernels.N_DRIFTS]),
        )  # fmt: skip

    def __iter__(self) -> Iterator[MemberTree]:
        """Yield the members' trees."""
        return (self[number] for number in range(self.n_models))

    @property
    def models(self) -> list[MemberTree]:
        """The members' trees, as they are now, to be looked at."""
        return list(self)

    def n_warnings_detected(self, tree_id: int | None = None) -> int:
        """Return the number of warnings of a member, or of all."""
        return self.n_warnings if tree_id is None else self[tree_id].n_warnings

    def n_drifts_detected(self, tree_id: int | None = None) -> int:
        """Return how often a member's tree was replaced, or those of all."""
        return self.n_drifts if tree_id is None else self[tree_id].n_drifts

    @property
    def n_warnings(self) -> int:
        """Number of warnings so far, all members together."""
        return int(self._status[:, kernels.N_WARNINGS].sum())

    @property
    def n_drifts(self) -> int:
        """Number of trees replaced so far, all members together."""
        return int(self._status[:, kernels.N_DRIFTS].sum())
