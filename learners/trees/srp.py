"""Streaming random patches: an ensemble of trees on random features and random rows."""

import math
from collections.abc import Iterator
from dataclasses import KW_ONLY
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from river import base

from olearn.base import ArrayClassifier
from olearn.core.jit import in_python
from olearn.core.parameters import (
    In,
    OneOf,
    OpenFraction,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.core.rng import KernelState, kernel_state, next_u64
from olearn.core.types import Codes, Rows
from olearn.detectors._adwin_kernels import adwin_reset, adwin_size, adwin_start
from olearn.learners.trees import arf_kernels as forest
from olearn.learners.trees import layout as at
from olearn.learners.trees import patches_kernels as kernels
from olearn.learners.trees.bagged_trees import Tree, shares
from olearn.learners.trees.hoeffding_tree import HoeffdingTreeClassifier
from olearn.learners.trees.interleave import interleaved
from olearn.learners.trees.lists import draw_subspace
from olearn.learners.trees.pool import TreePool, category_room, category_rooms, settings_of
from olearn.learners.trees.river_parts import check_built_in, delta_of
from olearn.learners.trees.shape import ForestShape
from olearn.learners.trees.single_tree import weight_row
from olearn.learners.trees.subspace import check_max_features, subspace_size

__all__ = ["SRPClassifier"]

_NO_VOTES = np.empty((0, 0))
_DRAWS = 100  # before two members have the same features
Detector = Annotated[base.DriftDetector | base.BinaryDriftDetector, check_built_in]


@with_parameters
class SRPClassifier(ForestShape, ArrayClassifier):
    r"""Streaming random patches: Hoeffding trees on random features and random rows[^1].

    Each member sees a random subspace of the features, all its life, and learns each row with
    weight $k \sim \mathrm{Poisson}(\lambda)$. Two ADWIN detectors read its errors: a warning starts
    a background tree on other features, a drift puts it (or an empty tree) in the member's place.
    Votes are class probabilities, weighted by the member's accuracy since its last replacement.
    Time per row: O(members x (depth + classes x features)).

    Parameters
    ----------
    model
        Tree whose parameters the members take, a `HoeffdingTreeClassifier`, which is left as it is;
        None: `HoeffdingTreeClassifier(grace_period=50, delta=0.01)`. Its `max_size` bounds each
        tree.
    n_models
        Number of members; at least 1.
    subspace_size
        Features that a member sees: a share in (0, 1] (rounded, at least 1), a number of features
        (an integer, at least 1), `"sqrt"`, `"log2"`, or None for all.
    training_method
        `"patches"`: random features and random rows; `"subspaces"`: random features, each row with
        weight 1; `"resampling"`: random rows only.
    lam
        Mean of the Poisson weights; in (0, 30].
    drift_detector
        What replaces trees: `ADWIN(delta)` of olearn or river, in the place of `drift_delta`, or
        `river.drift.NoDrift()` for none.
    warning_detector
        What starts background trees, likewise.
    disable_detector
        `"off"`: both detectors work; `"drift"`: neither; `"warning"`: no background trees.
    disable_weighted_vote
        Whether all members have the same weight in the vote.
    seed
        Seed of all draws, not negative; None draws a fresh one.
    warning_delta
        Confidence of the ADWIN that starts background trees; in (0, 1).
    drift_delta
        Confidence of the ADWIN that replaces trees; in (0, 1).

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature is infinite.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    Follows MOA: no two members have the same features where there are enough choices, else all
    choices are used alike, and a member learns a row once with weight k. River takes the first
    subspaces in lexicographic order where there are up to 20 features, so that the last features
    are seen by few members or none, and trains k times with weight 1. Features that come later join
    all trees that there are. The subspaces are drawn over the columns in the order of their first
    appearance: the check
    `check_shuffle_features_no_impact` is skipped.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("sea_a_mini", seed=1).blocks(20_000))
    >>> model = learners.SRPClassifier(n_models=5, seed=1)
    >>> predicted = model.test_then_train_many(X, y)
    >>> round(float((predicted == y).mean()), 3)
    0.86
    >>> model.n_warnings, model.n_drifts
    (2, 1)

    References
    ----------
    [^1]: Gomes, H. M., Read, J., Bifet, A. (2019). Streaming random patches for evolving data
        stream classification. ICDM, 240-249.

    """

    model: Tree | None = None
    n_models: PositiveInt = 10
    subspace_size: Annotated[float | int | str, check_max_features] | None = 0.6
    training_method: Annotated[str, OneOf("patches", "subspaces", "resampling")] = "patches"
    lam: Annotated[float, In(0.0, 30.0, "(]")] = 6.0
    drift_detector: Detector | None = None
    warning_detector: Detector | None = None
    disable_detector: Annotated[str, OneOf("off", "drift", "warning")] = "off"
    disable_weighted_vote: bool = False
    seed: Seed = None
    _: KW_ONLY
    warning_delta: OpenFraction = 1e-4
    drift_delta: OpenFraction = 1e-5

    def __post_init__(self) -> None:
        check_parameters(self)
        tree = self._tree
        self._start_encoding(tree.nominal_attributes, tree.classes)
        n = self.n_models
        self._rngs: list[KernelState] = [kernel_state(self.seed, stream=m) for m in range(n)]
        self._pools = [self._new_pool(m) for m in range(n)]
        self._backgrounds: list[TreePool | None] = [None] * n
        self._status: NDArray[np.int64] = np.zeros((n, 4), np.int64)
        self._status[:, forest.BACKGROUND] = -1
        self._tallies = np.zeros((n, 2))
        self._windows = np.zeros((n, 2, adwin_size()))
        for window in self._windows.reshape(2 * n, -1):
            adwin_start(window)
        watches, warns = self.disable_detector != "drift", self.disable_detector == "off"
        self._settings = np.array(
            [
                self.lam if self.training_method != "subspaces" else 0.0,
                delta_of(self.warning_detector, self.warning_delta) if warns else 0.0,
                delta_of(self.drift_detector, self.drift_delta) if watches else 0.0,
                not self.disable_weighted_vote,
            ]
        )
        self._grow(len(self._labels))

    @property
    def _tree(self) -> HoeffdingTreeClassifier:
        return self.model or HoeffdingTreeClassifier(grace_period=50, delta=0.01)

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"n_models": 3, "seed": 1}
        yield {"n_models": 3, "seed": 1, "training_method": "subspaces"}

    def _unit_test_skips(self) -> set[str]:
        return {"check_shuffle_features_no_impact"}

    # -- trees -----------------------------------------------------------------------------------

    def _new_pool(self, member: int) -> TreePool:
        """Make an empty tree on features that the member draws."""
        rng, tree = kernel_state(int(next_u64(self._rngs[member]))), self._tree
        pool = TreePool(settings_of(tree), tree.max_size, rng=rng)
        pool.add_tree()
        self._fit(pool, len(self._labels))
        return pool

    def _fit(self, pool: TreePool, n_classes: int) -> None:
        pool.grow(category_rooms(self._features.widths), n_classes)
        if self.training_method != "resampling":
            pool.subspace = -subspace_size(self.subspace_size, len(self._features))

    def _grow(self, n_classes: int) -> None:
        grown = len(self._features) > len(self._pools[0].arrays.feat)
        for pool in (*self._pools, *self._backgrounds):
            if pool is not None:
                self._fit(pool, n_classes)
        if grown:
            self._tell_apart()

    def _tell_apart(self) -> None:
        """Let members without a row draw other features than those before them, if there are."""
        n = len(self._features)
        size = abs(self._pools[0].subspace)
        if not 0 < size < n:
            return
        taken: set[bytes] = set()
        most = math.comb(n, size)
        for pool in self._pools:
            if len(taken) == most:  # all are in use: once more
                taken.clear()
            for _ in range(_DRAWS):
                found = _features_of(pool, n, size)
                if found not in taken or pool.arrays.head[at.SLOTS_USED]:
                    break
                next_u64(pool.arrays.rng)
            taken.add(found)

    def _room(self, n_categories: int) -> int:
        return category_room(n_categories)

    # -- rows ------------------------------------------------------------------------------------

    def _run_member(self, m: int, X: Rows, y: Codes, w: Rows, votes: Rows) -> None:
        state = self._status[m], self._tallies[m], self._windows[m], self._settings
        row = 0
        while True:
            pool, background = self._pools[m], self._backgrounds[m]
            other = pool if background is None else background
            trees = pool.handle, other.handle, background is not None
            row, why = kernels.learn_many(*trees, state, self._rngs[m], X, y, w, votes, row)
            if why == kernels.DONE:
                return
            if why == kernels.NO_ROOM:
                pool.make_room(1)
                other.make_room(1)
            else:
                self._act(m, why)

    def _act(self, m: int, found: int) -> None:
        """Start a background tree, or replace the member's."""
        warning, drift = self._windows[m]
        if found & kernels.WARNS:
            self._status[m, forest.N_WARNINGS] += 1
            adwin_reset(warning)
            self._backgrounds[m] = self._new_pool(m)
        if found & kernels.DRIFTS:
            self._status[m, forest.N_DRIFTS] += 1
            adwin_reset(warning)
            adwin_reset(drift)
            self._tallies[m] = 0.0
            self._pools[m] = self._backgrounds[m] or self._new_pool(m)
            self._backgrounds[m] = None

    def _run(self, X: Rows, y: Codes, w: Rows) -> Rows:
        """Vote and learn; return the votes of all members, one member added after the other."""
        total = np.zeros((len(X), len(self._labels)))
        votes = np.empty_like(total)
        for m in range(self.n_models):
            self._run_member(m, X, y, w, votes)
            total += votes
        return total

    def _votes(self, X: Rows) -> Rows:
        return self._run(X, np.zeros(len(X), np.int64), np.full(len(X), at.ONLY_PREDICT))

    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        for m in range(self.n_models):
            self._run_member(m, X, y, w, _NO_VOTES)

    def _learn_row(self, row: Rows, code: int, w: float) -> None:
        self._learn_rows(row[None], np.array([code]), weight_row(w))

    def _code_row(self, row: Rows) -> int:
        return int(self._votes(row[None]).argmax())

    def _codes_rows(self, X: Rows) -> Codes:
        return np.argmax(self._votes(X), axis=1)

    def _proba_rows(self, X: Rows) -> Rows:
        return shares(self._votes(X))

    def _test_then_train_rows(self, X: Rows, y: Codes) -> Codes:
        return np.argmax(self._run(X, y, np.ones(len(y))), axis=1)

    def _stage_rows(
        self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, proba: bool
    ) -> Codes | Rows:
        X, codes, weights, seen = interleaved(A, B, y, w, upto)
        votes = self._run(X, codes, weights)[seen]
        return shares(votes) if proba else np.argmax(votes, axis=1)


def _features_of(pool: TreePool, n: int, size: int) -> bytes:
    """Return which features the leaves of a pool look at."""
    seen = np.zeros((1, n), np.int8)
    in_python(draw_subspace)(seen, 0, n, size, pool.arrays.rng.copy())
    return seen.tobytes()
