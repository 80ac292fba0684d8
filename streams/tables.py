"""Real streams by name, found on this machine or downloaded."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.data_home import cache_folder, data_places
from olearn.core.validate import check_choice
from olearn.streams._table_facts import TABLES, Table
from olearn.streams.base import Block, Reader, Schema, Stream, column_names, read_slices

_CHUNK = 20_000  # rows hashed at a time


def load_table(name: str) -> "TableStream":
    """Return a real stream by its name.

    It is looked for in `$OLEARN_DATA`, then in the user's cache (`$XDG_CACHE_HOME/olearn`, by
    default `~/.cache/olearn`), and then downloaded into the cache where a public source is known
    (airlines, covtype, electricity, kdd99_10pct, luxembourg, phishing). What is found is checked:
    the sha256 of the prepared file or, for one that was converted from a download, of the
    features and labels in it. Of airlines no prepared file exists to compare with: the numbers of
    rows, columns and rows per class are checked.

    Parameters
    ----------
    name
        One of `olearn.streams.tables.TABLES`.

    Raises
    ------
    FileNotFoundError
        If the table is in none of the places; the message says how to provide it.
    ValueError
        If the name is unknown or a file has the wrong checksum or content.

    Notes
    -----
    0/1 indicator columns (covtype, phishing, spam) are nominal. Categories are coded by whole
    numbers, in dicts too.

    Examples
    --------
    >>> from olearn import streams
    >>> stream = streams.load("electricity")  # doctest: +SKIP
    >>> stream.n_samples, stream.schema.labels  # doctest: +SKIP
    (45312, ('DOWN', 'UP'))

    """
    check_choice("name", name, TABLES)
    return TableStream(TABLES[name])


class TableStream(Stream):
    """A real table on disk, loaded when it is first read.

    Parameters
    ----------
    table
        Its facts.

    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.path = find(table)
        with self.path.open("rb") as file, np.load(file) as arrays:
            named = tuple(arrays["feature_names"].tolist()) if table.named else ()
        names = named or column_names(table.shape[1])
        nominal = tuple(names[j] for j in table.nominal)
        super().__init__(
            Schema(names, nominal, table.labels), table.shape[0], table.drift_positions
        )
        self._rows: Rows | None = None

    def _open(self) -> Reader:
        rows = self._rows = self._rows or Rows(self.path)
        return read_slices(lambda part: rows.between(part.start, part.stop))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_rows": None}  # a copy or pickle reads the file again

    @property
    def desc(self) -> str:
        """What the table is about."""
        return self.table.title

    @property
    def _repr_content(self) -> dict[str, str]:
        return {**super()._repr_content, "Name": self.table.name}


class Rows:
    """The arrays of a prepared file, in the compact types in which they are stored."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file, np.load(file) as arrays:  # closed even if damaged
            self.y: NDArray[Any] = arrays["y"]
            if "X" in arrays:
                self._parts = [arrays["X"]]
                self._widths = [0]
            else:  # covtype: numbers, and two indicators stored as the column that is 1
                self._parts = [arrays["X_num"], arrays["wilderness"], arrays["soil"]]
                self._widths = [0, 4, 40]

    def __len__(self) -> int:
        return len(self.y)

    def between(self, start: int, end: int) -> Block:
        """Return the rows from `start` to before `end` as a block of its own."""
        parts = [
            np.eye(width)[part[start:end]] if width else part[start:end].astype(np.float64)
            for part, width in zip(self._parts, self._widths, strict=True)
        ]
        X = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        return X, self.y[start:end].astype(np.int64)

    def content(self) -> str:
        """Return the sha256 of X, row by row as float64, followed by y as int64."""
        digest = hashlib.sha256()
        for start in range(0, len(self), _CHUNK):
            digest.update(np.ascontiguousarray(self.between(start, start + _CHUNK)[0]).tobytes())
        digest.update(self.y.astype(np.int64).tobytes())
        return digest.hexdigest()


def find(table: Table) -> Path:
    """Return the checked file of a table, downloading it if need be."""
    places = data_places(table.file)
    for path in places:
        if path.is_file():
            check(table, path)
            return path
    looked = f"the table {table.name!r} is not here; looked for " + " and ".join(map(str, places))
    if table.download is None:
        raise FileNotFoundError(
            f"{looked}. It cannot be downloaded from here: get it from its source ({table.title}) "
            "and read it with olearn.streams.from_file, or put the prepared file, with sha256 "
            f"{table.sha256}, into one of these places (set OLEARN_DATA to use another folder)"
        )
    from olearn.streams._download import download

    try:
        return download(table, cache_folder() / table.file, check)
    except OSError as error:
        raise FileNotFoundError(
            f"{looked}, and the download from {table.download.url} failed ({error}). Put the "
            "file into one of these places (set OLEARN_DATA to use another folder), or fetch the "
            "original with a browser and read it with olearn.streams.from_file"
        ) from error


def check(table: Table, path: Path) -> None:
    """Raise ValueError unless a file holds the table."""
    if hashlib.sha256(path.read_bytes()).hexdigest() == table.sha256:
        return
    try:
        rows = Rows(path)
        X, _ = rows.between(0, 1)
    except (zipfile.BadZipFile, OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"{path} is damaged or not the table {table.name!r} ({error}); remove it"
        ) from error
    shape = (len(rows), X.shape[1])
    counts = tuple(np.bincount(rows.y, minlength=len(table.labels)).tolist())
    content = rows.content() if table.content else None
    for what, want, got in (
        ("shape", table.shape, shape),
        ("class counts", table.class_counts or counts, counts),
        ("content sha256", table.content, content),
    ):
        if want != got:
            raise ValueError(
                f"{path} is damaged or not the table {table.name!r}: its {what} must be {want}, "
                f"got {got}; remove it"
            )
