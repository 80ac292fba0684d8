"""Series of the Numenta Anomaly Benchmark with its anomaly windows."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from olearn.core.data_home import data_places
from olearn.core.validate import check_choice
from olearn.streams.signals import Signal

__all__ = ["load_nab", "nab_names"]

_SOURCE = "https://github.com/numenta/NAB"


def nab_names() -> list[str]:
    """Return the names of the series that are there, sorted.

    Raises
    ------
    FileNotFoundError
        If the benchmark is not there; the message says how to provide it.

    """
    folder, windows = _find()
    return sorted(Path(key).stem for key in windows if (folder / key).is_file())


def load_nab(name: str) -> Signal:
    """Read a series of the Numenta Anomaly Benchmark[^1] with its anomaly windows.

    It is looked for in the folder `nab` of `$OLEARN_DATA`, then of the user's cache
    (`$XDG_CACHE_HOME/olearn`, by default `~/.cache/olearn`); that folder may be a clone of the
    benchmark's repository.

    Parameters
    ----------
    name
        Name of the file without its suffix, such as `nyc_taxi`; one of `nab_names()`.

    Raises
    ------
    FileNotFoundError
        If the benchmark is not there; the message says how to provide it.
    ValueError
        If the name is unknown, or a window begins or ends at a time that the file does not have.

    Notes
    -----
    A time stamp that occurs several times stands for its first row, as in the benchmark.

    Examples
    --------
    >>> from olearn import streams
    >>> taxi = streams.load_nab("nyc_taxi")  # doctest: +SKIP
    >>> len(taxi), taxi.windows[0]  # doctest: +SKIP
    (10320, (5839, 6045))

    References
    ----------
    [^1]: Lavin, A. and Ahmad, S. (2015). Evaluating real-time anomaly detection algorithms - the
        Numenta Anomaly Benchmark. ICMLA 2015.

    """
    folder, windows = _find()
    keys = {Path(key).stem: key for key in windows if (folder / key).is_file()}
    check_choice("name", name, sorted(keys))
    with (folder / keys[name]).open(encoding="utf-8", newline="") as file:
        rows = [(row["timestamp"], float(row["value"])) for row in csv.DictReader(file)]
    times = np.array([time for time, _ in rows], dtype="datetime64[s]")
    first: dict[Any, int] = {}
    for row, time in enumerate(times.tolist()):
        first.setdefault(time, row)
    spans = []
    for pair in windows[keys[name]]:
        begin, end = (np.datetime64(text, "s").item() for text in pair)
        if begin not in first or end not in first:
            raise ValueError(f"windows of {keys[name]} must begin and end at its rows, got {pair}")
        spans.append((first[begin], first[end]))
    return Signal(name, np.array([value for _, value in rows]), (), tuple(spans), times)


def _find() -> tuple[Path, dict[str, list[list[str]]]]:
    """Return the folder of the series and the windows, by path within that folder."""
    tried = data_places("nab")
    for root in tried:
        for labels, folder in ((root, root), (root / "labels", root / "data")):
            path = labels / "combined_windows.json"
            if path.is_file():
                return folder, json.loads(path.read_text(encoding="utf-8"))
    raise FileNotFoundError(
        f"the Numenta Anomaly Benchmark is not in {' or '.join(map(str, tried))}; clone {_SOURCE} "
        "into that place, or set OLEARN_DATA to a folder in which it is called nab"
    )
