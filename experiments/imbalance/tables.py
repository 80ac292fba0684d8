"""The report of the experiment on rare labels."""

from pathlib import Path
from typing import Any

import numpy as np

from common import Runs, cell, markdown
from imbalance.pictures import draw

_HEADS = {
    "F1": "F1, %",
    "Precision": "precision, %",
    "Recall": "recall, %",
    "BalancedAccuracy": "balanced accuracy, %",
    "said": "said of all rows, %",
}


def table(runs: Runs, stream: str) -> list[str]:
    """Return the Markdown table of a stream: a learner in a form a row, means over the seeds."""
    rows = []
    mine = [run for run in runs if run["stream"] == stream]
    for learner, form in dict.fromkeys((run["learner"], run["form"]) for run in mine):
        these = [run for run in mine if (run["learner"], run["form"]) == (learner, form)]
        speed = np.median([run["rows_per_second"] for run in these])
        figures = [cell([100.0 * run[name] for run in these]) for name in _HEADS]
        rows.append([learner, form, *figures, f"{speed:,.0f}"])
    return markdown(["learner", "form", *_HEADS.values(), "rows a CPU second"], rows, numbers=True)


def write_report(out: Path, facts: dict[str, Any], runs: Runs) -> str:
    """Write `imbalance.md` and the picture; return the text."""
    text = [
        "# Rare labels: weights, thresholds and samplers",
        "",
        f"{facts['date']}; olearn {facts['version']}, {facts['processor']}, "
        f"{facts['cpu_count']} cores; `{facts['command']}`",
        "",
        "Means over the seeds with 95 % intervals. All figures are of the rare label, which every "
        "row is predicted to be or not before it is learnt.",
    ]
    for stream in dict.fromkeys(run["stream"] for run in runs):
        rate = np.mean([run["rate"] for run in runs if run["stream"] == stream])
        text += ["", f"## {stream}: {100.0 * rate:.1f} % rare", "", *table(runs, stream)]
    text += ["", "![F1 of the rare label](imbalance.png)", ""]
    draw(out / "imbalance.png", runs)
    (out / "imbalance.md").write_text("\n".join(text), encoding="utf-8")
    return "\n".join(text)
