"""Runs of the rehearsal experiment."""

import dataclasses
import itertools
import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from common import RESULTS, Runs, head, option, write_runs
from olearn import evaluate, learners, streams
from olearn.streams.images import IMAGE_SETS, load_images
from replay.tables import write_report

METHODS = ("ER", "UER", "PCR", "HPCR", "OnPro")
SMALL_ORDER = (2, 8, 4, 9, 1, 6, 7, 3, 0, 5)  # of the program's seed 0, in pairs
MEMORIES = {  # of the papers' tables: PCR's family, and OnPro
    "cifar10": ((100, 200, 500, 1000), (100, 200, 500)),
    "cifar100": ((500, 1000, 2000, 5000), (500, 1000, 2000, 5000)),
    "tiny_imagenet": ((1000, 2000, 4000), (1000, 2000, 4000)),
}
TINY_PIXELS = {"pixel_mean": (0.4802, 0.4480, 0.3975), "pixel_std": (0.2770, 0.2691, 0.2821)}


@dataclasses.dataclass(frozen=True)
class Args:
    """Choices of a run; `python experiments/replay.py --help` lists them."""

    profile: str = option("small", "protocol", choices=("small", "full"))
    methods: tuple[str, ...] = option(METHODS, "methods", choices=METHODS)
    data: tuple[str, ...] = option((), "data sets; none: those of the profile", choices=IMAGE_SETS)
    memory: tuple[int, ...] = option((), "images kept; none: those of the profile")
    seeds: int = option(0, "seeds; 0: 3 in `small`, 10 in `full`")
    first_seed: int = option(0, "the others follow it")
    device: str = option("cpu", "device of torch")
    precision: str = option(
        "auto", "auto: bfloat16 on CUDA, else float32", choices=("auto", "float32", "bfloat16")
    )
    compile: bool = option(False, "let torch compile the networks")
    n_jobs: int = option(2, "processes")
    threads: int = option(1, "threads of torch in each process")
    train_per_class: int = option(0, "training images; 0: 500 in `small`, all in `full`")
    test_per_class: int = option(0, "test images; 0: 100 in `small`, all in `full`")
    width: int = option(0, "of the trunks; 0: the methods' own, and 8 for OnPro in `small`")
    out: Path = option(RESULTS, "folder of the results")


@dataclasses.dataclass(frozen=True)
class Job:
    """One method with one memory on one data set with one seed."""

    method: str
    data: str
    memory: int
    seed: int
    profile: str
    device: str
    precision: str
    compile: bool
    threads: int
    train_per_class: int | None
    test_per_class: int | None
    width: int

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells a finished run from others."""
        return (self.method, self.data, self.memory, self.seed)


def make_stream(job: Job) -> streams.ClassIncremental:
    """Return the stream of the job's protocol."""
    order: Any = "random"
    if job.profile == "small" and job.data == "cifar10":
        labels = IMAGE_SETS["cifar10"].labels
        assert labels is not None, "CIFAR-10's are known"
        order = [labels[code] for code in SMALL_ORDER]
    elif job.method == "OnPro":
        order = None
    limits = {"train_per_class": job.train_per_class, "test_per_class": job.test_per_class}
    return streams.split_images(job.data, seed=job.seed, class_order=order, **limits)


def make_model(job: Job) -> Any:
    """Return the method with the authors' parameters for the data."""
    on_cifar10 = job.data.startswith("cifar10") and job.data != "cifar100"
    common: dict[str, Any] = {"memory_size": job.memory, "seed": job.seed, "device": job.device}
    common |= {"precision": job.precision, "compile": job.compile}
    if job.width:
        common["width"] = job.width
    if job.method == "HPCR":
        alpha = 0.01 if on_cifar10 else 0.1
        return learners.HPCRClassifier(alpha=alpha, reset_on_task=True, **common)
    if job.method != "OnPro":
        classes = {"ER": learners.ERClassifier, "UER": learners.UERClassifier}
        return {**classes, "PCR": learners.PCRClassifier}[job.method](**common)
    if not on_cifar10:
        common |= {"mixing": 0.2, "base": 0.9, "similarity": 1.0}
    if job.data.startswith("tiny"):
        common |= TINY_PIXELS
    if job.profile == "small":
        common |= {"width": job.width or 8, "replay_size": 4, "precision": "bfloat16"}
    return learners.OnProClassifier(**common)


def run_job(job: Job) -> dict[str, Any]:
    """Learn the tasks one after another; test on all after each."""
    import torch

    torch.set_num_threads(job.threads)
    begin = time.process_time()
    stream = make_stream(job)
    result = evaluate.class_incremental(
        stream,
        lambda seed: make_model(job),
        seeds=[job.seed],
        block_size=500,
        announce_tasks=True,
        anytime=max(10, stream.n_samples // 10),
        name=job.method,
        progress=False,
    )
    run = dataclasses.asdict(result.runs[0])
    shown = {"method": job.method, "data": job.data, "memory": job.memory, "images": stream.name}
    run["accuracy"] = [[round(value, 5) for value in row] for row in run["accuracy"]]
    run["curve"] = [(n, round(value, 5)) for n, value in run["curve"]]
    run["parameters"] = run.pop("settings")["parameters"]
    return {**shown, **run, "cpu_seconds_in_all": round(time.process_time() - begin, 1)}


def make_jobs(args: Args, found: list[str]) -> Iterator[Job]:
    """Yield all jobs, seed by seed; the slowest first, so that no process is alone at the end."""
    small = args.profile == "small"
    n_seeds = args.seeds or (3 if small else 10)
    seeds = range(args.first_seed, args.first_seed + n_seeds)
    for data, seed, method in itertools.product(found, seeds, reversed(args.methods)):
        papers = MEMORIES.get(data, ((200,), (200,)))[method == "OnPro"]
        for memory in args.memory or ((200,) if small else papers):
            yield Job(
                method, data, memory, seed, args.profile, args.device, args.precision,
                args.compile, args.threads, args.train_per_class or (500 if small else None),
                args.test_per_class or (100 if small else None), args.width,
            )  # fmt: skip


def find_data(args: Args) -> tuple[list[str], list[str]]:
    """Return the data sets that are there or can be downloaded, and those that cannot be had."""
    wanted = args.data or (("cifar10",) if args.profile == "small" else tuple(MEMORIES))
    missing = []
    for name in wanted:
        try:
            load_images(IMAGE_SETS[name])
        except FileNotFoundError as error:
            print(error, file=sys.stderr)
            missing.append(name)
    return [name for name in wanted if name not in missing], missing


def gpu_of(device: str) -> str | None:
    """Return what kind of GPU a device is, None where it is none."""
    import torch

    return torch.cuda.get_device_name() if device.startswith("cuda") else None


def protocol(job: Job) -> dict[str, Any]:
    """What must be the same for runs to stand in one table."""
    names = ("profile", "train_per_class", "test_per_class", "width", "precision")
    return {name: getattr(job, name) for name in names}


def read_runs(path: Path, of: dict[str, Any]) -> tuple[Runs, float]:
    """Return the runs of an earlier, stopped or smaller, call, where its protocol was the same."""
    if not path.exists():
        return [], 0.0
    old = json.loads(path.read_text())
    return (old["runs"], old["seconds"]) if old["protocol"] == of else ([], 0.0)


def main(args: Args) -> None:
    """Run what is not done yet, in processes of their own; write after each run."""
    begin = time.time()
    args.out.mkdir(parents=True, exist_ok=True)
    suffix = "" if args.profile == "small" else "_full"
    path = args.out / f"replay{suffix}.json"
    found, missing = find_data(args)
    jobs = list(make_jobs(args, found))
    if not jobs:
        raise SystemExit("nothing to run: no data set is there")
    runs, seconds_before = read_runs(path, protocol(jobs[0]))
    done = {(run["method"], run["data"], run["memory"], run["seed"]) for run in runs}
    facts: dict[str, Any] = {
        **head(("torch", "numpy", "river")),
        "gpu": gpu_of(args.device),
        "threads": args.threads,
        "n_jobs": args.n_jobs,
        "protocol": protocol(jobs[0]),
        "not_to_be_had": missing,
        "seconds": seconds_before,
    }
    waiting = [job for job in jobs if job.key not in done]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("runs", total=len(jobs), completed=len(jobs) - len(waiting))
        for run in finished_runs(waiting, args.n_jobs):
            runs.append(run)
            bar.advance(task)
            facts["seconds"] = round(seconds_before + time.time() - begin)
            write_runs(path, facts, in_order(runs))
    print(write_report(args.out, facts, in_order(runs), f"replay{suffix}"))


def finished_runs(jobs: list[Job], n_jobs: int) -> Iterator[dict[str, Any]]:
    """Yield runs as they are done: one job needs no other process."""
    if n_jobs == 1:
        yield from map(run_job, jobs)
        return
    with ProcessPoolExecutor(n_jobs, multiprocessing.get_context("spawn")) as pool:
        for done in as_completed([pool.submit(run_job, job) for job in jobs]):
            yield done.result()


def in_order(runs: Runs) -> Runs:
    """Sort runs by data, memory, method and seed."""
    data = list(MEMORIES)

    def place(run: dict[str, Any]) -> tuple[Any, ...]:
        known = data.index(run["data"]) if run["data"] in data else len(data)
        method = METHODS.index(run["method"])
        return known, run["data"], run["memory"], method, run["seed"]

    return sorted(runs, key=place)
