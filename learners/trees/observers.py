"""Splitters of river in the leaves of a tree: they propose the splits of numeric features.

The kernels learn everything else, and split no leaf then.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from olearn.core.types import Codes, Rows
from olearn.learners.trees import layout as at
from olearn.learners.trees import split
from olearn.learners.trees.pool import TreePool
from olearn.learners.trees.river_parts import is_gaussian

_Answer = TypeVar("_Answer")


class Look(NamedTuple):
    """What the nodes of a pool were like before a row."""

    counts: Rows  # of the class of the row
    slots: Codes


class Proposal(NamedTuple):
    """The best split of one feature."""

    merit: float
    feature: int
    kind: int
    value: float
    branches: list[Rows] | None = None  # class weights, where a splitter knows them


class Observers:
    """A clone of a splitter for each numeric feature of each leaf of a pool.

    Parameters
    ----------
    splitter
        Any splitter of `river.tree.splitter` for classes.

    """

    def __init__(self, splitter: Any) -> None:
        self._splitter = splitter
        self._leaves: dict[int, dict[int, Any]] = {}

    def watch(
        self,
        pool: TreePool,
        x: Rows,
        code: int,
        grace_period: float,
        make_room: Callable[[], None],
        learn: Callable[[], _Answer],
    ) -> _Answer:
        """Let the kernels `learn` a row of a class, and tell the splitters; return their answer."""
        before = self._look(pool, code)
        answer = learn()
        self._learn(pool, before, x, code, grace_period, make_room)
        return answer

    def _look(self, pool: TreePool, code: int) -> Look:
        """Look at the nodes before the kernels learn a row of a class."""
        t = pool.arrays
        counts = np.where(t.node_i[:, at.KIND] == at.FREE, 0.0, t.node_f[:, at.COUNTS + code])
        return Look(counts, t.node_i[:, at.SLOT].copy())

    def _learn(
        self,
        pool: TreePool,
        before: Look,
        x: Rows,
        code: int,
        grace_period: float,
        make_room: Callable[[], None],
    ) -> None:
        """Tell the splitters of the leaves that have learnt the row; split them where it is due."""
        t, n = pool.arrays, len(before.counts)
        gains = t.node_f[:, at.COUNTS + code].copy()  # there may be more nodes now
        gains[:n] -= before.counts
        active = (t.node_i[:, at.KIND] == at.LEAF) & (t.node_i[:, at.SLOT] >= 0)
        for leaf in np.flatnonzero(active & (gains > 0.0)).tolist():
            if leaf >= n or before.slots[leaf] < 0 or leaf not in self._leaves:
                self._leaves[leaf] = {}  # its statistics are new, whoever had the node before
            self._observe(pool, leaf, x, code, float(gains[leaf]))
            weight = float(pool.arrays.node_f[leaf, at.COUNTS :].sum())
            if weight - pool.arrays.node_f[leaf, at.W_LAST] >= grace_period:
                pool.arrays.node_f[leaf, at.W_LAST] = weight
                make_room()  # which may move arrays, and put the leaf to sleep
                if pool.arrays.node_i[leaf, at.SLOT] >= 0:
                    self._try_split(pool.arrays, leaf, weight)
                self._forget(pool)

    def move(self, old: int, new: int) -> None:
        """Follow a leaf, or a split, whose node has got another number."""
        self._leaves.pop(new, None)
        if old in self._leaves:
            self._leaves[new] = self._leaves.pop(old)

    def _observe(self, pool: TreePool, leaf: int, x: Rows, code: int, weight: float) -> None:
        t, splitters = pool.arrays, self._leaves[leaf]
        seen = t.seen[t.node_i[leaf, at.SLOT], : len(t.feat)] > 0
        numbers = seen & (t.feat[:, at.CAPACITY] == 0) & ~np.isnan(x[: len(t.feat)])
        for f in np.flatnonzero(numbers).tolist():
            if f not in splitters:
                splitters[f] = self._splitter.clone()
            splitters[f].update(float(x[f]), code, weight)

    def _forget(self, pool: TreePool) -> None:
        """Drop the splitters of nodes that are no leaves with statistics any more."""
        nodes = pool.arrays.node_i
        active = (nodes[:, at.KIND] == at.LEAF) & (nodes[:, at.SLOT] >= 0)
        self._leaves = {leaf: own for leaf, own in self._leaves.items() if active[leaf]}

    def _try_split(self, t: at.Pool, leaf: int, weight: float) -> None:
        """Do as the kernels' `try_split`, with the splitters' proposals."""
        n_classes, conf = int(t.head[at.N_CLASSES]), t.conf
        counts = t.node_f[leaf, at.COUNTS : at.COUNTS + n_classes]
        if t.head[at.MAY_GROW] == 0 or t.node_i[leaf, at.DEPTH] >= conf[at.MAX_DEPTH]:
            return
        if np.count_nonzero(counts) < 2 or counts.max() > conf[at.MAX_SHARE] * weight:
            return
        # of equal merits the later feature wins
        proposals = sorted(self._proposals(t, leaf, counts), key=lambda p: (p.merit, p.feature))
        if not proposals or proposals[-1].merit == -math.inf:
            return
        best, second = proposals[-1], proposals[-2].merit if len(proposals) > 1 else 0.0
        n_labels = max(int(t.node_i[leaf, at.N_LABELS]), 2)
        reach = 1.0 if conf[at.CRITERION] == at.GINI else math.log2(n_labels)
        bound = reach * math.sqrt(conf[at.LOG_INVERSE_DELTA] / (2.0 * weight))
        if best.merit - second > bound or bound < conf[at.TAU]:
            split.split_leaf(t, leaf, best.feature, best.kind, best.value)
            if best.branches is not None:
                _share(t, leaf, best.branches)

    def _proposals(self, t: at.Pool, leaf: int, counts: Rows) -> list[Proposal]:
        before = 1.0
        if t.conf[at.CRITERION] == at.INFO_GAIN:
            total, impurity = split.weighted_impurity(t.conf, counts)
            before = impurity / total
        criterion = _Criterion(t.conf, before, len(counts))
        weights = {code: float(n) for code, n in enumerate(counts) if n > 0.0}
        slot, found = int(t.node_i[leaf, at.SLOT]), []
        for f, (offset, capacity) in enumerate(t.feat.tolist()):
            if t.seen[slot, f] <= 0:
                continue
            if capacity:
                work = np.empty((2, len(counts)))
                stats = t.stats[slot, offset:]
                merit, kind, value = split.propose_nominal(t.conf, stats, before, work[0], work[1])
                if kind != at.LEAF:
                    found.append(Proposal(merit, f, int(kind), value))
            elif f in self._leaves[leaf]:
                splitter = self._leaves[leaf][f]
                own = splitter.best_evaluated_split_suggestion(criterion, weights, f, True)
                if own.split_info is not None:
                    branches = [criterion.weights(branch) for branch in own.children_stats]
                    value = float(own.split_info)
                    found.append(Proposal(own.merit, f, at.NUMERIC, value, branches))
        return found


def observers_of(splitter: Any) -> Observers | None:
    """Return the observers of a pool, or None where the kernels do without."""
    return None if splitter is None or is_gaussian(splitter) else Observers(splitter)


class _Criterion:
    """The kernels' merit of a split, as splitters of river ask for it."""

    def __init__(self, conf: NDArray[np.float64], before: float, n_classes: int) -> None:
        self._conf, self._before, self._n_classes = conf, before, n_classes

    def weights(self, branch: dict[int, float]) -> Rows:
        """Return the class weights of a branch as an array."""
        return np.array([max(branch.get(code, 0.0), 0.0) for code in range(self._n_classes)])

    def merit_of_split(self, before: Any, after: list[dict[int, float]]) -> float:
        """Return the merit of a split into two branches."""
        left, right = map(self.weights, after)
        return float(split.merit_of(self._conf, self._before, left, right))


def _share(t: at.Pool, node: int, branches: list[Rows]) -> None:
    """Give the two new leaves below a split their class weights."""
    for leaf, weights in zip(t.node_i[node, [at.LEFT, at.RIGHT]].tolist(), branches, strict=True):
        t.node_f[leaf, at.COUNTS : at.COUNTS + len(weights)] = weights
        t.node_f[leaf, at.W_LAST] = weights.sum()
        t.node_i[leaf, at.N_LABELS] = int(np.flatnonzero(weights).max(initial=-1)) + 1
