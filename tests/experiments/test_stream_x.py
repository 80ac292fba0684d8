"""The experiment and the benchmark of streaming RL, at tiny size."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="the extra `rl` is not installed")
pytest.importorskip("matplotlib", reason="the experiment draws pictures")

from stream_x import forecasts, jobs, plan, tables
from stream_x.run import Args, main

_FOLDER = Path(__file__).resolve().parents[2] / "experiments"
_ENV = {**os.environ, "COLUMNS": "80"}
CARTPOLE = "stream-q CartPole-v1, cap 500, 400 steps"


def run(script, *args):
    done = subprocess.run(
        [sys.executable, str(_FOLDER / script), *args],
        capture_output=True, text=True, check=False, env=_ENV,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The folder that a tiny run of two studies wrote."""
    out = tmp_path_factory.mktemp("stream_x")
    options = ("--scale", "0.004", "--seeds", "1", "--n-jobs", "1", "--out", str(out))
    run("stream_x.py", *options, "--studies", "forecasts", "ablation")
    return out


def test_json_has_a_record_a_run(results):
    """The file says how to repeat the run, and holds each run once."""
    facts = json.loads((results / "stream_x.json").read_text())
    assert {"version", "command", "date", "cpu_count", "packages", "scale"} <= facts.keys()
    lines = {(line["setting"], line["variant"], line["seed"]): line for line in facts["runs"]}
    assert len(lines) == len(facts["runs"]) > 40
    whole = lines[CARTPOLE, "nothing", 1]
    assert whole["finite"]
    assert whole["steps_per_cpu_second"] > 0
    assert whole["windows"] != lines[CARTPOLE, "chance", 1]["windows"]
    assert (CARTPOLE, "entropy", 1) not in lines  # Q has none


def test_report_has_the_studies_asked_for(results):
    """Tables of both studies, no others, and a picture of each; no logs are left."""
    text = (results / "stream_x.md").read_text()
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["## What each part brings", "## Forecasts under drift"]
    assert "| ObGD: plain step 0.001 |" in text
    pictures = {"stream_x_forecasts.png", "stream_x_ablation.png"}
    assert {path.name for path in results.iterdir()} == pictures | {"stream_x.json", "stream_x.md"}


def test_a_stopped_run_goes_on(results, tmp_path, capsys):
    """What had been run is taken from the file as it was, that of other studies too."""
    text = (results / "stream_x.json").read_text()
    (tmp_path / "stream_x.json").write_text(text)
    args = Args(seeds=1, scale=0.004, studies=("forecasts",), n_jobs=1, out=tmp_path)
    main(args)
    assert "## What each part" not in capsys.readouterr().out
    again = json.loads((tmp_path / "stream_x.json").read_text())
    assert again["runs"] == json.loads(text)["runs"]


def test_divergence_is_told():
    """An agent whose weights leave the numbers counts as diverged, at any kind of action."""
    setting = dataclasses.replace(plan.ABLATION[1], steps=300, points=3)
    line = jobs.run_job(jobs.Job(setting, "ObGD: plain step 1e30", 1))
    assert not line["finite"]
    assert line["largest_weight"] == 1e9
    assert jobs.run_job(jobs.Job(setting, "nothing", 1))["finite"]


def test_verdicts():
    """Bands are strict; a removal fails, is worse or is not seen, by its distance and spread."""
    setting = next(s for s in plan.CURVES["default"] if s.key in plan.BANDS and "ac" in s.agent)
    for worst, expected in ((401.0, "worst seed 401 >"), (399.0, "worst seed 399 **")):
        found = [{"finite": True, "last_fifth": v, "seed": 1} for v in (worst, 500.0, 500.0)]
        assert expected in tables.verdict(setting, found)
    whole, chance = [100.0, 101.0, 99.0], [0.0]
    for values, expected in (
        ([10.0, 11.0, 12.0], "**fails** (11 %)"),
        ([60.0, 61.0, 62.0], "**worse** (61 %)"),
        ([0.0, 90.0, 300.0], "no difference seen (130 %)"),
        ([140.0, 141.0, 139.0], "better (140 %)"),
    ):
        assert tables.judged(values, whole, chance, [{"finite": True}] * 3) == expected
    assert tables.judged([], whole, chance, [{"finite": False}]) == "1 of 1 diverge; **fails**"


def test_forecasts_are_scored_by_what_came():
    """The mixture flips its sign half-way; true sums have an error of 0, constants of 1."""
    X, y = forecasts.oscillators(30_000, 1)
    assert X.shape == (30_000, 7)
    before, after = (
        np.linalg.lstsq(X[p], y[p] - 1.0)[0] for p in (slice(15_000), slice(15_000, None))
    )
    np.testing.assert_allclose(before[:3], -after[:3], atol=0.02)
    truth = forecasts.returns_of(y, 0.5)
    assert truth[7] == pytest.approx(sum(0.5**k * y[8 + k] for k in range(60)))
    assert forecasts.nrmse(truth, truth, 30_000) == [0.0] * 6
    assert forecasts.nrmse(truth * 0, truth - truth.mean(), 30_000) == pytest.approx(
        [1.0] * 6, abs=0.1
    )


def test_benchmark_runs(tmp_path):
    """Each task has its plain program first, with ratio 1, and ours beside it."""
    pytest.importorskip("torch", reason="the extra `neural` is not installed")
    out = tmp_path / "speed"
    sizes = ("--steps", "200", "--torch-steps", "20", "--batch", "2", "--repeat", "1")
    text = run("benchmarks/stream_x.py", *sizes, "--out", str(out))
    assert "plain torch" in text
    lines = json.loads(out.with_suffix(".json").read_text())["comparisons"]
    tasks = {line["task"] for line in lines}
    assert tasks - {"AC Hopper"} == {"Q 2x32", "AC 2x128", "Q CartPole"}
    plain = {line["task"]: line for line in lines if line["program"] == "plain torch"}
    for line in lines:
        ratio = line["steps/s"] / plain[line["task"]]["steps/s"]
        assert line["times plain torch"] == pytest.approx(ratio, rel=0.02)
    assert all(line["times plain torch"] == 1.0 for line in plain.values())
    assert "| Q CartPole | compiled |" in out.with_suffix(".md").read_text()
