"""JSON lines: one object a line."""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from olearn.streams._columns import Coded, Values
from olearn.streams.formats.base import (
    CHUNK,
    NOMINAL,
    NUMBER,
    TIME,
    UNKNOWN,
    VERBATIM,
    RawTable,
    TextOptions,
)
from olearn.streams.formats.cells import Cells, no_time
from olearn.streams.formats.opening import Opener, no_text, open_text

_KINDS: dict[type, str] = {bool: "booleans", int: "numbers", float: "numbers", str: "text"}


class JsonLinesTable(RawTable):
    """Objects of numbers, text, truth values and nulls; a name that an object lacks is missing.

    The types are those of JSON: text is never read as a number. All rows tell names and kinds.
    """

    def __init__(self, opener: Opener, options: TextOptions, rows: int | None = None) -> None:
        super().__init__(opener, rows)
        options.refuse(opener, "JSON lines", ("encoding", "na_values"))
        self._encoding = options.encoding
        self._missing = frozenset(options.na_values)
        self._cells = Cells(options)
        found: dict[str, str] = {}
        texts: dict[str, list[str]] = {}
        for number, row in enumerate(self._rows()):
            for name, value in row.items():
                kind = self._kind(name, value, number)
                before = found.setdefault(name, kind) or kind
                if kind and before != kind:
                    raise ValueError(
                        f"{self.path}: column {name!r} must hold one type, has {before} and, in "
                        f"row {number} (from 0), {value!r}; drop it from the file or convert it"
                    )
                found[name] = before
                if kind == "text" and number < CHUNK:
                    texts.setdefault(name, []).append(value)
        self.columns = list(found)
        self.booleans = {name for name, kind in found.items() if kind == "booleans"}
        for name, kind in found.items():
            self.kinds[name] = {"numbers": NUMBER, "": UNKNOWN}.get(kind, NOMINAL)
            if name in texts and self._are_times(name, texts[name]):
                self.kinds[name] = TIME

    def pieces(self, kinds: Mapping[str, str]) -> Iterator[list[Values]]:
        rows, n_read = self._rows(), 0
        while batch := list(itertools.islice(rows, CHUNK)):
            columns = {name: [row.get(name) for row in batch] for name in kinds}
            yield [self._values(n, kind, columns[n], n_read) for n, kind in kinds.items()]
            n_read += len(batch)

    def _rows(self) -> Iterator[dict[str, Any]]:
        try:
            with self.opener.reading(), open_text(self.opener, self._encoding) as file:
                lines = (line for line in file if line.strip())
                for number, line in enumerate(itertools.islice(lines, self.rows)):
                    yield self._parsed(line, number)
        except UnicodeDecodeError as error:
            raise no_text(self.opener, self._encoding, error) from None

    def _parsed(self, line: str, number: int) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(
                f"{self.path} must hold one JSON object a line, row {number} (from 0) is none: "
                f"{error}"
            ) from None
        if not isinstance(row, dict):
            raise ValueError(
                f"{self.path} must hold one JSON object a line, row {number} (from 0) is "
                f"{line.strip()[:80]}"
            )
        return row

    def _kind(self, name: str, value: Any, number: int) -> str:
        """Return the word for the type of a value; empty for what is missing."""
        if value is None or (isinstance(value, str) and value in self._missing):
            return ""
        if type(value) not in _KINDS:
            raise ValueError(
                f"{self.path}: column {name!r} must hold numbers, text or truth values, got "
                f"{json.dumps(value)[:80]} in row {number} (from 0)"
            )
        return _KINDS[type(value)]

    def _are_times(self, name: str, texts: list[str]) -> bool:
        import pyarrow

        return self._cells.guess(pyarrow.array(texts), name).kind == TIME

    def _values(self, name: str, kind: str, values: list[Any], n_read: int) -> Values:
        known = [None if isinstance(v, str) and v in self._missing else v for v in values]
        if kind == TIME:
            return self._times(name, known, n_read)
        text = any(isinstance(v, str) for v in known)
        if kind == NUMBER and text:
            row = next(k for k, v in enumerate(known) if isinstance(v, str))
            raise ValueError(
                f"{self.path}: column {name!r} must hold numbers, got the text {known[row]!r} in "
                f"row {n_read + row} (from 0)"
            )
        if kind in (NOMINAL, VERBATIM) and not text and name not in self.booleans:
            place: dict[str, int] = {}
            codes = [-1 if v is None else place.setdefault(str(v), len(place)) for v in known]
            return Coded(list(place), np.array(codes, np.int64))  # exact, however large
        if text:
            return known
        return np.array([np.nan if v is None else float(v) for v in known])

    def _times(self, name: str, values: list[Any], n_read: int) -> Values:
        import pyarrow

        cells = ["" if value is None else str(value) for value in values]
        times, bad = self._cells.times(pyarrow.array(cells))
        if bad is not None:
            raise ValueError(f"{self.path}: {no_time(name, n_read + bad, cells[bad])}")
        return times
