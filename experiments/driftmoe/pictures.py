"""Pictures of the DriftMoE experiment: windowed accuracy, the table as bars, the ablation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray

mpl.use("Agg")
# Okabe and Ito's colours, which colour-blind readers can tell apart
_COLOURS = {
    "MoE-Data": "#0072B2",
    "MoE-Task": "#56B4E9",
    "MoE-Task as MLP": "#CC79A7",
    "DriftMoE+": "#D55E00",
    "ARF(10)": "#009E73",
    "Hoeffding tree": "#999999",
}
_PAPER_MARKS = {"MoE-Data": "o", "MoE-Task": "s", "ARF(100)": "^"}
_LED_BAYES = 74.002  # percent; by enumerating the 2^7 patterns of the segments
_STYLE: dict[Any, Any] = {"axes.spines.top": False, "axes.spines.right": False, "font.size": 9}

Pair = tuple[float, float]
"""A mean and the half-width of its interval."""


def draw_led(
    out: Path, rows: int, drifts: Sequence[int], curves: Mapping[str, NDArray[np.float64]]
) -> None:
    """Draw windowed accuracy on the abrupt LED stream: mean over the seeds, and their range."""
    with mpl.rc_context(_STYLE):
        figure, ax = plt.subplots(figsize=(8.5, 3.8), layout="constrained")
        n_windows = next(iter(curves.values())).shape[1]
        ends = rows / n_windows * np.arange(1, n_windows + 1)
        for name, curve in curves.items():
            ax.plot(ends, curve.mean(axis=0), color=_COLOURS[name], label=name, lw=1.8)
            ax.fill_between(
                ends, curve.min(axis=0), curve.max(axis=0), color=_COLOURS[name], alpha=0.13, lw=0
            )
        ax.axhline(_LED_BAYES, color="#24292f", lw=0.8, ls=":", label="best possible (74.0)")
        for i, drift in enumerate(d for d in drifts if d < rows):
            ax.axvline(drift, color="#24292f", lw=0.9, ls="--", label=None if i else "drift")
        ax.set(xlabel="rows seen", ylabel=f"accuracy of {rows / n_windows:,.0f} rows, %")
        ax.set_title("LED with three abrupt drifts: mean and range over the seeds", loc="left")
        ax.xaxis.set_major_formatter("{x:,.0f}")
        ax.set_xlim(0, rows)
        figure.legend(loc="outside lower center", ncols=len(curves) + 2, frameon=False)
        figure.savefig(out / "driftmoe_led_a.png", dpi=130)
        plt.close(figure)


def draw_table(
    out: Path,
    names: Sequence[str],
    bars: Mapping[str, Sequence[Pair]],
    published: Mapping[str, Sequence[float]],
) -> None:
    """Draw the accuracies as bars with intervals, and the paper's values as hollow markers."""
    low = 40.0
    with mpl.rc_context(_STYLE):
        figure, ax = plt.subplots(figsize=(11.0, 4.6), layout="constrained")
        width = 0.8 / len(bars)
        for i, (model, pairs) in enumerate(bars.items()):
            means, halves = np.array(pairs).T
            at = np.arange(len(names)) + (i - (len(bars) - 1) / 2) * width
            ax.bar(at, means - low, width * 0.92, bottom=low, color=_COLOURS[model], label=model)
            ax.errorbar(at, means, np.nan_to_num(halves), fmt="none", ecolor="#24292f", lw=0.9)
        order = list(bars)
        beside = {"MoE-Data": "MoE-Data", "MoE-Task": "MoE-Task as MLP", "ARF(100)": "ARF(10)"}
        for j, (paper, mark) in enumerate(_PAPER_MARKS.items()):
            known = [(i, published[name][j]) for i, name in enumerate(names) if published[name]]
            shift = (order.index(beside[paper]) - (len(bars) - 1) / 2) * width
            ax.plot(
                [i + shift for i, _ in known], [value for _, value in known], mark, ms=6.5,
                mfc="none", mec="#24292f", mew=1.1, label=f"paper's {paper}",
            )  # fmt: skip
        ax.set_xticks(range(len(names)), names)
        ax.margins(x=0.02)
        ax.set(ylim=(low, 100.0), ylabel="accuracy, % (axis starts at 40)")
        ax.set_title("Test-then-train accuracy; bars measured, hollow markers quoted", loc="left")
        figure.legend(loc="outside lower center", ncols=5, frameon=False)
        figure.savefig(out / "driftmoe_table.png", dpi=120)
        plt.close(figure)


def draw_ablation(
    out: Path, changes: Sequence[str], names: Sequence[str], gains: Sequence[Sequence[Pair]]
) -> None:
    """Draw points gained and lost as a heat map; bold where the interval leaves out zero."""
    means, halves = np.moveaxis(np.array(gains), 2, 0)
    with mpl.rc_context(_STYLE):
        size = (3.2 + 0.85 * len(names), 1.3 + 0.3 * len(changes))
        figure, ax = plt.subplots(figsize=size, layout="constrained")
        limit = 5.0  # points; a few cells lie far outside and would wash out the rest
        image = ax.imshow(means, cmap="PuOr", vmin=-limit, vmax=limit, aspect="auto")
        for (row, column), mean in np.ndenumerate(means):
            ax.text(
                column, row, f"{mean:+.2f}", ha="center", va="center",
                color="white" if abs(mean) > 0.6 * limit else "#24292f",
                fontweight="bold" if abs(mean) > halves[row, column] else "normal",
            )  # fmt: skip
        ax.set_xticks(range(len(names)), names, rotation=30, ha="right")
        ax.set_yticks(range(len(changes)), changes)
        n_first = sum(change.startswith("MoE-Data") for change in changes)
        ax.axhline(n_first - 0.5, color="#24292f", lw=1.5)
        ax.tick_params(length=0)
        bar = figure.colorbar(image, ax=ax, extend="both", shrink=0.8)
        bar.set_label("points of accuracy against MoE-Data or DriftMoE+")
        ax.set_title("One setting changed; bold: 95 % interval leaves out zero", loc="left")
        figure.savefig(out / "driftmoe_ablation.png", dpi=90)
        plt.close(figure)
