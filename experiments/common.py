"""What the scripts share: their options, their processes, tables, and files of results."""

import argparse
import dataclasses
import json
import multiprocessing
import os
import platform
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import numpy as np
from numpy.typing import ArrayLike
from rich.console import Console
from rich.progress import track

from olearn.core.threads import one_blas_thread
from olearn.evaluate.intervals import mean_and_half_width
from olearn.show.tables import TextTable

RESULTS = Path(__file__).resolve().parent / "results"

Runs = list[dict[str, Any]]
"""What was measured, a dict a run."""

A = TypeVar("A")


def option(default: Any, help_text: str, choices: Iterable[str] | None = None) -> Any:
    """Return a field of a dataclass that `parse` fills from the command line."""
    known = None if choices is None else tuple(choices)
    return dataclasses.field(default=default, metadata={"help": help_text, "choices": known})


def parse(kind: type[A], description: str | None) -> A:
    """Fill a dataclass from the command line.

    A field `first_seed` is the option `--first-seed`; a tuple takes several values, a bool none.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=_HelpFormatter)
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        how: dict[str, Any] = {"action": "store_true"}
        if hints[field.name] is not bool:
            items = get_args(hints[field.name])  # of a tuple
            how = {"type": items[0], "nargs": "*"} if items else {"type": hints[field.name]}
            how["choices"] = field.metadata["choices"]
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            default=field.default,
            help=field.metadata["help"],
            **how,
        )
    given = vars(parser.parse_args())
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})


class _HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Shows defaults, and the description as it is written."""


def in_processes(
    function: Callable[[Any], Any], jobs: Sequence[Any], what: str, n_jobs: int
) -> Iterator[Any]:
    """Yield the answers in order, with a progress bar on stderr."""
    context = multiprocessing.get_context("spawn")  # a fork would copy the bar's thread half-way
    with ProcessPoolExecutor(n_jobs, context, initializer=compute_on_one_thread) as pool:
        yield from track(pool.map(function, jobs), what, len(jobs), console=Console(stderr=True))


def compute_on_one_thread() -> None:
    """Limit this process for all its life, for peers in plain NumPy: processes fill the cores."""
    one_blas_thread.__enter__()


def head(packages: Iterable[str]) -> dict[str, Any]:
    """Return the version of olearn and of packages, the command, the date and the machine.

    The machine is given by its processor and the number of its cores, by no name or address.
    """
    return {
        "version": metadata.version("olearn"),
        "command": shlex.join(["python", f"experiments/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "processor": processor(),
        "cpu_count": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {package: metadata.version(package) for package in packages},
    }


def processor() -> str:
    """Return the model of the processor."""
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def write_runs(path: Path, facts: dict[str, Any], runs: Iterable[dict[str, Any]]) -> None:
    """Write the facts, then a run a line; a script that is stopped leaves no half file."""
    opening = json.dumps(facts, indent=1)[:-2]
    body = ",\n  ".join(json.dumps(run) for run in runs)
    part = path.with_suffix(".part")
    part.write_text(f'{opening},\n "runs": [\n  {body}\n ]\n}}\n')
    part.replace(path)


def markdown(
    heads: Iterable[str], rows: Iterable[Iterable[str]], numbers: bool = False
) -> list[str]:
    """Return the lines of a table; with `numbers` all columns but the first are to the right."""
    table = TextTable("")
    for i, name in enumerate(heads):
        table.add_column(name, justify="right" if numbers and i else "left")
    for row in rows:
        table.add_row(*row)
    return table.to_markdown().splitlines()


def cell(sample: ArrayLike, sign: str = "") -> str:
    """Return `mean ± half-width` of the 95 % t-interval, to two decimals."""
    mean, half = mean_and_half_width(sample)
    return f"{mean:{sign}.2f}" if np.isnan(half) else f"{mean:{sign}.2f} ± {half:.2f}"


def clear(sample: ArrayLike) -> int:
    """Return 1 or -1 where the interval lies above or below zero, else 0."""
    mean, half = mean_and_half_width(sample)
    return int(np.sign(mean)) if abs(mean) > half else 0
