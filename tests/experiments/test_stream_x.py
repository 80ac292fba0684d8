"""The benchmark of streaming RL runs at tiny size and its ratios are those of its speeds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `neural` is not installed")
pytest.importorskip("gymnasium", reason="the extra `rl` is not installed")

FOLDER = Path(__file__).resolve().parents[2] / "experiments" / "benchmarks"


def test_benchmark_runs(tmp_path):
    """Each task has its plain program first, with ratio 1, and ours beside it."""
    out = tmp_path / "speed.json"
    sizes = ("--steps", "200", "--torch-steps", "20", "--batch", "2", "--repeat", "1")
    done = subprocess.run(
        [sys.executable, str(FOLDER / "stream_x.py"), *sizes, "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "plain torch" in done.stdout
    lines = json.loads(out.read_text())["lines"]
    assert {line["task"] for line in lines} == {"Q 2x32", "AC 2x128", "Q CartPole"}
    plain = {line["task"]: line for line in lines if line["program"] == "plain torch"}
    for line in lines:
        ratio = line["steps_per_cpu_s"] / plain[line["task"]]["steps_per_cpu_s"]
        assert line["ratio_to_plain"] == pytest.approx(ratio, rel=0.02)
    assert all(line["ratio_to_plain"] == 1.0 for line in plain.values())
