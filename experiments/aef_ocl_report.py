"""Report and picture of the AEF-OCL experiment."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Runs = list[dict[str, Any]]
Sample = NDArray[np.float64]

_HEADS = {
    "amca": "AMCA", "final": "final mean class accuracy", "accuracy": "accuracy",
    "forgetting": "forgetting", "before": "before the change", "after": "200 rows after",
    "rest": "rest", "cpu_seconds": "CPU s",
}  # fmt: skip


def values(runs: Runs, data: str, model: str, score: str) -> Sample:
    """Return one score of a model on a data set, by seed."""
    picked = [r for r in runs if r["data"] == data and r["model"] == model]
    return np.array([r[score] for r in sorted(picked, key=lambda r: int(r["seed"]))])


def interval(sample: Sample) -> tuple[float, float]:
    """Return the mean and the half-width of its 95 % t-interval (NaN for a single value)."""
    n = len(sample)
    if n < 2:
        return float(sample.mean()), float("nan")
    return float(sample.mean()), float(stats.t.ppf(0.975, n - 1) * sample.std(ddof=1) / np.sqrt(n))


def cell(sample: Sample, sign: str = "") -> str:
    """Return `mean ± half-width` to two decimals."""
    mean, half = interval(sample)
    return f"{mean:{sign}.2f}" if np.isnan(half) else f"{mean:{sign}.2f} ± {half:.2f}"


def models_of(runs: Runs, data: str) -> list[str]:
    """Return the models that ran on a data set, in order."""
    return list(dict.fromkeys(r["model"] for r in runs if r["data"] == data))


def table(runs: Runs, data: str) -> list[str]:
    """Return the Markdown table of a data set."""
    scores = [s for s in _HEADS if s in next(r for r in runs if r["data"] == data)]
    heads = ["model", *(_HEADS[s] for s in scores)]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for model in models_of(runs, data):
        cells = [cell(values(runs, data, model, s)) for s in scores]
        lines.append("| " + " | ".join([model, *cells]) + " |")
    return lines


def verdict(runs: Runs, data: str) -> str:
    """Say what the pseudo-features and the weights change against plain ridge, by seed."""
    plain = values(runs, data, "ridge", "amca")
    parts = []
    for model in (m for m in models_of(runs, data) if m.startswith(("PFG", "weights"))):
        gain = values(runs, data, model, "amca") - plain
        mean, half = interval(gain)
        word = "unclear"
        if abs(mean) > half:
            word = "**helps**" if mean > 0 else "**hurts**"
        parts.append(f"{model} {cell(gain, '+')} points of AMCA ({word})")
    return (
        "Against ridge with the published gamma of 0.1, paired by seed: " + "; ".join(parts) + "."
    )


def write_report(out: Path, facts: dict[str, Any], runs: Runs, ours: list[str]) -> str:
    """Write `aef_ocl.md` and the picture; return the text."""
    text = [
        "# AEF-OCL: balancing the classes, and drift",
        "",
        f"Percent, mean and 95 % t-interval over {facts['seeds']} seeds. `{facts['command']}`, "
        f"olearn {facts['version']}, {facts['date']}, {facts['seconds']:,} s on "
        f"{facts['cpu_count']} CPUs.",
        "",
        "AMCA is the mean over the tasks of the mean accuracy of the classes so far; in a stream, "
        "the mean of the classes' prequential accuracies. Forgetting is how far a class fell from "
        "its best to the end: new classes compete, so exact methods have some too. `weights` "
        "and `PFG` are the balanced heads; the joint ridge keeps all rows and is what `ridge` must "
        "equal, up to its own random features. Shuttle is always the same rows: its seeds draw "
        "random features only, and models without any have an interval of zero.",
    ]
    sets = list(dict.fromkeys(r["data"] for r in runs))
    for data in sets:
        if data == "drift":
            continue
        text += ["", f"## {data}", "", *table(runs, data), "", verdict(runs, data)]
    if facts["not_to_be_had"]:
        text += ["", f"Not to be had here: {', '.join(facts['not_to_be_had'])}."]
    if "drift" in sets:
        text += [
            "", "## Drift: digits whose labels shift by one half-way", "", *table(runs, "drift"),
            "", "`inverse` divides the inverse by the factor, and its ridge decays with it; `sums` "
            "keeps the ridge. Predictions of `sums` are solved anew every 8 rows.",
        ]  # fmt: skip
    whole = "\n".join(text) + "\n"
    (out / "aef_ocl.md").write_text(whole)
    draw(out, runs, [d for d in sets if d != "drift"], ours)
    return whole


def draw(out: Path, runs: Runs, sets: list[str], ours: list[str]) -> None:
    """Draw the AMCA of all models, a panel a data set; ours are filled."""
    if not sets:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.2 * len(sets), 3.4), layout="constrained")
    for k, data in enumerate(sets):
        axes = figure.add_subplot(1, len(sets), k + 1)
        models = models_of(runs, data)[::-1]
        found = [interval(values(runs, data, m, "amca")) for m in models]
        for y, (model, (mean, half)) in enumerate(zip(models, found, strict=True)):
            colour = "#1f5fa8" if model in ours else "#999999"
            axes.errorbar(mean, y, xerr=np.nan_to_num(half), fmt="o", color=colour, capsize=2)
        axes.set_yticks(range(len(models)), models if k == 0 else [""] * len(models), fontsize=8)
        axes.set_title(data, fontsize=9)
        axes.set_xlabel("AMCA, %", fontsize=8)
        axes.tick_params(axis="x", labelsize=8)
        axes.grid(axis="x", alpha=0.3)
    figure.savefig(out / "aef_ocl.png", dpi=110)
