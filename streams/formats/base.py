"""What every format of tables offers, and what those of text share."""

import abc
import gzip
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from olearn.streams._columns import Values

CHUNK = 10_000  # rows turned into columns at a time
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


def open_text(path: Path) -> IO[str]:
    if path.suffix.lower() == ".gz":
        return cast("IO[str]", gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


def checked(rows: Iterable[list[str]], table: RawTable) -> Iterator[list[str]]:
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


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def as_text(column: Sequence[str]) -> list[str | None]:
    stripped = (cell.strip() for cell in column)
    return [None if cell.lower() in _MISSING else cell for cell in stripped]


def as_numbers(column: Sequence[str]) -> NDArray[np.float64] | None:
    """Return the numbers of a column of cells, or None if it holds anything else."""
    try:
        return np.array(column, np.float64)
    except ValueError:
        pass  # missing values, or text
    try:
        return np.array([math.nan if v is None else float(v) for v in as_text(column)])
    except ValueError:
        return None
