"""The report of the AEF-OCL experiment."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aef_ocl.pictures import draw
from common import Runs, cell, clear, markdown
from olearn.evaluate.intervals import mean_and_half_width

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


def models_of(runs: Runs, data: str) -> list[str]:
    """Return the models that ran on a data set, in order."""
    return list(dict.fromkeys(r["model"] for r in runs if r["data"] == data))


def table(runs: Runs, data: str) -> list[str]:
    """Return the Markdown table of a data set."""
    scores = [s for s in _HEADS if s in next(r for r in runs if r["data"] == data)]
    rows = [
        [model, *(cell(values(runs, data, model, s)) for s in scores)]
        for model in models_of(runs, data)
    ]
    return markdown(["model", *(_HEADS[s] for s in scores)], rows)


def verdict(runs: Runs, data: str) -> str:
    """Say what the pseudo-features and the weights change against plain ridge, by seed."""
    plain = values(runs, data, "ridge", "amca")
    parts = []
    for model in (m for m in models_of(runs, data) if m.startswith(("PFG", "weights"))):
        gain = values(runs, data, model, "amca") - plain
        word = {1: "**helps**", -1: "**hurts**", 0: "unclear"}[clear(gain)]
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
    found = {
        data: {m: mean_and_half_width(values(runs, data, m, "amca")) for m in models_of(runs, data)}
        for data in sets
        if data != "drift"
    }
    draw(out, found, ours)
    return whole
