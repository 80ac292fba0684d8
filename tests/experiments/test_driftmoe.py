"""The DriftMoE experiment, at tiny size."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="the experiment draws pictures")

from driftmoe import models, tables

_SCRIPT = Path(__file__).resolve().parents[2] / "experiments" / "driftmoe.py"
_ROWS = 300


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that a tiny run on one stream wrote."""
    out = tmp_path_factory.mktemp("driftmoe")
    options = ["--rows", str(_ROWS), "--seeds", "2", "--ablation-seeds", "1", "--only", "LED_a"]
    command = [sys.executable, str(_SCRIPT), *options, "--n-jobs", "1", "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "COLUMNS": "80"})
    return out


def test_json_says_how_to_repeat_the_run(results: Path) -> None:
    """The file carries version, seeds, command, CPUs, date, seconds, and one record a run."""
    facts = json.loads((results / "driftmoe.json").read_text())
    assert {"version", "command", "cpu_count", "date", "seconds"} <= facts.keys()
    assert facts["seeds"] == [1, 2]
    assert facts["ablation_seeds"] == [1]
    done = [(run["model"], run["seed"]) for run in facts["runs"]]
    wanted = [(model, seed) for seed in (1, 2) for model in models.MODELS]
    assert done == wanted + [(change, 1) for change in models.CHANGES]
    assert all(run["rows"] == _ROWS and 0 < run["accuracy"] < 100 for run in facts["runs"])


def test_report_states_table_duel_and_ablation(results: Path) -> None:
    """The report quotes the paper beside the measured values and counts the wins."""
    text = (results / "driftmoe.md").read_text()
    row = next(line for line in text.splitlines() if line.startswith("| LED_a"))
    assert row.endswith("| 73.77 | 71.11 | 73.96 | 73.98 |")
    assert "of 1 streams" in text
    assert "| MoE-Data, readout=mixture |" in text


def test_pictures_are_written_and_small(results: Path) -> None:
    """Each picture is there and below 200 kB."""
    sizes = {p.name: p.stat().st_size for p in results.glob("*.png")}
    assert sorted(sizes) == ["driftmoe_ablation.png", "driftmoe_led_a.png", "driftmoe_table.png"]
    assert max(sizes.values()) < 200_000


def test_gains_are_paired_by_seed() -> None:
    """A gain subtracts the base's run of the same seed, whatever the order of the runs."""
    scores = {("new", 1): 5.0, ("new", 2): 7.0, ("old", 2): 6.0, ("old", 1): 1.0, ("old", 3): 0.0}
    runs = [
        {"stream": "s", "model": m, "seed": seed, "accuracy": a} for (m, seed), a in scores.items()
    ]
    assert tables.gain(runs, "s", "new", "old").tolist() == [4.0, 1.0]


def test_changes_lead_from_the_published_method_to_plus() -> None:
    """All additions at once make DriftMoE+, so that the ablation leaves out no setting."""
    added = {k: v for base, change in models.CHANGES.values() if base == models.DATA
             for k, v in change.items() if k != "batch_size"}  # fmt: skip
    published = models.make_model(models.DATA, 1, (), 2)
    plus = models.make_model(models.PLUS, 1, (), 2)
    assert {**published._get_params(), **added} == plus._get_params()
    for k, (old, _) in models.STEPS.items():
        assert getattr(published, k) == old
