"""Tests of `olearn.show.tables`: what a table says as text and as Markdown."""

from olearn.show.tables import TextTable


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
