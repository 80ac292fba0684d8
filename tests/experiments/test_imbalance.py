"""The experiment on rare labels, small: its figures, its table, its picture."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="the experiment draws pictures")

ROOT = Path(__file__).parents[2]


def test_it_runs_and_says_how(tmp_path):
    """Every learner in every form has a line; a budget is what is said."""
    script = [sys.executable, str(ROOT / "experiments/imbalance.py"), "--seeds", "1"]
    options = ["--rows", "4000", "--only", "credit", "--n-jobs", "1", "--out", str(tmp_path)]
    subprocess.run([*script, *options], check=True, capture_output=True, text=True)
    found = json.loads((tmp_path / "imbalance.json").read_text())
    runs = {(run["learner"], run["form"]): run for run in found["runs"]}
    assert len(runs) == 15
    for (learner, form), run in runs.items():
        assert run["rate"] == pytest.approx(0.0385, abs=0.002)
        assert run["path"] == ("rows" if form.startswith("river") else "blocks")
        if "budget" in form and learner != "tree":  # whose probabilities jump at each split
            assert run["said"] == pytest.approx(0.05, abs=0.03)
    logistic = [
        runs["logistic regression", form]["Recall"] for form in ("as it is", "threshold, F1")
    ]
    assert logistic[0] < logistic[1]
    assert (tmp_path / "imbalance.md").read_text().count("| tree |") == 5
    assert (tmp_path / "imbalance.png").stat().st_size > 10_000
