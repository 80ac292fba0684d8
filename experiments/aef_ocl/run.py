"""Runs of the AEF-OCL experiment: classes in tasks, classes in a stream, and drift."""

import dataclasses
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from river.drift.binary import DDM
from sklearn.datasets import load_digits

from aef_ocl.rivals import RIVALS, make_rival
from aef_ocl.tables import write_report
from common import RESULTS, head, in_processes, option, write_runs
from olearn import learners, streams
from olearn.core.types import Codes, Rows
from olearn.learners.analytic.backbone import cifar10_features

OURS: dict[str, dict[str, Any]] = {
    "ridge": {"balance": "none"},
    "ridge, gamma 10": {"balance": "none", "gamma": 10.0},
    "PFG": {"balance": "pfg"},
    "PFG, gamma 1": {"balance": "pfg", "gamma": 1.0},
    "PFG, gamma 10": {"balance": "pfg", "gamma": 10.0},
    "weights, gamma 10": {"balance": "weights", "gamma": 10.0},
}
MODELS = (*OURS, *RIVALS)
TASKS = {"digits": (110, 2, 512), "CIFAR-10 features": (500, 5, 1024)}  # most, fewest, features
STREAMS = {"Shuttle": 256, "image segments": 256}  # random features
DATA = (*TASKS, *STREAMS, "drift")
DRIFT = {  # variant -> parameters of the classifier on digits whose labels shift half-way
    "no forgetting": {},
    "inverse, 0.99": {"form": "covariance", "forgetting": 0.99},
    "sums, 0.995": {"forgetting": 0.995},
    "sums, 0.99": {"forgetting": 0.99},
    "sums, 0.98": {"forgetting": 0.98},
    "reset by DDM": {"drift_detector": DDM()},
}


@dataclasses.dataclass(frozen=True)
class Args:
    """Choices of a run; `python experiments/aef_ocl.py --help` lists them."""

    seeds: int = option(5, "seeds of rows and random features")
    first_seed: int = option(0, "the others follow it")
    rows: int = option(8_000, "rows of Shuttle; 0: all")
    scale: float = option(1.0, "of the sizes of the models and of the training sets")
    only: tuple[str, ...] = option((), "data sets; none: all", choices=DATA)
    n_jobs: int = option(2, "processes")
    out: Path = option(RESULTS, "folder of the results")


@dataclasses.dataclass(frozen=True)
class Job:
    """One model on one data set with one seed."""

    data: str
    model: str
    seed: int
    rows: int
    scale: float


def make_model(job: Job, n_features: int) -> Any:
    """Return a model of the table, new."""
    n = max(8, round(n_features * job.scale))
    if job.model in OURS:
        refresh = 16 if job.data == "Shuttle" else 1  # 8,000 rows, one at a time
        return learners.AEFOCLClassifier(n, refresh=refresh, seed=job.seed, **OURS[job.model])
    return make_rival(job.model, n, job.seed)


@lru_cache(maxsize=1)
def read_tasks(name: str) -> tuple[Rows, Codes, Rows | None, Codes | None]:
    """Return train rows and labels, and test rows and labels where the data set has its own."""
    if name == "digits":
        digits = load_digits()
        return digits.data / 16.0, digits.target.astype(np.int64), None, None
    X, y, X_test, y_test = cifar10_features()
    return X.astype(np.float64), y, X_test.astype(np.float64), y_test


def long_tail(job: Job) -> tuple[list[tuple[Rows, Codes]], Rows, Codes]:
    """Return tasks of two classes, sizes falling geometrically, and test rows."""
    rng = np.random.default_rng(job.seed)
    X, y, X_test, y_test = read_tasks(job.data)
    order = rng.permutation(len(y))
    if X_test is None or y_test is None:
        test, order = order[:600], order[600:]
        X_test, y_test = X[test], y[test]
    most, fewest, _ = TASKS[job.data]
    most = max(2 * fewest, round(most * job.scale))
    sizes = np.geomspace(most, fewest, 10).round().astype(int)
    sizes = dict(zip(rng.permutation(10).tolist(), sizes.tolist(), strict=True))
    classes, tasks = rng.permutation(10).tolist(), []
    for pair in (classes[i : i + 2] for i in range(0, 10, 2)):
        rows = np.concatenate([order[y[order] == c][: sizes[c]] for c in pair])
        rows = rng.permutation(rows)
        tasks.append((X[rows], y[rows]))
    return tasks, X_test, y_test


def run_tasks(job: Job) -> dict[str, Any]:
    """Learn task after task in batches of 10; score the classes so far after each."""
    tasks, X_test, y_test = long_tail(job)
    model = make_model(job, TASKS[job.data][2])
    accuracy = np.full((len(tasks), 10), np.nan)  # of each class after each task
    known: set[int] = set()
    for k, (X, y) in enumerate(tasks):
        for i in range(0, len(y), 10):
            model.learn_many(X[i : i + 10], y[i : i + 10])
        known |= set(y.tolist())
        rows = np.isin(y_test, list(known))
        hits = model.predict_many(X_test[rows]) == y_test[rows]
        for c in known:
            accuracy[k, c] = hits[y_test[rows] == c].mean()
    means = np.nanmean(accuracy, axis=1)
    last = accuracy[-1]
    learnt = [c for c in range(10) if not np.isnan(accuracy[-2, c])]
    drop = [float(np.nanmax(accuracy[:-1, c]) - last[c]) for c in learnt]
    return {
        "amca": float(means.mean()), "final": float(means[-1]),
        "accuracy": float(hits.mean()), "forgetting": float(np.mean(drop)),
    }  # fmt: skip


@lru_cache(maxsize=2)
def read_stream(name: str) -> tuple[Rows, Codes]:
    """Return the rows of a stream of river, standardised."""
    table = streams.load("shuttle" if name == "Shuttle" else "image_segments")
    X, y = next(table.blocks(table.n_samples or 1))
    return (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9), y


def run_stream(job: Job) -> dict[str, Any]:
    """Predict each row, then learn it; the mean over the classes of their accuracies."""
    rng = np.random.default_rng(job.seed)
    X, y = read_stream(job.data)
    if job.data == "Shuttle":
        kept = np.arange(min(job.rows or len(y), len(y)))
    else:  # class sizes fall from 330 to 7
        sizes = dict(zip(rng.permutation(7).tolist(), np.geomspace(330, 6.6, 7), strict=True))
        kept = np.concatenate([np.flatnonzero(y == c)[: round(n)] for c, n in sizes.items()])
        kept = rng.permutation(kept)
    kept = kept[: max(60, round(len(kept) * job.scale))]
    X, y = X[kept], y[kept]
    predicted = make_model(job, STREAMS[job.data]).test_then_train_many(X, y)
    hits = predicted == y
    recalls = [hits[y == c].mean() for c in np.unique(y)]
    return {"amca": float(np.mean(recalls)), "accuracy": float(hits.mean())}


def run_drift(job: Job) -> dict[str, Any]:
    """Digits whose labels shift by one half-way: accuracy before, just after, and later."""
    digits = load_digits()
    rows = np.random.default_rng(job.seed).permutation(len(digits.target))
    X, y = digits.data[rows] / 16.0, digits.target[rows]
    half = len(y) // 2
    y = np.where(np.arange(len(y)) < half, y, (y + 1) % 10)
    n = max(8, round(256 * job.scale))
    parameters = DRIFT[job.model]
    # sums are solved anew every 8 rows with forgetting, to save time
    refresh = 8 if parameters.get("forgetting") and "form" not in parameters else 1
    model = learners.AnalyticRidgeClassifier(n, refresh=refresh, seed=job.seed, **parameters)
    hits = model.test_then_train_many(X, y) == y
    parts = {
        "before": slice(0, half),
        "after": slice(half, half + 200),
        "rest": slice(half + 200, None),
    }
    return {name: float(hits[part].mean()) for name, part in parts.items()}


def run_job(job: Job) -> dict[str, Any]:
    """Run one job; scores in percent."""
    begin = time.process_time()
    run = {**TASKS, "drift": None}.get(job.data, 0)
    if job.data == "drift":
        scores = run_drift(job)
    elif run:
        scores = run_tasks(job)
    else:
        scores = run_stream(job)
    percent = {name: round(100.0 * value, 3) for name, value in scores.items()}
    spent = round(time.process_time() - begin, 2)
    return {"data": job.data, "model": job.model, "seed": job.seed, **percent, "cpu_seconds": spent}


def make_jobs(args: Args, found: list[str]) -> list[Job]:
    """Return all jobs, those on the same data side by side."""
    seeds = range(args.first_seed, args.first_seed + args.seeds)
    return [
        Job(data, model, seed, args.rows, args.scale)
        for data in found
        for seed in seeds
        for model in (DRIFT if data == "drift" else MODELS)
    ]


def find_data(args: Args) -> tuple[list[str], list[str]]:
    """Return the data sets that are there, and those that cannot be had here."""
    wanted = [d for d in DATA if not args.only or d in args.only]
    missing = []
    if "CIFAR-10 features" in wanted:
        try:
            cifar10_features()
        except FileNotFoundError:
            missing = ["CIFAR-10 features"]
    return [d for d in wanted if d not in missing], missing


def main(args: Args) -> None:
    """Run all jobs in processes of their own, with a progress bar; write the results."""
    begin = time.time()
    args.out.mkdir(parents=True, exist_ok=True)
    found, missing = find_data(args)
    jobs = make_jobs(args, found)
    runs = list(in_processes(run_job, jobs, "models", args.n_jobs))
    facts = {
        **head(("river", "numpy", "scipy", "scikit-learn")),
        "seconds": round(time.time() - begin),
        "seeds": args.seeds,
        "rows_of_shuttle": args.rows,
        "scale": args.scale,
        "not_to_be_had": missing,
    }
    write_runs(args.out / "aef_ocl.json", facts, runs)
    print(write_report(args.out, facts, runs, list(OURS)))
