"""Tests of `olearn.show.tables`: a table's cells, as Markdown too, and rows that all have seen."""

from types import SimpleNamespace

import pytest

from olearn.show.tables import TextTable, common_prefix


def make(*lines):
    table = TextTable("title")
    table.add_column("model")
    table.add_column("rows/s", justify="right")
    for line in lines:
        table.add_row(*line)
    return table


def test_markdown():
    """Requirement: a line a row, numbers to the right; bars and line ends in cells do no harm."""
    table = make(("a|b", "1,000"), ("two\nlines", "20"))
    assert table.to_markdown().splitlines() == [
        "| model | rows/s |",
        "|---|---:|",
        r"| a\|b | 1,000 |",
        "| two lines | 20 |",
    ]
    assert make().to_markdown().splitlines() == ["| model | rows/s |", "|---|---:|"]


def test_cells():
    """Requirement: headings and cells can be read back, line by line."""
    table = make(("tree", "1,000"), ("forest", "20"))
    assert table.heads == ["model", "rows/s"]
    assert table.lines == [["tree", "1,000"], ["forest", "20"]]


@pytest.mark.parametrize(
    ("lengths", "prefix"), [([900], None), ([900, 900], None), ([900, 300, 500], 300)]
)
def test_common_prefix(lengths, prefix):
    """Requirement: where lengths differ, what all saw is the shortest; else there is none."""
    assert common_prefix([SimpleNamespace(n=n) for n in lengths]) == prefix
