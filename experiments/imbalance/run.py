"""Runs of the experiment on rare labels."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import imblearn, metrics

from common import RESULTS, head, in_processes, option, write_runs
from imbalance.tables import write_report
from olearn import evaluate, learners, preprocessing, streams

STREAMS = ("credit", "ozone", "covtype")
BUDGET = 0.05
LEARNERS: dict[str, Callable[[int], Any]] = {
    "tree": lambda _: learners.HoeffdingTreeClassifier(),
    "forest": lambda seed: learners.ARFClassifier(seed=seed),
    "logistic regression": lambda _: preprocessing.StandardScaler() | learners.LogisticRegression(),
}
FORMS: dict[str, Callable[[Any, int], Any]] = {
    "as it is": lambda model, _: model,
    "balanced weights": lambda model, _: learners.ClassWeightClassifier(model),
    "threshold, F1": lambda model, _: learners.ThresholdClassifier(model, True),
    "threshold, budget 5 %": lambda model, _: learners.ThresholdClassifier(
        model, True, "budget", budget=BUDGET
    ),
    "river's undersampler": lambda model, seed: imblearn.RandomUnderSampler(
        model, {False: 0.5, True: 0.5}, seed=seed
    ),
}
METRICS = ("F1", "Precision", "Recall", "BalancedAccuracy")


@dataclasses.dataclass(frozen=True)
class Args:
    """Choices of a run; `python experiments/imbalance.py --help` lists them."""

    seeds: int = option(5, "seeds")
    rows: int = option(20_000, "rows of a stream, at most")
    only: tuple[str, ...] = option((), "streams; none: all", choices=STREAMS)
    n_jobs: int = option(2, "processes")
    out: Path = option(RESULTS, "folder of the results")


@dataclasses.dataclass(frozen=True)
class Job:
    """One learner in one form on one stream with one seed."""

    stream: str
    learner: str
    form: str
    seed: int
    rows: int


def credit(rows: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Draw credits: 2.7 % fail, 5 % after the middle, where other causes matter."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 8))
    first = np.arange(rows) < rows // 2
    cause = np.where(first, X[:, 0] + X[:, 1] * X[:, 2], X[:, 3] - X[:, 0])
    cause += rng.normal(scale=0.7, size=rows)
    edges = [
        np.quantile(cause[part], 1.0 - rate) for part, rate in ((first, 0.027), (~first, 0.05))
    ]
    return X, cause > np.where(first, *edges)


def rows_of(job: Job) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return rows, and whether each is of the rare label."""
    if job.stream == "credit":
        return credit(job.rows, job.seed)
    X, y = next(streams.load(job.stream).blocks(job.rows))
    counts = np.bincount(y)
    often = np.flatnonzero(counts >= len(y) // 100)  # of the others there is too little to say
    return X, y == often[np.argmin(counts[often])]


def run(job: Job) -> dict[str, Any]:
    """Evaluate a learner; keep its figures, and how often it said the rare label."""
    X, y = rows_of(job)
    model = FORMS[job.form](LEARNERS[job.learner](job.seed), job.seed)
    wanted = [getattr(metrics, name)() for name in METRICS]
    result = evaluate.prequential((X, y), model, wanted, pos_label=True, progress=False)
    figures = {name: float(result.values[name]) for name in METRICS}
    hits = figures["Recall"] * float(y.mean())
    return {
        **dataclasses.asdict(job),
        "rate": float(y.mean()),
        **figures,
        "said": hits / figures["Precision"] if hits else 0.0,
        "rows_per_second": result.n / result.cpu_seconds,
        "path": result.path,
    }


def main(args: Args) -> None:
    """Run all, write the files, print the report."""
    jobs = [
        Job(stream, learner, form, seed, args.rows)
        for stream in args.only or STREAMS
        for learner in LEARNERS
        for form in FORMS
        for seed in range(1, args.seeds + 1)
    ]
    runs = list(in_processes(run, jobs, "rare labels", args.n_jobs))
    facts = {**head(["numpy", "numba", "river"]), "args": {**vars(args), "out": args.out.name}}
    write_runs(args.out / "imbalance.json", facts, runs)
    print(write_report(args.out, facts, runs))
