"""Runs of the dictionary experiment, study after study."""

import dataclasses
import time
import warnings
from pathlib import Path
from typing import Any

from common import RESULTS, Runs, head, in_processes, option, write_runs
from frank_wolfe_odl import real, synthetic
from frank_wolfe_odl.plan import FULL, RECOVERY, SIZES
from frank_wolfe_odl.tables import write_report

STUDIES = ("image", "recovery", "rate", "drift", "sensors", "sizes")


@dataclasses.dataclass(frozen=True)
class Args:
    """Choices of a run; `python experiments/frank_wolfe_odl.py --help` lists them."""

    profile: str = option("quick", "streams and steps", choices=("quick", "full"))
    seeds: int = option(5, "seeds of dictionary, stream and start")
    first_seed: int = option(1001, "the others follow it; no setting was chosen on these")
    samples: float = option(1.0, "share of each synthetic stream's length")
    only: tuple[str, ...] = option((), "studies; none: all", choices=STUDIES)
    n_jobs: int = option(2, "processes")
    out: Path = option(RESULTS, "folder of the results")


def make_jobs(args: Args, study: str, found: list[str]) -> list[tuple[str, tuple[Any, ...]]]:
    """Return names of functions and their arguments, the longest first."""
    seeds = range(args.first_seed, args.first_seed + args.seeds)
    full = args.profile == "full"
    if study in ("recovery", "sizes"):
        settings = SIZES if study == "sizes" else RECOVERY + (FULL if full else ())
        jobs = []
        for s in sorted(settings, key=lambda s: -s.n):
            length = max(2 * s.batch, round(args.samples * s.samples))
            shape = (s.n, s.theta, length, s.batch, s.noise)
            jobs += [("run_recovery", (m, *shape, seed)) for m in s.methods for seed in seeds]
        return jobs
    if study == "sensors":
        pairs = [(m, name) for name in found for m in (*real.OURS, *real.PEERS)]
        return [
            ("run_sensor", (*pair, seed))
            for pair in pairs
            for seed in (seeds[:1] if pair[0] in real.WITHOUT_CHANCE else seeds)
        ]
    if study == "rate":
        steps = max(200, round(args.samples * (100_000 if full else 10_000)))
        return [("run_rate", (project, steps, s)) for project in (True, False) for s in seeds]
    if study == "drift":
        pairs = [(m, scene) for scene in synthetic.SCENES for m in synthetic.DRIFT_MODELS]
        return [("run_drift", (*p, s)) for p in pairs if fits(*p) for s in seeds]
    return []


def fits(model: str, scene: str) -> bool:
    """Tell whether a model makes sense: the oracle needs a drift."""
    return scene == "abrupt" or "oracle" not in model


def run_job(job: tuple[str, tuple[Any, ...]]) -> Runs:
    """Run one job in a process of its own."""
    warnings.filterwarnings("ignore")  # scikit-learn's remarks on degenerate atoms and pursuits
    module = real if job[0] == "run_sensor" else synthetic
    records: Runs = getattr(module, job[0])(*job[1])
    return records


def main(args: Args) -> None:
    """Run study after study in processes; files are written after each, so a stop loses little."""
    begin = time.time()
    args.out.mkdir(parents=True, exist_ok=True)
    found, missing = real.find_sets()
    facts: dict[str, Any] = {
        **head(("numpy", "scikit-learn", "river")),
        "seeds": list(range(args.first_seed, args.first_seed + args.seeds)),
        "sets": found,
        "sets_not_here": missing,
        "studies": [],
    }
    runs: Runs = []
    image: dict[str, Any] = {}
    done: set[tuple[str, tuple[Any, ...]]] = set()  # some settings serve two studies
    for study in STUDIES:
        if args.only and study not in args.only:
            continue
        if study == "image":
            image = real.denoise()
        jobs = [job for job in make_jobs(args, study, found) if job not in done]
        done.update(jobs)
        for records in in_processes(run_job, jobs, study, args.n_jobs):
            runs += records
        facts["studies"].append(study)
        facts |= {"seconds": round(time.time() - begin), "psnr": image.get("psnr")}
        write_runs(args.out / "frank_wolfe_odl.json", facts, runs)
        write_report(args, facts, runs, image)
    print((args.out / "frank_wolfe_odl.md").read_text())
