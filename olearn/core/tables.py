"""Frames and 2-D arrays as named columns, with what their source knows of the columns."""

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, cast, runtime_checkable

import narwhals as nw
import numpy as np
from narwhals.exceptions import DuplicateError
from numpy.typing import NDArray
from river.utils import dataframe

from olearn.core.categories import distinct_own_codes
from olearn.core.telling import few, tell
from olearn.core.tensors import as_array
from olearn.core.types import Rows
from olearn.core.values import as_floats, is_missing, is_number, is_text, without_mask


@runtime_checkable
class ColumnKinds(Protocol):
    """What the source of rows knows of their columns; the `Schema` of a stream is one."""

    @property
    def names(self) -> Sequence[Any]:
        """Names of the features, in column order."""

    @property
    def nominal(self) -> Collection[Any]:
        """Names of those that are nominal."""

    @property
    def categories(self) -> Mapping[Any, Sequence[str]]:
        """Texts by name of the nominal feature: arrays hold positions in them, dicts the texts."""


TIMES_REMEDY = "give the parts of a time, such as its hour, or seconds as a number"

Names = Sequence[Any] | ColumnKinds | None
"""Names of an array's columns, or all that is known of them; None is 0, 1, ..."""


class Table:
    """A frame, 2-D array or tensor as named columns: float64 arrays, or lists where there is text.

    It is `ColumnKinds` itself: those given, or what the types of a frame say.
    """

    def __init__(self, X: Any, names: Names = None) -> None:
        self.matrix: Rows | None = None  # C-ordered, where all is numeric
        self.nominal: Collection[Any] = ()
        self.categories: Mapping[Any, Sequence[str]] = {}
        self.is_text = False  # an array of text alone
        self._lists: list[Any] = []
        self._distinct: dict[Any, list[int] | None] = {}
        X = as_array(X)
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

    def __getitem__(self, rows: slice) -> "Table":
        """Return some of the rows as a table of the same columns."""
        part = copy.copy(self)
        part._distinct = {}
        if self.matrix is not None:
            part.matrix = self.matrix[rows]
        part._lists = [column[rows] for column in self._lists]
        return part

    def distinct(self, name: Any, column: Any) -> list[int] | None:
        """Return `distinct_own_codes` of a column, which are looked for once."""
        if not isinstance(column, np.ndarray):
            return None
        if name not in self._distinct:
            self._distinct[name] = distinct_own_codes(column)
        return self._distinct[name]

    def _from_array(self, X: NDArray[Any], names: Names) -> None:
        if X.ndim != 2:
            raise ValueError(f"X must be a 2-D array of rows, got shape {X.shape}")
        kinds = _kinds(names)
        given: Any = names if kinds is None else kinds.names
        self.names = list(range(X.shape[1])) if given is None else list(given)
        if len(self.names) != X.shape[1]:
            raise ValueError(f"names must have {X.shape[1]} entries, one a column, got {given!r}")
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"names must differ, got {given!r}")
        if kinds is not None:
            self.nominal = kinds.nominal
        if X.dtype.kind in "Mm":
            raise TypeError(f"X must hold numbers or text, got {X.dtype}; {TIMES_REMEDY}")
        if X.dtype.kind in "biuf":
            self.matrix = _writable(without_mask(X))
            self.categories = {} if kinds is None else kinds.categories
        else:  # of objects: the texts themselves
            self.is_text = X.dtype.kind == "U"
            self._set_lists([column.tolist() for column in X.T])

    def _from_frame(self, X: Any) -> None:
        try:
            frame = nw.from_native(X, eager_only=True)
        except TypeError:
            raise TypeError(
                f"X must be a data frame or a 2-D array, got type {type(X).__name__}"
            ) from None
        except DuplicateError:
            raise ValueError(f"names must differ, got {list(X.columns)!r}") from None
        self.names = list(frame.columns)
        columns = [frame.get_column(name) for name in self.names]  # a name may be any object
        kinds = [column.dtype for column in columns]
        pairs = zip(self.names, kinds, strict=True)
        self.nominal = [name for name, kind in pairs if isinstance(kind, nw.Categorical | nw.Enum)]
        if all(kind.is_numeric() or kind == nw.Boolean for kind in kinds):
            self.matrix = _writable(dataframe.to_numpy(frame))
        else:
            named = zip(self.names, columns, strict=True)
            self._set_lists([self._values(*each) for each in named])

    def _values(self, name: Any, column: Any) -> Any:
        """Return the values of a column that is not numeric, as a list or as numbers."""
        return column.to_list()

    def _set_lists(self, columns: list[list[Any]]) -> None:
        self._lists = [
            c if isinstance(c, np.ndarray) or is_text(c) or not _all_numbers(c) else as_floats(c)
            for c in columns
        ]


def _kinds(names: Names) -> ColumnKinds | None:
    # not by isinstance, which would take a third of the time of a block of 1,000 rows
    return cast(ColumnKinds, names) if hasattr(names, "nominal") else None


def is_frame(X: Any) -> bool:
    """Tell whether `X` is a data frame of any kind."""
    return not isinstance(X, np.ndarray) and nw.dependencies.is_into_dataframe(X)


def column_like(X: Any, values: NDArray[Any]) -> Any:
    """Return values as a series of X's kind where that is a frame, else as the array they are."""
    if not is_frame(X):
        return values
    return dataframe.to_native_series(values.tolist(), name=None, like=dataframe.into_frame(X))


def tell_of_strangers(names: Collection[Any], known: Mapping[Any, int]) -> None:
    """Say of a table that no column of it is known, as where names were given or lost between."""
    if known and names and known.keys().isdisjoint(names):
        tell(
            f"no column of X has been learnt before: X has {few(names)}, known are {few(known)}; "
            "what is known counts as missing in these rows"
        )


def tell_of_new(
    table: Table, known: Collection[Any], declared: Collection[Any], named_by: str
) -> None:
    """Say what is odd of new columns: nominal names that the first table has not; text of numbers.

    An array of numbers beside text is text throughout.
    """
    absent = [name for name in declared if not known and name not in table.names]
    if absent and table.names:
        tell(f"{named_by} names {few(absent)}, which X has not: its columns are {few(table.names)}")
    known = {*known, *declared}
    found = [
        name
        for name, column in zip(table.names, table.columns(), strict=True)
        if table.is_text and name not in known and all(map(_is_written, column))
    ]
    if found:
        tell(
            f"X is an array of text, whose columns {few(found)} hold numbers: they are taken as "
            "categories; an array of dtype object or a frame keeps numbers beside text, "
            "nominal_attributes says that they are meant"
        )


def _is_written(text: str) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False


def tell_of_codes(kinds: ColumnKinds, known: Mapping[Any, int]) -> None:
    """Say of new nominal features that hold numbers that these are read as such."""
    codes = [name for name in kinds.nominal if name not in known and name not in kinds.categories]
    if codes:
        tell(
            f"nominal features {few(codes)} are read as the numbers that they hold: put "
            "preprocessing.OneHotEncoder in front, or leave them out"
        )


def _writable(X: NDArray[Any]) -> Rows:
    """Return `X` as C-ordered float64; a read-only array is copied, or kernels compile anew."""
    rows = np.ascontiguousarray(X, dtype=np.float64)
    return rows if rows.flags.writeable else rows.copy()


def _all_numbers(values: Iterable[Any]) -> bool:
    return all(is_missing(v) or is_number(v) for v in values)
