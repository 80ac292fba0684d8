"""The README is true: its example prints what it says, and what it points to exists."""

import doctest
import importlib.util
import pkgutil
import re
import runpy
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import olearn
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


def test_table_names_what_there_is():
    """The table of names is the one that `make readme` writes, and holds every public module."""
    overview = runpy.run_path(str(ROOT / "docs/overview.py"))
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert overview["BEGIN"] + overview["table"]() + overview["END"] in text
    found = {info.name for info in pkgutil.walk_packages(olearn.__path__, "olearn.")}
    files = {name: Path(importlib.util.find_spec(name).origin) for name in found}
    listed = {name for name, file in files.items() if "\n__all__ = " in file.read_text("utf-8")}
    assert "olearn.streams" in listed
    assert listed <= {"olearn.learners", *overview["MODULES"]}


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
