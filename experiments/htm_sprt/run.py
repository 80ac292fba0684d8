"""Runs of the drift experiment: detectors on known drifts, with and without calibration."""

import dataclasses
import json
import time
from functools import partial
from pathlib import Path
from typing import Any

from common import RESULTS, head, in_processes, option, write_runs
from htm_sprt.nab import nab_lines, run_nab
from htm_sprt.pictures import draw_series, draw_table
from htm_sprt.rivals import OURS, READS, RIVALS, make_method
from htm_sprt.tables import (
    DRAWN,
    FAMILIES,
    KINDS,
    QUIET,
    SERIES,
    TABLE,
    Runs,
    behind_lines,
    calibration_lines,
    cell,
    method_name,
    method_names,
    null_line,
    table_lines,
)
from olearn import streams
from olearn.evaluate import Detection, calibrate, detection
from olearn.streams import Signal

COLUMNS = (  # of the figures kept of a run
    "seed",
    "delays",
    "true_alarms",
    "false_alarms",
    "quiet_rows",
    "rows",
    "cpu_seconds",
)


@dataclasses.dataclass(frozen=True)
class Args:
    """Choices of a run; `python experiments/htm_sprt.py --help` lists them."""

    seeds: int = option(20, "seeds of the series")
    first_seed: int = option(1001, "the others follow it; no test or example draws from these")
    arl0: float = option(10_000.0, "rows between false alarms that rivals are calibrated to")
    null_rows: int = option(0, "rows to calibrate on; 0: what suits the detector's speed")
    series: tuple[str, ...] = option((), "series; none: all", choices=SERIES)
    methods: tuple[str, ...] = option((), "detectors; none: all", choices=(*OURS, *RIVALS))
    nab_seeds: int = option(5, "seeds of HTM on the benchmark; 0: without it")
    n_jobs: int = option(2, "processes")
    out: Path = option(RESULTS, "folder of the results")


@dataclasses.dataclass(frozen=True)
class Job:
    """Some methods, each with its threshold if it is calibrated, on one series."""

    methods: tuple[tuple[str, float | None], ...]
    series: str
    seed: int


@dataclasses.dataclass(frozen=True)
class Task:
    """One rival to calibrate on one family of series."""

    rival: str
    family: str
    arl0: float
    null_rows: int
    first_seed: int


def draw(series: str, seed: int) -> Signal:
    """Return a series as the plan wants it."""
    return streams.signal(series, seed=seed, n_samples=SERIES[series].n)


def run_job(job: Job) -> list[dict[str, Any]]:
    """Run detectors over one series; those that read HTM's score share one pass of it."""
    plan, signal = SERIES[job.series], draw(job.series, job.seed)
    read: dict[Any, Signal] = {}
    answers = []
    for method, threshold in job.methods:
        source = READS.get(method)
        if source not in read:
            read[source] = signal if source is None else source(signal)
        detector = make_method(method, threshold)
        found = detection(
            detector,
            read[source],
            window=plan.window,
            warm_up=plan.warm_up,
            keep_values=False,
            progress=False,
        )
        name = method_name(method, threshold)
        answers.append({"method": name, "series": job.series, **figures(found)})
    return answers


def figures(found: Detection) -> dict[str, Any]:
    """Return what the tables need of one run."""
    values = (
        found.seed,
        found.delays,
        found.n_true_alarms,
        len(found.false_alarms),
        found.n_quiet,
        found.n,
        round(found.cpu_seconds, 4),
    )
    return dict(zip(COLUMNS, values, strict=True))


def run_task(task: Task) -> dict[str, Any]:
    """Calibrate one rival on series without drift, which the table does not use."""
    rival = RIVALS[task.rival]
    plan = SERIES[f"{task.family}_none"]  # as long as those judged: detectors settle in with time
    null = [
        streams.signal(f"{task.family}_none", seed=task.first_seed + i, n_samples=plan.n)
        for i in range(max((task.null_rows or rival.null_rows) // plan.n, 1))
    ]
    if task.rival in READS:
        null = [READS[task.rival](signal) for signal in null]
    found = calibrate(
        rival.make,
        null,
        task.arl0,
        sensitive=rival.sensitive,
        strict=rival.strict,
        warm_up=plan.warm_up,
    )
    return {"rival": task.rival, "family": task.family, **dataclasses.asdict(found)}


def calibrations(args: Args, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the thresholds of all rivals that are run, those known already included."""
    wanted = [
        (r, f) for r in RIVALS if not args.methods or r in args.methods for f in families(args)
    ]
    have = {(c["rival"], c["family"]): c for c in known}
    tasks = [
        Task(r, f, args.arl0, args.null_rows, args.first_seed + 10_000)
        for r, f in wanted
        if (r, f) not in have
    ]
    for answer in in_processes(run_task, tasks, "calibrating", args.n_jobs):
        have[answer["rival"], answer["family"]] = answer
    return [have[key] for key in wanted]


def families(args: Args) -> list[str]:
    """Return the kinds of series that are run."""
    return [f for f in FAMILIES if any(s.startswith(f) for s in args.series or SERIES)]


def make_jobs(args: Args, thresholds: list[dict[str, Any]], runs: Runs) -> list[Job]:
    """Return what is still to be run."""
    found = {(c["rival"], c["family"]): c["threshold"] for c in thresholds}
    jobs = []
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        for series in args.series or SERIES:
            methods: list[tuple[str, float | None]] = [(m, None) for m in (*OURS, *RIVALS)]
            family = series.split("_")[0]
            methods += [(r, found[r, family]) for r in RIVALS if (r, family) in found]
            left = [
                (name, threshold)
                for name, threshold in methods
                if (not args.methods or name in args.methods)
                and (method_name(name, threshold), series, seed) not in runs
                and (name in OURS or seed < args.first_seed + RIVALS[name].n_seeds)
            ]
            if left:
                jobs.append(Job(tuple(left), series, seed))
    return jobs


def write_report(args: Args, facts: dict[str, Any], runs: Runs) -> None:
    """Write the markdown report and the pictures."""
    main = next(iter(OURS))
    text = [
        "# HTM + SPRT beside other drift detectors",
        "",
        f"{args.seeds} seeds from {args.first_seed} (KSWIN: {RIVALS['KSWIN'].n_seeds}); the change "
        "is at row 2,000. A cell is drifts found / drifts there were @ median delay of the found; "
        "an alarm counts within 1,000 rows after the change (500 for noise_periodic, 150 for "
        "telecom_success). False alarms are counted from row 700 (telecom_success: 250) to the "
        "change and in whole series without one. "
        f"`{facts['command']}`, olearn {facts['version']}, {facts['date']}, {facts['cpu_count']} "
        "CPUs, shared with other work.",
        "",
        "## Known drifts",
        "",
        *table_lines(runs, TABLE, ["noise", "sine", "order"]),
        "",
        "Rows that raise many false alarms also find drifts: read them with their rate. Calibrated "
        f"rows have the threshold at which they gave one false alarm in {args.arl0:,.0f} rows on "
        "other series of the same family without a drift: they know the kind of series beforehand. "
        "Ours are as they come, for every series alike.",
        "",
        "Noise, sine and order together:",
        "",
        *(f"- {null_line(runs, m)}" for m in method_names(runs) if m in OURS),
        "",
        f"Where {main} is not ahead of a detector with at most {QUIET} false alarms per 1,000 rows "
        "in that family (more found, or as many sooner):",
        "",
        *behind_lines(runs, main, [*TABLE, *KINDS[2:]]),
        "",
        "It is no rival in speed: a step of a temporal memory takes tens to hundreds of "
        "microseconds, where ADWIN needs less than one.",
    ]
    if any(series in KINDS for _, series, _ in runs):
        text += [
            "",
            "## The paper's kinds of streams",
            "",
            "Abrupt shift, slow drift, periodically varying mean, and a success rate with five "
            "events like the authors' generator makes it. The paper's series themselves are not "
            "published.",
            "",
            *table_lines(runs, KINDS, ["noise", "telecom"]),
        ]
    text += ["", "## Thresholds", "", *calibration_lines(facts["calibrations"])]
    if facts.get("nab"):
        text += ["", "## Numenta Anomaly Benchmark", "", *nab_lines(facts["nab"])]
    (args.out / "htm_sprt.md").write_text("\n".join(text) + "\n")
    shown = [s for s in TABLE if any(series == s for _, series, _ in runs)]
    cells = {
        m: [(len(c.delays), c.n_episodes, c.delay) for c in (cell(runs, m, [s]) for s in shown)]
        for m in method_names(runs)
    }
    rates = {m: cell(runs, m, DRAWN).rate for m in method_names(runs)}
    draw_table(args.out, shown, cells, rates)


def read_known(args: Args) -> tuple[Runs, dict[str, Any]]:
    """Return the runs and facts of a run that was stopped, where its settings were the same."""
    path = args.out / "htm_sprt.json"
    if not path.exists():
        return {}, {}
    old = json.loads(path.read_text())
    if old["arl0"] != args.arl0 or old["null_rows"] != args.null_rows:
        return {}, {}
    names = {*OURS, *RIVALS, *(method_name(rival, 0.0) for rival in RIVALS)}
    runs = {
        (line["method"], line["series"], figures[0]): {
            "method": line["method"],
            "series": line["series"],
            **dict(zip(old["columns"], figures, strict=True)),
        }
        for line in old["runs"]
        if line["method"] in names
        for figures in line["runs"]
    }
    return runs, old


def write_json(args: Args, facts: dict[str, Any], runs: Runs) -> None:
    """Write everything measured, one method on one series a line, a list of figures a seed."""
    lines: dict[tuple[str, str], list[list[Any]]] = {}
    for (method, series, _), run in runs.items():
        lines.setdefault((method, series), []).append([run[column] for column in COLUMNS])
    rows = [{"method": m, "series": s, "runs": figures} for (m, s), figures in lines.items()]
    write_runs(args.out / "htm_sprt.json", {**facts, "columns": COLUMNS}, rows)


def main(args: Args) -> None:
    """Calibrate, run the table and the benchmark; what is done is written as it comes."""
    args.out.mkdir(parents=True, exist_ok=True)
    runs, old = read_known(args)
    facts = {
        **head(("river", "numpy", "numba", "scipy")),
        "seeds": list(range(args.first_seed, args.first_seed + args.seeds)),
        "arl0": args.arl0,
        "null_rows": args.null_rows,
        "calibrations": calibrations(args, old.get("calibrations", [])),
        "nab": old.get("nab"),
    }
    jobs = make_jobs(args, facts["calibrations"], runs)
    last_written = time.monotonic()
    for answers in in_processes(run_job, jobs, "known drifts", args.n_jobs):
        runs |= {(run["method"], run["series"], run["seed"]): run for run in answers}
        if time.monotonic() - last_written > 20.0:
            write_json(args, facts, runs)
            last_written = time.monotonic()
    if args.nab_seeds and not facts["nab"]:
        nab_seeds = range(args.first_seed, args.first_seed + args.nab_seeds)
        run_jobs = partial(in_processes, n_jobs=args.n_jobs)
        facts["nab"] = run_nab(run_jobs, nab_seeds)
    kept = set(facts["seeds"])
    runs = {key: run for key, run in runs.items() if key[2] in kept}
    write_json(args, facts, runs)
    write_report(args, facts, runs)
    if facts["nab"]:
        run = watch(streams.load_nab("nyc_taxi"), 1)
        draw_series(args.out, "nyc_taxi", run, 0, run.n)
    if not args.methods or next(iter(OURS)) in args.methods:
        run = watch(draw("order_switch", args.first_seed), SERIES["order_switch"].window)
        draw_series(args.out, "order_switch", run, 1900, 2200)


def watch(signal: Signal, window: int) -> Detection:
    """Run our detector over a series for a picture."""
    traces = ["anomaly_score", "llr"]
    return detection(make_method(next(iter(OURS)), None), signal, window=window, traces=traces)
