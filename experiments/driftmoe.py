"""DriftMoE against the table of its paper, and DriftMoE+ taken apart, one setting at a time.

    python experiments/driftmoe.py --profile quick     # 50,000 rows a stream: minutes
    python experiments/driftmoe.py --profile full      # as long as in the paper: hours

All models see the same rows in the same order: predict, then learn. A seed sets stream and learner;
tables of real data stay as they are. Real data are found through OLEARN_DATA.
"""

import argparse
import dataclasses
import multiprocessing
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from _facts import head, write_runs
from driftmoe_pictures import draw_ablation, draw_led, draw_table
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from river.metrics import Accuracy
from scipy import stats

from olearn import learners, streams
from olearn.metrics import KappaM, KappaT, update_many

_HERE = Path(__file__).resolve().parent
_WINDOWS = 50  # of the curve kept of each run


@dataclasses.dataclass(frozen=True)
class Args:
    """Choices of a run; `python experiments/driftmoe.py --help` lists them."""

    profile: str = "quick"
    seeds: int = 5
    ablation_seeds: int = 3
    first_seed: int = 1
    rows: int = 0  # 0: what the profile says
    only: tuple[str, ...] = ()  # streams of the table; empty: all
    n_jobs: int = 2
    out: Path = _HERE / "results"


@dataclasses.dataclass(frozen=True)
class Source:
    """A row of the table: stream names by profile, and whether a seed draws it."""

    quick: str
    full: str
    drawn: bool


SOURCES = {
    "Airlines": Source("airlines", "airlines", False),
    "NYC flights": Source("nycflights", "nycflights", False),
    "Electricity": Source("electricity", "electricity", False),
    "CoverType": Source("covtype", "covtype", False),
    "LED_a": Source("led_a_mini", "led_a", True),
    "LED_g": Source("led_g_mini", "led_g", True),
    "SEA_a": Source("sea_a_mini", "sea_a", True),
    "SEA_g": Source("sea_g_mini", "sea_g", True),
    "RBF_f": Source("rbf_f", "rbf_f", True),
    "RBF_m": Source("rbf_m", "rbf_m", True),
}
# accuracies in percent, 10 seeds; columns: MoE-Data, MoE-Task, ARF, the best other ensemble
PAPER = {
    "Airlines": (70.33, 60.92, 64.51, 68.55),
    "Electricity": (83.76, 68.73, 90.08, 89.64),
    "CoverType": (81.28, 58.28, 94.78, 95.27),
    "LED_a": (73.77, 71.11, 73.96, 73.98),
    "LED_g": (73.11, 70.82, 73.04, 73.18),
    "SEA_a": (89.09, 88.04, 89.68, 88.95),
    "SEA_g": (88.74, 87.76, 89.33, 88.79),
    "RBF_f": (61.90, 75.45, 86.37, 84.47),
    "RBF_m": (79.89, 88.65, 92.04, 90.99),
}

DATA, PLUS, ARF, TREE = "MoE-Data", "DriftMoE+", "ARF(10)", "Hoeffding tree"
MODELS: tuple[str, ...] = (DATA, "MoE-Task", "MoE-Task as MLP", PLUS, ARF, TREE)

# what DriftMoE+ adds to the published method (setting: published value, new value)
STEPS: dict[str, tuple[Any, Any]] = {
    "readout": ("router", "mixture"),
    "poisson": (None, 6.0),
    "expert_features": (1.0, 0.6),
    "drift_delta": (None, 0.001),
    "standardize": (False, True),
    "untrained": ("vote", "abstain"),
    "fallback": ("raw", "proba"),
    "delta": (1e-7, 0.01),
}
# model -> (its base, the parameters that differ from the base)
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"MoE-Data, {k}={new}": (DATA, {k: new}) for k, (_, new) in STEPS.items()},
    "MoE-Data, batch_size=64": (DATA, {"batch_size": 64}),
    **{f"DriftMoE+, {k}={old}": (PLUS, {k: old}) for k, (old, _) in STEPS.items()},
    "DriftMoE+, batch_size=64": (PLUS, {"batch_size": 64}),
}


@dataclasses.dataclass(frozen=True)
class Job:
    """One model on one stream with one seed."""

    stream: str
    model: str
    seed: int
    name: str
    rows: int | None


def make_model(name: str, seed: int, nominal: Iterable[Any], n_classes: int) -> Any:
    """Return a model of the table or the ablation, new."""
    known: dict[str, Any] = {"nominal_attributes": tuple(nominal), "classes": range(n_classes)}
    if name in CHANGES:
        base, changes = CHANGES[name]
        make = learners.DriftMoEClassifier.plus if base == PLUS else learners.DriftMoEClassifier
        return make(seed=seed, **changes, **known)
    return {
        DATA: lambda: learners.DriftMoEClassifier("data", seed=seed, **known),
        "MoE-Task": lambda: learners.DriftMoEClassifier("task", seed=seed, **known),
        "MoE-Task as MLP": lambda: learners.DriftMoEClassifier("task_mlp", seed=seed, **known),
        PLUS: lambda: learners.DriftMoEClassifier.plus(seed=seed, **known),
        ARF: lambda: learners.ARFClassifier(n_models=10, seed=seed, **known),
        # the settings of the experts
        TREE: lambda: learners.HoeffdingTreeClassifier(grace_period=50, delta=1e-7, **known),
    }[name]()


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


def run_jobs(jobs: list[Job], n_jobs: int, what: str) -> list[dict[str, Any]]:
    """Run the jobs in processes of their own, in order, with a progress bar on stderr."""
    context = multiprocessing.get_context("spawn")  # a fork would copy the bar's thread half-way
    with ProcessPoolExecutor(n_jobs, context) as pool:
        done = pool.map(run_job, jobs)
        return list(track(done, what, len(jobs), console=Console(stderr=True)))


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


Runs = list[dict[str, Any]]


def values(runs: Runs, stream: str, model: str, score: str = "accuracy") -> NDArray[np.float64]:
    """Return one score of the runs of a model on a stream, by seed."""
    picked = [r for r in runs if r["stream"] == stream and r["model"] == model]
    return np.array([r[score] for r in sorted(picked, key=lambda r: int(r["seed"]))])


def gain(runs: Runs, stream: str, model: str, base: str) -> NDArray[np.float64]:
    """Return the points of accuracy that a model is above another, seed by seed."""
    new = values(runs, stream, model)
    return new - values(runs, stream, base)[: len(new)]


def interval(sample: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean and the half-width of its 95 % t-interval (NaN for a single value)."""
    n = len(sample)
    if n < 2:
        return float(sample.mean()), float("nan")
    return float(sample.mean()), float(stats.t.ppf(0.975, n - 1) * sample.std(ddof=1) / np.sqrt(n))


def cell(sample: NDArray[np.float64], sign: str = "") -> str:
    """Return `mean ± half-width` to two decimals."""
    mean, half = interval(sample)
    return f"{mean:{sign}.2f}" if np.isnan(half) else f"{mean:{sign}.2f} ± {half:.2f}"


def clear(sample: NDArray[np.float64]) -> int:
    """Return 1 or -1 where the interval lies above or below zero, else 0."""
    mean, half = interval(sample)
    return int(np.sign(mean)) if abs(mean) > half else 0


def table_lines(runs: Runs, found: list[str], missing: list[str], score: str) -> list[str]:
    """Return the markdown table of one score; with the accuracies go the paper's."""
    paper = ("MoE-Data", "MoE-Task", "ARF(100)", "best other") if score == "accuracy" else ()
    heads = ["stream", *MODELS, *(f"paper's {name}" for name in paper)]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for stream in (s for s in SOURCES if s in found or s in missing):
        cells = ["not to be had here"] * len(MODELS)
        if stream in found:
            cells = [cell(values(runs, stream, model, score)) for model in MODELS]
        known = PAPER.get(stream, ())
        label = stream if known else f"{stream} (stand-in)"
        old = [f"{known[i]:.2f}" if known else "" for i in range(len(paper))]
        lines.append("| " + " | ".join([label, *cells, *old]) + " |")
    return lines


def duel_lines(runs: Runs, found: list[str]) -> list[str]:
    """Say on how many streams DriftMoE+ is above the forest, and by how much on each."""
    gains = {stream: gain(runs, stream, PLUS, ARF) for stream in found}
    above = sum(bool(g.mean() > 0.0) for g in gains.values())
    ups, downs = (sum(clear(g) == way for g in gains.values()) for way in (1, -1))
    each = ", ".join(f"{stream} {cell(g, '+')}" for stream, g in gains.items())
    return [
        f"**{PLUS} is above {ARF} on {above} of {len(found)} streams** (mean over the seeds); the "
        f"interval of the difference lies above zero on {ups} and below on {downs}. {PLUS} has 12 "
        "trees and a router, the forest 10 trees.",
        "",
        f"Differences in points, paired by seed: {each}.",
    ]


def ablation_lines(runs: Runs, found: list[str]) -> list[str]:
    """Return the markdown table of what each setting changes, in points against its base."""
    heads = ["change", *found, "all streams", "clear gains / losses"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for model, (base, _) in CHANGES.items():
        gains = [gain(runs, stream, model, base) for stream in found]
        signs = [clear(g) for g in gains]
        cells = [cell(g, "+") for g in gains]
        cells += [cell(np.mean(gains, axis=0), "+"), f"{signs.count(1)} / {signs.count(-1)}"]
        lines.append("| " + " | ".join([model, *cells]) + " |")
    return lines


def write_report(args: Args, facts: dict[str, Any], runs: Runs) -> None:
    """Write the markdown report and the pictures."""
    found, missing = facts["streams"], facts["not_to_be_had"]
    length = "whole files and 1,000,000 drawn rows"
    if args.rows or args.profile == "quick":
        length = f"the first {args.rows or 50_000:,} rows"
    text = [
        "# DriftMoE: the table of its paper, and DriftMoE+ taken apart",
        "",
        f"Profile `{args.profile}`: {length}, cumulative test-then-train accuracy in percent, mean "
        f"and 95 % t-interval over {args.seeds} seeds (from {args.first_seed}). A seed sets stream "
        "and learner, on real data the learner only; the tree draws nothing, so its interval is "
        f"zero there. `{facts['command']}`, olearn {facts['version']}, {facts['date']}, "
        f"{facts['seconds']:,} s on {facts['cpu_count']} CPUs.",
        "",
        "## Accuracy",
        "",
        *table_lines(runs, found, missing, "accuracy"),
        "",
        "The paper's columns are quoted, not measured: 10 seeds, 1,000,000 rows or whole files, "
        "and a forest of 100 trees. In the quick profile only Electricity has the paper's length "
        "(drawn streams there are the short forms with the same concepts). NYC flights is a "
        "stand-in for Airlines and is not comparable with it.",
        "",
        "The published MoE-Data column fits train-then-test: its LED_g curve reads 76.0 % after "
        "10,000 rows, where no predictor can expect more than 74.002 %. Ours predicts first. "
        "MoE-Task as MLP is what the authors' program computes; MoE-Task is what they describe.",
        "",
        *duel_lines(runs, found),
    ]
    for title, score in (("Kappa-M", "kappa_m"), ("Kappa-temporal", "kappa_t")):
        text += ["", f"## {title}", "", *table_lines(runs, found, missing, score)]
    if facts["ablation_seeds"]:
        text += [
            "",
            "## DriftMoE+ taken apart",
            "",
            "Points of accuracy against the base, paired by seed, with 95 % t-intervals over "
            f"{len(facts['ablation_seeds'])} seeds. Lines of MoE-Data add one setting to the "
            "published method; lines of DriftMoE+ set one back to its published value (a loss is "
            "what the setting is worth). Clear: the interval leaves out zero; with few seeds and "
            "this many cells some do so by chance.",
            "",
            *ablation_lines(runs, found),
        ]
        gains = [[interval(gain(runs, s, m, b)) for s in found] for m, (b, _) in CHANGES.items()]
        draw_ablation(args.out, list(CHANGES), found, gains)
    (args.out / "driftmoe.md").write_text("\n".join(text) + "\n")
    bars = {m: [interval(values(runs, s, m)) for s in found] for m in MODELS}
    draw_table(args.out, found, bars, {s: PAPER.get(s, ())[:3] for s in found})
    if "LED_a" in found:
        name = getattr(SOURCES["LED_a"], args.profile)
        rows = next(r["rows"] for r in runs if "curve" in r)
        curves = {m: values(runs, "LED_a", m, "curve") for m in (DATA, PLUS, ARF, TREE)}
        draw_led(args.out, rows, streams.load(name).drift_positions, curves)


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
        runs += run_jobs(make_jobs(args, found, models, seeds), args.n_jobs, what)
        facts["ablation_seeds"] = list(range(first, first + done))
        facts["seconds"] = round(time.time() - begin)
        write_runs(args.out / "driftmoe.json", facts, runs)
        write_report(args, facts, runs)


def read_args() -> Args:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=("quick", "full"), default=Args.profile)
    parser.add_argument("--seeds", type=int, default=Args.seeds)
    parser.add_argument("--ablation-seeds", type=int, default=Args.ablation_seeds)
    parser.add_argument("--first-seed", type=int, default=Args.first_seed)
    parser.add_argument("--rows", type=int, default=Args.rows)
    parser.add_argument("--only", nargs="*", choices=tuple(SOURCES), default=())
    parser.add_argument("--n-jobs", type=int, default=Args.n_jobs)
    parser.add_argument("--out", type=Path, default=Args.out)
    given = vars(parser.parse_args())
    return Args(**{**given, "only": tuple(given["only"])})


if __name__ == "__main__":
    main(read_args())
