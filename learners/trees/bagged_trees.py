"""What ensembles of trees that learn row by row share: members, and the doors of a learner."""

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from olearn.base import ArrayClassifier
from olearn.core.rng import KernelState, kernel_state
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_kind
from olearn.detectors._adwin_kernels import adwin_size, adwin_start
from olearn.learners.trees import arf_kernels as forest
from olearn.learners.trees import bagging_kernels as kernels
from olearn.learners.trees import layout as at
from olearn.learners.trees.hoeffding_tree import HoeffdingTreeClassifier
from olearn.learners.trees.interleave import interleaved
from olearn.learners.trees.observers import observers_of
from olearn.learners.trees.pool import TreePool, category_room, category_rooms, settings_of
from olearn.learners.trees.shape import ForestShape
from olearn.learners.trees.single_tree import weight_row

_NO_VOTES = np.empty((0, 0))


def check_tree(name: str, value: Any) -> None:
    """Raise unless `value` is a tree of ours, whose parameters the members take."""
    check_kind(name, value, HoeffdingTreeClassifier, "a HoeffdingTreeClassifier of olearn")
    if type(value) is not HoeffdingTreeClassifier or observers_of(value.splitter) is not None:
        raise ValueError(
            f"{name} must be a HoeffdingTreeClassifier whose splitter is GaussianSplitter or None, "
            f"got {value!r}; river.ensemble has ensembles of any model"
        )


Tree = Annotated[HoeffdingTreeClassifier, check_tree]


class BaggedTrees(ForestShape, ArrayClassifier):
    """An ensemble of Hoeffding trees; a subclass calls `_start` with what is special about it."""

    model: HoeffdingTreeClassifier | None
    n_models: int
    seed: int | None
    _pools: list[TreePool]
    _status: NDArray[np.int64]
    _rng: KernelState

    def _start(
        self,
        *,
        draw: int = kernels.POISSON,
        mean: float = 1.0,
        delta: float | None = None,
        boosts: bool = False,
    ) -> None:
        """Make the members; `delta` is the confidence of their detectors, None for none."""
        tree, n = self.model or HoeffdingTreeClassifier(), self.n_models
        self._start_encoding(tree.nominal_attributes, tree.classes)
        self._pools = [TreePool(settings_of(tree), tree.max_size) for _ in range(n)]
        self._status = np.zeros((n, 4), np.int64)
        self._status[:, forest.TREE] = [pool.add_tree() for pool in self._pools]
        self._status[:, forest.BACKGROUND] = -1
        self._tallies = np.zeros((n, 2))
        self._windows = np.zeros((n, adwin_size()))
        for window in self._windows:
            adwin_start(window)
        self._settings = np.zeros(kernels.N_SETTINGS)
        self._settings[:] = draw, mean, delta or 0.0, delta is not None, boosts
        self._rng = kernel_state(self.seed)
        self._grow(len(self._labels))

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"n_models": 3, "seed": 1}

    def _grow(self, n_classes: int) -> None:
        rooms = category_rooms(self._features.widths)
        for pool in self._pools:
            pool.grow(rooms, n_classes)

    def _room(self, n_categories: int) -> int:
        return category_room(n_categories)

    def _run(self, X: Rows, y: Codes, w: Rows, votes: Rows) -> Rows:
        state = (self._status, self._tallies, self._windows, self._settings, self._rng)
        row = 0
        while True:
            handles = np.stack([pool.handle for pool in self._pools])
            row = kernels.learn_many(handles, *state, X, y, w, votes, row)
            if row == len(y):
                return votes
            for pool in self._pools:
                pool.make_room(1)

    def _votes(self, X: Rows) -> Rows:
        only = np.full(len(X), at.ONLY_PREDICT)
        return self._run(X, np.zeros(len(X), np.int64), only, self._empty(len(X)))

    def _empty(self, n: int) -> Rows:
        return np.empty((n, len(self._labels)))

    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        self._run(X, y, w, _NO_VOTES)

    def _learn_row(self, row: Rows, code: int, w: float) -> None:
        self._learn_rows(row[None], np.array([code]), weight_row(w))

    def _code_row(self, row: Rows) -> int:
        return int(self._votes(row[None]).argmax())

    def _codes_rows(self, X: Rows) -> Codes:
        return np.argmax(self._votes(X), axis=1)

    def _proba_rows(self, X: Rows) -> Rows:
        return shares(self._votes(X))

    def _test_then_train_rows(self, X: Rows, y: Codes) -> Codes:
        return np.argmax(self._run(X, y, np.ones(len(y)), self._empty(len(y))), axis=1)

    def _stage_rows(
        self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, proba: bool
    ) -> Codes | Rows:
        X, codes, weights, seen = interleaved(A, B, y, w, upto)
        votes = self._run(X, codes, weights, self._empty(len(X)))[seen]
        return shares(votes) if proba else np.argmax(votes, axis=1)


def shares(votes: Rows) -> Rows:
    """Return votes as probabilities: each row adds up to 1."""
    return np.asarray(votes / votes.sum(axis=1, keepdims=True))
