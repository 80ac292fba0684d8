"""The AEF-OCL experiment and the benchmark of the analytic learners, at tiny size."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the experiment draws pictures")

import benchmarks.analytic as bench
from aef_ocl import run, tables

_FOLDER = Path(__file__).resolve().parents[2] / "experiments"
_ENV = {**os.environ, "COLUMNS": "80"}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The folder that a tiny run wrote."""
    out = tmp_path_factory.mktemp("aef_ocl")
    options = ["--seeds", "2", "--scale", "0.05", "--rows", "400", "--n-jobs", "1"]
    only = ["--only", "digits", "image segments", "drift", "--out", str(out)]
    command = [sys.executable, str(_FOLDER / "aef_ocl.py"), *options, *only]
    subprocess.run(command, check=True, capture_output=True, env=_ENV)
    return out


def test_json_says_how_to_repeat_the_run(results):
    """The file carries version, command, seeds and one record a model, data set and seed."""
    facts = json.loads((results / "aef_ocl.json").read_text())
    assert {"version", "command", "date", "cpu_count", "seconds"} <= facts.keys()
    models = {line["model"] for line in facts["runs"] if line["data"] == "digits"}
    assert {"ridge", "PFG", "weights, gamma 10", "joint ridge", "streaming LDA"} <= models
    assert len(facts["runs"]) == 2 * (2 * 11 + 6)
    assert all(0 <= line.get("amca", 50) <= 100 for line in facts["runs"])


def test_report_compares_with_ridge(results):
    """Each data set has its table and says whether balancing helps or hurts; drift has its own."""
    text = (results / "aef_ocl.md").read_text()
    assert text.count("paired by seed: PFG") == 2
    assert "| reset by DDM |" in text
    assert (results / "aef_ocl.png").stat().st_size < 200_000


def test_joint_ridge_is_what_ridge_reaches(results):
    """Learning task after task gives the scores of joint training: the same random features."""
    runs = json.loads((results / "aef_ocl.json").read_text())["runs"]
    of = {(r["model"], r["seed"]): r for r in runs if r["data"] == "digits"}
    for seed in (0, 1):
        assert of["ridge", seed]["amca"] == of["joint ridge", seed]["amca"]


def test_sizes_fall_and_tasks_do_not_share_classes():
    """Ten classes from 110 rows to 2, two a task, no row twice."""
    tasks, X_test, y_test = run.long_tail(run.Job("digits", "ridge", 3, 0, 1.0))
    counts = np.bincount(np.concatenate([y for _, y in tasks]))
    assert sorted(counts.tolist()) == np.geomspace(2, 110, 10).round().astype(int).tolist()
    assert [len(set(y.tolist())) for _, y in tasks] == [2] * 5
    assert X_test.shape == (600, 64)
    assert len(y_test) == 600


def test_verdict_names_what_hurts():
    """A gain whose interval lies below zero hurts, above it helps, else it is unclear."""
    scores = {
        "ridge": (90.0, 91.0, 92.0),
        "PFG": (88.0, 89.1, 90.0),
        "PFG, gamma 1": (90.0, 92.0, 91.0),
        "weights, gamma 10": (93.0, 94.0, 95.1),
    }
    runs = [
        {"data": "d", "model": model, "seed": seed, "amca": value}
        for model, values in scores.items()
        for seed, value in enumerate(values)
    ]
    text = tables.verdict(runs, "d")
    assert "PFG -1.97 ± 0.14 points of AMCA (**hurts**)" in text
    assert "PFG, gamma 1 +0.00 ± 2.48 points of AMCA (unclear)" in text
    assert "weights, gamma 10 +3.03 ± 0.14 points of AMCA (**helps**)" in text


def test_benchmark_relates_ours_to_reference_and_bound(tmp_path):
    """A line a size and block; the ratios are those of its speeds."""
    out = tmp_path / "analytic"
    sizes = ["--sizes", "32", "--blocks", "1,16", "--rows", "48", "--repeat", "1"]
    command = [sys.executable, str(_FOLDER / "benchmarks" / "analytic.py"), *sizes]
    subprocess.run([*command, "--out", str(out)], check=True, capture_output=True, env=_ENV)
    lines = json.loads(out.with_suffix(".json").read_text())["comparisons"]
    assert [(line["features"], line["block"]) for line in lines] == [(32, 1), (32, 16)]
    for line in lines:
        ratio = line["learn"] / line["reference"]
        assert line["learn / reference"] == pytest.approx(ratio, rel=0.05, abs=0.1)


def test_reference_of_the_benchmark_is_ridge():
    """The recursion that is timed solves the same problem as ours."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 5)), rng.integers(0, 10, 60)
    P = rng.normal(size=(5, 12))
    reference = bench.Reference(P)
    for i in range(0, 60, 7):
        reference.step(X[i : i + 7], y[i : i + 7])
    Phi = np.maximum(X @ P, 0)
    W = np.linalg.solve(Phi.T @ Phi + 0.1 * np.eye(12), Phi.T @ np.eye(10)[y])
    np.testing.assert_allclose(reference.W, W, rtol=1e-6, atol=1e-8)
