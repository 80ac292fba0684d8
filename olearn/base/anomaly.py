"""The contract of anomaly detectors: whole arrays and frames beside river's one row at a time.

`ArrayAnomalyDetector` is to scores what `ArrayRegressor` is to numbers: rows, frames and arrays end
in the few methods a detector writes, hence in the same floats.
"""

import abc
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from river import base
from river.base.typing import FeatureName

from olearn.base.stages import Schedule, runs
from olearn.core.features import FeatureIndex
from olearn.core.locked import Locked, locked
from olearn.core.memory import memory_bytes
from olearn.core.parameters import Settable
from olearn.core.tables import ColumnKinds, Names, column_like
from olearn.core.types import Codes, Rows

__all__ = ["ArrayAnomalyDetector"]


class ArrayAnomalyDetector(Locked, Settable, base.AnomalyDetector):
    """An anomaly detector that scores and learns rows, frames and 2-D arrays with the same result.

    A subclass calls `_start_encoding` in its `__init__`, and writes `_grow`, `_learn_rows` and
    `_score_rows`; these see float64 rows (NaN = missing), and never a column that `_grow` has not
    announced. Features are numbers; text raises. The higher the score of a row, the less it is like
    those that were learnt.

    In all methods: `x` is a dict of features; `X` an eager frame or a 2-D array, whose columns are
    the features `names` (0, 1, ... where not given). `None` and NaN mean that a value is missing.
    An infinite value or a string raises before anything is learnt.
    """

    takes_blocks: ClassVar[bool] = True
    _features: FeatureIndex

    def _start_encoding(self) -> None:
        self._features = FeatureIndex(None, only_numbers=True)

    def expect_columns(self, kinds: ColumnKinds) -> None:
        """Take over what a stream knows of its columns, its `Schema`, before the first row."""
        self._features.expect(kinds)

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
        for part, _, _ in self._stretches(self._features.check_many(X, names)):
            rows = self._features.learn_many(part)
            self._grow()
            self._learn_rows(rows)

    @locked
    def score_many(self, X: Any, *, names: Names = None) -> Any:
        """Return scores: an array for an array, a series for a frame."""
        rows = self._features.encode_many(self._features.check_many(X, names))
        return column_like(X, self._score_rows(rows))

    @locked
    def test_then_train_many(self, X: Any, *, names: Names = None) -> Rows:
        """Score each row, then learn it; return the scores, shape `(n,)`.

        The same answers as a loop of `score_one` and `learn_one`.
        """
        table = self._features.check_many(X, names)
        out = np.empty(len(table))
        for part, stretch, begins_anew in self._stretches(table):
            scores, first = out[stretch], 0
            if begins_anew:  # the first row is scored before what it brings is known
                scores[0] = self._score_row(self._features.encode_many(part[:1])[0])
                first = 1
            rows = self._features.learn_many(part)
            self._grow()
            if first:
                self._learn_row(rows[0])
            rows = rows[first:]
            if len(rows):
                scores[first:] = self._stage_rows(rows, rows, Schedule.at_once(len(rows)).upto)
        return out

    def _stretches(self, table: Any) -> Iterator[tuple[Any, slice, bool]]:
        """Yield the rows of a checked table, cut where columns come.

        Each comes with its place and whether its first row brings something.
        """
        cuts = set(self._features.arrivals(table, _one_room)) if len(table) else set()
        edges = sorted(cuts | {0, len(table)})
        for start, end in pairwise(edges):
            rows = slice(start, end)
            yield table if len(edges) == 2 else table[rows], rows, start in cuts

    @property
    @locked
    def _raw_memory_usage(self) -> int:
        return memory_bytes(vars(self))


def _one_room(n_categories: int) -> int:
    """Return the categories to make room for: there are none."""
    return 0
