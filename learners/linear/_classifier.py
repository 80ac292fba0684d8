"""What linear classifiers of two labels share."""

from collections.abc import Collection
from typing import Any

import numpy as np
from river.base.typing import ClfTarget

from olearn.base import ArrayClassifier
from olearn.core.features import FeatureIndex
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_names
from olearn.learners.linear._model import OneWeight
from olearn.learners.linear.state import LinearState
from olearn.learners.linear.two_labels import TwoLabels


def check_two(name: str, value: Any) -> None:
    """Raise unless `value` names at most two labels."""
    check_names(name, value)
    if len(value) > 2:
        raise ValueError(
            f"{name} must be two labels, got {list(value)!r}; learners.SoftmaxRegression takes more"
        )


class TwoLabelClassifier(OneWeight, ArrayClassifier):
    """A classifier of two labels by one score: a probability of the positive label.

    A subclass calls `_start` in `__post_init__`.
    """

    _features: FeatureIndex
    _labels: TwoLabels
    _state: LinearState

    @property
    def _multiclass(self) -> bool:
        return False

    @classmethod
    def _unit_test_skips(cls) -> set[str]:
        # before a label is known there is none to give a probability to
        return {"check_predict_proba_one_binary"}

    def _start(
        self, conf: Rows, classes: Collection[ClfTarget] | None, intercept: float = 0.0
    ) -> None:
        self._features = FeatureIndex(only_numbers=True)
        self._labels = TwoLabels(type(self).__name__, classes)
        self._state = LinearState(conf, intercept)
        self._grow(len(self._labels))

    # -- rows ------------------------------------------------------------------------------------

    def _grow(self, n_classes: int) -> None:
        self._state.grow(len(self._features))

    def _signs(self, y: Codes) -> Rows:
        return np.where(y == self._labels.positive, 1.0, -1.0)

    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        self._state.learn(X, self._signs(y), w)

    def _learn_row(self, row: Rows, code: int, w: float) -> None:
        self._state.learn_row(row, 1.0 if code == self._labels.positive else -1.0, float(w))

    def _proba_rows(self, X: Rows) -> Rows:
        return self._both(self._state.answer(X))

    def _proba_encoded(self, row: Rows) -> dict[ClfTarget, float]:
        labels = self._labels.labels
        if len(labels) < 2:
            return super()._proba_encoded(row)
        p = self._state.answer_row(row)
        q = 1.0 - p
        return dict(zip(labels, (q, p) if self._labels.positive else (p, q), strict=True))

    def _codes_rows(self, X: Rows) -> Codes:
        return self._decided(self._state.answer(X))

    def _code_row(self, row: Rows) -> int:
        labels = self._labels
        if len(labels.labels) < 2:
            return 0
        p, positive = self._state.answer_row(row), labels.positive
        return positive if p > 1.0 - p else 1 - positive

    def _stage_rows(self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, proba: bool) -> Any:
        """Predict rows as they were, with rows learnt in between; see `ArrayClassifier`."""
        p = self._state.run(A, B, self._signs(y), w, upto)
        return self._both(p) if proba else self._decided(p)

    def _both(self, p: Rows) -> Rows:
        """Return the probabilities of the labels known, of those of the positive one."""
        n_labels, positive = len(self._labels), self._labels.positive
        out = np.ones((len(p), n_labels))
        if n_labels == 2:
            out[:, positive] = p
            out[:, 1 - positive] = 1.0 - p
        return out

    def _decided(self, p: Rows) -> Codes:
        if len(self._labels) < 2:
            return np.zeros(len(p), np.int64)
        is_positive = p > 1.0 - p
        return (is_positive if self._labels.positive else ~is_positive).astype(np.int64)
