"""The dictionary experiment and its benchmark, at tiny size."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the experiment draws pictures")

from frank_wolfe_odl import real, synthetic, tables

_FOLDER = Path(__file__).resolve().parents[2] / "experiments"


def run(script: str, *options: str) -> None:
    """Run a script as a user does."""
    command = [sys.executable, str(_FOLDER / script), *options]
    environment = {**os.environ, "COLUMNS": "80", "OLEARN_DATA": "/nowhere"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that a tiny run wrote; real sensors are hidden, digits always there."""
    out = tmp_path_factory.mktemp("odl")
    studies = ["recovery", "rate", "sensors"]
    tiny = ["--seeds", "1", "--samples", "0.005", "--n-jobs", "1"]
    run("frank_wolfe_odl.py", *tiny, "--only", *studies, "--out", str(out))
    return out


def test_json_says_how_to_repeat_the_run(results: Path) -> None:
    """The file carries version, command, seeds, and what could not be read."""
    facts = json.loads((results / "frank_wolfe_odl.json").read_text())
    assert {"version", "command", "cpu_count", "date", "seconds"} <= facts.keys()
    assert facts["seeds"] == [1001]
    assert facts["sets"] == ["digits"]
    assert len(facts["sets_not_here"]) == 3
    assert {run["study"] for run in facts["runs"]} == {"recovery", "rate", "sensors"}


def test_report_compares_with_peers_and_counts_their_wins(results: Path) -> None:
    """Every peer has its line, and the report says how often peers are ahead."""
    text = (results / "frank_wolfe_odl.md").read_text()
    for peer in ("scikit-learn, alpha 0.3", "IncrementalPCA", "batch power method", "DCT"):
        assert f"| {peer} |" in text
    assert "a peer's in" in text


def test_pictures_are_written_and_small(results: Path) -> None:
    """Each picture is there and below 200 kB."""
    sizes = {p.stem: p.stat().st_size for p in results.glob("*.png")}
    assert sorted(sizes) == [f"frank_wolfe_odl_{k}" for k in ("rate", "recovery")]
    assert max(sizes.values()) < 200_000


def test_errors_are_averaged_on_the_log_scale() -> None:
    """Five errors: geometric mean, and Student's interval of the logarithms."""
    errors = [1e-9, 1e-8, 1e-7, 1e-6, 1e-5]
    half = 2.776445 * np.sqrt(2.5 / 5)  # in powers of ten
    low, high = 10.0 ** (-7 - half), 10.0 ** (-7 + half)
    assert tables.log_interval(errors) == f"1.0e-07 [{low:.0e}, {high:.0e}]"
    assert tables.interval([1.0, 2.0, 3.0, 4.0, 5.0]) == "3 ± 2"


def test_image_is_denoised() -> None:
    """Both dictionaries bring a noisy picture at least 4 dB nearer to the clean one."""
    psnr = real.denoise(crop=64)["psnr"]
    assert min(psnr["Frank-Wolfe"], psnr["annealed"]) > psnr["noisy"] + 4.0


def test_drift_table_tells_detector_from_falling_steps() -> None:
    """After an abrupt change the detector's line is low again, that of falling steps is not."""
    runs = [synthetic.run_drift(m, "abrupt", 1)[0] for m in ("falling steps", "detector")]
    falling, detector = (run["1800-2000"] for run in runs)
    assert detector < 0.01 < falling
    lines = tables.drift_lines(runs)
    assert [line.split(" | ")[1] for line in lines[2:]] == ["falling steps", "detector"]


def test_rotation_turns_by_its_angle() -> None:
    """The drift's rotation is orthogonal and its largest angle is the rate."""
    R = synthetic.rotation(np.random.default_rng(1), 8, 0.01)
    np.testing.assert_allclose(R @ R.T, np.eye(8), atol=1e-12)
    assert abs(np.angle(np.linalg.eigvals(R))).max() == pytest.approx(0.01, rel=1e-6)


def test_benchmark_times_both_tables(tmp_path: Path) -> None:
    """Speeds of single samples and batches beside the reference, and the ways to a factor."""
    tiny = ("--sizes", "12", "--factor-sizes", "6,12", "--seconds", "0.01")
    run("benchmarks/dictionary.py", *tiny, "--out", str(tmp_path / "speed"))
    lines = json.loads((tmp_path / "speed.json").read_text())["comparisons"]
    assert {line["batch"] for line in lines} == {1, 12}
    assert "scikit-learn" in [line["model"] for line in lines]
    for line in lines:
        assert line["samples/s"] == pytest.approx(line["batch"] * line["steps/s"], rel=0.01)
    factors = json.loads((tmp_path / "speed_factors.json").read_text())["comparisons"]
    assert [line["n"] for line in factors] == [6, 12]
