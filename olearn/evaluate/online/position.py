"""How far a stream was read, and whether another one begins with the same rows."""

import itertools
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from olearn.streams.base import Block

_ROWS_AT_ONCE = 1000  # passed over

Row = tuple[dict[Any, Any], Any]


class Position:
    """How many rows of a stream were read, and checksums that tell them from others.

    Parameters
    ----------
    checked
        Whether to compute the checksums.

    Attributes
    ----------
    n
        Rows read.
    sums
        Checksums of their features and their labels, or of whole rows and nothing.

    """

    def __init__(self, checked: bool) -> None:
        self.n = 0
        self._checked = checked
        self.sums: tuple[int, ...] = (0, 0)

    def add_block(self, X: Any, y: Any) -> None:
        """Count rows of a block, in order."""
        if self._checked:
            self._add(X.tobytes(), np.asarray(y).tobytes())
        self.n += len(y)

    def add_rows(self, rows: list[Row]) -> None:
        """Count rows, in order."""
        if self._checked:
            self._add("".join(map(repr, rows)).encode())
        self.n += len(rows)

    def rest_of_blocks(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Yield what comes after the rows read; raise ValueError if those before are others."""
        before, n = Position(self._checked), self.n
        for X, y in blocks:
            k = min(n - before.n, len(y))
            if k:
                before.add_block(X[:k], y[:k])
                if before.n == n:
                    self._require_same(before)
            if k < len(y):
                yield X[k:], y[k:]
        if before.n < n:
            self._require_same(before)

    def rest_of_rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Return what comes after the rows read; raise ValueError if those before are others."""
        before, rest = Position(self._checked), iter(rows)
        while passed := list(itertools.islice(rest, min(_ROWS_AT_ONCE, self.n - before.n))):
            before.add_rows(passed)
        self._require_same(before)
        return rest

    def _add(self, *contents: bytes) -> None:
        sums = map(zlib.crc32, contents, self.sums)
        self.sums = (*sums, *self.sums[len(contents) :])

    def _require_same(self, before: "Position") -> None:
        if before.n < self.n:
            raise ValueError(
                f"stream must be that of the checkpoint, which has read {self.n:,} rows of it; "
                f"this one has {before.n:,}"
            )
        if before.sums != self.sums:
            raise ValueError(
                f"stream must be that of the checkpoint; its first {self.n:,} rows are others"
            )
