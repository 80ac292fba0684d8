"""What the learners of one Hoeffding tree share: prediction, growth and the tree's size."""

import abc
from typing import Annotated

import numpy as np

from olearn.base import ArrayClassifier
from olearn.core.parameters import In, OneOf
from olearn.core.types import Codes, Rows
from olearn.learners.trees import kernels
from olearn.learners.trees import layout as at
from olearn.learners.trees.interleave import interleaved
from olearn.learners.trees.observers import Observers
from olearn.learners.trees.pool import (
    CRITERIA,
    LEAF_MODES,
    category_room,
    category_rooms,
    settings_of,
)
from olearn.learners.trees.shape import TreeShape


class SingleTree(TreeShape, ArrayClassifier):
    """A classifier that predicts with the tree `_root` of `_pool`; a subclass writes `_run`."""

    _observers: Observers | None = None  # where the kernels know the splitter; files of 0.1 too

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"grace_period", "delta", "tau"}

    def _apply_parameters(self) -> None:
        self._pool.arrays.conf[:] = settings_of(self)

    @abc.abstractmethod
    def _run(self, X: Rows, y: Codes, w: Rows) -> Codes:
        """Predict, then learn each row of weight >= 0; return the predicted codes."""

    @abc.abstractmethod
    def _run_all(self, X: Rows, y: Codes, w: Rows, proba: Rows = ...) -> Codes:
        """Do as `_run` where all is compiled; probabilities go to `proba` if it has any row."""

    @property
    def _is_compiled(self) -> bool:
        """Whether no part of river's looks at each row."""
        return self._observers is None

    def _stage_rows(
        self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, proba: bool
    ) -> Codes | Rows:
        if not self._is_compiled:
            return super()._stage_rows(A, B, y, w, upto, proba)
        X, codes, weights, rows = interleaved(A, B, y, w, upto)
        votes = np.empty((len(X), len(self._labels))) if proba else NO_PROBA
        answers = self._run_all(X, codes, weights, votes)
        return votes[rows] if proba else answers[rows]

    def _grow(self, n_classes: int) -> None:
        self._pool.grow(category_rooms(self._features.widths), n_classes)

    def _room(self, n_categories: int) -> int:
        return category_room(n_categories)

    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        self._run(X, y, w)

    def _test_then_train_rows(self, X: Rows, y: Codes) -> Codes:
        return self._run(X, y, np.ones(len(y)))

    def _code_row(self, row: Rows) -> int:
        code: int = kernels.code_row(self._pool.handle, self._root, row)
        return code

    def _codes_rows(self, X: Rows) -> Codes:
        return self._run(X, np.zeros(len(X), np.int64), np.full(len(X), at.ONLY_PREDICT))

    def _proba_rows(self, X: Rows) -> Rows:
        out = np.empty((len(X), len(self._labels)))
        kernels.proba_many(self._pool.handle, self._root, X, out)
        return out


_UNIT = np.ones(1)
NO_PROBA = np.empty((0, 0))


def weight_row(w: float) -> Rows:
    """Return a weight as an array that nobody writes to: most are 1, which need not be made."""
    return _UNIT if w == 1.0 else np.array([w])


# parameters that all learners made of Hoeffding trees share
GracePeriod = Annotated[float, In(0, ends="(]")]
SplitCriterion = Annotated[str, OneOf(*CRITERIA)]
LeafPrediction = Annotated[str, OneOf(*LEAF_MODES)]
