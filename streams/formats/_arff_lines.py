"""Lines of attribute-relation files, split as Weka does."""

import re
from dataclasses import dataclass

_QUOTED = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\""
_TOKEN = re.compile(rf"({_QUOTED})|([{{}}])|%.*|([^\s,{{}}%]+)", re.DOTALL)
_CELL = re.compile(rf"\s*({_QUOTED}|[^,]*?)\s*(,|$)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BREAKS = {"n": "\n", "r": "\r", "t": "\t"}

Cell = str | None  # None: missing, a bare `?` or nothing


@dataclass(frozen=True)
class Attribute:
    """A line that declares a column.

    Parameters
    ----------
    name, kind
        Its name, and the word after it in lower case; `{` of a nominal one.
    values
        Declared values of a nominal column.
    form
        What stands behind the word, such as how dates are written.

    """

    name: str
    kind: str
    values: tuple[str, ...] = ()
    form: str = ""


def directive(line: str) -> str:
    """Return the word of a line of the header that begins with `@`, in lower case, else nothing."""
    match = re.match(r"\s*(@\w+)", line)
    return match[1].lower() if match else ""


def attribute(line: str) -> Attribute | None:
    """Read a line that declares a column; None where it cannot be read."""
    found = [match for match in _TOKEN.finditer(line.strip(), len("@attribute")) if match.lastindex]
    if len(found) < 2 or found[0][0] in "{}":
        return None
    name, word = _plain(found[0][0]), found[1][0]
    if word != "{":
        return Attribute(name, word.lower(), form=_plain(found[2][0]) if found[2:] else "")
    ends = [match for match in found if match[0] == "}"]
    if not ends:
        return None
    inner = line.strip()[found[1].end() : ends[0].start()]
    commas = "," in re.sub(_QUOTED, "", inner)
    values = [_plain(v) for v in (_by_commas(inner) if commas else _tokens(inner))]
    if commas and values[-1] == "":
        values.pop()
    return Attribute(name, "{", tuple(values))


def row(line: str, n_columns: int) -> list[Cell]:
    """Split a row at commas, blanks and tabs; at commas alone where that gives the right number.

    What follows a `%` outside quotes is a comment.
    """
    if not any(mark in line for mark in " \t'\"%{"):  # nearly all files
        return [None if cell in ("?", "") else cell for cell in line.split(",")]
    cells = [_cell(token) for token in _tokens(line)]
    if len(cells) != n_columns or ",," in line:
        by_commas = _by_commas(line)
        if len(by_commas) == n_columns:
            return [_cell(cell) for cell in by_commas]
    return cells


def split_weight(line: str) -> tuple[str, str]:
    """Split a row from the weight `{number}` at its end, if there is one."""
    match = re.match(r"(.*?)[,\s]*\{\s*([^{},\s]+)\s*\}\s*(%.*)?$", line, re.DOTALL)
    if match is None or not match[1].strip():
        return line, ""
    return match[1], match[2]


def sparse(line: str) -> dict[str, Cell] | None:
    """Return the cells of a sparse row by the text of their column number; None if it is broken."""
    tokens = _tokens(line)
    if tokens[0] != "{" or "}" not in tokens:
        return None
    inner = tokens[1 : tokens.index("}")]
    if len(inner) % 2:
        return None
    return {place: _cell(value) for place, value in zip(inner[::2], inner[1::2], strict=True)}


def _tokens(line: str) -> list[str]:
    return [match[0] for match in _TOKEN.finditer(line) if match.lastindex]


def _by_commas(line: str) -> list[str]:
    cells, at = [], 0
    while match := _CELL.match(line, at):
        cells.append(match[1])
        at = match.end()
        if not match[2]:
            return cells
    return cells


def _cell(text: str) -> Cell:
    return None if text in ("?", "") else _plain(text)


def _plain(text: str) -> str:
    """Return a text without its quotes."""
    if len(text) < 2 or text[0] not in "'\"" or text[-1] != text[0]:
        return text
    inner = text[1:-1].replace(text[0] * 2, text[0])
    return _ESCAPED.sub(lambda match: _BREAKS.get(match[1], match[1]), inner)
