"""The parts of dates and times: month, weekday, hour, ..."""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import narwhals as nw
import numpy as np

from olearn.base.transformer import ColumnsOut, StatelessTransformer
from olearn.core.features import FeatureIndex
from olearn.core.parameters import check_parameters, with_parameters
from olearn.core.tables import Names, Table
from olearn.core.times import (
    PARTS,
    as_seconds,
    from_seconds,
    naive_seconds,
    parts_of,
    time_parts,
    to_seconds,
)
from olearn.core.types import Rows
from olearn.core.validate import check_choice, check_names
from olearn.core.values import as_floats, is_missing, is_number

__all__ = ["DateParts"]


@with_parameters
class DateParts(StatelessTransformer):
    """Puts numbers in the place of dates and times: the month, the weekday, the hour, ...

    A feature `when` becomes `when.month`, `when.weekday`, `when.hour`, as a stream of a file with
    `time=["when"]` has them; all other features stay as they are. There is nothing to learn.

    Parameters
    ----------
    parts
        Which ones, of: `year`; `month`, 1 to 12; `day` of the month, from 1; `weekday`, Monday 0 to
        6; `yearday`, from 1; `hour`, 0 to 24 with its fraction; `seconds` since 1970.

    Raises
    ------
    ValueError
        If a part is unknown, a feature is infinite, or holds times and other values.
    TypeError
        If a feature has the wrong type; times of day and spans of time have.

    Notes
    -----
    A time is what its clock shows: of one with a time zone the zone is left aside. A missing time
    has no parts. Put this step first: others take no times.

    Examples
    --------
    >>> import datetime
    >>> from olearn import preprocessing
    >>> parts = preprocessing.DateParts()
    >>> parts.transform_one({"when": datetime.datetime(2024, 2, 29, 6, 30), "price": 2.0})
    {'when.month': 2.0, 'when.weekday': 3.0, 'when.hour': 6.5, 'price': 2.0}

    """

    parts: Sequence[str] = ("month", "weekday", "hour")

    def __post_init__(self) -> None:
        check_parameters(self)
        check_names("parts", self.parts)
        for part in self.parts:
            check_choice("parts", part, PARTS)
        self._features: TimeIndex = TimeIndex()
        self._done = 0  # columns whose parts are among those that are emitted
        self._out: list[tuple[int, str | None]] = []  # column and part

    @property
    def _columns_out(self) -> ColumnsOut:
        names, kinds = self._features.names, self._features.categories
        shown = [names[c] if part is None else f"{names[c]}.{part}" for c, part in self._out]
        return shown, [None if part else kinds[c] for c, part in self._out]

    def _grow(self) -> None:
        index, listed = self._features, {column for column, _ in self._out}
        for column, name in enumerate(index.names):
            if column not in listed and index.is_typed(name):
                parts = self.parts if name in index.times else [None]
                self._out += [(column, part) for part in parts]

    def _room(self, n_categories: int) -> int:
        return 0  # nothing here grows with the categories

    def _hands_on(self, name: Any) -> bool:
        return name not in self._features.times

    def _transform_rows(self, X: Rows) -> Rows:
        out = np.empty((len(X), len(self._out)))
        times: dict[int, Iterator[Rows]] = {}
        for place, (column, part) in enumerate(self._out):
            if part is None:
                out[:, place] = X[:, column]
                continue
            if column not in times:
                times[column] = time_parts(from_seconds(X[:, column]), self.parts)
            out[:, place] = next(times[column])
        return out

    def _transform_row(self, row: Rows) -> Rows:
        out = np.empty(len(self._out))
        times: dict[int, Iterator[float]] = {}
        for place, (column, part) in enumerate(self._out):
            if part is not None and column not in times:
                times[column] = iter(parts_of(float(row[column]), self.parts))
            out[place] = row[column] if part is None else next(times[column])
        return out


class TimeIndex(FeatureIndex):
    """A `FeatureIndex` that takes times too, as seconds since 1970."""

    def __init__(self) -> None:
        super().__init__()
        self.times: set[Any] = set()  # features that hold times

    def quick(self, x: Mapping[Any, Any]) -> Rows | None:
        """Encode a row that has exactly the known names, in order; see `FeatureIndex`."""
        timed = self._quickly_timed(x)
        return super().quick(self._timed(x) if timed is None else timed)

    def _quickly_timed(self, x: Any) -> Any:
        """Return a row of the known names with seconds for times without a zone, or None.

        Other values are looked at by what encodes the row.
        """
        if type(x) is not dict or not self.times or list(x) != self.names:
            return None
        made = _TimedRow(x)
        for name in self.times:
            time = made[name]
            if type(time) is not datetime.datetime or time.tzinfo is not None:
                return None
            made[name] = naive_seconds(time)
        made.times = self.times
        return made

    def knows(self, x: Mapping[Any, Any]) -> bool:
        """Tell whether a checked row has no feature and no category that is new."""
        return super().knows(self._timed(x))

    def check_one(self, x: Mapping[Any, Any]) -> None:
        """Raise TypeError or ValueError if a row cannot be encoded."""
        super().check_one(self._timed(x))

    def learn_one(self, x: Mapping[Any, Any]) -> Rows:
        """Encode one row, adding columns and categories; checks everything first."""
        timed = self._timed(x)
        row = super().learn_one(timed)
        self.times |= timed.times
        return row

    def encode_one(self, x: Mapping[Any, Any]) -> Rows:
        """Encode one row without changing the index; unknown features are left out."""
        return super().encode_one(self._timed(x))

    def arrivals(self, table: Table, room: Callable[[int], int]) -> list[int]:
        """Return the rows of a checked table that bring columns, categories, or a first value."""
        rows = set(super().arrivals(table, room))
        for name, values in zip(table.names, table.columns(), strict=True):
            if not self.is_typed(name):  # only then its columns are known
                first = (row for row, value in enumerate(values) if not is_missing(value))
                rows.update(islice(first, 1))
        return sorted(rows)

    def learn_many(self, table: Table) -> Rows:
        """Encode a checked table, adding columns and categories."""
        rows = super().learn_many(table)
        self.times |= table.times if isinstance(table, TimeTable) else set()
        return rows

    def _table(self, X: Any, names: Names) -> Table:
        table = TimeTable(X, names)
        for name, column in zip(table.names, table.columns(), strict=True):
            self._check_kind(name, name in table.times, column)
        return table

    def _timed(self, x: Any) -> Any:
        """Return a row with seconds for its times, checked; what is no row stays as it is."""
        if isinstance(x, _TimedRow) or not isinstance(x, Mapping):
            return x
        times = {name for name, value in x.items() if _is_time(value)}
        for name, value in x.items():
            self._check_kind(name, name in times, [value])
        made = _TimedRow({k: as_seconds(v) if k in times else v for k, v in x.items()})
        made.times = times
        return made

    def _check_kind(self, name: Any, is_time: bool, values: Any) -> None:
        if is_time == (name in self.times) or not self.is_typed(name):
            return
        value = next((v for v in values if not is_missing(v)), None)
        if value is not None:
            held = "times" if name in self.times else "numbers or text"
            raise ValueError(f"feature {name!r} holds {held}, got {value!r}")


class _TimedRow(dict[Any, Any]):
    """A row in which times are seconds since 1970; `times` are their names."""

    times: set[Any]


class TimeTable(Table):
    """A table in which times are seconds since 1970; `times` are the names of their columns."""

    def __init__(self, X: Any, names: Names = None) -> None:
        self.times: set[Any] = set()
        super().__init__(X, names)
        for name, column in zip(self.names, self.columns(), strict=True):
            if not isinstance(column, np.ndarray) and any(map(_is_time, column)):
                self.times.add(name)
        self._lists = [
            column
            if isinstance(column, np.ndarray) or name not in self.times
            else as_floats(self._seconds(name, column))
            for name, column in zip(self.names, self._lists, strict=self.matrix is None)
        ]

    def _values(self, name: Any, column: Any) -> Any:
        kind = column.dtype
        if kind == nw.Datetime and kind.time_zone is None and kind.time_unit != "s":
            times = column.to_numpy()
            if not np.isnat(times).all():
                self.times.add(name)
                return to_seconds(times)
        return super()._values(name, column)

    def _seconds(self, name: Any, column: Any) -> list[float]:
        for value in column:
            if not (_is_time(value) or is_missing(value)):
                raise ValueError(f"feature {name!r} holds times, got {value!r}")
        return [as_seconds(value) for value in column]


def _is_time(value: Any) -> bool:
    """Tell whether a value is a date or a point in time that is there."""
    kinds = datetime.date | np.datetime64
    return isinstance(value, kinds) and not is_number(value) and not is_missing(value)
