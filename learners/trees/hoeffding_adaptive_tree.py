"""Hoeffding adaptive tree classifier on compiled arrays."""

import math
from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY
from typing import Annotated, Any

import numpy as np
from river import base
from river.base.typing import ClfTarget, FeatureName

from olearn.base.detector import check_detector
from olearn.core.parameters import (
    Above,
    AtLeast,
    In,
    OpenFraction,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.core.rng import kernel_state
from olearn.core.types import Codes, Rows
from olearn.detectors._adwin_kernels import adwin_size, adwin_start
from olearn.learners.trees import hat_kernels as kernels
from olearn.learners.trees import layout as at
from olearn.learners.trees.node_watch import NodeWatch
from olearn.learners.trees.pool import TreePool, settings_of
from olearn.learners.trees.river_parts import check_splitter, delta_of
from olearn.learners.trees.single_tree import (
    NO_PROBA,
    GracePeriod,
    LeafPrediction,
    SingleTree,
    SplitCriterion,
    weight_row,
)

__all__ = ["HoeffdingAdaptiveTreeClassifier"]

Detector = base.DriftDetector | base.BinaryDriftDetector
_WINDOW_SIZE = adwin_size(n_rows=16)  # the newest 327,675 errors of a node


@with_parameters
class HoeffdingAdaptiveTreeClassifier(NodeWatch, SingleTree):
    r"""Hoeffding tree that replaces branches whose error rises[^1].

    Every split node watches the errors of its branch with ADWIN. Where they become more, an
    alternate tree starts there and learns the same rows. Once the windows of both hold more than
    `drift_window_threshold` rows, with error rates $e$ and $e'$, it takes the branch's place if
    $e - e' > \sqrt{2 e (1 - e) \ln(2 / \alpha) (1/n + 1/n')}$, and is pruned if $e' - e$ is.
    Time per row: that of `HoeffdingTreeClassifier` for each tree on the path, and O(depth) windows.

    Parameters
    ----------
    grace_period
        Weight a leaf sees between split attempts; positive.
    max_depth
        Depth at which no leaf is split any more; at least 1, or None for no limit.
    split_criterion
        Merit of a split: `"info_gain"` (bits), `"gini"` or `"hellinger"` (for rare classes).
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
    bootstrap_sampling
        Whether a leaf learns a row with weight max(1, k), k ~ Poisson(1), instead of 1.
    drift_window_threshold
        Number of rows both windows must exceed before a branch and its alternate tree are
        compared; at least 1.
    drift_detector
        `ADWIN(delta)` of olearn or river, in the place of `drift_delta`; `river.drift.NoDrift()`
        for a tree that replaces nothing; or any other drift detector, of which each split gets a
        clone. It reads the errors row by row in Python, and makes the tree about as slow as
        river's; branches are then compared by their errors since its last alarm.
    switch_significance
        Significance $\alpha$ of the comparison; in (0, 1).
    binary_split
        Whether nominal features are split one value against the rest only.
    min_branch_fraction
        Share of the weight that at least two branches of a split must get; in [0, 0.5].
    max_share_to_split
        Share of the largest class above which a leaf is not split; in (0, 1]. River's default
        is 0.99.
    max_size
        Bound of the memory, MiB; positive. Where it is reached the leaves with the fewest errors
        stop keeping statistics, and at last no leaf is split and no alternate tree is started.
        There is a floor: four leaves keep statistics whatever it says, 40 KiB with seven features
        and ten classes.
    memory_estimate_period
        Taken for programs written for river, at least 1, and without effect, as are the next three:
        the bound of the memory always holds.
    stop_mem_management
        Without effect.
    remove_poor_attrs
        Without effect.
    merit_preprune
        Without effect: not to split has no merit in any case.
    seed
        Seed of the bootstrap weights, not negative; None draws a fresh one. Results do not depend
        on the number of threads.
    drift_delta
        Confidence of the ADWIN of each node; in (0, 1).
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
    The tree itself, and what it does with missing values, is that of `HoeffdingTreeClassifier`.
    The weights follow MOA and river, where k = 0 leaves the weight at 1. As in MOA only the main
    tree votes (in river the alternate trees on the path vote too), and errors are compared over
    the windows (river: means since the last alarm). A split that was a leaf inside a tree begins
    with an empty window. An alternate tree that begins replaces an older one of the same node.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("sea_a_mini", seed=1).blocks(20_000))
    >>> tree = learners.HoeffdingAdaptiveTreeClassifier(delta=1e-3, seed=1)
    >>> predicted = tree.test_then_train_many(X, y)
    >>> round(float((predicted == y).mean()), 3)
    0.863
    >>> tree.n_alternate_trees, tree.n_switch_alternate_trees, tree.n_pruned_alternate_trees
    (5, 1, 0)

    References
    ----------
    [^1]: Bifet, A., Gavalda, R. (2009). Adaptive learning from evolving data streams. IDA,
        LNCS 5772, 249-260. Section 3 (HAT-ADWIN).

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
    bootstrap_sampling: bool = True
    drift_window_threshold: PositiveInt = 300
    drift_detector: Annotated[Detector, check_detector] | None = None
    switch_significance: OpenFraction = 0.05
    binary_split: bool = False
    min_branch_fraction: Annotated[float, In(0.0, 0.5)] = 0.01
    max_share_to_split: Annotated[float, In(0.0, 1.0, "(]")] = 1.0
    max_size: Annotated[float, Above(0.0)] = 100.0
    memory_estimate_period: PositiveInt = 1_000_000
    stop_mem_management: bool = False
    remove_poor_attrs: bool = False
    merit_preprune: bool = True
    seed: Seed = None
    _: KW_ONLY
    drift_delta: OpenFraction = 0.002
    n_split_points: PositiveInt = 10
    classes: Collection[ClfTarget] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start_encoding(self.nominal_attributes, self.classes)
        self._start_tree()
        self._grow(len(self._labels))

    def _start_tree(self) -> None:
        beside = 8 * (_WINDOW_SIZE + 5)
        rng = kernel_state(self.seed)
        self._pool = TreePool(settings_of(self), self.max_size, bytes_beside=beside, rng=rng)
        self._root = self._pool.add_tree()
        self._settings = np.zeros(4)
        self._start_watch()
        self._apply_parameters()
        self._tally = np.zeros(4, np.int64)
        self._windows = np.empty((0, _WINDOW_SIZE))
        self._alternate = np.empty(0, np.int64)
        self._scratch = np.empty((4, 0), np.int64)
        self._follow_pool()

    @property
    def _mutable_attributes(self) -> set[str]:
        own = {"drift_window_threshold", "drift_delta", "switch_significance"}
        return super()._mutable_attributes | own

    def _apply_parameters(self) -> None:
        super()._apply_parameters()
        watched = self._watchers is not None  # in Python: the kernels neither start nor compare
        self._settings[:] = (
            0.0 if watched else delta_of(self.drift_detector, self.drift_delta),
            math.inf if watched else self.drift_window_threshold,
            math.log(2.0 / self.switch_significance),
            self.bootstrap_sampling,
        )

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"seed": 1}

    @property
    def n_alternate_trees(self) -> int:
        """Number of alternate trees started so far."""
        return int(self._tally[kernels.STARTED])

    @property
    def n_switch_alternate_trees(self) -> int:
        """Number of alternate trees that took a branch's place so far."""
        return int(self._tally[kernels.SWITCHED])

    @property
    def n_pruned_alternate_trees(self) -> int:
        """Number of alternate trees given up so far because they were worse."""
        return int(self._tally[kernels.PRUNED])

    @property
    def n_drifts(self) -> int:
        """Number of branches replaced so far."""
        return self.n_switch_alternate_trees

    def _make_room(self) -> None:
        growing = int(self._tally[kernels.GROWING])
        self._pool.make_room(kernels.SPARE_TREES + growing, 1 + growing)
        if len(self._pool.arrays.node_i) > len(self._windows):
            self._follow_pool()

    def _follow_pool(self) -> None:
        """Give each node of the pool its window and its entry of `_alternate`."""
        rows, old = len(self._pool.arrays.node_i), len(self._windows)
        fresh = np.zeros((1, _WINDOW_SIZE))
        adwin_start(fresh[0])
        self._windows = np.concatenate([self._windows, np.repeat(fresh, rows - old, axis=0)])
        self._alternate = np.concatenate([self._alternate, np.full(rows - old, -1)])
        self._scratch = np.zeros((4, rows), np.int64)

    def _learn_row(self, row: Rows, code: int, w: float) -> None:
        X, y, weights = row[None], np.array([code]), weight_row(w)
        if self._watchers is not None:
            self._run_watched(X, y, weights)
            return
        while not self._run_from(0, X, y, weights, out=y):  # nobody asks for the answer
            self._make_room()

    def _run(self, X: Rows, y: Codes, w: Rows) -> Codes:
        if self._watchers is None or (w == at.ONLY_PREDICT).all():
            return self._run_all(X, y, w)
        return self._run_watched(X, y, w)

    @property
    def _is_compiled(self) -> bool:
        return self._watchers is None and super()._is_compiled

    def _run_all(self, X: Rows, y: Codes, w: Rows, proba: Rows = NO_PROBA) -> Codes:
        out = np.empty(len(y), np.int64)
        row = self._run_from(0, X, y, w, out, proba)
        while row < len(y):
            self._make_room()
            row = self._run_from(row, X, y, w, out, proba)
        return out

    def _run_from(
        self, row: int, X: Rows, y: Codes, w: Rows, out: Codes, proba: Rows = NO_PROBA
    ) -> int:
        done: int = kernels.learn_many(
            self._pool.handle,
            self._windows,
            self._alternate,
            self._scratch,
            self._tally,
            self._settings,
            self._root,
            X, y, w, out, proba, row,
        )  # fmt: skip
        return done
