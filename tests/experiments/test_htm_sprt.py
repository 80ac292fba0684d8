"""The drift experiment, at tiny size."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the experiment draws pictures")

from htm_sprt import nab, rivals, tables
from olearn import detectors, evaluate, streams

_SCRIPT = Path(__file__).resolve().parents[2] / "experiments" / "htm_sprt.py"
_SERIES = ["order_none", "order_switch"]
_METHODS = ["HTM+SPRT", "ADWIN", "ADWIN on HTM's score"]


def run(out, *more):
    """Run the script on two series of one family."""
    options = ["--methods", *_METHODS, "--series", *_SERIES, "--null-rows", "4000"]
    options += ["--nab-seeds", "0", "--n-jobs", "1", "--out", str(out), *more]
    command = [sys.executable, str(_SCRIPT), *options]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "COLUMNS": "80"})


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The folder that a run of one seed wrote, continued with a second seed."""
    out = tmp_path_factory.mktemp("htm_sprt")
    run(out, "--seeds", "1")
    first = json.loads((out / "htm_sprt.json").read_text())["runs"]
    run(out, "--seeds", "2")
    (out / "first.json").write_text(json.dumps(first))
    return out


def test_json_has_a_record_a_run(results):
    """The file says how to repeat the run, and holds every method on every series and seed."""
    facts = json.loads((results / "htm_sprt.json").read_text())
    assert {"version", "command", "cpu_count", "date", "calibrations"} <= facts.keys()
    assert facts["seeds"] == [1001, 1002]
    assert facts["columns"][0] == "seed"
    keys = {(r["method"], r["series"]) for r in facts["runs"]}
    assert len(keys) == len(facts["runs"]) == 5 * 2
    assert all([run[0] for run in r["runs"]] == [1001, 1002] for r in facts["runs"])
    assert {c["rival"] for c in facts["calibrations"]} == {"ADWIN", "ADWIN on HTM's score"}


def test_a_stopped_run_goes_on(results):
    """What had been run is taken from the file as it was, CPU times included."""
    facts = json.loads((results / "htm_sprt.json").read_text())
    first = json.loads((results / "first.json").read_text())
    assert len(first) == 5 * 2
    assert [line["runs"][:1] for line in facts["runs"]] == [line["runs"] for line in first]


def test_report_shows_what_only_a_memory_sees(results):
    """ADWIN misses the switch of order on both seeds, HTM+SPRT finds it, both with few alarms."""
    text = (results / "htm_sprt.md").read_text()
    lines = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    cells = {line[0].strip("| *"): [c.strip(" |") for c in line[1:]] for line in lines}
    assert cells["ADWIN"][:2] == ["0", "0/2"]
    rate, found = cells["HTM+SPRT"][:2]
    assert float(rate) < 0.5
    assert found.startswith("2/2@")
    assert re.search(r"HTM\+SPRT: \d+ false alarms in 9,200 quiet rows, one in ", text)


def test_pictures_are_written_and_small(results):
    """Each picture is there and below 250 kB."""
    sizes = {p.name: p.stat().st_size for p in results.glob("*.png")}
    assert sorted(sizes) == ["htm_sprt_order_switch.png", "htm_sprt_table.png"]
    assert all(5_000 < size < 250_000 for size in sizes.values())


def test_cells_by_hand():
    """A cell counts drifts found, and takes the median of their delays and the rate per 1,000."""
    base = {"true_alarms": 1, "quiet_rows": 500, "rows": 900, "cpu_seconds": 0.5}
    runs = {
        ("m", "sine_amp3", 1): {"delays": [10], "false_alarms": 1, **base},
        ("m", "sine_amp3", 2): {"delays": [30], "false_alarms": 0, **base},
        ("m", "sine_amp3", 3): {"delays": [None], "false_alarms": 0, **base},
        ("m", "sine_none", 1): {"delays": [], "false_alarms": 2, **base},
    }
    cell = tables.cell(runs, "m", ["sine_amp3"])
    assert str(cell) == "2/3@20"
    assert cell.rate == pytest.approx(1000 / 1500)
    assert tables.cell(runs, "m", ["sine_amp3", "sine_none"]).rate == pytest.approx(3000 / 2000)
    assert "3 false alarms in 2,000 quiet rows, one in 667" in tables.null_line(runs, "m")


def test_behind_lists_only_quiet_rivals():
    """A noisy rival that is sooner is not listed, a quiet one is."""
    runs = {}
    for method, delay, false in (("HTM+SPRT", 20, 0), ("ADWIN", 10, 0), ("KSWIN", 5, 90)):
        runs[method, "sine_amp3", 1] = {
            "delays": [delay], "true_alarms": 1, "false_alarms": false, "quiet_rows": 1000,
            "rows": 1000, "cpu_seconds": 1.0,
        }  # fmt: skip
    lines = tables.behind_lines(runs, "HTM+SPRT", ["sine_amp3"])
    assert lines == ["- sine_amp3 (ours 1/1@20): ADWIN 1/1@10"]


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("HTM+SPRT, pattern channel only", {"value_channel": False}),
        ("HTM+SPRT, pattern channel, restart on both", {"value_channel": False, "restart": "both"}),
        ("HTM+SPRT, paper, restart on both", {"decision": "paper"}),
        ("HTM+SPRT, paper, restart on drift", {"decision": "paper", "restart": "drift"}),
    ],
)
def test_variants_are_those_of_the_class(method, options):
    """Tests of the shared scores give the alarms that `HTMSPRT` with these options gives."""
    signal = streams.signal("order_switch", seed=5, change=1000, n_samples=1500)
    derived = rivals.READS[method](signal)
    found = evaluate.detection(rivals.make_method(method, None), derived)
    wanted = detectors.HTMSPRT(seed=1, **options).update_many(signal.values)
    assert found.alarms == wanted.tolist()
    assert bool(found.alarms) == ("on drift" not in method)


def test_spatial_flags_by_hand():
    """A value is odd beyond 5 % of the range so far; a flat beginning has no range."""
    flags = nab.spatial_flags(np.array([1.0, 1.0, 2.0, 2.04, 2.2, 0.9, 0.85]))
    np.testing.assert_array_equal(flags, [0, 0, 0, 0, 1, 1, 0])
