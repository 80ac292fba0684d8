"""Hoeffding tree classifier on compiled arrays."""

import functools
from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY
from typing import Annotated, Any

import numpy as np
from river import base
from river.base.typing import ClfTarget, FeatureName

from olearn.core.parameters import (
    Above,
    AtLeast,
    In,
    OpenFraction,
    PositiveInt,
    check_parameters,
    with_parameters,
)
from olearn.core.types import Codes, Rows
from olearn.learners.trees import kernels
from olearn.learners.trees import layout as at
from olearn.learners.trees.observers import observers_of
from olearn.learners.trees.pool import TreePool, settings_of
from olearn.learners.trees.river_parts import check_splitter
from olearn.learners.trees.single_tree import (
    NO_PROBA,
    GracePeriod,
    LeafPrediction,
    SingleTree,
    SplitCriterion,
)

__all__ = ["HoeffdingTreeClassifier"]


@with_parameters
class HoeffdingTreeClassifier(SingleTree):
    r"""Hoeffding tree, also called Very Fast Decision Tree[^1].

    A leaf is split once the merits of its two best splits differ by more than the Hoeffding bound
    $\epsilon = \sqrt{R^2 \ln(1/\delta) / (2n)}$, with $R$ the range of the merit and $n$ the weight
    seen. Follows MOA's tree: Gaussian estimates of numeric features, multiway and one-against-rest
    splits of nominal ones, naive Bayes in the leaves. Time per row: O(depth + classes x features).

    Parameters
    ----------
    grace_period
        Weight a leaf sees between split attempts; positive.
    max_depth
        Depth at which no leaf is split any more; at least 1, or None for no limit.
    split_criterion
        Merit of a split: `"info_gain"` (bits), `"gini"`, or `"hellinger"`, which does not depend on
        how rare a class is: the distance of its shares in the branches from those of the other
        class; of more than two classes, that of the one farthest from all others together[^3].
    delta
        Split confidence: probability of a wrong choice of split; in (0, 1).
    tau
        Tie threshold: below this bound the best split is taken in any case; not negative.
    leaf_prediction
        `"mc"` (majority class), `"nb"` (naive Bayes) or `"nba"` (per leaf, whichever was right
        more often).
    nb_threshold
        Weight a leaf must have seen before naive Bayes may vote; not negative.
    nominal_attributes
        Names of the nominal features. A feature whose first value is a string is nominal too.
    splitter
        `river.tree.splitter.GaussianSplitter(n)`, which sets `n_split_points`, or any other of
        river for classes: it proposes the splits of numeric features in Python, row by row, about
        as slowly as in river. Naive Bayes keeps its normal distributions, and `max_size` bounds the
        number of leaves, not what their splitters keep.
    binary_split
        Whether nominal features are split one value against the rest only.
    min_branch_fraction
        Share of the weight that at least two branches of a split must get; in [0, 0.5].
    max_share_to_split
        Share of the largest class above which a leaf is not split; in (0, 1]. River's default
        is 0.99.
    max_size
        Bound of the tree's memory, MiB; positive. Where it is reached the leaves with the fewest
        errors stop keeping statistics, and at last no leaf is split. There is a floor: four leaves
        keep statistics whatever it says, 25 KiB with seven features and ten classes.
    memory_estimate_period
        Taken for programs written for river, at least 1, and without effect, as are the next three:
        the bound of the memory always holds.
    stop_mem_management
        Without effect.
    remove_poor_attrs
        Without effect.
    merit_preprune
        Without effect: not to split has no merit in any case.
    n_split_points
        Number of thresholds tried for a numeric feature; at least 1.
    classes
        Labels known in advance, in code order; None: in order of first appearance. The lowest
        code wins ties.

    Raises
    ------
    ValueError
        If a parameter is outside its range, a feature is infinite, or a string is given for a
        numeric feature.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    `None` and NaN mean "missing": the row then stops at the split that asks for the feature, is
    answered by that node's class weights, and is not learnt. Departures from MOA: naive Bayes works
    with logarithms, so that products over many features neither under- nor overflow; where only
    one feature proposes a split it must beat not splitting; a split must leave two branches of
    more than `min_branch_fraction`. There is no pre-pruning. River's Hellinger distance is 0
    wherever a branch has no row of a class, of more than two branches it compares the first two,
    and labels must be 0 and 1; none of that is so here.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("sea", seed=1).blocks(10_000))
    >>> tree = learners.HoeffdingTreeClassifier(delta=1e-3)
    >>> predicted = tree.test_then_train_many(X, y)
    >>> round(float((predicted == y).mean()), 3)
    0.864
    >>> tree.n_nodes, tree.n_leaves, tree.height
    (19, 10, 4)

    References
    ----------
    [^1]: Domingos, P., Hulten, G. (2000). Mining high-speed data streams. KDD, 71-80.
    [^2]: Gama, J., Rocha, R., Medas, P. (2003). Accurate decision trees for mining high-speed data
        streams. KDD, 523-528 (naive Bayes in the leaves).
    [^3]: Cieslak, D. A., Hoens, T. R., Chawla, N. V., Kegelmeyer, W. P. (2012). Hellinger distance
        decision trees are robust and skew-insensitive. Data Mining and Knowledge Discovery 24(1),
        136-158. Section 3.

    """

    grace_period: GracePeriod = 200
    max_depth: PositiveInt | None = None
    split_criterion: SplitCriterion = "info_gain"
    delta: OpenFraction = 1e-7
    tau: Annotated[float, AtLeast(0.0)] = 0.05
    leaf_prediction: LeafPrediction = "nba"
    nb_threshold: Annotated[float, AtLeast(0.0)] = 0.0
    nominal_attributes: Collection[FeatureName] | None = None
    splitter: Annotated[base.Estimator, check_splitter] | None = None
    binary_split: bool = False
    min_branch_fraction: Annotated[float, In(0.0, 0.5)] = 0.01
    max_share_to_split: Annotated[float, In(0.0, 1.0, "(]")] = 1.0
    max_size: Annotated[float, Above(0.0)] = 100.0
    memory_estimate_period: PositiveInt = 1_000_000
    stop_mem_management: bool = False
    remove_poor_attrs: bool = False
    merit_preprune: bool = True
    _: KW_ONLY
    n_split_points: PositiveInt = 10
    classes: Collection[ClfTarget] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start_encoding(self.nominal_attributes, self.classes)
        self._pool = TreePool(
            settings_of(self),
            self.max_size,
        )
        self._root = self._pool.add_tree()
        self._observers = observers_of(self.splitter)
        self._grow(len(self._labels))

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {}
        yield {"leaf_prediction": "mc", "split_criterion": "gini", "delta": 0.01}
        yield {"leaf_prediction": "nb", "binary_split": True, "max_depth": 3}

    def _learn_row(self, row: Rows, code: int, w: float) -> None:
        if self._observers is not None:
            self._run(row[None], np.array([code]), np.array([w]))
            return
        while not kernels.learn_row(self._pool.handle, self._root, row, code, w):
            self._pool.make_room(1)

    def _run(self, X: Rows, y: Codes, w: Rows) -> Codes:
        if self._observers is None or (w == at.ONLY_PREDICT).all():
            return self._run_all(X, y, w)
        out = np.empty(len(y), np.int64)
        for i in range(len(y)):
            row = slice(i, i + 1)
            learn = functools.partial(self._run_all, X[row], y[row], w[row])
            out[row] = self._observers.watch(
                self._pool, X[i], int(y[i]), self.grace_period, self._make_room, learn
            )
        return out

    def _make_room(self) -> None:
        self._pool.make_room(1)

    def _run_all(self, X: Rows, y: Codes, w: Rows, proba: Rows = NO_PROBA) -> Codes:
        out = np.empty(len(y), np.int64)
        row = kernels.learn_many(self._pool.handle, self._root, X, y, w, out, proba, 0)
        while row < len(y):
            self._pool.make_room(1)
            row = kernels.learn_many(self._pool.handle, self._root, X, y, w, out, proba, row)
        return out
