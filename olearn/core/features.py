"""From dicts and frames to float64 rows.

A learner keeps one `FeatureIndex` in its state: what was seen first gets the lowest column or code,
and nothing is ever renumbered, so arrays indexed by them only grow.
"""

import math
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.categories import CategoryIndex, is_full
from olearn.core.tables import (
    TIMES_REMEDY,
    ColumnKinds,
    Names,
    Table,
    tell_of_codes,
    tell_of_new,
    tell_of_strangers,
)
from olearn.core.values import (
    all_missing,
    as_float,
    as_floats,
    distinct,
    is_missing,
    is_number,
    is_text,
    is_time,
)

__all__ = ["FeatureIndex"]

_PLAIN = (float, int)
_LARGEST = sys.float_info.max
_MASKED = np.ma.masked
_NO_ROW: tuple[Sequence[Any], NDArray[np.float64]] = ((), np.empty(0))  # no list equals ()


class FeatureIndex:
    """Maps features by name to the columns of a float64 row; a missing feature is NaN.

    Parameters
    ----------
    nominal
        Names of the features that are nominal. A feature whose first value is a string is
        nominal too. `None` leaves it to what the source of the rows knows, see `expect`.
    only_numbers
        Whether every feature is numeric: codes are the numbers that they are, and text raises.

    Examples
    --------
    >>> from olearn.core.features import FeatureIndex
    >>> index = FeatureIndex(nominal={"day"})
    >>> index.learn_one({"price": 1.5, "day": "mon"})
    array([1.5, 0. ])
    >>> index.learn_one({"day": "tue"})
    array([nan,  1.])
    >>> index.encode_one({"day": "sun", "price": 2.0})
    array([2., 2.])

    """

    named_by = "nominal_attributes"  # the parameter that says which are, for messages

    def __init__(
        self, nominal: Collection[Any] | None = None, *, only_numbers: bool = False
    ) -> None:
        self.names: list[Any] = []
        self.categories: list[CategoryIndex | None] = []  # None for a numeric column
        self._column: dict[Any, int] = {}
        self._declared = frozenset(nominal or ())
        self._open = nominal is None and not only_numbers  # to what the source knows
        self.only_numbers = only_numbers
        self._untyped: set[Any] = set()  # features of which no value has come yet
        self._nominal: list[tuple[int, dict[Any, float]]] = []  # (column, codes), for speed
        self._last = _NO_ROW  # the row that `quick` encoded last, and its array

    def __len__(self) -> int:
        return len(self.names)

    @property
    def widths(self) -> list[int]:
        """Number of category codes of each column; 0 for a numeric column."""
        widths = [0] * len(self.names)
        for column, _ in self._nominal:
            categories = self.categories[column]
            widths[column] = 0 if categories is None else categories.size
        return widths

    def declare(self, nominal: Collection[Any]) -> None:
        """Let features be nominal whose first value is still to come."""
        self._declared = self._declared.union(nominal)

    def expect(self, kinds: ColumnKinds) -> None:
        """Take over which features are nominal, before their first row.

        The list that was given at the start wins; but text is nominal in any case, as in dicts.
        """
        if self.only_numbers:
            tell_of_codes(kinds, self._column)
        self._declared = self._expected(kinds)

    def is_typed(self, name: Any) -> bool:
        """Tell whether a feature is known to be numeric or nominal, as one with a value is."""
        return name in self._column and name not in self._untyped

    def learn_one(self, x: Mapping[Any, Any]) -> NDArray[np.float64]:
        """Encode one row, adding columns and categories; checks everything first."""
        self.check_one(x)
        for name, value in x.items():
            if name in self._column and name not in self._untyped:
                continue
            if type(value) in _PLAIN and value == value and name not in self._declared:
                self._add_number(name)
            else:
                self._add_column(name, [value])
        return self._row(x, learn=True)

    def encode_one(self, x: Mapping[Any, Any]) -> NDArray[np.float64]:
        """Encode one row without changing the index; unknown features are left out."""
        row = self.quick(x)
        if row is not None:
            return row
        self.check_one(x)
        return self._row(x, learn=False)

    def check_many(self, X: Any, names: Names = None) -> Table:
        """Check a frame or 2-D array and split it into named columns; changes nothing."""
        table = self._table(X, names)
        odd = table.matrix is None or table.categories or np.isinf(table.matrix).any()
        if odd:  # else nothing can be wrong
            declared = self._expected(table)
            for name, column in zip(table.names, table.columns(), strict=True):
                nominal = self._is_nominal(name, is_text(column), declared)
                self._check_column(name, column, table.categories.get(name), nominal)
        tell_of_strangers(table.names, self._column)
        return table

    def arrivals(self, table: Table, room: Callable[[int], int]) -> list[int]:
        """Return the rows of a checked table that bring columns, or categories to make room for.

        `room` gives the number of categories there will be room for, of the number that there are.
        """
        rows = set() if self._column.keys() >= set(table.names) else {0}
        declared = self._expected(table)
        for name, values in zip(table.names, table.columns(), strict=True):
            if self._is_nominal(name, is_text(values), declared):
                column = self._column.get(name)
                known = None if column is None else self.categories[column]
                rows.update(
                    (known or CategoryIndex()).arrivals(
                        values, table.categories.get(name), table.distinct(name, values), room
                    )
                )
        return sorted(rows)

    def learn_many(self, table: Table) -> NDArray[np.float64]:
        """Encode a checked table, adding columns and categories; shape `(n, n_columns)`."""
        self.expect(table)
        tell_of_new(table, self._column, self._declared, self.named_by)
        for name, column in zip(table.names, table.columns(), strict=True):
            self._add_column(name, column)
        return self._rows(table, learn=True)

    def encode_many(self, table: Table) -> NDArray[np.float64]:
        """Encode a checked table without changing the index; shape `(n, n_columns)`."""
        return self._rows(table, learn=False)

    def quick(self, x: Mapping[Any, Any]) -> NDArray[np.float64] | None:
        """Encode a row that has exactly the known names, in order, and nothing new or missing.

        A row that comes twice in succession, to be predicted and then learnt, is encoded once; so
        the array must not be written to.
        """
        try:
            if list(x) != self.names or self._untyped:
                return None
            given = values = list(x.values())
            last = self._last  # read once: another thread may put its row there in between
            if given == last[0]:
                return last[1]
            if self._nominal:
                values = given.copy()
                for column, codes in self._nominal:
                    values[column] = codes[values[column]]
            total = sum(values)
            if total is _MASKED or not isfinite(total):  # NaN or infinite somewhere
                return None
            row = np.array(values, dtype=np.float64)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
            return None
        self._last = given, row
        return row

    def is_declared(self, name: Any) -> bool:
        """Tell whether a feature is nominal whatever its values are."""
        return name in self._declared

    def has(self, names: Iterable[Any]) -> bool:
        """Tell whether all of these are known features, of which a value has come."""
        return self._column.keys() >= set(names) and not self._untyped

    def columns(self, names: Iterable[Any]) -> list[int]:
        """Return the columns of known features."""
        return [self._column[name] for name in names]

    def knows(self, x: Mapping[Any, Any]) -> bool:
        """Tell whether a checked row has no feature and no category that is new."""
        if not self._column.keys() >= set(x):
            return False
        if not all(is_missing(x.get(name)) for name in self._untyped):
            return False  # a first value, which says what the feature is
        texts = [(x.get(self.names[column]), codes) for column, codes in self._nominal]
        return all(v in codes or is_missing(v) or is_full(codes) for v, codes in texts)

    def knows_many(self, table: Table) -> bool:
        """Tell whether a checked table has no feature and no category that is new."""
        if not self._column.keys() >= set(table.names):
            return False
        columns = dict(zip(table.names, table.columns(), strict=True))
        if not all(all_missing(columns.get(name, ())) for name in self._untyped):
            return False
        for column, codes in self._nominal:
            name = self.names[column]
            values = columns.get(name, ())
            if name in table.categories:  # positions in more texts than need occur
                texts = table.categories[name]
                values = [texts[int(k)] for k in np.unique(values[values == values])]
            if is_full(codes):
                continue
            if any(v not in codes and not is_missing(v) for v in distinct(values)):
                return False
        return True

    def follow(self, names: Sequence[Any], categories: Sequence[CategoryIndex | None]) -> None:
        """Take over the columns of what comes before, whose codes are then the codes here too."""
        for name, kinds in zip(names, categories, strict=True):
            known = self._column.get(name)
            if known is None:
                self._append(name)
                known = len(self.names) - 1
            if kinds is None or self.categories[known] is kinds:
                continue
            if self.only_numbers:
                text = next((v for v in kinds.codes if isinstance(v, str)), None)
                if text is not None:
                    self._check_value(name, text, nominal=False)
                continue
            self.categories[known] = kinds
            self._nominal = [pair for pair in self._nominal if pair[0] != known]
            self._nominal.append((known, kinds.codes))
            self._untyped.discard(name)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_last"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._last = _NO_ROW  # version 0.1 had another
        vars(self).setdefault("_open", not self._declared)  # version 0.1 had neither
        vars(self).setdefault("only_numbers", False)

    def _table(self, X: Any, names: Names) -> Table:
        return Table(X, names)

    def _expected(self, kinds: ColumnKinds) -> frozenset[Any]:
        """Return the names to be declared nominal once this is known of the columns."""
        if self.only_numbers:
            return self._declared
        more = kinds.nominal if self._open else kinds.categories
        return self._declared.union(more) if more else self._declared

    def _add_column(self, name: Any, values: Any) -> None:
        """Add a column if the name is new; its first value that is not missing gives its type."""
        if name not in self._column:
            self._append(name)
            if name in self._declared:
                self._make_nominal(name)
            else:
                self._untyped.add(name)
        if name in self._untyped and not all_missing(values):
            self._untyped.discard(name)
            if is_text(values):
                self._make_nominal(name)

    def _add_number(self, name: Any) -> None:
        """Do as `_add_column` where a number came that is there and not declared nominal."""
        self._untyped.discard(name)
        if name not in self._column:
            self._append(name)

    def _append(self, name: Any) -> None:
        self._column[name] = len(self.names)
        self.names.append(name)
        self.categories.append(None)

    def _make_nominal(self, name: Any) -> None:
        column, categories = self._column[name], CategoryIndex()
        self.categories[column] = categories
        self._nominal.append((column, categories.codes))

    def _row(self, x: Mapping[Any, Any], learn: bool) -> NDArray[np.float64]:
        row = np.full(len(self.names), np.nan)
        for name, value in x.items():
            column = self._column.get(name)
            if column is None or name in self._untyped:
                continue
            categories = self.categories[column]
            if (categories or type(value) not in _PLAIN) and is_missing(value):
                continue
            if categories is None:
                row[column] = value
            else:
                row[column] = categories.add(value) if learn else categories.get(value)
        return row

    def _rows(self, table: Table, learn: bool) -> NDArray[np.float64]:
        if not self._nominal and table.matrix is not None and table.names == self.names:
            return table.matrix
        rows = np.full((len(table), len(self.names)), np.nan)
        for name, values in zip(table.names, table.columns(), strict=True):
            column = self._column.get(name)
            if column is None or name in self._untyped:
                continue
            categories = self.categories[column]
            texts = table.categories.get(name)
            if categories is None:
                rows[:, column] = as_floats(values)
            elif texts is not None:
                rows[:, column] = categories.codes_of_texts(values, texts, learn)
            elif isinstance(values, np.ndarray):
                own = table.distinct(name, values)
                rows[:, column] = categories.codes_of(values, own, learn)
            else:
                code = categories.add if learn else categories.get
                codes = {v: math.nan if is_missing(v) else code(v) for v in dict.fromkeys(values)}
                rows[:, column] = [codes[v] for v in values]
        return rows

    def check_one(self, x: Mapping[Any, Any]) -> None:
        """Raise TypeError or ValueError if a row cannot be encoded."""
        if not isinstance(x, Mapping):
            raise TypeError(f"x must be a dict of features, got {x!r} of type {type(x).__name__}")
        for name, value in x.items():
            if type(value) in _PLAIN and -_LARGEST <= value <= _LARGEST:
                continue  # what most are, and right in any column
            nominal = self._is_nominal(name, isinstance(value, str), self._declared)
            self._check_value(name, value, nominal)

    def _check_column(
        self, name: Any, values: Any, texts: Sequence[str] | None, nominal: bool
    ) -> None:
        if texts is not None:
            known = values[~np.isnan(values)]
            bad = known[~((known >= 0) & (known < len(texts)) & (known == np.floor(known)))]
            if bad.size:
                raise ValueError(
                    f"feature {name!r} must hold positions in its {len(texts):,} categories, got "
                    f"{bad[0]}"
                )
            if known.size:
                self._check_value(name, texts[int(known[0])], nominal)
        elif isinstance(values, np.ndarray):
            bad = np.isinf(values)
            if bad.any():
                self._check_value(name, float(values[bad][0]), nominal)
        else:
            for value in distinct(values):
                self._check_value(name, value, nominal)

    def _is_nominal(self, name: Any, has_text: bool, declared: frozenset[Any]) -> bool:
        if self.only_numbers:
            return False
        column = self._column.get(name)
        if column is None or name in self._untyped:
            return has_text or name in declared
        return self.categories[column] is not None

    def _check_value(self, name: Any, value: Any, nominal: bool) -> None:
        if is_number(value):
            number = as_float(value)
            if math.isinf(number):
                raise ValueError(f"feature {name!r} must be finite or missing (NaN), got {number}")
        elif is_missing(value) or (nominal and isinstance(value, str)):
            return
        elif isinstance(value, str):
            remedy = "list it in nominal_attributes if it has categories"
            if self.only_numbers:
                remedy = "put preprocessing.OneHotEncoder in front, or leave it out"
            raise ValueError(f"feature {name!r} is numeric, got {value!r}; {remedy}")
        else:
            remedy = f"; {TIMES_REMEDY}" if is_time(value) else ""
            raise TypeError(
                f"feature {name!r} must be a number or a string, "
                f"got {value!r} of type {type(value).__name__}{remedy}"
            )
