"""The contract of transformers: whole arrays and frames beside river's one row at a time.

`ArrayTransformer` is to features what `ArrayClassifier` is to labels: rows, frames and arrays end
in the few methods a transformer writes, hence in the same floats.
"""

import abc
import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from river import base
from river.base.typing import FeatureName
from river.compose import Pipeline
from river.utils import dataframe

from olearn.base.chain import Chain
from olearn.base.stages import Stage, is_stage, join, runs
from olearn.core.categories import CategoryIndex
from olearn.core.features import FeatureIndex
from olearn.core.locked import locked
from olearn.core.parameters import Settable
from olearn.core.tables import Names, Table, is_frame
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_names

__all__ = ["ArrayTransformer", "StatelessTransformer"]

_MANY = 50  # columns: the gaps among more are left out faster by NumPy

ColumnsOut = tuple[Sequence[Any], Sequence[CategoryIndex | None]]
"""Names of columns, and the categories of those that are nominal (None for a numeric one)."""


class ArrayTransformer(Stage, Settable, base.MiniBatchTransformer):
    """A transformer that learns and turns rows, frames and 2-D arrays with the same result.

    A subclass calls `_start_encoding` in its `__init__`, and writes `_grow`, `_learn_rows` and
    `_transform_rows`; these see float64 rows (NaN = missing, nominal features as codes), and never
    a column that `_grow` has not announced. What it emits under other names than it was given, it
    says by `_columns_out`, whose order never changes: new columns come last.

    In all methods: `x` is a dict of features; `X` an eager frame or a 2-D array, whose columns are
    the features `names` (0, 1, ... where not given). `None` and NaN mean that a value is missing:
    it is not learnt, and a dict that is answered leaves it out. An infinite value, or a string in
    a numeric feature, raises before anything is learnt.
    """

    _features: FeatureIndex

    def _start_encoding(
        self,
        nominal_attributes: Iterable[FeatureName] | None = None,
        *,
        only_numbers: bool = False,
    ) -> None:
        check_names("nominal_attributes", nominal_attributes)
        nominal = None if nominal_attributes is None else [*nominal_attributes]
        self._features = FeatureIndex(nominal, only_numbers=only_numbers)

    # -- what a transformer writes ---------------------------------------------------------------

    @abc.abstractmethod
    def _grow(self) -> None:
        """Make room for all columns and categories of `_features`."""

    @abc.abstractmethod
    def _learn_rows(self, X: Rows, y: Any, w: Rows) -> None:
        """Learn rows in order; `X` is `(n, n_features)`.

        Codes or numbers `y` and weights `w`, both `(n,)`, are for those that read them.
        """

    @abc.abstractmethod
    def _transform_rows(self, X: Rows) -> Rows:
        """Turn rows, `(n, n_columns_out)`; each to the same floats whatever rows come with it.

        A value that is NaN is left out.
        """

    # -- what a transformer may write again ------------------------------------------------------

    @property
    def _columns_out(self) -> ColumnsOut:
        """Names of the columns that are emitted, and the categories of the nominal ones."""
        return self._features.names, self._features.categories

    def _learn_row(self, row: Rows, y: Any, w: float) -> None:
        self._learn_rows(row[None], None if y is None else np.array([y]), np.array([w]))

    def _transform_row(self, row: Rows) -> Rows:
        turned: Rows = self._transform_rows(row[None])[0]
        return turned

    def _learn_and_transform_row(self, row: Rows, y: Any, w: float) -> Rows:
        """Learn a row, then turn it; what reads labels turns first, so that none leaks."""
        if self._supervised:
            made = self._transform_row(row)
            self._learn_row(row, y, w)
            return made
        self._learn_row(row, None, w)
        return self._transform_row(row)

    def _stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        """Turn rows as predicted and as learnt, learning in between; see `olearn.base.stages`.

        For each row t: turn `A[t]`; then for each q from `upto[t - 1]` to `upto[t]`: learn `B[q]`,
        and turn it, in the order of `_learn_and_transform_row`.
        """
        n_out = len(self._columns_out[0])
        A2, B2 = np.empty((len(A), n_out)), np.empty((len(B), n_out))
        for rows, due in runs(upto):
            A2[rows] = self._transform_rows(A[rows])
            for q in range(due.start, due.stop):
                B2[q] = self._learn_and_transform_row(B[q], None if y is None else y[q], w[q])
        return A2, B2

    # -- as a part of more -----------------------------------------------------------------------

    def __or__(self, other: Any) -> Any:
        return other.__ror__(self) if issubclass(type(other), Pipeline) else join("|", self, other)

    def __add__(self, other: Any) -> Any:
        return join("+", self, other) if is_stage(other) else super().__add__(other)

    @property
    def _transforms(self) -> bool:
        return True

    def _learn_encoded(self, chain: Chain, x: Mapping[FeatureName, Any], y: Any, w: float) -> None:
        row = chain.encode_learning(x)
        self._learn_row(chain.learn_row(row, y, w), y if self._supervised else None, w)

    def _emit_table(self, rows: Rows, like: Any) -> Any:
        turned = self._transform_rows(rows)
        return self._as_frame(turned, like) if is_frame(like) else turned

    def _answers(self, A: Rows | None, B: Rows, upto: Any, y: Any, w: Rows | None) -> list[Any]:
        """Learn rows: at the end of a chain, a transformer answers none."""
        weights = np.ones(len(B)) if w is None else w
        self._learn_rows(B, y if self._supervised else None, weights)
        return []

    # -- one row ---------------------------------------------------------------------------------

    def learn_one(self, x: Mapping[FeatureName, Any]) -> None:
        """Learn one row."""
        with self._lock:
            row = self._features.quick(x)
            if row is None:
                row = self._features.learn_one(x)
                self._grow()
            self._learn_row(row, None, 1.0)

    def transform_one(self, x: Mapping[FeatureName, Any]) -> dict[FeatureName, Any]:
        """Return the row turned; a value that is missing is left out."""
        with self._lock:
            row = self._features.quick(x)
            if row is None:
                row = self._features.encode_one(x)
                if not self._features.knows(x):
                    return self._expecting(x).transform_one(x)
            return self._as_dict(self._transform_row(row))

    # -- many rows -------------------------------------------------------------------------------

    @locked
    def learn_many(self, X: Any, *, names: Names = None) -> None:
        """Learn rows in order, as a loop of `learn_one` would."""
        self._learn_table(Chain(self), X, None, None, names)

    @locked
    def transform_many(self, X: Any, *, names: Names = None) -> Any:
        """Return the rows turned: an array for an array, a frame for a frame; NaN is missing."""
        table = self._features.check_many(X, names)
        if not self._features.knows_many(table):
            return self._expecting(table).transform_many(X, names=names)
        return self._emit_table(self._features.encode_many(table), X)

    def _expecting(self, given: Any) -> "ArrayTransformer":
        """Return a copy that has made room for the features of a row or table, unlearnt."""
        twin = copy.deepcopy(self)
        twin._make_room_for(given)
        return twin

    def _make_room_for(self, given: Any) -> None:
        """Make room for the features and categories of a row or table."""
        if isinstance(given, Table):
            self._features.learn_many(given)
        else:
            self._features.learn_one(given)
        self._grow()

    def _as_dict(self, turned: Rows) -> dict[FeatureName, Any]:
        names, categories = self._columns_out
        values = turned.tolist()
        if any(categories):
            values = [
                value if kinds is None or value != value else kinds.values()[value]
                for kinds, value in zip(categories, values, strict=True)
            ]
        if len(values) > _MANY:
            return {names[k]: values[k] for k in np.flatnonzero(turned == turned).tolist()}
        return {name: v for name, v in zip(names, values, strict=True) if v == v}

    def _as_frame(self, turned: Rows, like: Any) -> Any:
        names, categories = self._columns_out
        columns = {}
        for name, kinds, column in zip(names, categories, turned.T, strict=True):
            texts = None if kinds is None else kinds.values()
            columns[name] = column if texts is None else [texts.get(v) for v in column.tolist()]
        return dataframe.to_native_frame(columns, like=dataframe.into_frame(like))


class StatelessTransformer(ArrayTransformer):
    """A transformer that learns no more than which columns there are.

    A subclass writes `_transform_rows`, and `_grow` where it emits other columns.
    """

    def _grow(self) -> None:
        """Do nothing."""

    def _learn_rows(self, X: Rows, y: Any, w: Rows) -> None:
        """Do nothing."""

    def _learn_row(self, row: Rows, y: Any, w: float) -> None:
        """Do nothing."""

    def _stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        return self._transform_rows(A), self._transform_rows(B)
