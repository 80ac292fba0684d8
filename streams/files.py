"""CSV, ARFF, Parquet, Arrow and JSON lines files as streams."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from olearn.core.tasks import CLASSIFICATION, REGRESSION
from olearn.core.telling import few, tell
from olearn.core.validate import check_integer
from olearn.core.words import count
from olearn.streams._columns import ID_ROWS, MANY_CLASSES, Chunk, Plan, like_ids
from olearn.streams._labelled import ColumnOptions, LabelledTable
from olearn.streams.base import Block, Classes, Reader, Stream, read_chunks
from olearn.streams.formats.arff import ArffTable
from olearn.streams.formats.arrow import ArrowTable
from olearn.streams.formats.base import UNKNOWN, RawTable, TextOptions, as_tuple, text_options
from olearn.streams.formats.cells import is_number
from olearn.streams.formats.delimited import DelimitedTable
from olearn.streams.formats.json_lines import JsonLinesTable
from olearn.streams.formats.opening import STANDARD_INPUT, Opener

__all__ = ["from_file"]

_Format = type[DelimitedTable | ArffTable | ArrowTable | JsonLinesTable]
_FORMATS: dict[str, _Format] = {
    ".csv": DelimitedTable,
    ".tsv": DelimitedTable,
    ".tab": DelimitedTable,
    ".arff": ArffTable,
    ".parquet": ArrowTable,
    ".pq": ArrowTable,
    ".feather": ArrowTable,
    ".arrow": ArrowTable,
    ".jsonl": JsonLinesTable,
    ".ndjson": JsonLinesTable,
}


def from_file(
    path: str | Path,
    target: str | None = None,
    *,
    task: str = CLASSIFICATION,
    rows: int | None = None,
    target_text: bool = False,
    nominal: Collection[str] = (),
    numeric: Collection[str] = (),
    drop: Collection[str] = (),
    time: Collection[str] = (),
    inf: str = "raise",
    unlabelled: str = "raise",
    na_values: Collection[str] = (),
    keep_default_na: bool = True,
    sep: str | None = None,
    header: bool | None = None,
    names: Sequence[str] | None = None,
    comment: str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    encoding: str = "utf-8",
) -> "FileStream":
    """Make a stream of a table in a file; the first row is the oldest.

    The file is read once at once, for categories and labels, and again at every pass, in pieces:
    it need not fit into memory. Text and boolean columns are nominal; labels are sorted, but for
    ARFF, which declares their order.

    In delimited text the first 10,000 rows tell what a column holds. In a column of numbers the
    usual marks (empty, `?`, `-`, `.`, `NA`, `N/A`, `nil`, `missing`, `#DIV/0!` and their like, in
    any case) are missing and any other text raises; in a column of text only empty cells and the
    words for "not available" are (`?`, `NA`, `N/A`, `NaN`, `null`, `None`). Numbers written as
    codes (a leading zero, 17 digits) are text. What was guessed and may surprise is a
    `UserWarning`. ARFF is read as Weka does, sparse rows too: a bare `?` is missing, what a sparse
    row leaves out is 0 or the first declared value. In Parquet and Arrow null and NaN are missing,
    durations and times of day are seconds. Dates of all three are times.

    Parameters
    ----------
    path
        Delimited text, ARFF, JSON lines, Parquet, Feather or Arrow; `.gz`, `.bz2`, `.zst` or a
        `.zip` with one file are unpacked. The ending tells the format, where it is none of these
        the content does. `-` is standard input.
    target
        Column of what is to be predicted: class labels (whole numbers, text or booleans) or, for
        `task="regression"`, numbers. `None` means the column named
        `class`, `target` or `label` (in any case), else the last one, or none for `task="anomaly"`.
    task
        What the target is for: `"classification"`, `"regression"`, which reads numbers, or
        `"anomaly"`: class labels where there is a column of that name, else rows have no target.
    rows
        Read only so many rows, at least 1; labels and categories are those of these rows. `None`
        means all.
    target_text
        Take labels as the text that they are: `01` and `1` differ, `None` and `NA` are labels.
    nominal
        Names of nominal columns that hold numbers, codes or times.
    numeric
        Names of columns of numbers that look like codes or text.
    drop
        Names of columns to leave out.
    time
        Names of columns of times to read; each gives the features `NAME.month` (1 to 12),
        `NAME.weekday` (Monday is 0) and `NAME.hour` (0 to 24, with its fraction). Other columns
        of times are left out.
    inf
        What infinite cells do: `"raise"`, or `"missing"`.
    unlabelled
        What rows without a label do: `"raise"`, or `"drop"`, which leaves them out.
    na_values
        More cells that are missing, written exactly so.
    keep_default_na
        Whether the usual marks are missing too; False leaves `na_values` and empty cells.
    sep
        What separates the cells of text, one character; a blank stands for any run of blanks.
        `None` finds it.
    header
        Whether the first line holds the names of the columns. `None` takes it for names, but
        raises where it looks like data.
    names
        Names of all columns, where the first line has none (or, with `header=True`, instead).
    comment
        A character: what follows it on a line is left out.
    decimal
        The decimal point of numbers, such as `","`.
    thousands
        What separates groups of three digits, such as `","`.
    encoding
        Of the text, as Python names it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the format or a column is unknown, the file is empty or broken, a cell does not fit its
        column, or a label is missing.

    Warns
    -----
    UserWarning
        If columns or rows were left out, codes or mixed columns taken as text, a column is like an
        id, or the target has more than a hundred different numbers.

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
    text = text_options(
        sep=sep,
        header=header,
        names=names,
        comment=comment,
        decimal=decimal,
        thousands=thousands,
        encoding=encoding,
        na_values=na_values,
        keep_default_na=keep_default_na,
    )
    columns = ColumnOptions(
        target,
        task,
        target_text,
        as_tuple(nominal),
        as_tuple(numeric),
        as_tuple(drop),
        as_tuple(time),
        inf,
        unlabelled,
    )
    stream = FileStream(path, columns, text, rows)
    for note in stream.notes:
        tell(note)
    return stream


def open_table(
    path: str | Path, text: TextOptions | None = None, rows: int | None = None
) -> RawTable:
    """Open a table in any of the formats; errors as `from_file`."""
    if rows is not None:
        check_integer("rows", rows, 1)
    opener = Opener(path)
    return _format(opener)(opener, text or TextOptions(), rows)


def is_table_path(name: str) -> bool:
    """Tell whether a name looks like the path of a file that `from_file` reads."""
    path = Path(name)
    known = any(suffix.lower() in _FORMATS for suffix in path.suffixes)
    return known or name == STANDARD_INPUT or "/" in name or path.is_file()


class FileStream(Stream):
    """A table in a file, read in pieces.

    Parameters
    ----------
    path
        The file; it must not change while the stream is used.
    columns, text, rows
        How to read it, as in `from_file`.

    """

    def __init__(
        self,
        path: str | Path,
        columns: ColumnOptions,
        text: TextOptions,
        rows: int | None = None,
    ) -> None:
        table = open_table(path, text, rows)
        self.path = table.path
        self.title = table.path.name
        self._source = LabelledTable(table, columns)
        self.target = self._source.target
        nominal = set(columns.nominal) & set(self._source.names)
        numeric = columns.task == REGRESSION or self.target is None
        self._plan = Plan(self._source, nominal, numeric=numeric)
        schema = self._plan.schema
        if self.target is None:
            schema = replace(schema, target=None)
        super().__init__(schema, self._plan.n_samples)
        self.notes = [*self._source.notes(), *self._late_notes(), *self._doubtful(columns)]

    def _open(self) -> Reader:
        return read_chunks(map(self._encode, self._source.chunks()), self.schema.n_features)

    def _encode(self, chunk: Chunk) -> Block:
        X, y = self._plan.encode(chunk)
        return X, y if self.target is not None else np.full(len(y), np.nan)

    @property
    def desc(self) -> str:
        """Which file it is."""
        if self.target is None:
            return f"Rows of {self.path.name}, without a target."
        return f"Rows of {self.path.name}, with the target in column {self.target!r}."

    def facts(self) -> list[str]:
        """Return what was read, a line a column: kind, missing cells, categories."""
        table = self._source.table
        looked = "" if table.n_looked_at is None else f"; kinds by the first {table.n_looked_at:,}"
        about = f"; {table.about}" if table.about else ""
        lines = [f"{self.path.name}: {count(self._plan.n_samples, 'row')}{looked}{about}"]
        what = "numbers"
        if isinstance(self.schema.target, Classes):
            n_classes = count(self.schema.n_classes, "class", "classes")
            what = f"{n_classes}: {few(self.schema.labels, 8, str)}"
        if self.target is not None:
            lines.append(f"  {self.target} (target): {what}")
        for column in self._plan.columns:
            words = ["nominal" if column.nominal else "number"]
            if column.name in self.schema.categories:
                n = len(self.schema.categories[column.name])
                words.append(count(n, "category", "categories"))
            if column.n_missing:
                words.append(f"{column.n_missing:,} missing")
            lines.append(f"  {column.name}: {', '.join(words)}")
        return lines

    def _late_notes(self) -> list[str]:
        """Judge the columns of which the first rows told nothing."""
        notes = []
        for column in self._plan.columns:
            if self._source.kinds.get(column.name) == UNKNOWN and column.categories:
                guess = self._source.table.late_guess(column.name, column.categories)
                if guess is not None and guess.doubt:
                    raise ValueError(f"{self.path}: {guess.doubt}")
                if guess is not None and guess.note:
                    notes.append(guess.note)
        return notes

    def _doubtful(self, columns: ColumnOptions) -> list[str]:
        """Return what was read as it stands but is hardly meant so."""
        notes = []
        if dropped := self._source.n_unlabelled:
            notes.append(
                f"{count(dropped, 'row')} without {self._source.a_target} in column "
                f"{self.target!r} left out"
            )
        for name, how in like_ids(self._plan, columns.nominal):
            notes.append(f"{how}; drop=[{name!r}] leaves it out")
        return [*notes, *self._doubtful_labels(columns)]

    def _doubtful_labels(self, columns: ColumnOptions) -> list[str]:
        notes = []
        labels = self.schema.labels if isinstance(self.schema.target, Classes) else ()
        kinds = {is_number(label): label for label in labels if isinstance(label, str)}
        guessed = self._source.table.n_looked_at is not None and not columns.target_text
        if guessed and len(kinds) == 2:
            notes.append(
                f"the target {self.target!r} holds numbers such as {kinds[True]!r} and text such "
                f"as {kinds[False]!r}, all taken as text; target_text=True says that they are"
            )
        if not columns.target_text:
            notes += self._odd_words(labels)
        numbers = [label for label in labels if type(label) is int]
        if len(numbers) > MANY_CLASSES:
            notes.append(
                f"the target {self.target!r} has {len(numbers):,} different numbers in "
                f"{self._plan.n_samples:,} rows, each a class of its own; target= names another "
                "column, target_text=True says that they are classes, task='regression' takes "
                "measurements, for learners of numbers"
            )
        return notes

    def _odd_words(self, labels: Sequence[Any]) -> list[str]:
        """Say of labels in words what is hardly meant so: ids, and one word in two ways."""
        words = [label for label in labels if isinstance(label, str)]
        n = self._plan.n_samples
        if n >= ID_ROWS and 2 * len(words) > n:
            return [
                f"the target {self.target!r} is like an id, with {len(words):,} labels in {n:,} "
                "rows; target= names another column, target_text=True says that they are classes"
            ]
        first: dict[str, str] = {}
        for word in words:
            other = first.setdefault(word.casefold(), word)
            if other != word:
                return [
                    f"the target {self.target!r} has the labels {other!r} and {word!r}, two "
                    "classes; target_text=True says that they are"
                ]
        return []


def _format(opener: Opener) -> _Format:
    """Return the reader for a file: by the ending of its name, else by what is in it."""
    if opener.ending in _FORMATS:
        return _FORMATS[opener.ending]
    head = opener.head(4096)
    if head.startswith((b"PAR1", b"ARROW1")):
        return ArrowTable
    text = head.decode("latin-1").replace("\0", "")  # UTF-16 has zeros
    start = text.lstrip("\ufeffÿþï»¿ \t\r\n")
    kind = ""
    if re.search(r"(?im)^\s*@problemname\b", text):
        kind = "a .ts file of time series"
    elif re.search(r"(?im)^\s*@(relation|attribute)\b", text):
        return ArffTable
    elif re.match(r"\S+([ \t]+\d+:[^\s:]+)+[ \t]*\r?$", start.partition("\n")[0]):
        kind = "of the sparse form of libsvm"
    elif re.match(r"\{\s*\"", start):
        return JsonLinesTable
    elif start.startswith("["):
        kind = "a JSON array: write one object a line"
    elif b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        kind = "no text"
    if kind:
        raise ValueError(
            "path must be delimited text, ARFF, JSON lines, Parquet, Feather or Arrow; "
            f"{opener.path} is {kind}"
        )
    return DelimitedTable
