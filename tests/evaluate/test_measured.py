"""What all kinds of results can do alike: JSON, tables, pictures."""

import json
import math

import numpy as np
import pytest
from river import datasets, drift, naive_bayes

from olearn import evaluate, streams
from olearn.evaluate.agents.episodes_result import EpisodeRun
from olearn.evaluate.measured import Measured
from olearn.evaluate.tasks.class_incremental_result import TaskRun


def result():
    found = evaluate.prequential(
        datasets.Phishing(), naive_bayes.GaussianNB(), window=500, keep_predictions=True
    )
    found.values["Accuracy"] = found.windows["KappaM"][1] = math.nan
    return found


def comparison():
    return evaluate.Comparison([result(), result()])


def detection():
    signal = streams.signal("noise_mean2", seed=7)
    found = evaluate.detection(
        drift.PageHinkley(), signal, warm_up=50, traces=["threshold"], details=["delta"]
    )
    found.values[3] = found.traces["threshold"][0] = math.nan
    return found


def detections():
    rivals = {"ADWIN": drift.ADWIN(), "Page-Hinkley": drift.PageHinkley()}
    signals = [streams.signal(name, seed=1) for name in ("noise_mean2", "noise_none")]
    return evaluate.detect_all(rivals, signals)


def tasks():
    runs = [
        TaskRun(seed, [["a"], ["b"]], [5, 9], [[0.5, 0.0], [0.4, 0.8]], [0.1] * 2, [0.1] * 2)
        for seed in (1, 2)
    ]
    runs[0].curve = [(5, 0.5), (9, 0.6)]
    return evaluate.ClassIncrementalResult("model", "stream", runs, {"python": "3"})


def agents():
    runs = [EpisodeRun(1, 40, [10, 40], [1.0, math.nan], 0.5), EpisodeRun(2, 40)]
    return evaluate.Episodes("agent", "environment", runs, (11,))


KINDS = [result, comparison, detection, detections, tasks, agents]


@pytest.mark.parametrize("make", KINDS)
def test_json_keeps_everything(make, tmp_path):
    """Requirement: valid JSON, NaN as null, read back from text and from a file, type for type."""
    found, path = make(), tmp_path / "found.json"
    text = found.to_json(path)

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    json.loads(text, parse_constant=refuse)
    for source in (text, path, str(path)):
        back = type(found).from_json(source)
        assert type(back) is type(found)
        assert repr(back) == repr(found)  # repr: NaN differs from itself
    assert repr(type(found).from_dict(json.loads(text))) == repr(found)


@pytest.mark.parametrize("make", KINDS)
def test_prints_its_table(make):
    """Requirement: `print` shows the table."""
    found = make()
    assert isinstance(found, Measured)
    assert str(found) == str(found.table())
    assert len(str(found).splitlines()) > 3


@pytest.mark.parametrize("make", KINDS)
def test_plot_returns_and_saves(make, tmp_path):
    """Requirement: `plot(path)` writes a picture in the suffix's format; without one, nothing."""
    found, path = make(), tmp_path / "found.png"
    assert found.plot(path).axes
    assert path.read_bytes().startswith(b"\x89PNG")
    assert found.plot().axes
    assert list(tmp_path.iterdir()) == [path]


def test_alarms_of_all_runs():
    """Requirement: a panel a series, a line a run, a tick an alarm, the episode shaded."""
    found = detections()
    changing, quiet = found.plot().axes
    for ax, signal in ((changing, "noise_mean2"), (quiet, "noise_none")):
        runs = found.pick(signal=signal).runs
        assert ax.get_title(loc="left") == signal
        assert [label.get_text() for label in ax.get_yticklabels()] == ["ADWIN", "Page-Hinkley"]
        ticks, shades = ax.collections[1::2], ax.collections[::2]
        assert [sorted(tick.get_positions()) for tick in ticks] == [run.alarms for run in runs]
        assert [len(shade.get_paths()) for shade in shades] == [len(run.episodes) for run in runs]
    assert any(run.alarms for run in found.runs)


def test_windows_of_episodes():
    """Requirement: the number of windows is an option of the curve, by name or as it was in 0.1."""
    found = agents()
    for figure in (found.plot(n_windows=4), found.plot(4)):
        mean = figure.axes[0].lines[2]
        np.testing.assert_array_equal(mean.get_xdata(), [10, 20, 30, 40])
