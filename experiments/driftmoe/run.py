"""Runs of the DriftMoE experiment."""

import dataclasses
import sys
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from river.metrics import Accuracy

from common import RESULTS, Runs, head, in_processes, option, write_runs
from driftmoe.models import CHANGES, MODELS, SOURCES, make_model
from driftmoe.tables import write_report
from olearn import streams
from olearn.metrics import KappaM, KappaT, update_many

_WINDOWS = 50  # of the curve kept of each run


@dataclasses.dataclass(frozen=True)
class Args:
    """Choices of a run; `python experiments/driftmoe.py --help` lists them."""

    profile: str = option("quick", "rows of the streams", choices=("quick", "full"))
    seeds: int = option(5, "seeds of the table")
    ablation_seeds: int = option(3, "seeds of the ablation")
    first_seed: int = option(1, "the others follow it")
    rows: int = option(0, "rows of each stream at most; 0: what the profile says")
    only: tuple[str, ...] = option((), "streams of the table; none: all", choices=SOURCES)
    n_jobs: int = option(2, "processes")
    out: Path = option(RESULTS, "folder of the results")


@dataclasses.dataclass(frozen=True)
class Job:
    """One model on one stream with one seed."""

    stream: str
    model: str
    seed: int
    name: str
    rows: int | None


@lru_cache(maxsize=1)
def read_rows(name: str, seed: int | None, rows: int | None) -> tuple[Any, ...]:
    """Return the stream's schema, its rows and its labels as codes."""
    stream = streams.load(name) if seed is None else streams.load(name, seed=seed)
    n_rows = min(rows or sys.maxsize, stream.n_samples or sys.maxsize)
    X, y = next(stream.blocks(n_rows))
    return stream.schema, X, y


def run_job(job: Job) -> dict[str, Any]:
    """Test, then train, row by row; return the scores in percent."""
    schema, X, y = read_rows(job.name, job.seed if SOURCES[job.stream].drawn else None, job.rows)
    n_classes = len(schema.labels)
    model = make_model(job.model, job.seed, schema.nominal, n_classes)
    begin = time.process_time()
    predicted = model.test_then_train_many(X, y, names=schema.names)
    cpu = time.process_time() - begin
    scores: list[Any] = [Accuracy(), KappaM(classes=range(n_classes)), KappaT()]
    update_many(scores, y, predicted)
    accuracy, kappa_m, kappa_t = (round(100.0 * score.get(), 4) for score in scores)
    run = {
        "stream": job.stream, "model": job.model, "seed": job.seed, "rows": len(y),
        "accuracy": accuracy, "kappa_m": kappa_m, "kappa_t": kappa_t, "cpu_seconds": round(cpu, 2),
    }  # fmt: skip
    if job.stream == "LED_a" and job.model in MODELS:
        hits = np.array_split(predicted == y, _WINDOWS)
        run["curve"] = [round(100.0 * float(part.mean()), 2) for part in hits]
    return run


def make_jobs(args: Args, found: list[str], models: Iterable[str], seeds: range) -> list[Job]:
    """Return the jobs, those on the same rows side by side."""
    rows = args.rows or (50_000 if args.profile == "quick" else None)
    return [
        Job(stream, model, seed, getattr(SOURCES[stream], args.profile), rows)
        for seed in seeds
        for stream in found
        for model in models
    ]


def find_streams(args: Args) -> tuple[list[str], list[str]]:
    """Return the streams that are there, and those that cannot be had here."""
    found, missing = [], []
    for stream, source in SOURCES.items():
        if args.only and stream not in args.only:
            continue
        try:
            streams.load(getattr(source, args.profile))
        except OSError:
            missing.append(stream)
        else:
            found.append(stream)
    return found, missing


def main(args: Args) -> None:
    """Run table and ablation; files are written after each part, so that a stop loses little."""
    begin = time.time()
    args.out.mkdir(parents=True, exist_ok=True)
    found, missing = find_streams(args)
    first = args.first_seed
    parts = [(MODELS, range(first, first + args.seeds))]
    parts += [(tuple(CHANGES), range(s, s + 1)) for s in range(first, first + args.ablation_seeds)]
    facts = {
        **head(("river", "numpy", "numba")),
        "seeds": list(parts[0][1]),
        "streams": found,
        "not_to_be_had": missing,
    }
    runs: Runs = []
    for done, (models, seeds) in enumerate(parts):
        what = f"ablation, seed {seeds[0]}" if done else "table"
        runs += in_processes(run_job, make_jobs(args, found, models, seeds), what, args.n_jobs)
        facts["ablation_seeds"] = list(range(first, first + done))
        facts["seconds"] = round(time.time() - begin)
        write_runs(args.out / "driftmoe.json", facts, runs)
        write_report(args, facts, runs)
