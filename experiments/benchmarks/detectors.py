"""How fast are the drift detectors: row by row and over whole arrays, beside river's.

    python experiments/benchmarks/detectors.py

All read the same values of one process, in turns; the fewest CPU seconds of each count. Detectors
of errors read zeros and ones, the others white noise: nothing changes in either, but for false
alarms, so that windows are full. The alarms of river's and of both of ours are compared.
"""

import dataclasses
import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _timing import RESULTS, option, parse, write
from numpy.typing import NDArray
from river import base, drift

from olearn import detectors
from olearn.base import ArrayDetector

# by the class of ours; the level of KSWIN is such that its window stays full
RIVER: dict[str, Callable[..., Any]] = {
    "ADWIN": drift.ADWIN,
    "DDM": drift.binary.DDM,
    "EDDM": drift.binary.EDDM,
    "FHDDM": drift.binary.FHDDM,
    "HDDMA": drift.binary.HDDMA,
    "HDDMW": drift.binary.HDDMW,
    "KSWIN": drift.KSWIN,
    "PageHinkley": drift.PageHinkley,
}
OPTIONS: dict[str, dict[str, Any]] = {
    "KSWIN": {"alpha": 1e-5, "seed": 1},
    "WindowedWasserstein": {"seed": 1},
}


@dataclasses.dataclass(frozen=True)
class Args:
    """Options of the benchmark."""

    array: int = option(500_000, "values in an array")
    rows: int = option(50_000, "values one by one")
    slow_rows: int = option(2_500, "values one by one for river's KSWIN")
    repeat: int = option(5, "runs of each in turn, of which the best counts")
    seed: int = option(1, "seed of the values")
    out: str = option(str(RESULTS / "detectors"), "result files, without suffix")


@dataclasses.dataclass(frozen=True)
class Speed:
    """The best of the timed runs of one detector in one way."""

    what: str
    rows: int
    cpu_seconds: float

    @property
    def nanoseconds(self) -> float:
        """CPU time of a value."""
        return self.cpu_seconds / self.rows * 1e9

    @property
    def speed(self) -> float:
        """Values per CPU second."""
        return self.rows / self.cpu_seconds


def by_rows(detector: Any, xs: Sequence[float]) -> list[int]:
    """Return the alarms of a loop of `update`."""
    found = []
    for i, x in enumerate(xs):
        detector.update(x)
        if detector.drift_detected:
            found.append(i)
    return found


def by_array(detector: Any, xs: NDArray[np.float64]) -> list[int]:
    """Return the alarms of one call."""
    found: list[int] = detector.update_many(xs).tolist()
    return found


def names() -> list[str]:
    """Return our detectors of numbers or errors with parameters that all have a default."""
    classes = {name: getattr(detectors, name) for name in detectors.__all__}
    return [
        name
        for name, kind in classes.items()
        # HTM has a benchmark of its own, and scores in [0, 1] are another kind of values
        if issubclass(kind, ArrayDetector) and name not in ("HTMSPRT", "RankTest", "SPRT")
    ]


def compare(name: str, args: Args, timings: list[Speed]) -> dict[str, Any]:
    """Time one detector and river's, and return the line of the table."""
    kind = getattr(detectors, name)
    rng = np.random.default_rng(args.seed)
    is_of_errors = issubclass(kind, base.BinaryDriftDetector)
    draws = rng.random(args.array) < 0.2 if is_of_errors else rng.standard_normal(args.array)
    values = draws.astype(np.float64)
    options = OPTIONS.get(name, {})
    n = min(args.slow_rows if name == "KSWIN" else args.rows, args.array)
    few = values[:n].tolist()
    ways: dict[str, tuple[Callable[..., list[int]], Callable[..., Any], Any]] = {
        "array": (by_array, kind, values),
        "rows": (by_rows, kind, few),
    }
    if name in RIVER:
        ways["river"] = (by_rows, RIVER[name], few)
    spent: dict[str, list[float]] = {way: [] for way in ways}
    found: dict[str, list[int]] = {}
    for _ in range(args.repeat + 1):
        for way, (run, make, xs) in ways.items():
            detector = make(**options)
            gc.collect()
            begin = time.process_time()
            found[way] = run(detector, xs)
            spent[way].append(time.process_time() - begin)
    speeds = {
        way: Speed(f"{name}, {way}", len(xs), min(spent[way][1:]))
        for way, (_, _, xs) in ways.items()
    }
    timings += speeds.values()
    theirs = speeds.get("river")
    sides = [found["rows"], [i for i in found["array"] if i < n], found.get("river", found["rows"])]
    return {
        "detector": name,
        "reads": "errors" if is_of_errors else "numbers",
        "array, ns": speeds["array"].nanoseconds,
        "rows, ns": speeds["rows"].nanoseconds,
        "river, ns": None if theirs is None else theirs.nanoseconds,
        "array: river's/ours": theirs and theirs.nanoseconds / speeds["array"].nanoseconds,
        "rows: river's/ours": theirs and theirs.nanoseconds / speeds["rows"].nanoseconds,
        "alarms": len(sides[0]),
        "alike": "yes" if sides[0] == sides[1] == sides[2] else "no",
    }


def main(args: Args) -> None:
    """Time all and write the table."""
    timings: list[Speed] = []
    lines = [compare(name, args, timings) for name in names()]
    write(Path(args.out), "Drift detectors: CPU time of a value", args, timings, lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
