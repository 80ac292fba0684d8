"""The tutorials run, and print what they show."""

import io
import json
import re
import sys
import types
from contextlib import redirect_stdout
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="the tutorials draw pictures")

TUTORIALS = sorted((Path(__file__).resolve().parents[2] / "experiments/tutorials").glob("*.ipynb"))


def code_cells(path):
    """The source of each code cell, without IPython's own commands, and the text it shows."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            lines = "".join(cell["source"]).splitlines()
            source = "\n".join(line for line in lines if not line.startswith("%"))
            printed = [o["text"] for o in cell["outputs"] if o["output_type"] == "stream"]
            yield source, "".join("".join(text) for text in printed)


@pytest.mark.filterwarnings("ignore:ridge regression has no intercept")  # of ink, from 0 up
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_cells_print_what_they_show(path, tmp_path, monkeypatch):
    """Every code cell runs in order, and prints the text stored with it."""
    monkeypatch.chdir(tmp_path)
    main = types.ModuleType("__main__")  # as in a notebook; else its classes could not be pickled
    monkeypatch.setitem(sys.modules, "__main__", main)
    for source, shown in code_cells(path):
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(source, path.name, "exec"), vars(main))
        assert printed.getvalue() == shown


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_cells_are_short_and_unnamed(path):
    """At most 20 lines a cell; no trace of the machine on which it was run."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|tmp|Users|var)/", text)
    for source, _ in code_cells(path):
        assert len(source.splitlines()) <= 20


def test_there_are_tutorials():
    """The folder is found."""
    assert "drift_detection" in [path.stem for path in TUTORIALS]
