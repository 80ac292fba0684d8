"""What the learners of one tree for numbers share: leaf models, growth and the tree's shape."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from river.base.typing import FeatureName

from olearn.base import ArrayRegressor
from olearn.core.features import FeatureIndex
from olearn.core.jit import in_python
from olearn.core.locked import locked
from olearn.core.telling import tell
from olearn.core.types import Codes, Rows
from olearn.learners.linear.linear_regression import LinearRegression
from olearn.learners.trees import model_tree_kernels as kernels
from olearn.learners.trees import model_tree_layout as at
from olearn.learners.trees.interleave import interleaved
from olearn.learners.trees.model_tree_pool import ModelTreePool

LEAF_MODES = {"mean": at.MEAN_LEAF, "model": at.MODEL_LEAF, "adaptive": at.ADAPTIVE_LEAF}
_MODEL_PARAMETERS = (
    "optimizer", "loss", "l2", "l1", "intercept_init", "intercept_lr", "clip_gradient",
    "initializer",
)  # fmt: skip
_LARGEST_TARGET = 1e150  # its square is still a number


def check_leaf_model(name: str, value: Any) -> None:
    """Raise unless `value` is a linear regression, river's or ours, that has not learnt yet."""
    linear_of(value, name)


def linear_of(value: Any, name: str = "leaf_model") -> LinearRegression:
    """Return a linear regression of ours with the parameters of `value`, which may be river's."""
    if value is None:
        return LinearRegression()
    from river import linear_model

    if not isinstance(value, LinearRegression) and type(value) is not linear_model.LinearRegression:
        kind = type(value).__name__
        raise TypeError(f"{name} must be a LinearRegression, got {value!r} of type {kind}")
    weights = value.weights
    if weights:
        raise ValueError(f"{name} must be a fresh one, got one that knows {len(weights)} features")
    return LinearRegression(**{each: getattr(value, each) for each in _MODEL_PARAMETERS})


def check_number_splitter(name: str, value: Any) -> None:
    """Raise unless `value` is a search tree of river's for numbers."""
    digits_of(value, name)


def digits_of(value: Any, name: str = "splitter") -> float:
    """Return the power of ten that values are rounded by; 0 where they are not."""
    from river.tree import splitter

    if type(value) is splitter.EBSTSplitter:
        return 0.0
    if type(value) is not splitter.TEBSTSplitter:
        raise TypeError(
            f"{name} must be TEBSTSplitter or EBSTSplitter of river.tree.splitter, got {value!r} "
            f"of type {type(value).__name__}"
        )
    if not 0 <= value.digits <= 15:
        raise ValueError(f"digits of {name} must be in [0, 15], got {value.digits}")
    return float(10.0**value.digits)


def settings_of_model(p: Any) -> Rows:
    """Pack the parameters of a learner of such trees for the kernels."""
    conf = np.zeros(at.CONF_SIZE)
    conf[at.GRACE] = p.grace_period
    conf[at.LOG_INVERSE_DELTA] = math.log(1.0 / p.delta)
    conf[at.TAU] = p.tau
    conf[at.LEAF_MODE] = LEAF_MODES[p.leaf_prediction]
    conf[at.DECAY] = p.model_selector_decay
    conf[at.MIN_SAMPLES] = p.min_samples_split
    conf[at.MAX_DEPTH] = math.inf if p.max_depth is None else p.max_depth
    conf[at.BINARY] = p.binary_split
    conf[at.DIGITS] = 10.0 if p.splitter is None else digits_of(p.splitter)
    conf[at.NULL_SPLIT] = p.merit_preprune
    conf[at.REMOVE_POOR] = p.remove_poor_attrs
    conf[at.NORMALISE] = p.normalise
    return conf


def say_divergence(pools: Sequence[ModelTreePool]) -> bool:
    """Tell if the model of a leaf diverges; return whether so."""
    diverges = any(pool.arrays.head[at.DIVERGED] for pool in pools)
    if diverges:
        tell(
            "the score of a row leaves all proportion to the targets, so the model of a leaf "
            "diverges: take normalise=True, or put a StandardScaler in front"
        )
    return diverges


class LimitedTargets(ArrayRegressor):
    """A regressor that squares its targets."""

    def _checked(self, y: float, w: float) -> tuple[float, float]:
        y, w = super()._checked(y, w)
        _check_targets(np.array([y]))
        return y, w

    def _check_learning(self, y: Any, w: Any, n_rows: int) -> tuple[Rows, Rows]:
        targets, weights = super()._check_learning(y, w, n_rows)
        _check_targets(targets)
        return targets, weights


class ModelTree(LimitedTargets):
    """A regressor that predicts with the tree `_root` of `_pool`; a subclass has the parameters."""

    _features: FeatureIndex
    _pool: ModelTreePool
    _root: int
    _is_said: bool

    def _start(self, max_size: float, nominal: Any) -> None:
        self._features = FeatureIndex(None if nominal is None else [*nominal])
        model = linear_of(getattr(self, "leaf_model", None))
        self._pool = ModelTreePool(
            settings_of_model(self), model._state.conf.copy(), model.intercept_init, max_size
        )
        self._root = self._pool.add_tree()
        self._is_said = False
        self._grow()

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"grace_period", "delta", "tau"}

    def _apply_parameters(self) -> None:
        self._pool.arrays.conf[:] = settings_of_model(self)

    # -- rows ------------------------------------------------------------------------------------

    def _grow(self) -> None:
        self._pool.grow(self._features.widths)

    def _stage_rows(self, A: Rows, B: Rows, y: Rows, w: Rows, upto: Codes) -> Rows:
        X, targets, weights, rows = interleaved(A, B, y, w, upto)
        return self._run(X, targets, weights)[rows]

    def _learn_rows(self, X: Rows, y: Rows, w: Rows) -> None:
        self._run(X, y, w)

    def _predict_rows(self, X: Rows) -> Rows:
        none = np.zeros(len(X))
        return self._run(X, none, none)

    def _run(self, X: Rows, y: Rows, w: Rows) -> Rows:
        """Predict, then learn each row of weight above 0; return the predictions."""
        out, pool = np.empty(len(X)), self._pool
        row = kernels.run(pool.handle, self._root, X, y, w, out, 0)
        while row < len(X):
            pool.make_room()
            row = kernels.run(pool.handle, self._root, X, y, w, out, row)
        if not self._is_said:
            self._is_said = say_divergence([pool])
        return out

    # -- the tree --------------------------------------------------------------------------------

    def _nodes(self) -> Iterator[tuple[int, int]]:
        """Yield nodes of the tree and the splits above them, parents first, in order."""
        node_i = self._pool.arrays.node_i
        todo = [(self._root, 0)]
        while todo:
            node, depth = todo.pop()
            yield node, depth
            todo += [(child, depth + 1) for child in reversed(_children(node_i, node))]

    def _kinds(self) -> Codes:
        kinds: Codes = self._pool.arrays.node_i[[node for node, _ in self._nodes()], at.KIND]
        return kinds

    @property
    @locked
    def n_nodes(self) -> int:
        """Number of nodes, leaves included."""
        return len(self._kinds())

    @property
    @locked
    def n_branches(self) -> int:
        """Number of splits."""
        return int((self._kinds() > at.ASLEEP).sum())

    @property
    @locked
    def n_leaves(self) -> int:
        """Number of leaves."""
        return int((self._kinds() <= at.ASLEEP).sum())

    @property
    @locked
    def n_active_leaves(self) -> int:
        """Number of leaves that may be split."""
        return int((self._kinds() == at.LEAF).sum())

    @property
    @locked
    def n_inactive_leaves(self) -> int:
        """Number of leaves that are not split any more, for `max_depth` or `max_size`."""
        return int((self._kinds() == at.ASLEEP).sum())

    @property
    @locked
    def height(self) -> int:
        """Number of splits on the longest path; river's is one more."""
        return max(depth for _, depth in self._nodes())

    @property
    @locked
    def summary(self) -> dict[str, Any]:
        """The numbers above, and the weight of all rows that the leaves know of."""
        names = ("n_nodes", "n_branches", "n_leaves", "n_active_leaves", "n_inactive_leaves")
        t = self._pool.arrays
        leaves = [n for n, _ in self._nodes() if t.node_i[n, at.KIND] <= at.ASLEEP]
        return {
            **{name: getattr(self, name) for name in (*names, "height")},
            "total_observed_weight": float(t.node_f[leaves, at.N].sum()),
        }

    @locked
    def to_text(self, max_depth: int | None = None) -> str:
        """Return the tree as indented text, down to `max_depth` splits."""
        lines = []
        for node, depth in self._nodes():
            if max_depth is None or depth <= max_depth:
                condition = self._condition(node)
                lead = f"{condition}: " if condition else ""
                lines.append("  " * depth + lead + self._say(node))
        return "\n".join(lines)

    @locked
    def debug_one(self, x: dict[FeatureName, Any]) -> str:
        """Return the path of `x` through the tree, and the answer at its end, in words."""
        row = self._features.encode_one(x)
        descend = in_python(kernels.descend)
        leaf, lost = descend(self._pool.arrays, self._root, row[None], 0, False)
        lines, node = [], leaf
        while node != self._root:
            lines.append(self._condition(node))
            node = int(self._pool.arrays.node_i[node, at.PARENT])
        lines.reverse()
        if lost:
            lines.append("a value was missing or new: the branch of most weight was taken")
        return "\n".join([*lines, self._say(leaf), f"prediction: {self._predict_row(row):.6g}"])

    def _say(self, node: int) -> str:
        t = self._pool.arrays
        kind, (n, mean) = t.node_i[node, at.KIND], t.node_f[node, [at.N, at.MEAN]]
        if kind > at.ASLEEP:
            return f"split by {self._features.names[t.node_i[node, at.FEATURE]]}"
        return f"mean {mean:.6g} of weight {n:g}"

    def _condition(self, node: int) -> str:
        """Return the condition that leads from its parent to a node; empty at the root."""
        t = self._pool.arrays
        parent = int(t.node_i[node, at.PARENT])
        if node == self._root:
            return ""
        column = int(t.node_i[parent, at.FEATURE])
        name, kind = self._features.names[column], t.node_i[parent, at.KIND]
        is_first = t.node_i[parent, at.FIRST] == node
        if kind == at.NUMERIC:
            return f"{name} {'<=' if is_first else '>'} {t.node_f[parent, at.VALUE]:.6g}"
        code = t.node_f[node, at.CATEGORY] if kind == at.MULTIWAY else t.node_f[parent, at.VALUE]
        sign = "=" if kind == at.MULTIWAY or is_first else "!="
        categories = self._features.categories[column]
        codes = categories.codes if categories else {}
        value = next((each for each, its in codes.items() if its == code), code)
        return f"{name} {sign} {value}"


def _children(node_i: Codes, node: int) -> list[int]:
    if node_i[node, at.KIND] <= at.ASLEEP:
        return []
    children, child = [], int(node_i[node, at.FIRST])
    while child >= 0:
        children.append(child)
        child = int(node_i[child, at.NEXT])
    return children


def _check_targets(y: Rows) -> None:
    bad = y[np.abs(y) > _LARGEST_TARGET]
    if bad.size:
        raise ValueError(
            f"y must lie within {_LARGEST_TARGET:g} of 0, since trees square it, got {bad[0]}; "
            "measure it in other units"
        )
