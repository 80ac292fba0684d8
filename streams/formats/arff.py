"""Attribute-relation files."""

import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from olearn.core.features import MAX_OWN_CODE
from olearn.streams._columns import Values
from olearn.streams.formats.base import (
    CHUNK,
    RawTable,
    as_numbers,
    checked,
    is_number,
    open_text,
)


class ArffTable(RawTable):
    """Attribute-relation files as Weka and MOA write them; no sparse rows, no dates.

    A nominal attribute whose categories are all whole numbers from 0 to 9,999 is read as numbers.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._numeric: list[bool] = []
        with open_text(path) as file:
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
        with open_text(self.path) as file:
            for line in file:
                if line.strip().lower() == "@data":
                    break
            lines = (line.strip() for line in file)
            rows = checked((_split(line) for line in lines if line and line[0] != "%"), self)
            while batch := list(itertools.islice(rows, CHUNK)):
                columns = zip(*batch, strict=True)
                yield [self._values(j, column) for j, column in enumerate(columns)]

    def _values(self, j: int, column: Sequence[str]) -> Values:
        name = self.columns[j]
        if self._numeric[j]:
            values = as_numbers(column)
            if values is None:
                bad = next(cell for cell in column if not is_number(cell) and cell != "?")
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
