"""The contract of anomaly detectors: whole arrays and frames beside river's one row at a time.

`ArrayAnomalyDetector` is to scores what `ArrayRegressor` is to numbers: rows, frames and arrays end
in the few methods a detector writes, hence in the same floats.
"""

import abc
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from river import base
from river.base.typing import FeatureName

from olearn.base.chain import Chain
from olearn.base.stages import Stage, runs
from olearn.core.features import FeatureIndex
from olearn.core.locked import locked
from olearn.core.parameters import Settable
from olearn.core.tables import Names, column_like
from olearn.core.types import Codes, Rows

__all__ = ["ArrayAnomalyDetector"]


class ArrayAnomalyDetector(Stage, Settable, base.AnomalyDetector):
    """An anomaly detector that scores and learns rows, frames and 2-D arrays with the same result.

    A subclass calls `_start_encoding` in its `__init__`, and writes `_grow`, `_learn_rows` and
    `_score_rows`; these see float64 rows (NaN = missing), and never a column that `_grow` has not
    announced. Features are numbers; text raises. The higher the score of a row, the less it is like
    those that were learnt.

    In all methods: `x` is a dict of features; `X` an eager frame or a 2-D array, whose columns are
    the features `names` (0, 1, ... where not given). `None` and NaN mean that a value is missing.
    An infinite value or a string raises before anything is learnt.
    """

    _features: FeatureIndex

    def _start_encoding(self) -> None:
        self._features = FeatureIndex(None, only_numbers=True)

    # -- what a detector writes ------------------------------------------------------------------

    @abc.abstractmethod
    def _grow(self) -> None:
        """Make room for all columns of `_features`."""

    @abc.abstractmethod
    def _learn_rows(self, X: Rows) -> None:
        """Learn rows in order; `X` is `(n, n_features)`."""

    @abc.abstractmethod
    def _score_rows(self, X: Rows) -> Rows:
        """Scores `(n,)`, each the same float whatever rows come with it."""

    # -- what a detector may write again ---------------------------------------------------------

    def _learn_row(self, row: Rows) -> None:
        self._learn_rows(row[None])

    def _score_row(self, row: Rows) -> float:
        return float(self._score_rows(row[None])[0])

    def _stage_rows(self, A: Rows, B: Rows, upto: Codes) -> Rows:
        """Score the rows of `A`, learning those of `B` in between; see `olearn.base.stages`.

        For each row t: score `A[t]`; then learn `B[q]` for each q from `upto[t - 1]` to `upto[t]`.
        """
        scores = np.empty(len(A))
        for rows, due in runs(upto):
            scores[rows] = self._score_rows(A[rows])
            if due.stop > due.start:
                self._learn_rows(B[due])
        return scores

    # -- one row ---------------------------------------------------------------------------------

    def learn_one(self, x: Mapping[FeatureName, Any]) -> None:
        """Learn one row."""
        with self._lock:
            row = self._features.quick(x)
            if row is None:
                row = self._features.learn_one(x)
                self._grow()
            self._learn_row(row)

    def score_one(self, x: Mapping[FeatureName, Any]) -> float:
        """Return the score of a row; a feature that was never learnt is left out."""
        with self._lock:
            row = self._features.quick(x)
            return self._score_row(self._features.encode_one(x) if row is None else row)

    # -- many rows -------------------------------------------------------------------------------

    @locked
    def learn_many(self, X: Any, *, names: Names = None) -> None:
        """Learn rows in order, as a loop of `learn_one` would."""
        self._learn_table(Chain(self), X, None, None, names)

    @locked
    def score_many(self, X: Any, *, names: Names = None) -> Any:
        """Return scores: an array for an array, a series for a frame."""
        return self._score_table(Chain(self).transform_table(X, names), X)

    def test_then_train_many(self, X: Any, *, names: Names = None) -> Rows:
        """Score each row, then learn it; return the scores, shape `(n,)`.

        The same answers as a loop of `score_one` and `learn_one`.
        """
        scores: Rows = self._run_schedule(X, X, names=names)
        return scores

    @locked
    def _run_schedule(
        self, A: Any, B: Any, y: Any = None, upto: Codes | None = None, *, names: Names = None
    ) -> Rows:
        """Score the rows of `A`, learning those of `B` in between; see `olearn.base.stages`.

        By default each row is learnt at once.
        """
        return self._run_chain(Chain(self), A, B, y, upto, names)

    # -- at the end of a chain -------------------------------------------------------------------

    def _learn_encoded(self, chain: Chain, x: Mapping[FeatureName, Any], y: Any, w: float) -> None:
        self._learn_row(chain.learn_row(chain.encode_learning(x), y, w))

    def _score_encoded(self, row: Rows) -> float:
        return self._score_row(row)

    def _score_table(self, rows: Rows, like: Any) -> Any:
        return column_like(like, self._score_rows(rows))

    def _run_chain(
        self, chain: Chain, A: Any, B: Any, y: Any, upto: Codes | None, names: Names = None
    ) -> Rows:
        return chain.score(A, B, y, upto, names)

    def _answers(
        self, A: Rows | None, B: Rows, upto: Any, y: Any, w: Rows | None
    ) -> Iterator[Rows]:
        """Do as `_stage_rows`; no `A` learns only."""
        if A is None:
            self._learn_rows(B)
        else:
            yield self._stage_rows(A, B, upto)
