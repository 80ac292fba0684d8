"""Rehearsal on Split CIFAR-10, CIFAR-100 and Tiny ImageNet: ER, UER, PCR, HPCR and OnPro.

    python experiments/replay.py                                   # a quarter of an hour on 2 cores
    python experiments/replay.py --profile full --device cuda      # hours on one GPU
    python experiments/replay.py --profile full --device cuda --data cifar10 --memory 200

`small` is Split CIFAR-10 with 500 training and 100 test images a class, memory 200, one fixed order
of the classes; OnPro has a small trunk and a small replayed batch there. `full` is the papers':
PCR's family with an order of the classes drawn for each seed, OnPro with the natural one. Each run
is written when it is done, and a run that was stopped goes on where it was.
"""

import argparse
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

from _facts import head, write_runs
from replay_report import write_report
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from olearn import evaluate, learners, streams
from olearn.streams.images import IMAGE_SETS, load_images

_HERE = Path(__file__).resolve().parent

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

    profile: str = "small"
    methods: tuple[str, ...] = METHODS
    data: tuple[str, ...] = ()  # all of the profile
    memory: tuple[int, ...] = ()  # all of the profile
    seeds: int = 0  # 0: 3 in `small`, 10 in `full`
    first_seed: int = 0
    device: str = "cpu"
    precision: str = "auto"  # bfloat16 on CUDA, else float32
    compile: bool = False
    n_jobs: int = 2
    threads: int = 1
    train_per_class: int = 0  # 0: 500 in `small`, all in `full`
    test_per_class: int = 0  # 0: 100 in `small`, all in `full`
    width: int = 0  # of the trunks; 0: the methods' own, and 8 for OnPro in `small`
    out: Path = _HERE / "results"


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


def read_runs(path: Path, of: dict[str, Any]) -> tuple[list[dict[str, Any]], float]:
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


def in_order(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort runs by data, memory, method and seed."""
    data = list(MEMORIES)

    def place(run: dict[str, Any]) -> tuple[Any, ...]:
        known = data.index(run["data"]) if run["data"] in data else len(data)
        method = METHODS.index(run["method"])
        return known, run["data"], run["memory"], method, run["seed"]

    return sorted(runs, key=place)


def read_args() -> Args:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument("--profile", choices=("small", "full"), default=Args.profile)
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=METHODS)
    parser.add_argument("--data", nargs="*", choices=tuple(IMAGE_SETS), default=())
    parser.add_argument("--memory", nargs="*", type=int, default=())
    parser.add_argument("--device", default=Args.device)
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--out", type=Path, default=Args.out)
    for name in ("seeds", "first_seed", "n_jobs", "threads", "train_per_class", "test_per_class"):
        parser.add_argument("--" + name.replace("_", "-"), type=int, default=getattr(Args, name))
    parser.add_argument("--width", type=int, default=Args.width)
    given = vars(parser.parse_args())
    several = {name: tuple(given[name]) for name in ("methods", "data", "memory")}
    return Args(**{**given, **several})


if __name__ == "__main__":
    main(read_args())
