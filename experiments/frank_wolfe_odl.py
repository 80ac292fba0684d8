"""Orthogonal dictionaries online: recovery, rate, sizes, drift, sensors beside peers, an image.

    python experiments/frank_wolfe_odl.py                    # minutes
    python experiments/frank_wolfe_odl.py --profile full     # more sizes, scikit-learn at n = 256

Every seed draws dictionary, stream and start anew; real rows stay in order of time, there a seed
sets the start only. Real data are found through OLEARN_DATA.
"""

import argparse
import dataclasses
import multiprocessing
import os
import time
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # CPU seconds of one core; processes do the rest

import _odl_real as real
import _odl_synthetic as synthetic
import numpy as np
from _facts import head, write_runs
from frank_wolfe_odl_pictures import draw_drift, draw_image, draw_rate, draw_recovery
from rich.console import Console
from rich.progress import track
from scipy import stats

_HERE = Path(__file__).resolve().parent
STUDIES = ("image", "recovery", "rate", "drift", "sensors", "sizes")

Runs = list[dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Args:
    """Choices of a run; `python experiments/frank_wolfe_odl.py --help` lists them."""

    profile: str = "quick"
    seeds: int = 5
    first_seed: int = 1001  # fresh: no setting was chosen on these
    samples: float = 1.0  # share of each synthetic stream's length
    only: tuple[str, ...] = ()  # studies; empty: all
    n_jobs: int = 2
    out: Path = _HERE / "results"


@dataclasses.dataclass(frozen=True)
class Setting:
    """One synthetic stream and the methods on it."""

    n: int
    theta: float
    samples: int
    batch: int
    noise: float
    methods: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the tables call it."""
        noise = f", noise {self.noise}" if self.noise else ""
        return f"n={self.n}, {self.theta:.0%} nonzero{noise}, batches of {self.batch}"


_FW, _ANN = synthetic.FW, synthetic.ANNEALED
_PEERS = tuple(synthetic.SKLEARN)
_SCHEDULES = (_FW, synthetic.PUBLISHED, synthetic.CONVEX, synthetic.FOURTH, _ANN)
RECOVERY = (
    Setting(10, 0.3, 30_000, 10, 0.0, _SCHEDULES),
    Setting(10, 0.3, 20_000, 10, 0.05, (_FW, _ANN)),
    Setting(64, 0.1, 20_000, 64, 0.0, (*_SCHEDULES, *_PEERS)),
    Setting(64, 0.1, 20_000, 96, 0.0, (_FW,)),
    Setting(64, 0.1, 20_000, 64, 0.05, (_FW, _ANN, *_PEERS)),
    Setting(64, 0.3, 20_000, 64, 0.0, (_FW, _ANN)),
    Setting(256, 0.1, 60_000, 256, 0.0, (_FW,)),
    Setting(256, 0.1, 60_000, 128, 0.0, (_ANN,)),
)
FULL = (Setting(256, 0.1, 60_000, 256, 0.0, _PEERS[1:]),)
SIZES = tuple(
    Setting(n, theta, 20_000, n, 0.0, (_FW, _ANN))
    for n in (16, 32, 64)
    for theta in (0.05, 0.1, 0.2, 0.3, 0.5)
)


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


def interval(sample: Iterable[float]) -> str:
    """Return mean and half-width of the 95 % t-interval, in three digits."""
    x = np.array(list(sample))
    if len(x) < 2 or x.std() <= 1e-12 * abs(x.mean()):
        return f"{x.mean():.3g}"
    half = stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x))
    return f"{x.mean():.3g} ± {half:.2g}"


def log_interval(sample: Iterable[float]) -> str:
    """Return the geometric mean and its 95 % t-interval: errors span many powers of ten."""
    x = np.log(np.maximum(list(sample), 1e-17))
    if len(x) < 2:
        return f"{np.exp(x[0]):.1e}"
    half = stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x))
    low, high = np.exp(x.mean() - half), np.exp(x.mean() + half)
    return f"{np.exp(x.mean()):.1e} [{low:.0e}, {high:.0e}]"


def lines_of(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return a Markdown table."""
    heads = list(heads)
    return [f"| {' | '.join(r)} |" for r in (heads, ["---"] * len(heads), *map(list, rows))]


def recovery_lines(runs: Runs, settings: Iterable[Setting]) -> list[str]:
    """Return the table of final errors, worst seeds, objectives and CPU seconds."""
    rows = []
    for s in settings:
        cells = []
        for method in s.methods:
            picked = pick(runs, "recovery", s, method)
            if picked:
                finals = [r["final"] for r in picked]
                cells.append((float(np.exp(np.mean(np.log(np.maximum(finals, 1e-17))))), [
                    s.name, method, log_interval(finals), f"{max(finals):.1e}",
                    interval(r["objective"][-1] for r in picked),
                    interval(r["cpu_seconds"] for r in picked),
                ]))  # fmt: skip
        best = min((value for value, _ in cells), default=0.0) if len(cells) > 1 else None
        for value, row in cells:
            row[2] = f"**{row[2]}**" if value == best else row[2]
            rows.append(row)
    heads = ("stream", "method", "error [95 %]", "worst seed", "objective", "CPU s")
    return lines_of(heads, rows)


def pick(runs: Runs, study: str, s: Setting, method: str) -> Runs:
    """Return the runs of a method on a synthetic stream, shortest list of facts that names it."""
    wanted_facts = {"study": study, "method": method, "n": s.n, "theta": s.theta,
                    "batch": s.batch, "noise": s.noise}  # fmt: skip
    return [r for r in runs if all(r.get(k) == v for k, v in wanted_facts.items())]


def size_lines(runs: Runs) -> list[str]:
    """Return final errors by dimension and sparsity."""
    rows = []
    for s in SIZES:
        errors = [[r["final"] for r in pick(runs, "recovery", s, m)] for m in s.methods]
        if all(errors):
            rows.append([str(s.n), f"{s.theta:.0%}", *map(log_interval, errors)])
    return lines_of(("n", "nonzero", *(f"{m}, error [95 %]" for m in (_FW, _ANN))), rows)


def rate_lines(runs: Runs) -> list[str]:
    """Return the exponents of the lowest gap so far."""
    rows = []
    for project in (True, False):
        slopes = [r["slope"] for r in runs if r["study"] == "rate" and r["reproject"] == project]
        name = "re-projected" if project else "inside the ball"
        rows.append([name, interval(slopes), f"{max(slopes):.3f}"])
    return lines_of(("steps", "exponent of t", "slowest seed"), rows)


def drift_lines(runs: Runs) -> list[str]:
    """Return mean errors around batch 1000, and the alarms."""
    spans = ("900-1000", "1000-1100", "1100-1300", "1800-2000")
    rows = []
    for scene in synthetic.SCENES:
        for model in synthetic.DRIFT_MODELS:
            picked = [r for r in runs if r.get("scene") == scene and r.get("model") == model]
            if picked:
                alarms = [str(len(r["alarms"])) for r in picked]
                cells = [interval(r[span] for r in picked) for span in spans]
                rows.append([scene, model, *cells, ", ".join(alarms)])
    return lines_of(("scene", "model", *(f"batches {s}" for s in spans), "alarms by seed"), rows)


def sensor_lines(runs: Runs, found: list[str]) -> list[str]:
    """Return held-out errors; the best of each column is bold, whoever it is."""
    rows = []
    for name in found:
        here = [r for r in runs if r["study"] == "sensors" and r["set"] == name]
        counts = sorted({r["kept"] for r in here})
        table = {
            m: [[r["error"] for r in here if r["method"] == m and r["kept"] == k] for k in counts]
            for m in (*real.OURS, *real.PEERS)
        }
        best = [min(float(np.mean(t[i])) for t in table.values()) for i in range(len(counts))]
        for method, errors in table.items():
            cells = [interval(e) for e in errors]
            for i, e in enumerate(errors):
                if float(np.mean(e)) <= 1.001 * best[i]:
                    cells[i] = f"**{cells[i]}**"
            kept = ", ".join(map(str, counts))
            rows.append([f"{name} ({kept} kept)", method, *cells])
    return lines_of(("set", "method", "10 %", "20 %", "33 %", "50 %"), rows)


def winner_line(runs: Runs, found: list[str]) -> str:
    """Count the columns of the sensor table that a peer wins."""
    won = {"ours": 0, "peers": 0}
    for name in found:
        here = [r for r in runs if r["study"] == "sensors" and r["set"] == name]
        for k in sorted({r["kept"] for r in here}):
            mean = {
                m: float(np.mean([r["error"] for r in here if r["method"] == m and r["kept"] == k]))
                for m in {r["method"] for r in here}
            }
            won["ours" if min(mean, key=lambda m: mean[m]) in real.OURS else "peers"] += 1
    return (
        f"The lowest mean error is ours in {won['ours']} of {sum(won.values())} columns and a "
        f"peer's in {won['peers']}. These samples are compressible rather than sparse: where "
        "principal components win, use them."
    )


def write_report(args: Args, facts: dict[str, Any], runs: Runs, image: dict[str, Any]) -> None:
    """Write the Markdown report and the pictures of the studies that were run."""
    found = facts["sets"]
    text = [
        "# Orthogonal dictionaries online",
        "",
        f"`{facts['command']}`: {args.seeds} fresh seeds from {args.first_seed}, "
        f"olearn {facts['version']}, {facts['date']}, {facts['seconds']:,} s on "
        f"{facts['cpu_count']} CPUs. Error: | ||A D||_4^4 / n - 1 |, 0 for the true atoms up to "
        "order and sign. CPU seconds are of learning alone, one thread.",
    ]
    parts: dict[str, tuple[str, Callable[[], list[str]]]] = {
        "recovery": (
            "Recovery: geometric mean error after the whole stream; bold is the lowest",
            lambda: recovery_lines(runs, RECOVERY + FULL),
        ),
        "rate": (
            "Rate: slope of log(lowest Frank-Wolfe gap so far) over log(step), from step 100. "
            "The theorem gives ln(t) / t^(1/4), an exponent of -0.25 or slower",
            lambda: rate_lines(runs),
        ),
        "sizes": ("Sizes: error after 20,000 samples, batches of n", lambda: size_lines(runs)),
        "drift": (
            "Drift: mean error; the dictionary is replaced at batch 1000, or turns by so many "
            "radians a batch. The detector never sees a slow rotation; floors do not forget "
            "fast enough for an abrupt change",
            lambda: drift_lines(runs),
        ),
        "sensors": (
            "Sensors and digits: relative error of held-out rows from their largest codes, the "
            "first 60 % learnt in order of time; bold is the lowest",
            lambda: [*sensor_lines(runs, found), "", winner_line(runs, found)],
        ),
    }
    for study, (title, make) in parts.items():
        if study in facts["studies"]:
            text += ["", f"## {title.split(':')[0]}", "", f"{title}.", "", *make()]
    if image:
        psnr = ", ".join(f"{k} {v:.2f} dB" for k, v in image["psnr"].items())
        text += [
            "",
            "## Image",
            "",
            f"Noise of {image['sigma']}, overlapping 8 x 8 patches: {psnr}.",
        ]
        draw_image(args.out, image)
    if facts["sets_not_here"]:
        text += ["", f"Not here: {', '.join(facts['sets_not_here'])}."]
    (args.out / "frank_wolfe_odl.md").write_text("\n".join(text) + "\n")
    if "recovery" in facts["studies"]:
        shown = [s for s in RECOVERY if s.noise == 0.0 and len(s.methods) > 2]
        draw_recovery(args.out, {s.name: pick_all(runs, s) for s in shown})
    if "rate" in facts["studies"]:
        draw_rate(args.out, [r for r in runs if r["study"] == "rate"])
    if "drift" in facts["studies"]:
        draw_drift(args.out, [r for r in runs if r["study"] == "drift"])


def pick_all(runs: Runs, s: Setting) -> dict[str, Runs]:
    """Return the runs on a stream, by method."""
    return {method: pick(runs, "recovery", s, method) for method in s.methods}


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
    context = multiprocessing.get_context("spawn")  # a fork would copy the bar's thread half-way
    with ProcessPoolExecutor(args.n_jobs, context) as pool:
        for study in STUDIES:
            if args.only and study not in args.only:
                continue
            if study == "image":
                image = real.denoise()
            jobs = [job for job in make_jobs(args, study, found) if job not in done]
            done.update(jobs)
            bar = Console(stderr=True)
            for records in track(pool.map(run_job, jobs), study, len(jobs), console=bar):
                runs += records
            facts["studies"].append(study)
            facts |= {"seconds": round(time.time() - begin), "psnr": image.get("psnr")}
            write_runs(args.out / "frank_wolfe_odl.json", facts, runs)
            write_report(args, facts, runs, image)
    print((args.out / "frank_wolfe_odl.md").read_text())


def read_args() -> Args:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=("quick", "full"), default=Args.profile)
    parser.add_argument("--seeds", type=int, default=Args.seeds)
    parser.add_argument("--first-seed", type=int, default=Args.first_seed)
    parser.add_argument("--samples", type=float, default=Args.samples)
    parser.add_argument("--only", nargs="*", choices=STUDIES, default=())
    parser.add_argument("--n-jobs", type=int, default=Args.n_jobs)
    parser.add_argument("--out", type=Path, default=Args.out)
    given = vars(parser.parse_args())
    return Args(**{**given, "only": tuple(given["only"])})


if __name__ == "__main__":
    main(read_args())
