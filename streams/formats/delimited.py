"""Delimited text: comma-separated values and their like."""

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.streams._columns import Values
from olearn.streams.formats import cells as meaning
from olearn.streams.formats.base import (
    CHUNK,
    NUMBER,
    TIME,
    UNKNOWN,
    VERBATIM,
    Guess,
    RawTable,
    TextOptions,
)
from olearn.streams.formats.dialect import BLANKS, clean_lines, sniff
from olearn.streams.formats.opening import Opener, no_text, open_text, text_encoding

_HEAD = 1 << 18  # bytes that tell the dialect
_BLOCK = 1 << 20  # bytes parsed at a time
_COUNTED_NAMES = 4  # so many first cells 0, 1, 2, ... are names, fewer may be data
_COUNTED = 100  # rows that tell whether a column counts them
_ID_NAME = re.compile(r"(?i:^(id|index|row|no|nr|number|#)$|[_ .-]id$|^row)|[a-z]I[dD]$")
TEXT = "text"  # as it stands, missing or not
_INDEX_NAMES = ("", "Unnamed: 0")  # of the column of row numbers that a data frame leaves


class DelimitedTable(RawTable):
    """Rows of cells between separators; Arrow parses them, what they mean is decided here.

    The kinds of the columns are told from the first rows, up to 10,000 of them.
    """

    def __init__(self, opener: Opener, options: TextOptions, rows: int | None = None) -> None:
        super().__init__(opener, rows)
        self._options = options
        self._encoding = text_encoding(options.encoding)
        self._cells = meaning.Cells(options)
        self._quotes: bool | None = None
        self._signs: dict[str, str] = {}  # beside the numbers of a column, which Arrow cannot read
        with opener.reading():
            self._find_layout()
            self._check_columns(
                "; names=[...] gives other names, with header=True in the place of these; "
                "header=False reads the first line as a row of data"
            )
            self._guess()

    def _find_layout(self) -> None:
        # before the separator is known, blanks stay as they are
        head = self._head()
        longest = max(map(len, head.split("\n")), default=0)
        self._block = max(_BLOCK, 4 * longest)  # a row may not be longer than a block
        dialect = sniff(head, self._options, self.path)
        self._sep = dialect.sep
        self._first_line = dialect.first_line
        if self._sep == BLANKS:  # the rewritten text has other positions
            shown = head[: dialect.skipped].splitlines(keepends=True)
            cleaned = "".join(clean_lines(io.StringIO("".join(shown)), BLANKS, None))
            self._skipped = len(cleaned.encode())
        else:
            self._skipped = len(head[: dialect.skipped].encode())
        names = dialect.names
        self.columns = [name or f"Unnamed: {j}" for j, name in enumerate(names)]
        self._unnamed = {self.columns[j] for j, name in enumerate(names) if not name}
        shown_sep = {"\t": "tabs", BLANKS: "blanks"}.get(self._sep, repr(self._sep))
        self.about = "; ".join(filter(None, (f"separated by {shown_sep}", dialect.remark)))

    def _head(self) -> str:
        """Return the first lines of the text, whole, at least two if there are as many."""
        try:
            with self._bytes(None) as file:
                head = bytes(file.read(_HEAD))
                while more := bytes(file.read(_HEAD)) if head.count(b"\n") < 2 else b"":
                    head += more
            if len(head) >= _HEAD:
                head = head[: head.rfind(b"\n") + 1] or head
            return head.decode("utf-8")
        except UnicodeDecodeError as error:
            raise no_text(self.opener, self._options.encoding, error) from None

    def _bytes(self, sep: str | None) -> Any:
        """Open the text as bytes in UTF-8, without comments and runs of blanks."""
        plain = self._encoding == "utf-8-sig"
        if plain and sep != BLANKS and self._options.comment is None:
            return _without_mark(self.opener.open)
        text = open_text(self.opener, self._options.encoding)
        return io.BufferedReader(_Lines(clean_lines(text, sep, self._options.comment)), _BLOCK)

    def _guess(self) -> None:
        kinds = dict.fromkeys(self.columns, TEXT)
        wanted = CHUNK if self.rows is None else min(CHUNK, self.rows)
        batch = next(self._batches(kinds, wanted, floats=False), None)
        self.n_looked_at = 0 if batch is None else batch.num_rows
        columns = {} if batch is None else dict(zip(self.columns, batch.columns, strict=True))
        guesses = {name: self._cells.guess(column, name) for name, column in columns.items()}
        for name, guess in guesses.items():
            self.kinds[name] = guess.kind
            if guess.sign:
                self._signs[name] = guess.sign
            if guess.doubt:
                self.doubts[name] = f"{self.path}: {guess.doubt}"
            if guess.note:
                self.notes[name] = guess.note
            elif (
                guess.kind == NUMBER and not guess.doubt and self._counts_rows(name, columns[name])
            ):
                self.notes[name] = (
                    f"column {name!r} counts the rows; drop=[{name!r}] leaves it out, "
                    f"numeric=[{name!r}] keeps it"
                )
            if name in self._unnamed and guess.kind == UNKNOWN:
                self.set_aside[name] = "it has no name and no values"
        first = self.columns[0]
        if first in self._unnamed or first in _INDEX_NAMES:
            self.set_aside[first] = "it has no name, as the row numbers of a data frame"
        self._check_first_line(guesses, columns)

    def _counts_rows(self, name: str, cells: Any) -> bool:
        """Tell whether a column is called an id and goes up by one in every row."""
        if len(cells) < _COUNTED or not _ID_NAME.search(name):
            return False
        numbers, _ = self._cells.numbers(cells)
        return bool((np.diff(numbers) == 1).all())

    def _check_first_line(self, guesses: Mapping[str, Any], columns: Mapping[str, Any]) -> None:
        """Refuse a first line of names that looks like data, and names that look like a line."""
        options = self._options
        if options.header is not None:
            return
        if options.names is not None:
            self._check_names(guesses, columns)
            return
        line = self._first_line
        numbers = [meaning.is_number(cell) for cell in line]
        if sum(numbers) >= _COUNTED_NAMES and _count_up(line):
            return
        known = [guesses.get(name) for name in self.columns[-len(line) :]]
        among = any(
            hit and guess is not None and guess.kind == NUMBER
            for hit, guess in zip(numbers, known, strict=True)
        )
        again = sum(
            cell in columns[name].to_pylist()
            for cell, name in zip(line, self.columns[-len(line) :], strict=True)
            if cell and name in columns
        )
        if all(numbers) or among or 2 * again >= len(line):
            shown = self._sep.join(line)[:80]
            raise ValueError(
                f"{self.path} must have a header line, its first line is {shown} and looks like "
                "data: header=False reads it as a row, names=[...] also names the columns, "
                "header=True takes it for names"
            )

    def _check_names(self, guesses: Mapping[str, Any], columns: Mapping[str, Any]) -> None:
        for name, column in columns.items():
            rest = self._cells.guess(column[1:], name) if len(column) > 1 else guesses[name]
            if rest.kind == NUMBER and not rest.doubt and guesses[name] != rest:
                raise ValueError(
                    f"the first line of {self.path} looks like a header, with "
                    f"{column[0].as_py()!r} above numbers: header=True puts names in its place, "
                    "header=False reads it as a row"
                )

    def pieces(self, kinds: Mapping[str, str]) -> Iterator[list[Values]]:
        import pyarrow

        n_read = 0
        floats = self._cells.plain and not any(
            kind == NUMBER and name in self._signs for name, kind in kinds.items()
        )
        with self.opener.reading():
            try:
                for batch in self._batches(kinds, self.rows, floats=floats):
                    yield self._values(batch, kinds, n_read)
                    n_read += batch.num_rows
                return
            except pyarrow.ArrowInvalid:
                if not floats:
                    raise
            # a cell that Arrow takes for no number: decided by our own rule, from there on
            done = 0
            for batch in self._batches(kinds, self.rows, floats=False):
                done += batch.num_rows
                if done > n_read:
                    new = batch.slice(max(0, n_read - (done - batch.num_rows)))
                    yield self._values(new, kinds, done - new.num_rows)

    def _values(self, batch: Any, kinds: Mapping[str, str], row: int) -> list[Values]:
        import pyarrow

        found: list[Values] = []
        for (name, kind), column in zip(kinds.items(), batch.columns, strict=True):
            if pyarrow.types.is_dictionary(column.type):
                found.append(self._cells.text(column, verbatim=kind == VERBATIM))
            elif pyarrow.types.is_floating(column.type):
                found.append(column.to_numpy(zero_copy_only=False))
            else:
                found.append(self._converted(column, name, kind, row))
        return found

    def _converted(self, column: Any, name: str, kind: str, row: int) -> NDArray[Any]:
        sign = self._signs.get(name, "")
        values: NDArray[Any]
        if kind == TIME:
            values, bad = self._cells.times(column)
        else:
            values, bad = self._cells.numbers(column, sign)
        if bad is None:
            return values
        cell = column[bad].as_py().strip()
        if kind == TIME:
            wrong = meaning.no_time(name, row + bad, cell)
        else:
            what = f"numbers with {sign!r}" if sign else "numbers"
            wrong = meaning.no_number(name, row + bad, cell, what)
        raise ValueError(f"{self.path}: {wrong}")

    def _batches(
        self, kinds: Mapping[str, str], rows: int | None, *, floats: bool
    ) -> Iterator[Any]:
        """Yield Arrow batches of some columns: text as dictionaries, numbers as such or as text.

        Raises `pyarrow.ArrowInvalid` at what is no number, ValueError at what is no table.
        """
        import pyarrow

        left = rows
        wrong_rows: list[str] = []
        with self._bytes(self._sep) as file:
            file.read(self._skipped)
            try:
                for batch in self._open_csv(file, kinds, rows, wrong_rows, floats=floats):
                    kept = batch if left is None else batch[:left]
                    if kept.num_rows:
                        yield kept
                    if left is not None:
                        left -= kept.num_rows
                        if not left:
                            return
            except pyarrow.ArrowInvalid as error:
                if wrong_rows:
                    raise ValueError(wrong_rows[0]) from None
                if "UTF8" in str(error):
                    raise no_text(self.opener, self._options.encoding, None) from None
                if floats and "conversion error" in str(error):
                    raise
                if "Empty CSV file" not in str(error):
                    raise ValueError(f"{self.path} must be a table: {error}") from None
            except UnicodeDecodeError as error:
                raise no_text(self.opener, self._options.encoding, error) from None

    def _open_csv(
        self,
        file: Any,
        kinds: Mapping[str, str],
        rows: int | None,
        wrong_rows: list[str],
        *,
        floats: bool,
    ) -> Any:
        import pyarrow
        from pyarrow import csv as arrow_csv

        text = pyarrow.string()
        by_kind = {NUMBER: pyarrow.float64() if floats else text, TIME: text, TEXT: text}
        words = pyarrow.dictionary(pyarrow.int32(), text)
        place = {name: str(j) for j, name in enumerate(self.columns)}

        def refuse(row: Any) -> str:
            if rows is not None and row.number > rows:
                return "skip"
            wrong_rows.append(
                f"{self.path} must have {row.expected_columns} cells in every row, has "
                f"{row.actual_columns} in row {row.number - 1} (from 0): {row.text[:80]}"
            )
            return "error"

        return arrow_csv.open_csv(
            file,
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=self._block, column_names=list(place.values())
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter="\t" if self._sep == BLANKS else self._sep,
                newlines_in_values=rows is not None or self._has_quotes(),
                invalid_row_handler=refuse,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={
                    place[name]: by_kind.get(kind, words) for name, kind in kinds.items()
                },
                include_columns=[place[name] for name in kinds],
                null_values=self._cells.markers() if floats else [],
                strings_can_be_null=False,
                decimal_point=self._options.decimal,
            ),
        )

    def _has_quotes(self) -> bool:
        """Tell whether cells may be quoted, and so hold line ends, which makes parsing slower."""
        if self._quotes is None:
            self._quotes = True
            if self.opener.is_plain and self._encoding == "utf-8-sig":
                with self.path.open("rb", buffering=0) as file:
                    n = sum(block.count(b'"') for block in iter(lambda: file.read(_BLOCK), b""))
                self._quotes = n > 0
                if n % 2:
                    self._check_last_quote()
        return self._quotes

    def _check_last_quote(self) -> None:
        """Refuse a quote that is never closed: all that follows would be one cell."""
        delimiter = "\t" if self._sep == BLANKS else self._sep
        with io.TextIOWrapper(self._bytes(self._sep), "utf-8", newline="") as file:
            rows, line = csv.reader(file, delimiter=delimiter, strict=True), 0
            try:
                for _ in rows:
                    line = rows.line_num
            except csv.Error as error:
                if "unexpected end" in str(error):
                    raise ValueError(
                        f"{self.path} has a quote in line {line + 1} that is never closed"
                    ) from None

    def late_guess(self, column: str, texts: Iterable[str]) -> Guess | None:
        import pyarrow

        guess = self._cells.guess(pyarrow.array(list(texts), pyarrow.string()), column)
        if not guess.sign:
            return guess
        # the first rows told nothing, so the numbers were read as text
        return Guess(
            NUMBER,
            doubt=f"column {column!r} holds {next(iter(texts))!r} after {self.n_looked_at:,} rows "
            f"without a value; nominal=[{column!r}] takes the column as text, "
            f"drop=[{column!r}] leaves it out",
        )

    def cell(self, column: str, row: int) -> str | None:
        done = 0
        for batch in self._batches({column: TEXT}, row + 1, floats=False):
            done += batch.num_rows
            if done > row:
                return str(batch.columns[0][row - done].as_py())
        return None


def _count_up(cells: list[str]) -> bool:
    """Tell whether the numbers among cells are 0, 1, 2, ..., the names of columns of an array."""
    numbers = [cell for cell in cells if meaning.is_number(cell)]
    return numbers == [str(j) for j in range(len(numbers))]


class _Lines(io.RawIOBase):
    """Bytes in UTF-8 of an iterator of lines."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while len(self._rest) < len(buffer):
            some = list(itertools.islice(self._lines, 1000))
            if not some:
                break
            self._rest += "".join(some).encode()
        data, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def _without_mark(opened: Callable[[], Any]) -> Any:
    """Open bytes behind the byte order mark of UTF-8, if there is one."""
    with opened() as file:
        marked = bytes(file.read(3)) == b"\xef\xbb\xbf"
    file = opened()
    if marked:
        file.read(3)
    return file
