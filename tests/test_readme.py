"""The README is true: its example prints what it says, and what it points to exists."""

import doctest
import re
import runpy
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from olearn.cli.main import app

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "experiments/README.md")


def commands():
    return re.findall(r"^olearn (.+?)(?: +#.*)?$", (ROOT / "README.md").read_text(), flags=re.M)


def test_example_prints_what_it_says(tmp_path, monkeypatch):
    """The Python sessions of the README run as they stand."""
    monkeypatch.chdir(tmp_path)  # they write a file
    # the fences would count as output
    text = (ROOT / "README.md").read_text().replace("```", "")
    test = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    assert doctest.DocTestRunner().run(test) == (0, len(test.examples))
    assert len(test.examples) > 5


def test_what_is_made_from_the_code_is_up_to_date():
    """The table of names, and what packages show to type checkers and at run time."""
    overview = runpy.run_path(str(ROOT / "docs/overview.py"))
    assert set(overview["ALSO"]) <= {module for module, _ in overview["_files"]()}
    stale = [path for path, text in overview["stubs"]().items() if path.read_text() != text]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = overview["BEGIN"] + overview["table"]() + overview["END"]
    assert (stale, table in text) == ([], True), "run `make readme`"
    assert "`olearn.streams`" in table


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name):
    """Every relative link of a document is a file or folder of the project."""
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text()):
        assert "://" in target or ((ROOT / name).parent / target).exists(), target


@pytest.mark.parametrize("command", commands())
def test_commands_use_options_that_exist(command):
    """The command lines shown name commands and options as `--help` does."""
    words = shlex.split(command)
    listed = CliRunner().invoke(app, [words[0], "--help"], env={"COLUMNS": "200"})
    assert listed.exit_code == 0
    for option in (word for word in words if word.startswith("--")):
        assert option in listed.output
