"""The picture of the regression experiment: truth, prediction and band around a drift."""

from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

from common import Runs

mpl.use("Agg")
_TRUTH, _PREDICTED, _DRIFT = "#000000", "#0072B2", "#D55E00"
_STYLE = {"axes.spines.top": False, "axes.spines.right": False, "font.size": 9}


def draw(path: Path, runs: Runs) -> None:
    """Draw for each stream the learner of the least error."""
    shown = [run for run in runs if run["picture"]]
    best = {
        stream: min((r for r in shown if r["stream"] == stream), key=lambda r: float(r["mae"]))
        for stream in dict.fromkeys(run["stream"] for run in shown)
    }
    with mpl.rc_context(_STYLE):
        figure, axes = plt.subplots(
            len(best), figsize=(9.0, 2.2 * len(best)), layout="constrained", squeeze=False
        )
        for ax, (stream, run) in zip(axes[:, 0], best.items(), strict=True):
            piece = run["picture"]
            rows = piece["rows"][: len(piece["truth"])]
            ax.fill_between(
                rows, piece["lower"], piece["upper"], color=_PREDICTED, alpha=0.2, lw=0,
                label="interval",
            )  # fmt: skip
            ax.plot(rows, piece["truth"], ".", color=_TRUTH, ms=2.0, label="truth")
            ax.plot(rows, piece["predicted"], color=_PREDICTED, lw=1.0, label="prediction")
            for drift in piece["drifts"]:
                ax.axvline(drift, color=_DRIFT, lw=1.2, label="drift")
            ax.set_title(f"{stream}: {run['learner']}", loc="left")
        axes[-1, 0].set_xlabel("row")
        handles = {h.get_label(): h for ax in axes[:, 0] for h in ax.get_legend_handles_labels()[0]}
        figure.legend(
            handles.values(), handles.keys(), loc="outside lower center", ncols=4, frameon=False
        )
        figure.savefig(path, dpi=110)
        plt.close(figure)
