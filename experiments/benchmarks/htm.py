"""How fast are HTM and the drift detectors: records of NAB and updates per CPU second.

    python experiments/benchmarks/htm.py

HTM runs with the parameters of NAB's "numentaTM" detector on NAB's files; the figures of htm.core
beside it, with the same parameters, were measured elsewhere and are quoted. The files are found
through OLEARN_DATA; without them that part is left out.
"""

import dataclasses
import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _timing import RESULTS, option, parse, write
from numpy.typing import NDArray
from river import drift

from olearn import detectors, streams
from olearn.detectors import htm

# quoted: htm.core 2.2, its C++ core driven from Python, records per CPU second on 2 shared virtual
# CPUs at 2.5 GHz; slowest and fastest run
HTM_CORE = {
    "nyc_taxi": (710, 1055),
    "machine_temperature_system_failure": (1460, 1535),
}
_ENOUGH_SECONDS = 4.0  # after a run this long another one would change little


@dataclasses.dataclass(frozen=True)
class Args:
    """Options of the benchmark."""

    updates: int = option(200_000, "values for the fast detectors")
    slow_updates: int = option(5_000, "values for the detectors that test a window at each one")
    repeat: int = option(3, "timed runs, of which the best counts")
    seed: int = option(1, "seed of values and detectors")
    out: str = option(str(RESULTS / "htm_speed"), "result files, without suffix")


@dataclasses.dataclass(frozen=True)
class Speed:
    """The best of the timed runs of one thing."""

    what: str
    on: str
    rows: int
    cpu_seconds: float

    @property
    def speed(self) -> float:
        """Rows per CPU second."""
        return self.rows / self.cpu_seconds


def measure(what: str, on: str, prepare: Callable[[], Callable[[], Any]], n: int, k: int) -> Speed:
    """Run once untimed, then up to `k` times; `prepare` makes the fresh work of each run."""
    prepare()()
    spent: list[float] = []
    while len(spent) < k and sum(spent) < _ENOUGH_SECONDS:
        work = prepare()
        gc.collect()
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return Speed(what, on, n, min(spent))


def htm_work(signal: streams.Signal, seed: int) -> Callable[[], Callable[[], Any]]:
    """Encode, pool, predict and learn every row of a file through `learn_one`."""
    assert signal.times is not None
    values = signal.values
    resolution = max(0.001, 1.4 * float(values.max() - values.min()) / 130.0)  # NAB's rule
    clocks = signal.times.tolist()
    pairs = zip(values.tolist(), clocks, strict=True)
    rows = [{"value": value, "time": clock} for value, clock in pairs]

    def prepare() -> Callable[[], Any]:
        fields = {
            "value": htm.RandomDistributedScalarEncoder(resolution),
            "time": htm.DateEncoder(),
        }
        detector = htm.HTMAnomalyDetector(htm.MultiEncoder(fields), seed=seed)

        def work() -> None:
            for row in rows:
                detector.learn_one(row)

        return work

    return prepare


def many(make: Callable[[], Any], xs: NDArray[np.float64]) -> Callable[[], Callable[[], Any]]:
    """Read an array in one call."""

    def prepare() -> Callable[[], Any]:
        detector = make()
        return lambda: detector.update_many(xs)

    return prepare


def one_by_one(make: Callable[[], Any], xs: list[float]) -> Callable[[], Callable[[], Any]]:
    """Read numbers in a loop of `update`."""

    def prepare() -> Callable[[], Any]:
        detector = make()

        def work() -> None:
            for x in xs:
                detector.update(x)

        return work

    return prepare


def nab_lines(args: Args, timings: list[Speed]) -> list[dict[str, Any]]:
    """Time HTM on NAB's files."""
    lines = []
    try:
        names = streams.nab_names()
    except FileNotFoundError as error:
        print(f"NAB is left out: {error}")
        return lines
    for name in names:
        signal = streams.load_nab(name)
        timing = measure("HTM", name, htm_work(signal, args.seed), len(signal), args.repeat)
        timings.append(timing)
        low, high = HTM_CORE.get(name, (None, None))
        lines.append(
            {
                "what": "HTM, NAB's parameters",
                "on": name,
                "rows": len(signal),
                "row by row, rows / CPU s": round(timing.speed),
                "update_many, rows / CPU s": None,
                "other": "" if low is None else f"htm.core {low:,}-{high:,} (quoted)",
                "times as fast": None if high is None else timing.speed / high,
            }
        )
    return lines


def detector_lines(args: Args, timings: list[Speed]) -> list[dict[str, Any]]:
    """Time every detector on white noise, beside river's of the same name."""
    rng = np.random.default_rng(args.seed)
    noise = rng.standard_normal(args.updates)
    rivers = {"ADWIN": drift.ADWIN, "PageHinkley": drift.PageHinkley, "KSWIN": drift.KSWIN}
    slow = {"KSWIN", *(n for n in detectors.__all__ if n.startswith(("Windowed", "HTM")))}
    lines = []
    for name in dict.fromkeys([*drifting_detectors(), *rivers]):
        xs = noise[: args.slow_updates if name in slow else args.updates]
        found = {}
        if name in detectors.__all__:
            make = getattr(detectors, name)
            found["update"] = one_by_one(make, xs.tolist())
            found["update_many"] = many(make, xs)
        if name in rivers:
            found["river"] = one_by_one(rivers[name], xs.tolist())
        speeds = {
            kind: measure(f"{name}.{kind}", "white noise", work, len(xs), args.repeat)
            for kind, work in found.items()
        }
        timings += speeds.values()
        shown = {kind: round(timing.speed) for kind, timing in speeds.items()}
        both = "update" in speeds and "river" in speeds
        lines.append(
            {
                "what": name,
                "on": "white noise",
                "rows": len(xs),
                "row by row, rows / CPU s": shown.get("update"),
                "update_many, rows / CPU s": shown.get("update_many"),
                "other": f"river {shown['river']:,}" if "river" in shown else "",
                "times as fast": (speeds["update"].speed / speeds["river"].speed if both else None),
            }
        )
    return lines


def drifting_detectors() -> list[str]:
    """Return our detectors that read any number."""
    bounded = ("RankTest", "SPRT")  # which read scores in [0, 1], or need a model of the values
    classes = {name: getattr(detectors, name) for name in detectors.__all__}
    return [n for n, kind in classes.items() if hasattr(kind, "update_many") and n not in bounded]


def main(args: Args) -> None:
    """Time all and write the table."""
    timings: list[Speed] = []
    lines = nab_lines(args, timings) + detector_lines(args, timings)
    write(Path(args.out), "Speed of HTM and of the drift detectors", args, timings, lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
