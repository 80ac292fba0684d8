"""The report of the rehearsal experiment, and its picture."""

from pathlib import Path
from typing import Any

import numpy as np

from common import Runs, clear, markdown
from olearn.evaluate import ClassIncrementalResult
from olearn.evaluate.intervals import mean_and_half_width
from olearn.evaluate.tasks.class_incremental_result import TaskRun, show_percent
from olearn.evaluate.tasks.task_scores import average_end_accuracy
from olearn.show.class_incremental_plots import plot_incremental
from replay.papers import PROGRAMS, SOURCES, quoted

_SCORES = ("end accuracy", "forgetting", "incremental accuracy")


def results_of(runs: Runs) -> dict[tuple[str, int], list[ClassIncrementalResult]]:
    """Return the results of all methods by data set and memory."""
    found: dict[tuple[str, int], dict[str, ClassIncrementalResult]] = {}
    for run in runs:
        cell = found.setdefault((run["data"], run["memory"]), {})
        fields = ("seed", "tasks", "task_ends", "accuracy", "seconds", "cpu_seconds", "curve")
        result = cell.setdefault(
            run["method"], ClassIncrementalResult(run["method"], run["images"], [])
        )
        result.runs.append(TaskRun.from_dict({name: run[name] for name in fields}))
    return {key: list(cell.values()) for key, cell in found.items()}


def table(
    results: list[ClassIncrementalResult], data: str, memory: int, reduced: bool
) -> list[str]:
    """Return one line a method: our figures, then those of others."""
    sources = sorted({s for r in results for s in quoted(r.model, data, memory)})
    heads = [
        "method",
        "seeds",
        *_SCORES,
        "std of end accuracy",
        "on each task at the end",
        "img/s",
        "img/CPU s",
    ]
    if reduced:
        heads += ["program: end accuracy", "forgetting", "img/CPU s"]
    heads += [{"pcr": "PCR paper (not verified)", "onpro": "OnPro paper", "rerun": "OnPro rerun"}[s]
              for s in sources]  # fmt: skip
    rows = []
    for result in results:
        at_end = 100.0 * result.accuracy.mean(axis=0)[-1]
        shown = " ".join(f"{value:.1f}" for value in at_end) if len(at_end) <= 10 else "-"
        row = [result.model, str(len(result.runs))]
        row += [show_percent(*result.score(score)) for score in _SCORES]
        spread = 100.0 * result.deviation("end accuracy")
        row += [
            "-" if np.isnan(spread) else f"{spread:.1f}",
            shown,
            f"{result.rows_per_second:.1f}",
            f"{result.rows_per_cpu_second:.1f}",
        ]
        if reduced:
            row += ["-" if v is None else f"{v}" for v in PROGRAMS.get(result.model, (None,) * 3)]
        says = quoted(result.model, data, memory)
        rows.append([*row, *(says.get(source, "-") for source in sources)])
    return markdown(heads, rows, numbers=True)


def verdict(results: list[ClassIncrementalResult]) -> str:
    """Say which methods end above ER, paired by seed."""
    base = next((r for r in results if r.model == "ER"), None)
    if base is None or len(results) == 1:
        return ""
    scores = {r.model: dict(zip(_seeds(r), average_end_accuracy(r.accuracy), strict=True))
              for r in results}  # fmt: skip
    parts = []
    for model, by_seed in scores.items():
        common = sorted(set(by_seed) & set(scores["ER"]))
        if model == "ER" or not common:
            continue
        gains = 100.0 * np.array([by_seed[seed] - scores["ER"][seed] for seed in common])
        mean, half = mean_and_half_width(gains)
        if np.isnan(half):
            parts.append(f"{model} {mean:+.1f} points (one seed)")
            continue
        word = {1: "**above**", -1: "**below**", 0: "unclear"}[clear(gains)]
        n_above = int(np.sum(gains > 0))
        seeds = f"above in {n_above} of {len(gains)} seeds"
        parts.append(f"{model} {mean:+.1f} ± {half:.1f} points ({word}; {seeds})")
    return "End accuracy against ER, paired by seed: " + "; ".join(parts) + "."


def _seeds(result: ClassIncrementalResult) -> list[int]:
    return [run.seed for run in result.runs]


def write_report(out: Path, facts: dict[str, Any], runs: Runs, name: str) -> str:
    """Write the report and a picture for each data set and memory; return the text."""
    small = facts["protocol"]["profile"] == "small"
    where = facts["gpu"] or f"{facts['processor']}, {facts['cpu_count']} CPUs"
    text = [
        "# Rehearsal: ER, UER, PCR, HPCR, OnPro",
        "",
        f"Percent, mean and 95 % t-interval over seeds. `{facts['command']}`, olearn "
        f"{facts['version']}, torch {facts['packages']['torch']}, {facts['date']}, "
        f"{facts['seconds']:,} s on {where}, {facts['n_jobs']} processes of {facts['threads']} "
        "threads.",
        "",
        "End accuracy is the mean over the tasks of the accuracy after the last one; forgetting "
        "the mean over all tasks of the best accuracy less the last; incremental accuracy the "
        "mean over the times of the mean over the tasks so far. img/s and img/CPU s count the "
        "images of the stream, in learning alone.",
    ]
    if small:
        text += [
            "",
            "Protocol: Split CIFAR-10 in 5 tasks, the first 500 training and 100 test images of "
            "each class, the order of the classes that of the programs' seed 0, stream and "
            "replayed batches of 10, width 20. HPCR is handicapped by tasks of 100 steps: the "
            "factor of its gradient never reaches its largest value. **OnPro is not the paper's "
            "here**: width 8 instead of 64, 4 replayed images instead of 64 (bfloat16, its "
            "program uses float16), to fit into minutes on a CPU.",
        ]
    cells = results_of(runs)
    for (data, memory), results in cells.items():
        reduced = small and (data, memory) == ("cifar10", 200)
        images = results[0].stream
        text += ["", f"## {data}, memory {memory} ({images})", ""]
        text += [*table(results, data, memory, reduced), "", verdict(results)]
        picture = f"{name}_{data}_{memory}.png" if not small else f"{name}.png"
        plot_incremental(results).savefig(out / picture, dpi=100)
        text += ["", f"![accuracy by task and over the stream]({picture})"]
    text += ["", "## The figures of others", ""]
    used = {s for cell in cells for r in cells[cell] for s in quoted(r.model, *cell)}
    used |= {"programs"} if small else set()
    text += [f"- {SOURCES[key]}" for key in SOURCES if key in used]
    text += ["", "Of HPCR and UER no figures of the papers could be had."]
    if facts["not_to_be_had"]:
        text += ["", f"Not to be had here: {', '.join(facts['not_to_be_had'])}."]
    whole = "\n".join(text) + "\n"
    (out / f"{name}.md").write_text(whole)
    return whole
