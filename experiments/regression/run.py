"""Runs of the regression experiment: learners of numbers on streams that drift."""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from common import RESULTS, head, in_processes, option, write_runs
from olearn import learners, preprocessing, registry, streams
from olearn.streams._series_facts import SERIES
from regression.tables import write_report

COVERAGE = 0.9
WINDOW = 5000  # rows in which coverage is to hold
SHOWN = 400  # rows of a picture
SYNTHETIC = ("friedman_lea", "friedman_gra", "friedman_gsg")
LEARNERS: dict[str, Callable[[], Any]] = {
    "mean so far": lambda: registry.make_learner("mean-number"),
    "last number": lambda: registry.make_learner("last-number"),
    "linear regression": learners.LinearRegression,
    "nearest neighbours": learners.KNNRegressor,
    "Hoeffding tree": learners.HoeffdingTreeRegressor,
    "model rules": lambda: learners.AMRules(normalise=True),
    "adaptive random forest": lambda: learners.ARFRegressor(seed=1),
    "nearest leaves": lambda: learners.SOKNLRegressor(seed=1),
}


@dataclasses.dataclass(frozen=True)
class Args:
    """Choices of a run; `python experiments/regression.py --help` lists them."""

    seeds: int = option(5, "seeds of the synthetic streams")
    rows: int = option(60_000, "rows of a synthetic stream, with drifts spread over them")
    only: tuple[str, ...] = option((), "streams; none: all", choices=(*SYNTHETIC, *SERIES))
    n_jobs: int = option(2, "processes")
    out: Path = option(RESULTS, "folder of the results")


@dataclasses.dataclass(frozen=True)
class Job:
    """One learner on one stream with one seed."""

    stream: str
    learner: str
    seed: int
    rows: int


def jobs_of(args: Args) -> list[Job]:
    """Return all runs: series have one seed."""
    return [
        Job(stream, learner, seed, args.rows)
        for stream in args.only or (*SYNTHETIC, *SERIES)
        for learner in LEARNERS
        for seed in range(1, 1 + (args.seeds if stream in SYNTHETIC else 1))
    ]


def stream_of(job: Job) -> Any:
    """Return a stream, new."""
    if job.stream in SYNTHETIC:
        return streams.load(job.stream, seed=job.seed, n_samples=job.rows)
    return streams.load(job.stream)


def model_of(job: Job) -> Any:
    """Return a learner behind what it needs, inside of intervals."""
    model = LEARNERS[job.learner]()
    if job.learner not in ("mean so far", "last number"):
        steps = [preprocessing.StandardScaler(), model]
        if job.stream in SERIES:
            column = stream_of(job).column
            lags = preprocessing.Lags([1, 22, 23], [column])  # that hour of the day before
            steps = [preprocessing.PreviousImputer(), lags, *steps]
        model = steps[0]
        for step in steps[1:]:
            model = model | step
    return learners.ConformalRegressor(model, coverage=COVERAGE)


def run(job: Job) -> dict[str, Any]:
    """Evaluate a learner; keep its errors, what intervals held, and a piece for the picture."""
    stream, model = stream_of(job), model_of(job)
    X, y = next(stream.blocks(10**6))
    start = time.process_time()
    if model.takes_blocks:
        made = model.test_then_train_intervals(X, y, names=stream.schema)
    else:
        made = by_rows(model, stream, y)
    seconds = time.process_time() - start
    known = ~np.isnan(made[:, 0])
    predicted, lower, upper = made.T
    inside = np.where(known, (lower <= y) & (y <= upper), True)
    shares = np.convolve(inside, np.ones(min(WINDOW, len(y))) / min(WINDOW, len(y)), "valid")
    finite = np.isfinite(upper - lower)
    error = np.abs(y - predicted)[known]
    drift = next(iter(stream.drift_positions), len(y) // 2)
    part = slice(max(0, drift - SHOWN // 2), drift + SHOWN // 2)
    return {
        **dataclasses.asdict(job),
        "mae": float(error.mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "coverage": float(inside.mean()),
        "coverage_low": float(shares.min()),
        "coverage_high": float(shares.max()),
        "width": float((upper - lower)[finite].mean()),
        "rows_per_second": len(y) / seconds,
        "picture": None
        if job.seed > 1
        else {
            "rows": list(range(part.start, part.stop)),
            "drifts": [p for p in stream.drift_positions if part.start <= p < part.stop],
            "truth": np.round(y[part], 4).tolist(),
            **{
                k: np.round(made[part, i], 4).tolist()
                for i, k in enumerate(("predicted", "lower", "upper"))
            },
        },
    }


def by_rows(model: Any, stream: Any, y: Any) -> Any:
    """Answer row by row, of a model that takes no blocks: predictions and ends, NaN of none."""
    made = np.full((len(y), 3), np.nan)
    for t, (x, target) in enumerate(stream):
        interval = model.predict_one(x, with_interval=True)
        if interval is not None:
            made[t] = model.predict_one(x), interval.lower, interval.upper
        model.learn_one(x, target)
    return made


def main(args: Args) -> None:
    """Run all, write the files, print the report."""
    jobs = jobs_of(args)
    runs = list(in_processes(run, jobs, "learners of numbers", args.n_jobs))
    facts = {**head(["numpy", "numba", "river"]), "args": {**vars(args), "out": args.out.name}}
    write_runs(args.out / "regression.json", facts, runs)
    print(write_report(args.out, facts, runs))
