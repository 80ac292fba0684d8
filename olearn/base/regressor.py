"""The contract of regressors: whole arrays and frames beside river's one row at a time.

`ArrayRegressor` is to numbers what `ArrayClassifier` is to labels: rows, frames and arrays end in
the few methods a learner writes, hence in the same floats.
"""

import abc
import sys
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from river import base
from river.base.typing import FeatureName

from olearn.base.roles import EncodesRows
from olearn.core.features import column_like
from olearn.core.memory import memory_bytes
from olearn.core.parameters import Settable
from olearn.core.types import Rows
from olearn.core.validate import check_in_range, row_targets, row_weights

__all__ = ["ArrayRegressor"]

_LARGEST = sys.float_info.max


class ArrayRegressor(Settable, base.MiniBatchRegressor):
    """A regressor that learns rows, frames and 2-D arrays with the same result.

    A subclass sets `_features`, a `FeatureIndex` or another encoder, in its `__init__`, and writes
    `_grow`, `_learn_rows` and `_predict_rows`; these see float64 rows (NaN = missing, nominal
    features as codes), finite targets and weights, and never a column that `_grow` has not
    announced.

    In all methods: `x` is a dict of features; `X` an eager frame or a 2-D array, whose columns are
    the features `names` (0, 1, ... where not given); targets are finite numbers. `None` and NaN
    mean that a value is missing. An infinite value, a string in a numeric feature, or a target
    that is missing raises before anything is learnt.
    """

    takes_blocks: ClassVar[bool] = True
    _features: EncodesRows

    # -- what a learner writes -------------------------------------------------------------------

    @abc.abstractmethod
    def _grow(self) -> None:
        """Make room for all columns and categories of `_features`."""

    @abc.abstractmethod
    def _learn_rows(self, X: Rows, y: Rows, w: Rows) -> None:
        """Learn rows in order; `X` is `(n, n_features)`, targets `y` and weights `w` `(n,)`."""

    @abc.abstractmethod
    def _predict_rows(self, X: Rows) -> Rows:
        """Predictions `(n,)`, each the same floats whatever rows come with it."""

    # -- what a learner may write again ----------------------------------------------------------

    def _check_weights(self, w: Rows) -> None:
        """Raise ValueError at weights that the learner cannot take."""

    def _learn_row(self, row: Rows, y: float, w: float) -> None:
        self._learn_rows(row[None], np.array([y]), np.array([w]))

    def _predict_row(self, row: Rows) -> float:
        return float(self._predict_rows(row[None])[0])

    def _test_then_train_rows(self, X: Rows, y: Rows) -> Rows:
        """For each row predict, then learn it; returns the predictions."""
        out = np.empty(len(y))
        for i, (row, target) in enumerate(zip(X, y.tolist(), strict=True)):
            out[i] = self._predict_row(row)
            self._learn_row(row, target, 1.0)
        return out

    # -- one row ---------------------------------------------------------------------------------

    def learn_one(self, x: Mapping[FeatureName, Any], y: float, w: float = 1.0) -> None:
        """Learn one row; `w` is its weight, finite and not negative."""
        self._learn_row(*self._encode_learning_one(x, y, w))

    def predict_one(self, x: Mapping[FeatureName, Any]) -> float:
        """Return the prediction."""
        return self._predict_row(self._features.encode_one(x))

    # -- many rows -------------------------------------------------------------------------------

    def learn_many(
        self, X: Any, y: Any, w: Any = None, *, names: Sequence[FeatureName] | None = None
    ) -> None:
        """Learn rows in order, as a loop of `learn_one` would; `w` holds one weight a row."""
        table, targets, weights = self._check_learning(X, y, w, names)
        if len(table):
            rows = self._features.learn_many(table)
            self._grow()
            self._learn_rows(rows, targets, weights)

    def test_then_train_many(
        self, X: Any, y: Any, *, names: Sequence[FeatureName] | None = None
    ) -> Rows:
        """Predict each row, then learn it; return the predictions, shape `(n,)`.

        The same answers as a loop of `predict_one` and `learn_one`.
        """
        table, targets, _ = self._check_learning(X, y, None, names)
        out = np.empty(len(table))
        if not len(table):
            return out
        start = 0
        if not set(self._features.names).issuperset(table.names):
            # the first row is predicted before its new columns are known
            out[0] = self._predict_row(self._features.encode_many(table)[0])
            start = 1
        rows = self._features.learn_many(table)
        self._grow()
        if start:
            self._learn_row(rows[0], float(targets[0]), 1.0)
        out[start:] = self._test_then_train_rows(rows[start:], targets[start:])
        return out

    def predict_many(self, X: Any, *, names: Sequence[FeatureName] | None = None) -> Any:
        """Return predictions: an array for an array, a series for a frame."""
        rows = self._features.encode_many(self._features.check_many(X, names))
        return column_like(X, self._predict_rows(rows))

    # -- checks ----------------------------------------------------------------------------------

    def _encode_learning_one(
        self, x: Mapping[FeatureName, Any], y: float, w: float
    ) -> tuple[Rows, float, float]:
        """Check all of a row, then add its columns and categories."""
        check_in_range("y", y, -_LARGEST, _LARGEST)
        if w != 1.0:
            check_in_range("w", w, 0.0, _LARGEST)
            self._check_weights(np.array([w], np.float64))
        row = self._features.quick(x)
        if row is None:
            row = self._features.learn_one(x)
            self._grow()
        return row, float(y), float(w)

    def _check_learning(
        self, X: Any, y: Any, w: Any, names: Sequence[FeatureName] | None
    ) -> tuple[Any, Rows, Rows]:
        """Check all of a batch; return its table, targets and weights."""
        table = self._features.check_many(X, names)
        targets = row_targets(y, len(table))
        weights = row_weights(w, len(table))
        if w is not None:
            self._check_weights(weights)
        return table, targets, weights

    @property
    def _raw_memory_usage(self) -> int:
        return memory_bytes(vars(self))
