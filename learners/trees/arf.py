"""Adaptive random forest on compiled arrays."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY
from typing import Annotated, Any

import numpy as np
from river import base
from river.base.typing import ClfTarget, FeatureName

from olearn.base import ArrayClassifier
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
from olearn.learners.trees import arf_kernels as kernels
from olearn.learners.trees import layout as at
from olearn.learners.trees.interleave import interleaved
from olearn.learners.trees.member_watch import MemberWatch
from olearn.learners.trees.pool import TreePool, category_room, category_rooms, settings_of
from olearn.learners.trees.river_parts import (
    check_metric,
    check_splitter,
    delta_of,
)
from olearn.learners.trees.shape import ForestShape
from olearn.learners.trees.single_tree import (
    GracePeriod,
    LeafPrediction,
    SplitCriterion,
    weight_row,
)
from olearn.learners.trees.subspace import check_max_features, subspace_size

__all__ = ["ARFClassifier"]

_BLOCK = 1000  # rows a member goes through before the next member begins
_NO_VOTES = np.empty((0, 0))
_NO_CODES, _ONLY_PREDICT = np.zeros(_BLOCK, np.int64), np.full(_BLOCK, at.ONLY_PREDICT)
Detector = base.DriftDetector | base.BinaryDriftDetector


@with_parameters
class ARFClassifier(ForestShape, MemberWatch, ArrayClassifier):
    r"""Adaptive random forest[^1].

    Each member is a Hoeffding tree whose leaves look at a random subspace of the features, trained
    on each row with weight $k \sim \mathrm{Poisson}(\lambda)$. Two ADWIN detectors read its errors:
    a warning starts a background tree, a drift puts it (or an empty tree) in the member's place.
    Votes are class probabilities, weighted by the member's accuracy since its last replacement.
    Time per row: O(members x (depth + classes x features)).

    Parameters
    ----------
    n_models
        Number of members; at least 1.
    max_features
        Size of a leaf's subspace: a share of the features in (0, 1] (rounded, at least 1), a
        number of features (an integer, at least 1), `"sqrt"`, `"log2"`, or None for all. The
        default is MOA's; that of river is `"sqrt"`.
    lambda_value
        Mean of the Poisson weights; in (0, 30].
    metric
        What weights the members: `river.metrics.Accuracy()`, which None means too, or another
        metric of several classes, of olearn or river, which is read row by row in Python and makes
        the forest about as slow as river's. Where smaller is better, `CrossEntropy` say, the weight
        is exp(-value); river multiplies by the value, and so prefers the worst.
    disable_weighted_vote
        Whether all members have the same weight in the vote.
    drift_detector
        What replaces trees: `ADWIN(delta)` of olearn or river, in the place of `drift_delta`;
        `river.drift.NoDrift()` for none; or any other drift detector, which reads the members'
        errors row by row in Python, and makes the forest about as slow as river's.
    warning_detector
        What starts background trees, likewise.
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
    binary_split
        Whether nominal features are split one value against the rest only.
    min_branch_fraction
        Share of the weight that at least two branches of a split must get; in [0, 0.5].
    max_share_to_split
        Share of the largest class above which a leaf is not split; in (0, 1]. River's default
        is 0.99.
    max_size
        Bound of the whole forest's memory, MiB; positive. Each member has an equal share, with
        the behaviour of `HoeffdingTreeClassifier` where it is reached, and its floor.
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
        Seed of all draws, not negative; None draws a fresh one. Results do not depend on the number
        of threads.
    warning_delta
        Confidence of the ADWIN that starts background trees; in (0, 1).
    drift_delta
        Confidence of the ADWIN that replaces trees; in (0, 1).
    n_split_points
        Number of thresholds tried for a numeric feature; at least 1.
    n_jobs
        Number of threads that members are shared out to in calls with many rows; at least 1. The
        result does not depend on it.
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
    Follows MOA's forest. As there, a member's detectors read only the rows it is trained on, only
    a rise of the error counts, and a tree that has not been right yet votes with weight 0.01,
    whatever the metric. As
    in river, the error is that before training. Missing values are treated as in
    `HoeffdingTreeClassifier`.

    The subspaces are drawn over the columns in the order of their first appearance, so other
    orders of the features give other, equally good forests: the check
    `check_shuffle_features_no_impact` is skipped.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("sea_a_mini", seed=1).blocks(20_000))
    >>> forest = learners.ARFClassifier(n_models=5, seed=1)
    >>> predicted = forest.test_then_train_many(X, y)
    >>> round(float((predicted == y).mean()), 3)
    0.874
    >>> forest.n_warnings, forest.n_drifts
    (3, 2)

    References
    ----------
    [^1]: Gomes, H. M., Bifet, A., Read, J., Barddal, J. P., Enembreck, F., Pfahringer, B.,
        Holmes, G., Abdessalem, T. (2017). Adaptive random forests for evolving data stream
        classification. Machine Learning 106, 1469-1495. Algorithm 2.

    """

    n_models: PositiveInt = 10
    max_features: Annotated[float | int | str, check_max_features] | None = 0.6
    lambda_value: Annotated[float, In(0.0, 30.0, "(]")] = 6.0
    metric: Annotated[base.Base, check_metric] | None = None
    disable_weighted_vote: bool = False
    drift_detector: Annotated[Detector, check_detector] | None = None
    warning_detector: Annotated[Detector, check_detector] | None = None
    grace_period: GracePeriod = 50
    max_depth: PositiveInt | None = None
    split_criterion: SplitCriterion = "info_gain"
    delta: OpenFraction = 0.01
    tau: Annotated[float, AtLeast(0.0)] = 0.05
    leaf_prediction: LeafPrediction = "nba"
    nb_threshold: Annotated[float, AtLeast(0.0)] = 0.0
    nominal_attributes: Collection[FeatureName] | None = None
    splitter: Annotated[base.Estimator, check_splitter] | None = None
    binary_split: bool = False
    min_branch_fraction: Annotated[float, In(0.0, 0.5)] = 0.01
    max_share_to_split: Annotated[float, In(0.0, 1.0, "(]")] = 1.0
    max_size: Annotated[float, Above(0.0)] = 100.0
    memory_estimate_period: PositiveInt = 2_000_000
    stop_mem_management: bool = False
    remove_poor_attrs: bool = False
    merit_preprune: bool = True
    seed: Seed = None
    _: KW_ONLY
    warning_delta: OpenFraction = 0.01
    drift_delta: OpenFraction = 0.001
    n_split_points: PositiveInt = 10
    n_jobs: PositiveInt = 1
    classes: Collection[ClfTarget] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start_encoding(self.nominal_attributes, self.classes)
        self._start_members()
        self._grow(len(self._labels))

    def _start_members(self) -> None:
        n = self.n_models
        self._start_watch()
        self._settings = np.zeros(4)
        self._pools = [
            TreePool(settings_of(self), self.max_size / n, rng=kernel_state(self.seed, stream=m))
            for m in range(n)
        ]
        self._status = np.zeros((n, 4), np.int64)
        self._status[:, kernels.TREE] = [pool.add_tree() for pool in self._pools]
        self._status[:, kernels.BACKGROUND] = -1
        self._tallies = np.zeros((n, 2))
        self._windows = np.zeros((n, 2, adwin_size()))
        for windows in self._windows:
            adwin_start(windows[kernels.WARNING])
            adwin_start(windows[kernels.DRIFT])
        self._apply_parameters()

    @property
    def _mutable_attributes(self) -> set[str]:
        trees = {"grace_period", "delta", "tau", "max_features"}
        own = {"lambda_value", "warning_delta", "drift_delta", "disable_weighted_vote", "n_jobs"}
        return trees | own

    def _apply_parameters(self) -> None:
        watched = self._watchers is not None  # in Python: the kernels look after no member
        self._settings[:] = (
            self.lambda_value,
            0.0 if watched else delta_of(self.warning_detector, self.warning_delta),
            0.0 if watched else delta_of(self.drift_detector, self.drift_delta),
            self._metrics is None and not self.disable_weighted_vote,
        )
        conf, subspace = settings_of(self), self._subspace
        for pool in self._pools:
            pool.arrays.conf[:] = conf
            pool.subspace = subspace

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"n_models": 3, "seed": 1}

    def _unit_test_skips(self) -> set[str]:
        return {"check_shuffle_features_no_impact"}

    def _grow(self, n_classes: int) -> None:
        rooms = category_rooms(self._features.widths)
        subspace = self._subspace
        for pool in self._pools:
            pool.grow(rooms, n_classes)
            pool.subspace = subspace

    @property
    def _subspace(self) -> int:
        """Number of features in a leaf's subspace."""
        return subspace_size(self.max_features, len(self._features))

    def _room(self, n_categories: int) -> int:
        return category_room(n_categories)

    def _learn_row(self, row: Rows, code: int, w: float) -> None:
        self._learn_rows(row[None], np.array([code]), weight_row(w))

    def _code_row(self, row: Rows) -> int:
        return int(self._votes_block(row[None]).argmax())

    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        def learn(member: int) -> None:
            self._learn_member(member, X, y, w, _NO_VOTES)

        self._each_member(learn, len(X))

    def _test_then_train_rows(self, X: Rows, y: Codes) -> Codes:
        out = np.empty(len(y), np.int64)
        ones = np.ones(len(y))
        for start in range(0, len(y), _BLOCK):
            rows = slice(start, start + _BLOCK)
            votes = self._test_then_train_block(X[rows], y[rows], ones[rows])
            out[rows] = np.argmax(votes, axis=1)
        return out

    def _stage_rows(
        self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, proba: bool
    ) -> Codes | Rows:
        if not self._is_compiled:
            return super()._stage_rows(A, B, y, w, upto, proba)
        X, codes, weights, seen = interleaved(A, B, y, w, upto)
        votes = np.empty((len(X), len(self._labels)))
        for start in range(0, len(X), _BLOCK):
            rows = slice(start, start + _BLOCK)
            votes[rows] = self._test_then_train_block(X[rows], codes[rows], weights[rows])
        votes = votes[seen]
        if not proba:
            return np.argmax(votes, axis=1)
        return np.asarray(votes / votes.sum(axis=1, keepdims=True))

    def _test_then_train_block(self, X: Rows, y: Codes, w: Rows) -> Rows:
        votes = np.empty((self.n_models, len(y), len(self._labels)))

        def run(member: int) -> None:
            self._learn_member(member, X, y, w, votes[member])

        self._each_member(run, len(y))
        return _sum_in_order(votes)

    def _proba_rows(self, X: Rows) -> Rows:
        proba = np.empty((len(X), len(self._labels)))
        for start in range(0, len(X), _BLOCK):
            votes = self._votes_block(X[start : start + _BLOCK])
            proba[start : start + _BLOCK] = votes / votes.sum(axis=1, keepdims=True)
        return proba

    def _codes_rows(self, X: Rows) -> Codes:
        codes = np.empty(len(X), np.int64)
        for start in range(0, len(X), _BLOCK):
            votes = self._votes_block(X[start : start + _BLOCK])
            codes[start : start + _BLOCK] = np.argmax(votes, axis=1)
        return codes

    def _votes_block(self, X: Rows) -> Rows:
        votes = np.empty((self.n_models, len(X), len(self._labels)))
        state = (self._status, self._tallies, self._windows, self._settings)
        codes, weights = _NO_CODES[: len(X)], _ONLY_PREDICT[: len(X)]

        def vote(member: int) -> None:
            handle = self._pools[member].handle  # straight to the kernel: single rows feel detours
            kernels.learn_many(handle, member, *state, X, codes, weights, votes[member], 0)
            if self._metrics is not None:
                votes[member] *= self._weight(member)

        self._each_member(vote, len(X))
        return _sum_in_order(votes)

    def _run_member(self, number: int, X: Rows, y: Codes, w: Rows, votes: Rows) -> None:
        pool = self._pools[number]
        state = (number, self._status, self._tallies, self._windows, self._settings)
        row = kernels.learn_many(pool.handle, *state, X, y, w, votes, 0)
        while row < len(y):
            pool.make_room(2)
            row = kernels.learn_many(pool.handle, *state, X, y, w, votes, row)

    def _each_member(self, task: Callable[[int], None], n_rows: int) -> None:
        """Run a task for each member, in threads where there is more than one row."""
        if self.n_jobs == 1 or n_rows <= 1:
            for member in range(self.n_models):
                task(member)
            return
        with ThreadPoolExecutor(self.n_jobs) as threads:
            list(threads.map(task, range(self.n_models)))  # a list, so that errors surface


def _sum_in_order(votes: Rows) -> Rows:
    """Add the members' votes one member after the other: the same floats for one row and many."""
    total: Rows = votes[0]
    for more in votes[1:]:
        total += more
    return total
