"""The file formats: each opens a table and yields its columns in pieces."""

import abc
import csv
import gzip
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from olearn.core.features import MAX_OWN_CODE
from olearn.streams._columns import Values

_CHUNK = 10_000  # rows turned into columns at a time
_MISSING = {"", "?", "na", "nan", "null", "none"}


class RawTable(abc.ABC):
    """Columns of a file, by name, as numbers or text.

    A subclass sets in its `__init__` the names of the columns, which of them are nominal or
    boolean by the file's own word, and the categories declared for a column, in order.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: list[str] = []
        self.nominal: set[str] = set()
        self.booleans: set[str] = set()
        self.declared: dict[str, tuple[Any, ...]] = {}

    @abc.abstractmethod
    def pieces(self) -> Iterator[Sequence[Values]]:
        """Yield the rows in pieces from the first, each a list with the values of every column."""

    def _check_columns(self) -> None:
        if len(set(self.columns)) != len(self.columns):
            raise ValueError(f"{self.path} must have column names that differ, has {self.columns}")


class CsvTable(RawTable):
    """Comma-separated values with a header line."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with _open_text(path) as file:
            header = next((line for line in file if line.strip()), None)
        if header is None:
            raise ValueError(f"{path} must have a header line, is empty")
        self._delimiter = max(",;\t", key=header.count)
        self.columns = [c.strip() for c in next(csv.reader([header], delimiter=self._delimiter))]
        if all(_is_number(cell) for cell in self.columns):
            raise ValueError(f"{path} must have a header line, its first line is {header.strip()}")
        self._check_columns()
        self._numeric = [True] * len(self.columns)
        for cells in self._cells():
            for j, column in enumerate(cells):
                self._numeric[j] = self._numeric[j] and _as_numbers(column) is not None

    def pieces(self) -> Iterator[Sequence[Values]]:
        for cells in self._cells():
            yield [
                cast("NDArray[np.float64]", _as_numbers(column)) if numeric else _as_text(column)
                for numeric, column in zip(self._numeric, cells, strict=True)
            ]

    def _cells(self) -> Iterator[list[tuple[str, ...]]]:
        with _open_text(self.path) as file:
            rows = _checked(csv.reader(file, delimiter=self._delimiter), self)
            next(rows)
            while batch := list(itertools.islice(rows, _CHUNK)):
                yield list(zip(*batch, strict=True))


class ArffTable(RawTable):
    """Attribute-relation files as Weka and MOA write them; no sparse rows, no dates.

    A nominal attribute whose categories are all whole numbers from 0 to 9,999 is read as numbers.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._numeric: list[bool] = []
        with _open_text(path) as file:
            for line in file:
                word = line.strip().split(maxsplit=1)[0].lower() if line.strip() else ""
                if word == "@attribute":
                    self._add_attribute(line.strip())
                elif word == "@data":
                    break
            else:
                raise ValueError(f"{path} must be an ARFF file with @attribute and @data lines")
        self._check_columns()

    def _add_attribute(self, line: str) -> None:
        match = re.match(
            r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)\s+(.+)""", line, re.I
        )
        if match is None:
            raise ValueError(f"{self.path} has an attribute line that cannot be read: {line}")
        name, kind = _unquoted(match[1]), match[2].strip()
        if not kind.startswith("{"):
            word = kind.split()[0].lower()
            if word not in ("numeric", "real", "integer", "string"):
                raise ValueError(
                    f"{self.path}: attribute {name!r} must be numeric, real, integer, string or "
                    f"{{nominal}}, got {kind!r}"
                )
            self._numeric.append(word != "string")
        else:
            categories = _split(kind.strip("{} "))
            own = all(t.isdecimal() and int(t) <= MAX_OWN_CODE for t in categories)
            self.declared[name] = tuple(map(int, categories) if own else categories)
            self.nominal.add(name)
            self._numeric.append(own)
        self.columns.append(name)

    def pieces(self) -> Iterator[Sequence[Values]]:
        with _open_text(self.path) as file:
            for line in file:
                if line.strip().lower() == "@data":
                    break
            lines = (line.strip() for line in file)
            rows = _checked((_split(line) for line in lines if line and line[0] != "%"), self)
            while batch := list(itertools.islice(rows, _CHUNK)):
                columns = zip(*batch, strict=True)
                yield [self._values(j, column) for j, column in enumerate(columns)]

    def _values(self, j: int, column: Sequence[str]) -> Values:
        name = self.columns[j]
        if self._numeric[j]:
            values = _as_numbers(column)
            if values is None:
                bad = next(cell for cell in column if not _is_number(cell) and cell != "?")
                raise ValueError(f"{self.path}: attribute {name!r} must be numeric, got {bad!r}")
            return values
        return [None if cell == "?" else cell for cell in column]


class ArrowTable(RawTable):
    """Parquet, and Arrow's own file and stream formats (Feather); needs pyarrow."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        types = _import_arrow().types
        for field in self._schema():
            kind = field.type
            if types.is_dictionary(kind):
                kind = kind.value_type
            is_text = types.is_string(kind) or types.is_large_string(kind)
            if types.is_boolean(kind):
                self.nominal.add(field.name)
                self.booleans.add(field.name)
            elif not (is_text or _is_numeric(types, kind)):
                raise ValueError(
                    f"{path}: column {field.name!r} must be numeric, boolean or text, "
                    f"got {field.type}; convert or drop it"
                )
            self.columns.append(field.name)
        self._check_columns()

    def _schema(self) -> Any:
        with self.path.open("rb") as file:
            return self._open(file)[0]

    def _open(self, file: IO[bytes]) -> tuple[Any, Iterable[Any]]:
        arrow = _import_arrow()
        if self.path.suffix.lower() == ".parquet":
            from pyarrow import parquet

            try:
                opened = parquet.ParquetFile(file)
            except arrow.ArrowInvalid as error:
                raise ValueError(f"{self.path} must be a Parquet file: {error}") from None
            return opened.schema_arrow, opened.iter_batches(batch_size=_CHUNK)
        try:
            reader = arrow.ipc.open_file(file)
            return reader.schema, (reader.get_batch(k) for k in range(reader.num_record_batches))
        except arrow.ArrowInvalid:
            file.seek(0)
        try:
            stream = arrow.ipc.open_stream(file)
        except arrow.ArrowInvalid as error:
            raise ValueError(f"{self.path} must be an Arrow file: {error}") from None
        return stream.schema, stream

    def pieces(self) -> Iterator[Sequence[Values]]:
        with self.path.open("rb") as file:
            for batch in self._open(file)[1]:
                if batch.num_rows:
                    yield [_arrow_values(column) for column in batch.columns]


def _import_arrow() -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError as error:
        raise ImportError(
            "reading Parquet and Arrow files needs pyarrow: pip install olearn[files]"
        ) from error
    return pyarrow


def _is_numeric(types: Any, kind: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _arrow_values(column: Any) -> Values:
    types = _import_arrow().types
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_string(column.type) or types.is_large_string(column.type):
        return cast("list[str | None]", column.to_pylist())
    return np.array([math.nan if v is None else float(v) for v in column.to_pylist()])


def _open_text(path: Path) -> IO[str]:
    if path.suffix.lower() == ".gz":
        return cast("IO[str]", gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


def _checked(rows: Iterable[list[str]], table: RawTable) -> Iterator[list[str]]:
    """Yield the rows that are not empty; raise at one with too many or too few cells."""
    n_columns = len(table.columns)
    for number, row in enumerate(rows, 1):
        if len(row) == n_columns:
            yield row
        elif row:
            raise ValueError(
                f"{table.path} must have {n_columns} cells in every row, has {len(row)} in "
                f"number {number}: {','.join(row)[:80]}"
            )


def _split(line: str) -> list[str]:
    """Split a line of ARFF at its commas, minding quotes."""
    if line.startswith("{"):
        raise ValueError(f"sparse ARFF rows cannot be read, got {line[:80]}")
    if "'" not in line and '"' not in line:
        return [cell.strip() for cell in line.split(",")]
    quote = min("'\"", key=lambda mark: line.find(mark) % (len(line) + 1))  # the first one
    cells = csv.reader([line], quotechar=quote, skipinitialspace=True, escapechar="\\")
    return [cell.strip() for cell in next(cells)]


def _unquoted(text: str) -> str:
    return text[1:-1].replace("\\", "") if text[0] in "'\"" else text


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _as_text(column: Sequence[str]) -> list[str | None]:
    stripped = (cell.strip() for cell in column)
    return [None if cell.lower() in _MISSING else cell for cell in stripped]


def _as_numbers(column: Sequence[str]) -> NDArray[np.float64] | None:
    """Return the numbers of a column of cells, or None if it holds anything else."""
    try:
        return np.array(column, np.float64)
    except ValueError:
        pass  # missing values, or text
    try:
        return np.array([math.nan if v is None else float(v) for v in _as_text(column)])
    except ValueError:
        return None
