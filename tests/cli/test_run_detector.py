"""`olearn run DETECTOR`: alarms of a column of numbers, printed, drawn and as JSON."""

import re

import numpy as np
import pytest
from river.base import BinaryDriftDetector
from typer.testing import CliRunner

from olearn import detectors, evaluate, registry, streams
from olearn.cli.main import app
from olearn.evaluate import Detection

pytest.importorskip("matplotlib", reason="the command draws a picture")


def call(*args):
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(arg) for arg in args])


def words_of(result):
    """Everything printed, boxes and line breaks taken out."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", result.output).split())


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A file with a column that jumps in row 500, in the current folder."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=1000) + 3.0 * (np.arange(1000) >= 500)
    lines = [f"{row},{value:.6f}" for row, value in enumerate(values)]
    (tmp_path / "cell.csv").write_text("\n".join(["clock,value", *lines]))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cell.csv"


def test_prints_alarms_and_writes_the_picture(table):
    """One line an alarm with row and value; the picture is named after what it shows."""
    result = call("run", "adwin", "cell.csv", "--column", "value")
    assert result.exit_code == 0, result.output
    signal = streams.signal_from_file(table, "value")
    alarms = detectors.ADWIN().update_many(signal.values).tolist()
    assert alarms
    for row in alarms:
        assert f"{row:,} drift {signal.values[row]:.6g}" in words_of(result)
    assert f"drifts: {len(alarms)}" in result.output
    assert (table.parent / "adwin-cell-value-alarms.png").stat().st_size > 1000


def test_json_is_the_result_of_detection(table):
    """--json prints one JSON text with the alarms that Python gives."""
    result = call("run", "page-hinkley", "cell.csv", "--column", "value", "--json")
    found = Detection.from_json(result.stdout)
    assert (found.detector, found.signal, found.n) == ("page-hinkley", "cell", 1000)
    assert found.alarms
    assert found.episodes == []


def test_series_by_name(table):
    """A drawn series needs no file; seed, rows, window and settings arrive."""
    options = ("--seed", "5", "--rows", "3000", "--window", "500", "--set", "delta=0.1", "--json")
    found = Detection.from_json(call("run", "adwin", "noise_mean2", *options).stdout)
    signal = streams.signal("noise_mean2", seed=5, n_samples=3000)
    wanted = evaluate.detection(detectors.ADWIN(0.1), signal, window=500, traces=["estimation"])
    assert (found.seed, found.n, found.episodes) == (5, 3000, [(2000, 2500)])
    assert found.alarms == wanted.alarms


@pytest.fixture
def errors(table):
    """A file of hits and misses, more of these from row 500 on, and scores in [0, 1]."""
    score = np.random.default_rng(2).random(1000)
    wrong = score > np.where(np.arange(1000) < 500, 0.9, 0.4)
    lines = [f"{int(w)},{s:.6f}" for w, s in zip(wrong, score, strict=True)]
    (table.parent / "errors.csv").write_text("\n".join(["wrong,score", *lines]))
    return "errors.csv"


@pytest.mark.parametrize("name", registry.DETECTORS)
def test_every_detector(errors, name):
    """Each that `olearn list detectors` names prints the alarms that a plain loop gives."""
    detector = registry.make_detector(name, seed=1)
    binary = isinstance(detector, BinaryDriftDetector)
    source, column = (errors, "wrong") if binary else ("cell.csv", "value")
    if name == "rank-test":
        source, column = errors, "score"
    result = call("run", name, source, "--column", column)
    assert result.exit_code == 0, result.output
    alarms = []
    for row, value in enumerate(streams.signal_from_file(source, column)):
        detector.update(bool(value) if binary else value)
        if detector.drift_detected:
            alarms.append(row)
    assert f"drifts: {len(alarms)}" in result.output
    for row in alarms:
        assert re.search(rf"^ *{row:,} +drift ", result.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", ["ddm", "eddm", "fhddm", "hddm-a", "hddm-w", "rddm", "stepd"])
def test_detectors_of_errors_on_numbers(table, name):
    """Those that take hits and misses refuse other numbers, with row and value."""
    result = call("run", name, "cell.csv", "--column", "value")
    assert result.exit_code == 1
    assert "takes errors, 0 or 1, and cell is 0.345584 in row 0" in result.stderr
    assert "detector must take numbers, such as ADWIN" in result.stderr


def test_scores_out_of_range(table):
    """A detector of scores in [0, 1] says so, with its name and that of the series."""
    result = call("run", "rank-test", "cell.csv", "--column", "value")
    assert result.exit_code == 1
    assert "rank-test cannot watch cell: x must be in [0.0, 1.0], got" in result.stderr


def noise(table, deviation):
    values = 50 + deviation * np.random.default_rng(5).normal(size=3000)
    (table.parent / "noise.csv").write_text("\n".join(["value", *map(str, values)]))
    return ("noise.csv", "--column", "value")


@pytest.mark.parametrize(
    ("detector", "given", "remedies"),
    [
        ("windowed-psi", {}, ("--set restart=True", "--calibrate ROWS")),
        ("cusum", {"mean": 0.0, "sigma": 1.0}, ("--calibrate ROWS",)),
    ],
)
def test_alarms_that_follow_each_other_are_said(table, detector, given, remedies):
    """A detector that does not begin afresh says so where it alarms in most rows."""
    series = ("cell.csv", "--column", "value")
    settings = [part for name in given for part in ("--set", f"{name}={given[name]}")]
    loud = call("run", detector, *series, *settings)
    assert re.search(rf"{detector} alarms in \d+ of 1,000 rows", loud.stderr)
    assert all(remedy in loud.stderr for remedy in remedies)
    assert "alarms in" not in call("run", "adwin", *series).stderr
    calm = call("run", "windowed-psi", *series, "--set", "restart=True", "--set", "threshold=2.0")
    assert "alarms in" not in calm.stderr


def test_thresholds_in_units_are_said(table):
    """Page-Hinkley on values far from its unit: a line with the remedy, unless it is given."""
    loud = call("run", "page-hinkley", *noise(table, 5.0))
    said = "the threshold of page-hinkley is in the unit of the values, which deviate by 4.98"
    assert said in loud.stderr
    assert "--calibrate ROWS" in loud.stderr
    given = call("run", "page-hinkley", *noise(table, 5.0), "--set", "threshold=900")
    assert given.stderr == ""
    wasserstein = call("run", "windowed-wasserstein", *noise(table, 5.0))
    assert "the threshold of windowed-wasserstein is in the unit" in wasserstein.stderr
    assert "the bound of adwin supposes" in call("run", "adwin", *noise(table, 0.01)).stderr
    assert call("run", "adwin", *noise(table, 5.0)).stderr == ""


@pytest.mark.parametrize("name", ["page-hinkley", "ewma-chart", "windowed-wasserstein"])
def test_calibrated(table, name):
    """--calibrate finds a threshold with at most one alarm in the quiet rows, and says which."""
    series = noise(table, 5.0)
    before = Detection.from_json(call("run", name, *series, "--json").stdout)
    assert sum(alarm < 2000 for alarm in before.alarms) > 1
    result = call("run", name, *series, "--calibrate", "2000")
    assert result.stderr == ""
    line = re.search(r"calibrated: \w+=\S+: (\d) alarms? in the first 2,000 rows", result.output)
    assert int(line[1]) <= 1
    found = Detection.from_json(call("run", name, *series, "--calibrate", "2000", "--json").stdout)
    assert sum(alarm < 2000 for alarm in found.alarms) == int(line[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ddm", "errors.csv", "--column", "wrong"], "ddm has no threshold to calibrate"),
        (["adwin", "cell.csv", "--column", "value", "--set", "delta=0.1"], "which --set gives"),
        (["adwin", "noise_mean2", "--rows", "3000"], "must end before the drift in row 2,000"),
        (["naive-bayes", "sea"], "--calibrate cannot be used"),
    ],
)
def test_calibration_refused(errors, arguments, message):
    """Exit code 2 and a sentence, where there is no threshold, or no quiet rows."""
    result = call("run", *arguments, "--calibrate", "2500")
    assert result.exit_code == 2
    assert message in words_of(result)


def test_picture_where_asked(table):
    """--picture names the file, in a format of its suffix."""
    result = call("run", "adwin", "noise_mean2", "--rows", "100", "--picture", "here.svg")
    assert f"picture: {table.parent / 'here.svg'}" in result.output
    assert "<svg" in (table.parent / "here.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["adwin", "none.csv"], "no such file: none.csv"),
        (["adwin", "noise_mean3"], "did you mean 'noise_mean"),
        (["adwin", "electricity"], "a detector watches a file or a known series"),
        (["adwin", "noise_mean2", "--column", "x"], "--column is for files"),
        (["adwin", "cell.csv", "--delay", "3"], "--delay cannot be used: adwin is a detector"),
        (["adwin", "cell.csv", "--set", "delt=3"], "did you mean 'delta'"),
        (["adwin", "cell.csv", "--picture", "no/folder.png"], "--picture must be a file in an"),
        (["naive-bayes", "sea", "--column", "x"], "--column cannot be used: they are for det"),
    ],
)
def test_wrong_usage(table, arguments, message):
    """Exit code 2 and a message that names the fault, before anything runs."""
    result = call("run", *arguments)
    assert result.exit_code == 2
    assert message in words_of(result)
    assert not list(table.parent.glob("*.png"))


def test_column_that_is_not_there(table):
    """Wrong usage: exit code 2, the nearest name suggested."""
    result = call("run", "adwin", "cell.csv", "--column", "valu")
    assert result.exit_code == 2
    assert "did you mean 'value'" in words_of(result)


def test_report_lists_the_alarms(tmp_path, monkeypatch):
    """--report writes a page: the picture, every alarm with row, delay and kind."""
    monkeypatch.chdir(tmp_path)
    result = call("run", "value-channel", "noise_mean2", "--report", "r.html")
    assert result.exit_code == 0, result.output
    assert f"report: {tmp_path / 'r.html'}" in result.output
    page = (tmp_path / "r.html").read_text()
    assert page.count("data:image/svg+xml;base64,") == 2  # light and dark
    found = Detection.from_json(call("run", "value-channel", "noise_mean2", "--json").stdout)
    assert found.alarms
    start, end = found.episodes[0]
    for row, detail in zip(found.alarms, found.details, strict=True):
        delay = f"{row - start:,}" if start <= row < end else "false alarm"
        cells = re.search(f"<td>{row:,}</td><td>drift</td>(.*?)</tr>", page)[1]
        assert f"<td>{delay}</td><td>{detail['channel']}</td>" in cells
    assert "rows after the true change</th><th>what changed" in page
