"""From dicts and frames to float64 rows.

A learner keeps one `FeatureIndex` in its state: what was seen first gets the lowest column or code,
and nothing is ever renumbered, so arrays indexed by them only grow.
"""

import math
import numbers
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray
from river.utils import dataframe

__all__ = ["CategoryIndex", "FeatureIndex", "Table", "as_float", "is_missing"]

UNSEEN = -1.0  # the code of a new category where no more codes are given out

_NO_ROW: tuple[list[Any], NDArray[np.float64]] = ([None], np.empty(0))
# A nominal value that is a whole number is its own code, so that arrays of codes and dicts mean the
# same without a table; up to here, because trees keep room for every code up to the highest one.
# Streams code by the same rule (`are_own_codes`).
MAX_OWN_CODE = 9_999
_MAX_CATEGORIES = MAX_OWN_CODE + 1


class CategoryIndex:
    """Codes of one nominal feature's values.

    A whole number from 0 to 9,999 is its own code, so that arrays of codes and dicts of numbers
    mean the same; every other value gets the next free code. At most 10,000 codes are given out:
    later values stay `UNSEEN`, which bounds the memory.
    """

    def __init__(self) -> None:
        self.size = 0  # one more than the highest code
        self.codes: dict[Any, float] = {}
        self._all_own = True
        self._taken: set[int] = set()

    def get(self, value: Any) -> float:
        """Return the code of `value`: the one that `add` would give it, if it has none yet."""
        code = self.codes.get(value)
        if code is not None:
            return code
        if len(self.codes) >= _MAX_CATEGORIES:
            return UNSEEN
        own = _own_code(value)
        return float(self.size if own is None or own in self._taken else own)

    def add(self, value: Any) -> float:
        """Return the code of `value`, giving it one if it has none."""
        code = self.get(value)
        if code != UNSEEN and value not in self.codes:
            self.codes[value] = code
            self._taken.add(int(code))
            self._all_own &= _own_code(value) == code
            self.size = max(self.size, int(code) + 1)
        return code

    def codes_of(self, column: NDArray[np.float64], learn: bool) -> NDArray[np.float64]:
        """Code a column of numbers, NaN staying NaN; `learn` gives codes to new values."""
        known = column[~np.isnan(column)]
        if self._all_own and are_own_codes(known).all():
            if learn:
                for value in np.flatnonzero(np.bincount(known.astype(np.int64))).tolist():
                    self.add(value)
            return column
        code = self.add if learn else self.get
        return np.array([v if math.isnan(v) else code(v) for v in column.tolist()])


def _own_code(value: Any) -> int | None:
    if not isinstance(value, numbers.Real):
        return None
    number = float(value)
    return int(number) if 0 <= number <= MAX_OWN_CODE and number.is_integer() else None


def are_own_codes(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell of each number whether, as a nominal value, it is its own code."""
    own: NDArray[np.bool_] = (values >= 0) & (values <= MAX_OWN_CODE) & (values == np.floor(values))
    return own


class FeatureIndex:
    """Maps features by name to the columns of a float64 row; a missing feature is NaN.

    Parameters
    ----------
    nominal
        Names of the features that are nominal. A feature whose first value is a string is
        nominal too. `None` means that no name is listed.

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

    def __init__(self, nominal: Collection[Any] | None = None) -> None:
        self.names: list[Any] = []
        self.categories: list[CategoryIndex | None] = []  # None for a numeric column
        self._column: dict[Any, int] = {}
        self._declared = frozenset(nominal or ())
        self._untyped: set[Any] = set()  # features of which no value has come yet
        self._nominal: list[tuple[int, dict[Any, float]]] = []  # (column, codes), for speed
        self._last = _NO_ROW  # the row that `quick` encoded last, and its array

    def __len__(self) -> int:
        return len(self.names)

    @property
    def widths(self) -> list[int]:
        """Number of category codes of each column; 0 for a numeric column."""
        return [0 if c is None else c.size for c in self.categories]

    def learn_one(self, x: Mapping[Any, Any]) -> NDArray[np.float64]:
        """Encode one row, adding columns and categories; checks everything first."""
        self._check_one(x)
        for name, value in x.items():
            self._add_column(name, [value])
        return self._row(x, learn=True)

    def encode_one(self, x: Mapping[Any, Any]) -> NDArray[np.float64]:
        """Encode one row without changing the index; unknown features are left out."""
        row = self.quick(x)
        if row is not None:
            return row
        self._check_one(x)
        return self._row(x, learn=False)

    def check_many(self, X: Any, names: Sequence[Any] | None = None) -> "Table":
        """Check a frame or 2-D array and split it into named columns; changes nothing."""
        table = Table(X, names)
        if table.matrix is None or np.isinf(table.matrix).any():  # else nothing can be wrong
            for name, column in zip(table.names, table.columns(), strict=True):
                self._check_column(name, column)
        return table

    def learn_many(self, table: "Table") -> NDArray[np.float64]:
        """Encode a checked table, adding columns and categories; shape `(n, n_columns)`."""
        for name, column in zip(table.names, table.columns(), strict=True):
            self._add_column(name, column)
        return self._rows(table, learn=True)

    def encode_many(self, table: "Table") -> NDArray[np.float64]:
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
            if not math.isfinite(sum(values)):  # NaN or infinite somewhere
                return None
            row = np.array(values, dtype=np.float64)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
            return None
        self._last = given, row
        return row

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_last": _NO_ROW}

    def _add_column(self, name: Any, values: Any) -> None:
        """Add a column if the name is new; its first value that is not missing gives its type."""
        if name not in self._column:
            self._column[name] = len(self.names)
            self.names.append(name)
            self.categories.append(None)
            if name in self._declared:
                self._make_nominal(name)
            else:
                self._untyped.add(name)
        if name in self._untyped and not _all_missing(values):
            self._untyped.discard(name)
            if _is_text(values):
                self._make_nominal(name)

    def _make_nominal(self, name: Any) -> None:
        column, categories = self._column[name], CategoryIndex()
        self.categories[column] = categories
        self._nominal.append((column, categories.codes))

    def _row(self, x: Mapping[Any, Any], learn: bool) -> NDArray[np.float64]:
        row = np.full(len(self.names), np.nan)
        for name, value in x.items():
            column = self._column.get(name)
            if column is None or is_missing(value) or name in self._untyped:
                continue
            categories = self.categories[column]
            if categories is None:
                row[column] = value
            else:
                row[column] = categories.add(value) if learn else categories.get(value)
        return row

    def _rows(self, table: "Table", learn: bool) -> NDArray[np.float64]:
        if not self._nominal and table.matrix is not None and table.names == self.names:
            return table.matrix
        rows = np.full((len(table), len(self.names)), np.nan)
        for name, values in zip(table.names, table.columns(), strict=True):
            column = self._column.get(name)
            if column is None or name in self._untyped:
                continue
            categories = self.categories[column]
            if categories is None:
                rows[:, column] = _numbers(values)
            elif isinstance(values, np.ndarray):
                rows[:, column] = categories.codes_of(values, learn)
            else:
                code = categories.add if learn else categories.get
                rows[:, column] = [math.nan if is_missing(v) else code(v) for v in values]
        return rows

    def _check_one(self, x: Mapping[Any, Any]) -> None:
        if not isinstance(x, Mapping):
            raise TypeError(f"x must be a dict of features, got {x!r} of type {type(x).__name__}")
        for name, value in x.items():
            self._check_value(name, value, self._is_nominal(name, isinstance(value, str)))

    def _check_column(self, name: Any, values: Any) -> None:
        nominal = self._is_nominal(name, _is_text(values))
        if isinstance(values, np.ndarray):
            bad = np.isinf(values)
            if bad.any():
                self._check_value(name, float(values[bad][0]), nominal)
            return
        for value in values:
            self._check_value(name, value, nominal)

    def _is_nominal(self, name: Any, is_text: bool) -> bool:
        column = self._column.get(name)
        if column is None or name in self._untyped:
            return is_text or name in self._declared
        return self.categories[column] is not None

    @staticmethod
    def _check_value(name: Any, value: Any, nominal: bool) -> None:
        if isinstance(value, numbers.Real):
            number = as_float(value)
            if math.isinf(number):
                raise ValueError(f"feature {name!r} must be finite or missing (NaN), got {number}")
        elif value is None or (nominal and isinstance(value, str)):
            return
        elif isinstance(value, str):
            raise ValueError(
                f"feature {name!r} is numeric, got {value!r}; "
                "list it in nominal_attributes if it has categories"
            )
        else:
            raise TypeError(
                f"feature {name!r} must be a number or a string, "
                f"got {value!r} of type {type(value).__name__}"
            )


class Table:
    """A frame or 2-D array as named columns: float64 arrays, or lists where there is text."""

    def __init__(self, X: Any, names: Sequence[Any] | None = None) -> None:
        self.matrix: NDArray[np.float64] | None = None  # C-ordered, where all is numeric
        self._lists: list[Any] = []
        if isinstance(X, np.ndarray):
            self._from_array(X, names)
        else:
            self._from_frame(X)

    def __len__(self) -> int:
        if self.matrix is not None:
            return len(self.matrix)
        return len(self._lists[0]) if self._lists else 0

    def columns(self) -> Iterable[Any]:
        """Yield the columns in the order of `names`."""
        return self.matrix.T if self.matrix is not None else self._lists

    def _from_array(self, X: NDArray[Any], names: Sequence[Any] | None) -> None:
        if X.ndim != 2:
            raise ValueError(f"X must be a 2-D array of rows, got shape {X.shape}")
        self.names = list(range(X.shape[1])) if names is None else list(names)
        if len(self.names) != X.shape[1]:
            raise ValueError(f"names must have {X.shape[1]} entries, one a column, got {names!r}")
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"names must differ, got {names!r}")
        if X.dtype.kind in "biuf":
            self.matrix = _writable(X)
        else:
            self._set_lists([column.tolist() for column in X.T])

    def _from_frame(self, X: Any) -> None:
        try:
            frame = nw.from_native(X, eager_only=True)
        except TypeError:
            raise TypeError(
                f"X must be a data frame or a 2-D array, got type {type(X).__name__}"
            ) from None
        self.names = list(frame.columns)
        dtypes = [frame[name].dtype for name in self.names]
        if all(dtype.is_numeric() or dtype == nw.Boolean for dtype in dtypes):
            self.matrix = _writable(dataframe.to_numpy(frame))
        else:
            self._set_lists([frame[name].to_list() for name in self.names])

    def _set_lists(self, columns: list[list[Any]]) -> None:
        self._lists = [c if _is_text(c) or not _all_real(c) else _numbers(c) for c in columns]


def is_frame(X: Any) -> bool:
    """Tell whether `X` is a data frame of any kind."""
    return not isinstance(X, np.ndarray) and nw.dependencies.is_into_dataframe(X)


def column_like(X: Any, values: NDArray[Any]) -> Any:
    """Return values as a series of X's kind where that is a frame, else as the array they are."""
    if not is_frame(X):
        return values
    return dataframe.to_native_series(values.tolist(), name=None, like=dataframe.into_frame(X))


def _writable(X: NDArray[Any]) -> NDArray[np.float64]:
    """Return `X` as C-ordered float64; a read-only array is copied, or kernels compile anew."""
    rows = np.ascontiguousarray(X, dtype=np.float64)
    return rows if rows.flags.writeable else rows.copy()


def is_missing(value: Any) -> bool:
    """Tell whether a value is None or NaN."""
    return value is None or value != value


def as_float(number: Any) -> float:
    """Return a number as a float; infinite where it is beyond the largest float."""
    try:
        return float(number)
    except OverflowError:  # an integer
        return math.inf if number > 0 else -math.inf


def _all_missing(values: Any) -> bool:
    if isinstance(values, np.ndarray):
        return bool(np.isnan(values).all())
    return all(is_missing(v) for v in values)


def _is_text(values: Any) -> bool:
    """Tell whether the first value that is there is a string."""
    if isinstance(values, np.ndarray):
        return False
    return isinstance(next((v for v in values if not is_missing(v)), None), str)


def _all_real(values: Iterable[Any]) -> bool:
    return all(v is None or isinstance(v, numbers.Real) for v in values)


def _numbers(values: Iterable[Any]) -> NDArray[np.float64]:
    if isinstance(values, np.ndarray):
        return values
    return np.array([math.nan if v is None else as_float(v) for v in values])
