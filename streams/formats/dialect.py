"""How a text table is laid out: separator, comments, names of columns, where the rows begin."""

import csv
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from olearn.streams.base import column_names
from olearn.streams.formats.base import TextOptions

BLANKS = " "  # as a separator: any run of blanks

_LOOKED_AT = 20  # records whose numbers of cells tell the separator
_SEPARATORS = (",", ";", "\t", "|")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*\Z')


@dataclass(frozen=True)
class Dialect:
    """What the first lines of a text tell.

    Parameters
    ----------
    sep
        One character; a blank stands for any run of blanks.
    names
        Names of the columns, all of them; an unnamed one is `""`.
    first_line
        The cells that the names were taken from; empty where they come from elsewhere.
    skipped
        Characters before the first row of data.
    remark
        What was found beside the usual, for the user; may be empty.

    """

    sep: str
    names: list[str]
    first_line: list[str]
    skipped: int
    remark: str = ""


def sniff(text: str, options: TextOptions, path: Any) -> Dialect:
    """Tell the dialect of a table from its first lines, which are whole.

    Raises
    ------
    ValueError
        If there is no line, or names and lines do not fit.

    """
    position, sep, remark = _preamble(text, options)
    if not text[position:].strip():
        raise ValueError(f"{path} must have a header line, is empty")
    sep = sep or _separator(text[position:])
    records = list(itertools.islice(_records(text[position:], sep), _LOOKED_AT + 1))
    if not records:  # the csv module's limit
        raise ValueError(
            f"{path} must be a table, its first line has a cell of over 131,072 letters"
        )
    first, end = records[0]
    if options.header is False or (options.names is not None and not options.header):
        width = max(len(first), len(options.names or ()))
        return Dialect(sep, _given_names(options, width, path), [], position, remark)
    if first[0].startswith("#") and options.comment is None:
        first = [first[0].lstrip("# "), *first[1:]]
    names = _fitted(first, [cells for cells, _ in records[1:]])
    if options.names is not None:
        names = _given_names(options, len(names), path)
    return Dialect(sep, names, first, position + end, remark)


def clean_lines(file: IO[str], sep: str | None, comment: str | None) -> Iterator[str]:
    """Yield the lines of a text without comments, and with tabs for runs of blanks."""
    for line in file:
        if comment is not None and comment in line:
            line = _without_comment(line, comment)
        if sep == BLANKS and line.strip():
            cells = next(csv.reader([line.strip()], delimiter=" ", skipinitialspace=True))
            if "\t" in line:
                cells = [part for cell in cells for part in cell.split("\t") if part]
            line = "\t".join(_quoted(cell) for cell in cells) + "\n"
        yield line


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if '"' in cell or "\t" in cell else cell


def _without_comment(line: str, comment: str) -> str:
    quoted = False
    for k, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character == comment and not quoted:
            return line[:k].rstrip() + "\n" if line[:k].strip() else ""
    return line


def _preamble(text: str, options: TextOptions) -> tuple[int, str | None, str]:
    """Skip what stands before the table: blank lines, `sep=;`, and `#` lines of other content."""
    sep, remark, position = options.sep, "", 0
    lines = list(_lines(text))
    for k, line in enumerate(lines):
        match = _SEPARATOR_LINE.match(line)
        if match and sep is None and not remark:
            sep = match[1]
        elif line.startswith("#") and options.comment is None and not _names_in(lines[k:], sep):
            remark = "lines with # at the top were skipped"
        elif line.strip():
            break
        position += len(line)
    return position, sep, remark


def _lines(text: str) -> io.StringIO:
    """Return the lines of a text with their ends, which are those of files only."""
    return io.StringIO(text, newline="")


def _names_in(lines: list[str], sep: str | None) -> bool:
    """Tell whether a line with `#` at its start has as many cells as the one that follows it."""
    after = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    head = lines[0].lstrip("# ")
    used = sep or _separator(after)
    widths = [len(cells) for text in (head, after) for cells, _ in _records(text, used)]
    return len(widths) > 1 and widths[0] == widths[1] and widths[0] > 1


def _separator(text: str) -> str:
    """Choose what separates: it gives the same number of cells in all lines, or is frequent."""
    found = {}
    for sep in (*_SEPARATORS, BLANKS):
        widths = [len(cells) for cells, _ in itertools.islice(_records(text, sep), _LOOKED_AT)]
        fits = (
            min(widths, default=0) > 1
            and len(set(widths[1:])) <= 1
            and widths[1:][:1]
            in (
                [],
                [widths[0]],
                [widths[0] + 1],  # the first column has no name
            )
        )
        if fits:
            found[sep] = widths[0]
    if ";" in found and not re.search(r"(?<!\d),|,(?!\d)", text):
        return ";"  # all commas stand between digits
    marks = [sep for sep in found if sep != BLANKS]
    if marks:
        return max(marks, key=lambda sep: found[sep])
    if found:
        return BLANKS
    header = text.lstrip("\r\n").partition("\n")[0]
    best = max(_SEPARATORS, key=header.count)
    return best if best in header or len(header.split()) < 2 else BLANKS


def _records(text: str, sep: str) -> Iterator[tuple[list[str], int]]:
    """Yield the cells of each record that is not empty, and where the text goes on behind it."""
    position = 0

    def lines() -> Iterator[str]:
        nonlocal position
        for line in _lines(text):
            position += len(line)
            if sep == BLANKS:
                line = line.strip().replace("\t", " ") + "\n"
            yield line

    rows = csv.reader(lines(), delimiter=sep, skipinitialspace=sep == BLANKS)
    while True:
        try:
            cells = next(rows)
        except (StopIteration, csv.Error):
            return
        if cells:
            yield [cell.strip() for cell in cells], position


def _fitted(first: list[str], rows: list[list[str]]) -> list[str]:
    """Return as many names as the rows have cells, where the first line has one less."""
    wider = bool(rows) and all(len(row) == len(first) + 1 for row in rows)
    if not wider:
        return first
    return [*first, ""] if all(not row[-1] for row in rows) else ["", *first]


def _given_names(options: TextOptions, width: int, path: Any) -> list[str]:
    if options.names is None:
        return list(column_names(width))
    if len(options.names) != width:
        raise ValueError(
            f"names must be {width}, one a column of {path}, got {len(options.names)}: "
            f"{', '.join(map(repr, options.names))}"
        )
    return list(options.names)
