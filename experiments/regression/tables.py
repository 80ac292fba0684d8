"""The report of the regression experiment."""

from pathlib import Path
from typing import Any

import numpy as np

from common import Runs, cell, markdown
from regression.pictures import draw

_HEADS = {
    "mae": "MAE",
    "rmse": "RMSE",
    "coverage": "inside, %",
    "least": "inside, worst 5,000 rows, %",
    "width": "mean width",
    "rows_per_second": "rows a CPU second",
}


def table(runs: Runs, stream: str) -> list[str]:
    """Return the Markdown table of a stream: a learner a row, means over the seeds."""
    rows = []
    for learner in dict.fromkeys(run["learner"] for run in runs if run["stream"] == stream):
        mine = [run for run in runs if (run["stream"], run["learner"]) == (stream, learner)]
        worst = [
            min((run["coverage_low"], run["coverage_high"]), key=lambda share: -abs(share - 0.9))
            for run in mine
        ]
        rows.append(
            [
                learner,
                cell([run["mae"] for run in mine]),
                cell([run["rmse"] for run in mine]),
                cell([100.0 * run["coverage"] for run in mine]),
                f"{100.0 * max(worst, key=lambda share: abs(share - 0.9)):.1f}",
                cell([run["width"] for run in mine]),
                f"{np.median([run['rows_per_second'] for run in mine]):,.0f}",
            ]
        )
    return markdown(["learner", *_HEADS.values()], rows, numbers=True)


def write_report(out: Path, facts: dict[str, Any], runs: Runs) -> str:
    """Write `regression.md` and the picture; return the text."""
    text = [
        "# Numbers as targets: errors, and intervals that are asked to hold 90 %",
        "",
        f"{facts['date']}; olearn {facts['version']}, {facts['processor']}, "
        f"{facts['cpu_count']} cores; `{facts['command']}`",
        "",
        "Means over the seeds with 95 % intervals; series have one run. The worst 5,000 rows are "
        "those in succession, of any seed, in which the share inside is furthest from 90 %.",
    ]
    for stream in dict.fromkeys(run["stream"] for run in runs):
        text += ["", f"## {stream}", "", *table(runs, stream)]
    text += ["", "![predictions and bands](regression.png)", ""]
    draw(out / "regression.png", runs)
    (out / "regression.md").write_text("\n".join(text), encoding="utf-8")
    return "\n".join(text)
