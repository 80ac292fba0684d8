"""What the scripts share: options from fields, intervals, tables, files that are whole."""

import dataclasses
import json
import sys
from pathlib import Path

import pytest

from common import cell, clear, in_processes, markdown, option, parse, write_runs


@dataclasses.dataclass(frozen=True)
class Args:
    """Options of every kind."""

    profile: str = option("quick", "how long", choices=("quick", "full"))
    first_seed: int = option(1, "the others follow it")
    scale: float = option(1.0, "of the sizes")
    compile: bool = option(False, "compile the networks")
    only: tuple[str, ...] = option((), "streams", choices={"a": 1, "b": 2})
    memory: tuple[int, ...] = option((100, 200), "images kept")
    out: Path = option(Path("results"), "folder")


def test_fields_are_the_options(monkeypatch):
    """Each field is an option of its own type; what is not given keeps its default."""
    monkeypatch.setattr(sys, "argv", ["x.py"])
    assert parse(Args, None) == Args()
    given = "--profile full --first-seed 7 --scale 0.5 --compile --only a b --memory 5 --out there"
    monkeypatch.setattr(sys, "argv", ["x.py", *given.split()])
    assert parse(Args, None) == Args("full", 7, 0.5, True, ("a", "b"), (5,), Path("there"))


@pytest.mark.parametrize("given", ["--profile slow", "--only a c", "--first-seed x", "--first"])
def test_wrong_options_are_refused(monkeypatch, capsys, given):
    """Unknown choices and values of another type end the script, with a word on the option."""
    monkeypatch.setattr(sys, "argv", ["x.py", *given.split()])
    with pytest.raises(SystemExit, match="2"):
        parse(Args, None)
    assert given.split()[0] in capsys.readouterr().err


def test_help_shows_text_and_defaults(monkeypatch, capsys):
    """The description keeps its lines, each option says what it is and what it starts with."""
    monkeypatch.setattr(sys, "argv", ["x.py", "--help"])
    with pytest.raises(SystemExit, match="0"):
        parse(Args, "First line.\n\n    python x.py   # indented")
    shown = capsys.readouterr().out
    assert "\n    python x.py   # indented" in shown
    assert "the others follow it (default: 1)" in shown


def test_cells_have_students_interval():
    """Five values: t(0.975, 4) = 2.7764 times the standard error; a single one has no interval."""
    assert cell([1.0, 2.0, 3.0, 4.0, 5.0]) == "3.00 ± 1.96"
    assert cell([1.5], "+") == "+1.50"


def test_clear_differences_leave_out_zero():
    """The sign of an interval that leaves out zero; else, and for a single seed, 0."""
    assert [clear(x) for x in ([1.0, 1.1, 1.2], [-1.0, -1.1, -1.2])] == [1, -1]
    assert [clear(x) for x in ([-1.0, 0.0, 2.0], [5.0])] == [0, 0]


def test_table_in_markdown():
    """A line a row below heads and rule; numbers stand to the right."""
    assert markdown(("a", "b"), [("x", "1")]) == ["| a | b |", "|---|---|", "| x | 1 |"]
    assert markdown(("a", "b"), [], numbers=True)[1] == "|---|---:|"


def test_files_are_whole_and_a_run_a_line(tmp_path):
    """What is written is JSON with a run a line, and nothing else is left in the folder."""
    path = tmp_path / "x.json"
    runs = [{"seed": 1, "curve": [1, 2]}, {"seed": 2}]
    write_runs(path, {"version": "1.0.0", "packages": {"numpy": "2"}}, runs)
    assert json.loads(path.read_text())["runs"] == runs
    assert ' {"seed": 1, "curve": [1, 2]},\n' in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


def test_answers_come_in_order():
    """Processes give what the function gives, in the order of the jobs."""
    assert list(in_processes(abs, [-3, 1, -2], "numbers", 2)) == [3, 1, 2]
