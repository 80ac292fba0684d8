"""The contract of regressors: whole arrays and frames beside river's one row at a time.

`ArrayRegressor` is to numbers what `ArrayClassifier` is to labels: rows, frames and arrays end in
the few methods a learner writes, hence in the same floats.
"""

import abc
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from river import base
from river.base.typing import FeatureName

from olearn.base.chain import Chain
from olearn.base.roles import EncodesRows
from olearn.base.stages import Schedule, Stage, is_at_once, runs
from olearn.core.locked import locked
from olearn.core.parameters import Settable
from olearn.core.tables import Names, column_like
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_in_range, row_targets, row_weights

__all__ = ["ArrayRegressor"]

_LARGEST = sys.float_info.max


class ArrayRegressor(Stage, Settable, base.MiniBatchRegressor):
    """A regressor that learns rows, frames and 2-D arrays with the same result.

    A subclass sets `_features`, a `FeatureIndex` or another encoder, in its `__init__`, and writes
    `_grow`, `_learn_rows` and `_predict_rows`; these see float64 rows (NaN = missing, nominal
    features as codes), finite targets and weights, and never a column that `_grow` has not
    announced.

    In all methods: `x` is a dict of features; `X` an eager frame or a 2-D array, whose columns are
    the features `names` (0, 1, ... where not given); targets are finite numbers. `None` and NaN
    mean that a value is missing. An infinite value, a string in a numeric feature, or a target
    that is missing raises before anything is learnt.

    `names` may be the `Schema` of the stream that an array is a block of: then nominal columns are
    nominal, and codes mean their texts, so that the model learns what it learns of the dicts.
    """

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
        upto = Schedule.at_once(len(y)).upto
        return self._stage_rows(X, X, y, np.ones(len(y)), upto)

    def _stage_rows(self, A: Rows, B: Rows, y: Rows, w: Rows, upto: Codes) -> Rows:
        """Predict the rows of `A`, learning those of `B` in between; see `olearn.base.stages`.

        For each row t: answer `A[t]`; then learn `B[q]` for each q from `upto[t - 1]` to `upto[t]`.
        """
        out = np.empty(len(A))
        for rows, due in runs(upto):
            out[rows] = self._predict_rows(A[rows])
            if due.stop > due.start:
                self._learn_rows(B[due], y[due], w[due])
        return out

    # -- one row ---------------------------------------------------------------------------------

    def learn_one(self, x: Mapping[FeatureName, Any], y: float, w: float = 1.0) -> None:
        """Learn one row; `w` is its weight, finite and not negative."""
        with self._lock:
            self._learn_row(*self._encode_learning_one(x, y, w))

    def predict_one(self, x: Mapping[FeatureName, Any]) -> float:
        """Return the prediction."""
        with self._lock:
            return self._predict_row(self._features.encode_one(x))

    # -- many rows -------------------------------------------------------------------------------

    @locked
    def learn_many(self, X: Any, y: Any, w: Any = None, *, names: Names = None) -> None:
        """Learn rows in order, as a loop of `learn_one` would; `w` holds one weight a row."""
        self._learn_table(Chain(self), X, y, w, names)

    def test_then_train_many(self, X: Any, y: Any, *, names: Names = None) -> Rows:
        """Predict each row, then learn it; return the predictions, shape `(n,)`.

        The same answers as a loop of `predict_one` and `learn_one`.
        """
        return self._run_schedule(X, X, y, names=names)

    @locked
    def _run_schedule(
        self, A: Any, B: Any, y: Any, upto: Codes | None = None, *, names: Names = None
    ) -> Rows:
        """Predict the rows of `A`, learning those of `B` in between; see `olearn.base.stages`.

        By default each row is learnt at once.
        """
        return Chain(self).regress(A, B, y, upto, names)

    @locked
    def predict_many(self, X: Any, *, names: Names = None) -> Any:
        """Return predictions: an array for an array, a series for a frame."""
        return self._predict_table(Chain(self).transform_table(X, names), X)

    # -- at the end of a chain -------------------------------------------------------------------

    def _learn_encoded(self, chain: Chain, x: Mapping[FeatureName, Any], y: Any, w: float) -> None:
        y, w = self._checked(y, w)
        self._learn_row(chain.learn_row(chain.encode_learning(x), y, w), y, w)

    def _predict_encoded(self, row: Rows) -> float:
        return self._predict_row(row)

    def _learn_table(self, chain: Chain, X: Any, y: Any, w: Any, names: Names) -> None:
        table = chain.encoder.check_many(X, names)
        chain.learn(table, *self._check_learning(y, w, len(table)))

    def _predict_table(self, rows: Rows, like: Any) -> Any:
        return column_like(like, self._predict_rows(rows))

    def _run_chain(
        self, chain: Chain, A: Any, B: Any, y: Any, upto: Codes | None, names: Names = None
    ) -> Rows:
        return chain.regress(A, B, y, upto, names)

    # -- checks ----------------------------------------------------------------------------------

    def _encode_learning_one(
        self, x: Mapping[FeatureName, Any], y: float, w: float
    ) -> tuple[Rows, float, float]:
        """Check all of a row, then add its columns and categories."""
        y, w = self._checked(y, w)
        row = self._features.quick(x)
        if row is None:
            row = self._features.learn_one(x)
            self._grow()
        return row, y, w

    def _checked(self, y: float, w: float) -> tuple[float, float]:
        check_in_range("y", y, -_LARGEST, _LARGEST)
        if w != 1.0:
            check_in_range("w", w, 0.0, _LARGEST)
            self._check_weights(np.array([w], np.float64))
        return float(y), float(w)

    def _answers(
        self, A: Rows | None, B: Rows, upto: Codes, y: Rows, w: Rows | None
    ) -> Iterator[Rows]:
        """Do as `_stage_rows`; no `A` learns only, no `w` is ones."""
        if A is not None and w is None and A is B and is_at_once(upto):
            yield self._test_then_train_rows(A, y)
            return
        weights = np.ones(len(B)) if w is None else w
        if A is None:
            self._learn_rows(B, y, weights)
        else:
            yield self._stage_rows(A, B, y, weights, upto)

    def _check_learning(self, y: Any, w: Any, n_rows: int) -> tuple[Rows, Rows]:
        """Check targets and weights of so many rows, and return them."""
        targets = row_targets(y, n_rows)
        weights = row_weights(w, n_rows)
        if w is not None:
            self._check_weights(weights)
        return targets, weights
