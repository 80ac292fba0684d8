"""The loader of the Numenta Anomaly Benchmark, on small copies of its layout and on its files."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from olearn import streams

DATA = os.environ.get("OLEARN_DATA")
needs_data = pytest.mark.skipif(
    DATA is None or not (Path(DATA) / "nab").is_dir(), reason="needs nab in $OLEARN_DATA"
)

ROWS = ["00:00", "00:05", "00:10", "00:10", "00:15"]


@pytest.fixture(params=["flat", "clone"])
def folder(request, tmp_path, monkeypatch):
    """A benchmark of one series, as prepared or as the repository lays it out."""
    root = tmp_path / "nab"
    labels, data = (root, root) if request.param == "flat" else (root / "labels", root / "data")
    (data / "real").mkdir(parents=True)
    labels.mkdir(exist_ok=True)
    lines = [f"2014-01-01 {time}:00,{row}" for row, time in enumerate(ROWS)]
    (data / "real" / "small.csv").write_text("\n".join(["timestamp,value", *lines]))
    span = [f"2014-01-01 00:{minute}:00.000000" for minute in ("05", "10")]
    windows = {"real/small.csv": [span], "real/not_here.csv": []}
    (labels / "combined_windows.json").write_text(json.dumps(windows))
    monkeypatch.setenv("OLEARN_DATA", str(tmp_path))
    return labels


def test_both_layouts_and_repeated_time_stamps(folder):
    """Values, clock and windows; a time that occurs twice stands for its first row."""
    signal = streams.load_nab("small")
    np.testing.assert_array_equal(signal.values, range(5))
    assert signal.windows == ((1, 2),)
    assert signal.times[4] == np.datetime64("2014-01-01T00:15:00")
    assert streams.nab_names() == ["small"]


def test_unknown_name(folder):
    """The nearest name is suggested."""
    with pytest.raises(ValueError, match="did you mean 'small'"):
        streams.load_nab("smal")


def test_window_at_a_time_that_is_not_there(folder):
    """A label that fits no row is an error, not a wrong window."""
    path = folder / "combined_windows.json"
    path.write_text(path.read_text().replace("00:05", "00:06"))
    with pytest.raises(ValueError, match="must begin and end at its rows"):
        streams.load_nab("small")


def test_not_there(tmp_path, monkeypatch):
    """The message says where to get it."""
    monkeypatch.setenv("OLEARN_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"clone .*numenta/NAB into"):
        streams.load_nab("nyc_taxi")


@needs_data
def test_files():
    """Rows and windows of the files as the benchmark counts them."""
    taxi = streams.load_nab("nyc_taxi")
    assert (len(taxi), len(taxi.windows)) == (10_320, 5)
    names = streams.nab_names()
    assert sum(len(streams.load_nab(name).windows) for name in names) >= 23
