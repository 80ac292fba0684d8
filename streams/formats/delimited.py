"""Comma-separated values and their like."""

import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from olearn.streams._columns import Values
from olearn.streams.formats.base import (
    CHUNK,
    RawTable,
    as_numbers,
    as_text,
    checked,
    is_number,
    open_text,
)


class CsvTable(RawTable):
    """Comma-separated values with a header line."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with open_text(path) as file:
            header = next((line for line in file if line.strip()), None)
        if header is None:
            raise ValueError(f"{path} must have a header line, is empty")
        self._delimiter = max(",;\t", key=header.count)
        self.columns = [c.strip() for c in next(csv.reader([header], delimiter=self._delimiter))]
        if all(is_number(cell) for cell in self.columns):
            raise ValueError(f"{path} must have a header line, its first line is {header.strip()}")
        self._check_columns()
        self._numeric = [True] * len(self.columns)
        for cells in self._cells():
            for j, column in enumerate(cells):
                self._numeric[j] = self._numeric[j] and as_numbers(column) is not None

    def pieces(self) -> Iterator[Sequence[Values]]:
        for cells in self._cells():
            yield [
                cast("NDArray[np.float64]", as_numbers(column)) if numeric else as_text(column)
                for numeric, column in zip(self._numeric, cells, strict=True)
            ]

    def _cells(self) -> Iterator[list[tuple[str, ...]]]:
        with open_text(self.path) as file:
            rows = checked(csv.reader(file, delimiter=self._delimiter), self)
            next(rows)
            while batch := list(itertools.islice(rows, CHUNK)):
                yield list(zip(*batch, strict=True))
