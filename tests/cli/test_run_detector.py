"""`olearn run DETECTOR`: alarms of a column of numbers, printed, drawn and as JSON."""

import re

import numpy as np
import pytest
from typer.testing import CliRunner

from olearn import detectors, evaluate, streams
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
    """One line an alarm with row and value; the picture is named after the file."""
    result = call("run", "adwin", "cell.csv", "--column", "value")
    assert result.exit_code == 0, result.output
    signal = streams.signal_from_file(table, "value")
    alarms = detectors.ADWIN().update_many(signal.values).tolist()
    assert alarms
    for row in alarms:
        assert f"{row:,} drift {signal.values[row]:.6g}" in words_of(result)
    assert f"drifts: {len(alarms)}" in result.output
    assert (table.parent / "cell-alarms.png").stat().st_size > 1000


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
