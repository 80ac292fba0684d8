"""The stored results say what made them: version, command, date, machine, seeds."""

import json
import re
from pathlib import Path

import pytest

RESULTS = Path(__file__).resolve().parents[2] / "experiments/results"
FILES = sorted(RESULTS.glob("*.json"))


def values(tree, names):
    """Every value under one of these keys, however deep in dicts and lists."""
    if isinstance(tree, dict):
        yield from (value for key, value in tree.items() if key in names)
        for value in tree.values():
            yield from values(value, names)
    elif isinstance(tree, list):
        for value in tree:
            yield from values(value, names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_result_says_what_made_it(path):
    """At the head: olearn's version, the command, the date, the class of machine, seeds."""
    found = json.loads(path.read_text(encoding="utf-8"))
    version = found.get("version") or found["versions"]["olearn"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", found["date"])
    script = re.search(r"python (experiments/\S+\.py)", found["command"]).group(1)
    assert (RESULTS.parents[1] / script).exists()
    assert (found.get("cpu_count") or found["machine"]["cores"]) >= 1
    if "runs" in found:  # speeds do not hang on seeds
        assert any(value is not None for value in values(found, {"seed", "seeds"}))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_result_has_a_page(path):
    """Beside the data there is a page to read."""
    assert path.with_suffix(".md").exists()


def test_results_are_found():
    """The folder holds the results of every paper."""
    papers = {"driftmoe", "htm_sprt", "aef_ocl", "frank_wolfe_odl"}
    assert papers <= {path.stem for path in FILES}
