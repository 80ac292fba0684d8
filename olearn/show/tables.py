"""Tables of results that look right in a terminal, in a log and under `print`."""

import io
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from river.utils.pretty import humanize_bytes

if TYPE_CHECKING:
    from olearn.evaluate.online.prequential_result import Result


_LABELS = {  # by the delay of a result, said of labels
    "none": "",
    "never": "; they never come",
    "per row": "; their delay differs by row",
}


class TextTable(Table):
    """A rich table whose `str` is the drawn table, as wide as it needs."""

    def __init__(self, title: str) -> None:
        super().__init__(title=title, box=box.SIMPLE_HEAD, pad_edge=False)
        self.title_justify = self.caption_justify = "left"

    def __str__(self) -> str:
        buffer = io.StringIO()
        Console(file=buffer, width=200, color_system=None, legacy_windows=False).print(self)
        return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())

    @property
    def heads(self) -> list[str]:
        """Headings of the columns."""
        return [str(column.header) for column in self.columns]

    @property
    def lines(self) -> list[list[str]]:
        """Cells line by line."""
        cells = ([str(cell) for cell in column.cells] for column in self.columns)
        return [list(line) for line in zip(*cells, strict=True)]

    def to_markdown(self) -> str:
        """Return headings and cells as a table of Markdown, without title and caption.

        Examples
        --------
        >>> from olearn.show.tables import TextTable
        >>> table = TextTable("speed")
        >>> table.add_column("model")
        >>> table.add_column("rows/s", justify="right")
        >>> table.add_row("tree", "1,000")
        >>> print(table.to_markdown())
        | model | rows/s |
        |---|---:|
        | tree | 1,000 |

        """
        rule = "|".join("---:" if column.justify == "right" else "---" for column in self.columns)
        heads, *lines = (_markdown_line(cells) for cells in (self.heads, *self.lines))
        return "\n".join([heads, f"|{rule}|", *lines])


def print_table(table: TextTable) -> None:
    """Print to stdout: fitted to a terminal, and as wide as needed elsewhere."""
    console = Console()
    if console.is_terminal:
        console.print(table)
    else:
        print(table)


def _markdown_line(cells: Sequence[str]) -> str:
    kept = (" ".join(cell.replace("|", r"\|").split()) for cell in cells)  # a line is a row
    return f"| {' | '.join(kept)} |"


def results_table(results: Sequence["Result"], title: str) -> TextTable:
    """One line a result: metrics, speed, memory, and how many rows it saw."""
    names = list(dict.fromkeys(name for result in results for name in result.values))
    prefix = common_prefix(results)
    table = TextTable(title)
    table.add_column("model")
    for heading in ("rows", *(spaced(name) for name in names)):
        table.add_column(heading, justify="right")
    if prefix is not None:
        table.add_column(f"{names[0]}, first {prefix:,}", justify="right")
    for heading in ("rows/s", "memory"):
        table.add_column(heading, justify="right")
    table.add_column("path")
    for result in results:
        cells = [result.model, f"{result.n:,}"]
        cells += [show_value(result, name, result.values.get(name)) for name in names]
        if prefix is not None:
            cells.append(show_value(result, names[0], result.value_at(names[0], prefix)))
        cells += [f"{result.rows_per_second:,.0f}", show_memory(result.memory)]
        table.add_row(*cells, result.path)
    table.caption = "\n".join(scoring_notes(results)) or None
    return table


def common_prefix(results: Sequence["Result"]) -> int | None:
    """Rows that all results saw, where some saw more; None where all saw the same."""
    lengths = {result.n for result in results}
    return min(lengths) if len(lengths) > 1 else None


def spaced(name: str) -> str:
    """Split a class name into words, so that a heading can wrap: `KappaM` -> `Kappa M`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def show_value(result: "Result", name: str, value: float | None) -> str:
    """Format a metric's value the metric's own way; a dash where there is none."""
    if value is None:
        return ""
    return "-" if math.isnan(value) else format(value, result.formats[name] or ".4f")


def scoring_notes(results: Sequence["Result"]) -> list[str]:
    """Say of which results rows are not scored, and why; the first row alone is not worth it."""
    notes = []
    for result in results:
        n_left_out = result.n - result.n_scored
        if result.scores is not None and result.scores.known is None:
            notes.append(f"{result.model}: the stream has no labels to judge scores by")
            continue
        if n_left_out <= min(1, result.n_scored):
            continue
        late = _LABELS.get(result.delay, f"; they come {result.delay} late")
        which = "no row is" if not result.n_scored else f"{n_left_out:,} rows are not"
        why = f"the model had no prediction, as before any label was learnt{late}"
        notes.append(f"{result.model}: {which} scored: {why}")
    return notes


def show_memory(n_bytes: int | None) -> str:
    """Format bytes for people."""
    return "unknown" if n_bytes is None else humanize_bytes(n_bytes)
