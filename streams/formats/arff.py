"""Attribute-relation files."""

import contextlib
import csv
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO

import numpy as np
from numpy.typing import NDArray

from olearn.core.features import MAX_OWN_CODE
from olearn.streams._columns import Values
from olearn.streams.formats.base import CHUNK, NOMINAL, NUMBER, RawTable, TextOptions
from olearn.streams.formats.opening import Opener, no_text, open_text

_MISSING = {"", "?", "na", "nan", "null", "none"}  # in a column of numbers


class ArffTable(RawTable):
    """Attribute-relation files as Weka and MOA write them; no sparse rows, no dates.

    A nominal attribute whose categories are all whole numbers from 0 to 9,999 is read as numbers.
    """

    def __init__(self, opener: Opener, options: TextOptions, rows: int | None = None) -> None:
        super().__init__(opener, rows)
        options.refuse(opener, "ARFF", ("encoding",))
        self._encoding = options.encoding
        self._numeric: dict[str, bool] = {}
        with self._open() as file:
            for line in file:
                word = line.strip().split(maxsplit=1)[0].lower() if line.strip() else ""
                if word == "@attribute":
                    self._add_attribute(line.strip())
                elif word == "@data":
                    break
            else:
                raise ValueError(
                    f"{self.path} must be an ARFF file with @attribute and @data lines"
                )
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
            self._numeric[name] = word != "string"
            self.kinds[name] = NUMBER if word != "string" else NOMINAL
        else:
            categories = _split(kind.strip("{} "))
            own = all(t.isdecimal() and int(t) <= MAX_OWN_CODE for t in categories)
            self.declared[name] = tuple(map(int, categories) if own else categories)
            self.kinds[name] = NOMINAL
            self._numeric[name] = own
        self.columns.append(name)

    def pieces(self, kinds: Mapping[str, str]) -> Iterator[list[Values]]:
        places = [self.columns.index(name) for name in kinds]
        with self._open() as file:
            for line in file:
                if line.strip().lower() == "@data":
                    break
            lines = (line.strip() for line in file)
            found = self._checked(_split(line) for line in lines if line and line[0] != "%")
            while batch := list(itertools.islice(found, CHUNK)):
                columns = list(zip(*batch, strict=True))
                yield [self._values(j, columns[j]) for j in places]

    @contextlib.contextmanager
    def _open(self) -> Iterator[IO[str]]:
        try:
            with self.opener.reading(), open_text(self.opener, self._encoding) as file:
                yield file
        except UnicodeDecodeError as error:
            raise no_text(self.opener, self._encoding, error) from None
        except csv.Error as error:
            raise ValueError(f"{self.path} must be a table: {error}") from error

    def _checked(self, rows: Iterable[list[str]]) -> Iterator[list[str]]:
        """Yield the rows that are not empty; raise at one with too many or too few cells."""
        n_columns = len(self.columns)
        for number, row in enumerate(rows, 1):
            if len(row) == n_columns:
                yield row
            elif row:
                raise ValueError(
                    f"{self.path} must have {n_columns} cells in every row, has {len(row)} in "
                    f"number {number}: {','.join(row)[:80]}"
                )

    def _values(self, j: int, column: Sequence[str]) -> Values:
        name = self.columns[j]
        if self._numeric[name]:
            values = _as_numbers(column)
            if values is None:
                bad = next(cell for cell in column if _as_numbers([cell]) is None)
                raise ValueError(f"{self.path}: attribute {name!r} must be numeric, got {bad!r}")
            return values
        return [None if cell == "?" else cell for cell in column]


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


def _as_numbers(column: Sequence[str]) -> NDArray[np.float64] | None:
    """Return the numbers of a column of cells, or None if it holds anything else."""
    try:
        return np.array(column, np.float64)
    except ValueError:
        pass  # missing values, or text
    stripped = (cell.strip() for cell in column)
    try:
        return np.array([math.nan if c.lower() in _MISSING else float(c) for c in stripped])
    except ValueError:
        return None
