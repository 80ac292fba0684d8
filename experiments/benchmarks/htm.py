"""How fast is HTM: records of NAB and updates of its detector per CPU second.

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

from olearn import streams
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

    updates: int = option(5_000, "values for the detector")
    repeat: int = option(3, "timed runs, of which the best counts")
    seed: int = option(1, "seed of values and encoders")
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


def sprt_lines(args: Args, timings: list[Speed]) -> list[dict[str, Any]]:
    """Time the detector made of both on white noise, by rows and by an array."""
    noise = np.random.default_rng(args.seed).standard_normal(args.updates)

    def by_rows() -> Callable[[], Any]:
        detector = htm.HTMSPRT()

        def work() -> None:
            for x in noise.tolist():
                detector.update(x)

        return work

    def by_array() -> Callable[[], Any]:
        detector = htm.HTMSPRT()
        return lambda: detector.update_many(noise)

    rows, array = (
        measure(f"HTMSPRT.{way}", "white noise", prepare, len(noise), args.repeat)
        for way, prepare in (("update", by_rows), ("update_many", by_array))
    )
    timings += [rows, array]
    return [
        {
            "what": "HTMSPRT",
            "on": "white noise",
            "rows": len(noise),
            "row by row, rows / CPU s": round(rows.speed),
            "update_many, rows / CPU s": round(array.speed),
            "other": "",
            "times as fast": None,
        }
    ]


def main(args: Args) -> None:
    """Time all and write the table."""
    timings: list[Speed] = []
    lines = nab_lines(args, timings) + sprt_lines(args, timings)
    write(Path(args.out), "Speed of HTM", args, timings, lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
