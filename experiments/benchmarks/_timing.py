"""What the benchmarks share: rows of a stream, a fair clock, the table and the files written.

CPU seconds are those of the whole process (`time.process_time`), all threads included: Java's
compiler and garbage collector and our own worker threads are all counted.
"""

import dataclasses
import gc
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable, Iterable
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Python looks for imports in the folder of a script, not in the one above it
sys.path.insert(1, str(Path(__file__).resolve().parents[1]))

from common import RESULTS, option, parse, processor
from olearn import streams
from olearn.show.tables import TextTable, print_table
from olearn.streams.base import Schema

__all__ = ["RESULTS", "Rows", "Timing", "Trial", "best_of", "option", "parse", "read_rows", "write"]

_ENOUGH_SECONDS = 4.0  # after a run this long another one would change little
_PACKAGES = ("olearn", "river", "numpy", "numba", "torch", "capymoa", "jpype1", "pyarrow")


@dataclasses.dataclass(frozen=True)
class Rows:
    """The first rows of a stream, as arrays and, where wanted, as dicts; labels are codes."""

    name: str
    schema: Schema
    X: NDArray[np.float64]
    y: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.y)

    def first(self, n: int) -> "Rows":
        """Return the first `n` rows."""
        return dataclasses.replace(self, X=self.X[:n], y=self.y[:n])

    def pairs(self) -> list[tuple[dict[Any, Any], int]]:
        """Return the rows as dicts beside their labels."""
        return list(zip(self.schema.to_dicts(self.X), self.y.tolist(), strict=True))


@dataclasses.dataclass(frozen=True)
class Trial:
    """One thing to time: `run` does the work, `codes` makes predicted codes of what it returns."""

    run: Callable[[], Any]
    codes: Callable[[Any], NDArray[Any]] = np.asarray


@dataclasses.dataclass(frozen=True)
class Timing:
    """What one model did on one stream: the best of the timed runs, and its accuracy."""

    model: str
    stream: str
    profile: str
    rows: int
    cpu_seconds: float
    wall_seconds: float
    accuracy: float
    warm_runs: int
    timed_runs: int

    @property
    def speed(self) -> float:
        """Rows per CPU second."""
        return self.rows / self.cpu_seconds


def read_rows(name: str, n: int, seed: int) -> Rows:
    """Return the first `n` rows of a stream; the seed is used where the stream has one."""
    try:
        stream = streams.load(name, seed=seed)
    except TypeError:  # real data have no seed
        stream = streams.load(name)
    X, y = next(stream.blocks(n))
    return Rows(name, stream.schema, X, y)


def timed(run: Callable[..., Any], *given: Any) -> tuple[float, float]:
    """Return CPU seconds and seconds of one run."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    run(*given)
    return time.process_time() - cpu, time.perf_counter() - wall


def best_of(
    prepare: Callable[[Rows], Trial],
    rows: Rows,
    model: str,
    profile: str,
    *,
    repeat: int,
    warm: int,
) -> Timing:
    """Run a trial `warm` times untimed, then up to `repeat` times; keep the fewest CPU seconds."""
    for _ in range(warm):
        trial = prepare(rows)
        trial.run()
    spent: list[tuple[float, float]] = []
    while len(spent) < repeat and sum(cpu for cpu, _ in spent) < _ENOUGH_SECONDS:
        trial = prepare(rows)  # a fresh model
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        answer = trial.run()
        spent.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu_seconds, wall_seconds = min(spent)
    accuracy = float(np.mean(trial.codes(answer) == rows.y))
    return Timing(
        model, rows.name, profile, len(rows), cpu_seconds, wall_seconds, accuracy, warm, len(spent)
    )


def machine() -> dict[str, Any]:
    """Return the class of this machine: processor, cores and Python, and no name or address."""
    return {"processor": processor(), "cores": os.cpu_count(), "python": platform.python_version()}


def versions() -> dict[str, str]:
    """Return the versions of the packages compared, of those that are installed."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def write(
    out: Path, title: str, args: Any, timings: Iterable[Timing], lines: list[dict[str, Any]]
) -> None:
    """Write the timings as JSON, print the table of comparisons and write it as Markdown."""
    given = {k: v for k, v in dataclasses.asdict(args).items() if k != "out"}
    facts = {
        "title": title,
        "date": date.today().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "command": shlex.join(["python", f"experiments/benchmarks/{Path(sys.argv[0]).name}"]),
        "options": given,
    }
    raw = [dataclasses.asdict(t) | {"rows_per_cpu_second": round(t.speed)} for t in timings]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".json").write_text(
        json.dumps(facts | {"timings": raw, "comparisons": lines}, indent=1) + "\n"
    )
    table = TextTable(title)
    for name, value in lines[0].items():
        table.add_column(
            name,
            no_wrap=isinstance(value, str),
            justify="right" if _is_number(value) else "left",
        )
    for line in lines:
        table.add_row(*map(_shown, line.values()))
    out.with_suffix(".md").write_text(_markdown(facts, table))
    print_table(table)


def _markdown(facts: dict[str, Any], table: TextTable) -> str:
    options = " ".join(f"--{k.replace('_', '-')} {v}" for k, v in facts["options"].items())
    about = [
        f"# {facts['title']}",
        "",
        f"{facts['date']}; {', '.join(f'{k} {v}' for k, v in facts['machine'].items())}; "
        + ", ".join(f"{k} {v}" for k, v in facts["versions"].items()),
        "",
        f"    {facts['command']} {options}",
        "",
    ]
    return "\n".join([*about, table.to_markdown(), ""])


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, int | float)


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
