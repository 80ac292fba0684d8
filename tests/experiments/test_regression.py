"""The regression experiment, small: its figures, its table, its picture."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="the experiment draws pictures")

ROOT = Path(__file__).parents[2]


def test_it_runs_and_says_how(tmp_path):
    """Every learner has a line, its coverage and a piece for the picture of the best."""
    script = [sys.executable, str(ROOT / "experiments/regression.py"), "--seeds", "1"]
    options = ["--rows", "3000", "--only", "friedman_gra", "--n-jobs", "1", "--out", str(tmp_path)]
    subprocess.run([*script, *options], check=True, capture_output=True, text=True)
    found = json.loads((tmp_path / "regression.json").read_text())
    assert found["command"].startswith("python experiments/regression.py --seeds 1")
    by_learner = {run["learner"]: run for run in found["runs"]}
    assert by_learner["Hoeffding tree"]["mae"] < by_learner["mean so far"]["mae"]
    for run in by_learner.values():
        assert run["coverage"] == pytest.approx(0.9, abs=0.02)
        assert len(run["picture"]["truth"]) == 400
        assert run["picture"]["drifts"] == [1000]
    report = (tmp_path / "regression.md").read_text()
    assert all(f"| {learner} |" in report for learner in by_learner)
    assert (tmp_path / "regression.png").stat().st_size > 10_000
