"""Attribute-relation files."""

import contextlib
import datetime
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.categories import MAX_OWN_CODE
from olearn.core.telling import few
from olearn.streams._columns import Values
from olearn.streams.formats import _arff_lines as lines
from olearn.streams.formats._arff_lines import Attribute, Cell
from olearn.streams.formats.base import CHUNK, NOMINAL, NUMBER, TIME, RawTable, TextOptions
from olearn.streams.formats.opening import Opener, no_text, open_text

_MISSING = {"na", "nan", "null", "none"}  # words in a column of numbers
_ISO_8601 = "yyyy-MM-dd'T'HH:mm:ss"
_DATE_FIELDS = {
    **{"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"},
    **{"SSS": "%f", "MMM": "%b", "MMMM": "%B", "EEE": "%a", "hh": "%I", "a": "%p"},
}


class ArffTable(RawTable):
    """Attribute-relation files, read as Weka does.

    Cells stand between commas, blanks or tabs; a bare `?` is missing; a `%` outside quotes begins a
    comment. What is left out of a sparse row is 0, of a nominal column its first declared value. A
    nominal attribute whose categories are all whole numbers from 0 to 9,999, none with a leading
    zero, is read as numbers. Dates are times; rows that weigh other than 1 are refused.
    """

    def __init__(self, opener: Opener, options: TextOptions, rows: int | None = None) -> None:
        super().__init__(opener, rows)
        options.refuse(opener, "ARFF", ("encoding",))
        self._encoding = options.encoding
        self._attributes: dict[str, Attribute] = {}
        self._own: dict[str, dict[str, float]] = {}  # nominal columns of numbers: text -> number
        with self._open() as file:
            for line in file:
                word = lines.directive(line)
                if word == "@attribute":
                    self._add_attribute(line)
                elif word == "@data":
                    break
            else:
                raise ValueError(
                    f"{self.path} must be an ARFF file with @attribute and @data lines"
                )
        self._check_columns()

    def _add_attribute(self, line: str) -> None:
        found = lines.attribute(line)
        if found is None:
            raise ValueError(
                f"{self.path} has an attribute line that cannot be read: {line.strip()}"
            )
        name = found.name
        if found.kind == "{":
            self.kinds[name] = NOMINAL
            self.declared[name] = found.values
            if all(v.isdecimal() and str(int(v)) == v for v in found.values):
                numbers = tuple(map(int, found.values))
                if max(numbers, default=0) <= MAX_OWN_CODE:
                    self.declared[name] = numbers
                    self._own[name] = dict(zip(found.values, map(float, numbers), strict=True))
            if len(set(found.values)) < len(found.values):
                raise ValueError(
                    f"{self.path}: the values of attribute {name!r} must differ, got "
                    f"{few(found.values, 20)}"
                )
        elif found.kind in ("numeric", "real", "integer"):
            self.kinds[name] = NUMBER
        elif found.kind in ("string", "date"):
            self.kinds[name] = NOMINAL if found.kind == "string" else TIME
        else:
            raise ValueError(
                f"{self.path}: attribute {name!r} must be numeric, real, integer, string, date or "
                f"{{nominal}}, got {found.kind!r}"
            )
        self._attributes[name] = found
        self.columns.append(name)

    def pieces(self, kinds: Mapping[str, str]) -> Iterator[list[Values]]:
        with self._open() as file:
            for line in file:
                if lines.directive(line) == "@data":
                    break
            n_read, rows = 0, self._rows(file)
            while batch := list(itertools.islice(rows, CHUNK)):
                columns = dict(zip(self.columns, zip(*batch, strict=True), strict=True))
                yield [self._values(n, kind, columns[n], n_read) for n, kind in kinds.items()]
                n_read += len(batch)

    @contextlib.contextmanager
    def _open(self) -> Iterator[IO[str]]:
        try:
            with self.opener.reading(), open_text(self.opener, self._encoding) as file:
                yield file
        except UnicodeDecodeError as error:
            raise no_text(self.opener, self._encoding, error) from None

    def _rows(self, file: IO[str]) -> Iterator[Sequence[Cell]]:
        """Yield the rows; raise at one with too many or too few cells, or a weight."""
        number, n_columns = 0, len(self.columns)
        for line in file:
            text = line.strip()
            if not text or text[0] == "%":
                continue
            if "{" in text:
                rest, weight = lines.split_weight(text)
                if weight:
                    text = self._without_weight(rest, weight, number)
            cells = self._sparse(text, number) if text[0] == "{" else lines.row(text, n_columns)
            if len(cells) != n_columns:
                raise ValueError(
                    f"{self.path} must have {n_columns} cells in every row, has {len(cells)} in "
                    f"row {number} (from 0): {text[:80]}"
                )
            yield cells
            number += 1

    def _without_weight(self, text: str, weight: str, row: int) -> str:
        """Refuse a weight that would have to be heeded."""
        number = _number(weight)
        if number is None:
            return f"{text},{{{weight}}}"
        if number != 1.0:
            raise ValueError(
                f"{self.path}: row {row} (from 0) has the weight {weight}; rows of a stream have "
                "none"
            )
        return text

    def _sparse(self, text: str, row: int) -> list[Cell]:
        given = lines.sparse(text)
        columns = range(len(self.columns))
        wrong = (p for p in given or () if not (p.isdecimal() and int(p) in columns))
        if given is None or next(wrong, None) is not None:
            raise ValueError(
                f"{self.path}: sparse row {row} (from 0) must hold pairs of a column, from 0 to "
                f"{len(columns) - 1}, and a value, got {text[:80]}"
            )
        by_place = {int(place): cell for place, cell in given.items()}
        return [by_place[j] if j in by_place else self._left_out(j) for j in columns]

    def _left_out(self, j: int) -> Cell:
        """Return what a cell is that a sparse row does not name."""
        found = self._attributes[self.columns[j]]
        if found.kind == "string":
            raise ValueError(
                f"{self.path}: attribute {found.name!r} must have a value in every sparse row, as "
                "text has no 0"
            )
        return found.values[0] if found.kind == "{" else "0"

    def _values(self, name: str, kind: str, column: Sequence[Cell], n_read: int) -> Values:
        found = self._attributes[name]
        if kind == TIME:
            return self._times(found, column, n_read)
        if found.kind == "{" and (kind != NUMBER or name in self._own):
            return self._nominal(found, column, n_read)
        if self.kinds[name] == NUMBER or kind == NUMBER:
            numbers = [math.nan if c is None else _number(c) for c in column]
            if None in numbers:
                row = numbers.index(None)
                raise ValueError(
                    f"{self.path}: attribute {name!r} must be numeric, got {column[row]!r} in row "
                    f"{n_read + row} (from 0)"
                )
            return np.array(numbers, np.float64)
        return list(column)

    def _nominal(self, found: Attribute, column: Sequence[Cell], n_read: int) -> Values:
        own = self._own.get(found.name)
        known: Any = set(found.values) if own is None else own
        for row, cell in enumerate(column):
            if cell is None or cell in known:
                continue
            if own is not None and (number := _number(cell)) in own.values():
                own[cell] = float(number or 0.0)  # 1.0 is 1
                continue
            raise ValueError(
                f"{self.path}: attribute {found.name!r} must be one of its declared values "
                f"{few(found.values, 20)}; got {cell!r} in row {n_read + row} (from 0)"
            )
        if own is None:
            return list(column)
        return np.array([math.nan if cell is None else own[cell] for cell in column])

    def _times(self, found: Attribute, column: Sequence[Cell], n_read: int) -> NDArray[Any]:
        if found.kind != "date":
            raise ValueError(f"{self.path}: time must name dates, {found.name!r} is {found.kind}")
        form = _strptime_form(found.form or _ISO_8601)
        if form is None:
            raise ValueError(
                f"{self.path}: attribute {found.name!r} has dates of the form {found.form!r}, "
                "which cannot be read as times"
            )
        times = np.full(len(column), np.datetime64("NaT", "ms"))
        for row, cell in enumerate(column):
            if cell is None:
                continue
            try:
                times[row] = np.datetime64(datetime.datetime.strptime(cell, form), "ms")
            except ValueError:
                raise ValueError(
                    f"{self.path}: attribute {found.name!r} must hold dates of the form "
                    f"{found.form or _ISO_8601!r}, got {cell!r} in row {n_read + row} (from 0)"
                ) from None
        return times


def _number(cell: str) -> float | None:
    """Return the number that a cell holds, NaN for a word that means missing, None for others."""
    if "_" in cell:  # Python's own way of writing
        return None
    try:
        return float(cell)
    except ValueError:
        return math.nan if cell.lower() in _MISSING else None


def _strptime_form(form: str) -> str | None:
    """Turn a form of Java's SimpleDateFormat into Python's; None where it has other fields."""
    found = []
    for match in re.finditer(r"'([^']*)'|([A-Za-z])\2*|[^A-Za-z']", form):
        text = match[0]
        if match[2] is None:
            found.append((text if match[1] is None else match[1] or "'").replace("%", "%%"))
        elif text in _DATE_FIELDS:
            found.append(_DATE_FIELDS[text])
        else:
            return None
    return "".join(found)
