"""CSV, ARFF, Parquet and Arrow files as streams."""

import csv
import gzip
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from olearn.core.validate import suggestion
from olearn.streams._columns import Chunk, Plan, Values
from olearn.streams.base import Reader, Stream, read_chunks
from olearn.streams.formats.arff import ArffTable
from olearn.streams.formats.arrow import ArrowTable
from olearn.streams.formats.base import RawTable
from olearn.streams.formats.delimited import CsvTable

__all__ = ["from_file"]

_USUAL_TARGETS = ("class", "target", "label")

_FORMATS: dict[str, type[RawTable]] = {
    ".csv": CsvTable,
    ".csv.gz": CsvTable,
    ".arff": ArffTable,
    ".arff.gz": ArffTable,
    ".parquet": ArrowTable,
    ".feather": ArrowTable,
    ".arrow": ArrowTable,
}


def from_file(
    path: str | Path, target: str | None = None, *, nominal: Collection[str] = ()
) -> "FileStream":
    """Make a stream of a table in a file; the first row is the oldest.

    The file is read once at once, for the types, categories and labels, and again at every pass,
    in pieces: it need not fit into memory. Text and boolean columns are nominal. Missing are, in
    CSV, empty cells and `?`, `NA`, `NaN`, `null`, `None` in any case; in ARFF `?`; in Parquet and
    Arrow null and NaN. Labels are sorted, but for ARFF, which declares their order.

    Parameters
    ----------
    path
        `.csv`, `.arff` (both also `.gz`), `.parquet`, `.feather` or `.arrow`. CSV needs a header
        line; its delimiter, comma, semicolon or tab, is found there. ARFF must not be sparse.
    target
        Column of the class labels: whole numbers, text or booleans. `None` means the column named
        `class`, `target` or `label` (in any case), else the last one.
    nominal
        Names of nominal columns that hold numbers.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If pyarrow is needed, for Parquet and Arrow, and not installed.
    ValueError
        If the format or target is unknown, the file is empty or broken, or a label is missing.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from olearn import streams
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "trades.csv"
    >>> _ = path.write_text("price,side,class\\n1.5,buy,UP\\n?,sell,DOWN\\n2.5,buy,UP\\n")
    >>> stream = streams.from_file(path)
    >>> list(stream)[1]
    ({'price': nan, 'side': 'sell'}, 'DOWN')
    >>> X, y = next(stream.blocks())
    >>> X[:, 1], y
    (array([0., 1., 0.]), array([1, 0, 1]))
    >>> folder.cleanup()

    """
    return FileStream(Path(path), target, nominal)


def open_table(path: Path) -> RawTable:
    """Open a table in any of the formats; errors as `from_file`."""
    if path.is_dir():
        raise IsADirectoryError(f"path must be a file, got the folder {str(path)!r}")
    if not path.is_file():
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise FileNotFoundError(f"there is no file {str(path)!r}{suggestion(path.name, beside)}")
    suffix = _suffix(path)
    if suffix not in _FORMATS:
        raise ValueError(f"path must end in {', '.join(_FORMATS)}; got {path.name!r}")
    try:
        return _FORMATS[suffix](path)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be text in UTF-8: {error}") from error
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{path} must be compressed by gzip: {error}") from error
    except csv.Error as error:
        raise ValueError(f"{path} must be a table: {error}") from error


def is_table_path(name: str) -> bool:
    """Tell whether a name looks like the path of a file that `from_file` reads."""
    return _suffix(Path(name)) in _FORMATS or "/" in name or Path(name).is_file()


class FileStream(Stream):
    """A table in a file, read in pieces.

    Parameters
    ----------
    path
        The file; it must not change while the stream is used.
    target
        Column of the class labels; `None` as in `from_file`.
    nominal
        Names of nominal columns that hold numbers.

    """

    def __init__(self, path: Path, target: str | None, nominal: Collection[str]) -> None:
        table = open_table(path)
        self.path = path
        self.target = _target(table, target)
        self._source = _LabelledTable(table, self.target)
        self._plan = Plan(self._source, nominal)
        super().__init__(self._plan.schema, self._plan.n_samples)

    def _open(self) -> Reader:
        chunks = map(self._plan.encode, self._source.chunks())
        return read_chunks(chunks, self.schema.n_features)

    @property
    def desc(self) -> str:
        """Which file it is."""
        return f"Rows of {self.path.name}, with the labels in column {self.target!r}."


class _LabelledTable:
    """Splits a raw table into features and labels; an olearn.streams._columns.Source."""

    def __init__(self, table: RawTable, target: str) -> None:
        self._table = table
        self._target = table.columns.index(target)
        self._boolean = target in table.booleans
        self.names = tuple(name for name in table.columns if name != target)
        self.nominal = frozenset(table.nominal) - {target}
        self.labels: tuple[Any, ...] | None = table.declared.get(target)

    def chunks(self) -> Iterator[Chunk]:
        n_read = 0
        for piece in self._table.pieces():
            values = list(piece)
            labels = self._labels(values.pop(self._target), n_read)
            n_read += len(labels)
            yield values, labels
        if not n_read:
            raise ValueError(f"{self._table.path} must have at least one row of data, has none")

    def _labels(self, values: Values, n_read: int) -> list[Any]:
        listed: list[Any] = values if isinstance(values, list) else values.tolist()
        for row, label in enumerate(listed, n_read):
            if label is None or label != label:
                raise ValueError(f"{self._table.path} has no label in row {row} (from 0)")
            if isinstance(label, float) and not label.is_integer():
                raise ValueError(
                    f"target must be a column of class labels, got the real number {label!r} in "
                    f"row {row} of {self._table.columns[self._target]!r}; columns are "
                    f"{', '.join(map(repr, self._table.columns))}"
                )
        if isinstance(values, list):
            return listed
        return [bool(v) if self._boolean else int(v) for v in listed]


def _suffix(path: Path) -> str:
    suffixes = path.suffixes[-2:]
    return "".join(suffixes if suffixes[-1:] == [".gz"] else suffixes[-1:]).lower()


def _target(table: RawTable, target: str | None) -> str:
    if len(table.columns) < 2:
        raise ValueError(
            f"{table.path} must have a target and at least one more column, got {table.columns}"
        )
    if target is None:
        usual = [name for name in table.columns if name.lower() in _USUAL_TARGETS]
        return usual[-1] if usual else table.columns[-1]
    if target not in table.columns:
        listed = ", ".join(map(repr, table.columns))
        raise ValueError(
            f"target must be a column of {table.path.name}: {listed}; got {target!r}"
            f"{suggestion(target, table.columns)}"
        )
    return target
