"""Tests of `olearn warm`: what it compiles is all that a later process needs."""

import os
import subprocess
import sys

import numba
import pytest
from typer.testing import CliRunner

from olearn.cli import warm
from olearn.cli.main import app

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")

USE = """
import pickle, sys
import numpy as np
from olearn import detectors
from olearn.core.kernel_cache import usage

values = np.random.default_rng(1).random(600)
for kind in (detectors.CUSUM, detectors.ADWIN):
    detector = kind()
    detector.update_many(values)
    detector = pickle.loads(pickle.dumps(detector))
    for value in values.tolist():
        detector.update(value)
print(usage.n_read > 0, usage.n_written)
"""


def program(*args, **variables):
    """Run Python with some variables of the environment."""
    return subprocess.run(
        [sys.executable, *args],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_later_processes_compile_nothing(tmp_path):
    """All that two detectors need is there; the last lines say how much, and where."""
    command = "from olearn.cli.main import main; main()"
    done = program("-c", command, "warm", "cusum", "adwin", NUMBA_CACHE_DIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    first, last = done.stdout.splitlines()
    assert first.startswith("compiled ")
    files = list((tmp_path / "olearn").glob("*.kernel"))
    assert last.startswith(f"cache: {len(files)} kernels, ")
    assert last.endswith(str(tmp_path / "olearn"))

    done = program("-c", USE, NUMBA_CACHE_DIR=str(tmp_path))
    assert done.stdout.split() == ["True", "0"], done.stderr


def test_without_a_folder_it_fails(tmp_path):
    """Nowhere to keep anything: exit code 1, and the remedy in one line."""
    command = (
        "from olearn.core import kernel_folders\n"
        "kernel_folders._candidates = lambda *a: []\n"
        "from olearn.cli.main import main; main()"
    )
    done = program("-c", command, "warm", "cusum", NUMBA_CACHE_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("olearn: ")
    assert "NUMBA_CACHE_DIR" in done.stderr


def test_unknown_names_are_refused():
    """A name that stands for nothing with kernels is wrong usage, with the nearest suggested."""
    result = CliRunner().invoke(app, ["warm", "adwim"])
    assert result.exit_code == 2
    assert "is no learner, detector, agent or synthetic stream" in " ".join(
        result.output.replace("│", "").split()
    )


def test_what_lacks_a_package_is_left_out(monkeypatch):
    """By default a missing extra is no failure; asked for by name, it is one."""

    def use(name):
        if name == "er":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(warm, "_use", use)
    result = CliRunner().invoke(app, ["warm"])
    assert result.exit_code == 0
    assert "left out: er (no torch)" in result.output
    result = CliRunner().invoke(app, ["warm", "er"])
    assert result.exit_code == 1
    assert "torch" in result.output
