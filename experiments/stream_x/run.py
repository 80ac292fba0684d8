"""Runs of the streaming RL experiment: which, what is left to do, and what is written."""

import dataclasses
import importlib.util
import json
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from common import RESULTS, head, option, write_runs
from stream_x.forecasts import GAMMAS, MODELS, ROWS, SEEDS, GvfJob, run_gvf
from stream_x.jobs import Job, leave_no_logs, run_job
from stream_x.pictures import draw_all
from stream_x.plan import ABLATION, CURVES, REMOVED, TRUNCATION, Setting, changes
from stream_x.tables import write_report

STUDIES = ("curves", "forecasts", "truncation", "ablation")
NEEDS = {"LunarLander": "Box2D", "-v4": "mujoco", "-v5": "mujoco"}  # parts of names -> modules
PACKAGES = ("gymnasium", "mujoco", "numpy", "numba")
CHANCE_SEEDS = 2
WRITE_EVERY = 20.0  # seconds


@dataclasses.dataclass(frozen=True)
class Args:
    """Choices of a run; `python experiments/stream_x.py --help` lists them."""

    profile: str = option("default", "tasks and steps of the curves", choices=CURVES)
    seeds: int = option(0, "seeds at most; 0: as many as the plan has")
    scale: float = option(1.0, "of the numbers of steps")
    studies: tuple[str, ...] = option(STUDIES, "what is run", choices=STUDIES)
    n_jobs: int = option(2, "processes")
    out: Path = option(RESULTS, "folder of the results")

    @property
    def stem(self) -> str:
        """Return the first part of the names of the files."""
        return "stream_x" if self.profile == "default" else f"stream_x_{self.profile}"


def settings_of(args: Args, study: str) -> list[Setting]:
    """Return the settings of a study whose environments are installed, with this run's steps."""
    plans = {"curves": CURVES[args.profile], "truncation": TRUNCATION, "ablation": ABLATION}
    found = []
    for setting in plans.get(study, ()):
        steps = max(setting.points, round(setting.steps * args.scale))
        seeds = min(setting.seeds, args.seeds or setting.seeds)
        if not missing(setting.task):
            found.append(dataclasses.replace(setting, steps=steps, seeds=seeds))
    return found


def missing(task: str) -> str:
    """Return the module that a task needs and that is not installed, or nothing."""
    module = next((module for part, module in NEEDS.items() if part in task), None)
    absent = module is not None and importlib.util.find_spec(module) is None
    return str(module) if absent else ""


def variants_of(study: str, setting: Setting) -> list[str]:
    """Return what is changed in a study."""
    if study == "ablation":
        return [*(r for r in REMOVED if changes(r, setting.agent) is not None), "chance"]
    return ["nothing", "bootstrap"] if study == "truncation" else ["nothing"]


def make_jobs(args: Args) -> list[Job | GvfJob]:
    """Return all jobs, each once however many studies want it, seed by seed."""
    jobs: dict[Any, Job | GvfJob] = {}

    for study in args.studies:
        if study == "forecasts":
            jobs |= {job.key: job for job in forecast_jobs(args)}
        settings = settings_of(args, study)
        for seed in range(1, max((s.seeds for s in settings), default=0) + 1):
            for setting in settings:
                for variant in variants_of(study, setting) if seed <= setting.seeds else ():
                    if variant != "chance" or seed <= CHANCE_SEEDS:
                        job = Job(setting, variant, seed)
                        jobs.setdefault(job.key, job)
    return list(jobs.values())


def forecast_jobs(args: Args) -> list[GvfJob]:
    """Return the jobs of forecasts."""
    rows = max(600, round(ROWS * args.scale))
    seeds = range(min(SEEDS, args.seeds or SEEDS))
    return [
        GvfJob(model, gamma, seed, rows) for gamma in GAMMAS for model in MODELS for seed in seeds
    ]


def run_any(job: Job | GvfJob) -> dict[str, Any]:
    """Run a job of either kind."""
    return run_gvf(job) if isinstance(job, GvfJob) else run_job(job)


def answers(jobs: list[Job | GvfJob], n_jobs: int) -> Iterator[dict[str, Any]]:
    """Yield what the jobs find as they end, with a progress bar on stderr."""
    context = multiprocessing.get_context("spawn")  # a fork would copy the bar's thread half-way
    with ProcessPoolExecutor(n_jobs, context, initializer=leave_no_logs) as pool:
        futures = [pool.submit(run_any, job) for job in jobs]
        done = as_completed(futures)
        for future in track(done, "runs", len(jobs), console=Console(stderr=True)):
            yield future.result()


def key_of(run: dict[str, Any]) -> tuple[str, str, int]:
    """Return what marks a run among others."""
    return run["setting"], run["variant"], run["seed"]


def facts_of(args: Args) -> dict[str, Any]:
    """Return what stands at the head of the files."""
    tasks = {s.task for plan in (CURVES[args.profile], TRUNCATION, ABLATION) for s in plan}
    return {
        **head(package for package in PACKAGES if importlib.util.find_spec(package) is not None),
        "profile": args.profile,
        "scale": args.scale,
        "left_out": sorted(task for task in tasks if missing(task)),
    }


def main(args: Args) -> None:
    """Run what is not done yet; what is done is written as it comes."""
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / f"{args.stem}.json"
    known = json.loads(path.read_text())["runs"] if path.exists() else []
    jobs, facts = make_jobs(args), facts_of(args)
    found = {key_of(run): run for run in known}
    left = [job for job in jobs if job.key not in found]
    last_written = time.monotonic()
    for run in answers(left, args.n_jobs):
        found[key_of(run)] = run
        if time.monotonic() - last_written > WRITE_EVERY:
            write_runs(path, facts, found.values())
            last_written = time.monotonic()
    runs = [found[job.key] for job in jobs]
    facts["cpu_seconds"] = round(sum(run["cpu_seconds"] for run in runs))
    write_runs(path, facts, found.values())  # those of other studies too
    settings = {study: settings_of(args, study) for study in args.studies}
    print(write_report(args.out / f"{args.stem}.md", facts, settings, runs))
    draw_all(args.out, args.stem, settings, runs)
