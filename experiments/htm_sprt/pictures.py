"""Pictures of the drift experiment: the table as a heat map, a show-case, a series of NAB."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

from olearn.evaluate import Detection

mpl.use("Agg")
_STYLE: dict[Any, Any] = {"axes.spines.top": False, "axes.spines.right": False, "font.size": 9}
_NOISY = 1.0  # false alarms per 1,000 rows above which a method's cells are struck out

Cells = Sequence[tuple[int, int, float]]
"""Drifts found, drifts there were, and median delay, by column."""


def draw_table(
    out: Path, columns: Sequence[str], cells: Mapping[str, Cells], rates: Mapping[str, float]
) -> None:
    """Draw the share of drifts found as colours with the delays; hatched where alarms are noise."""
    names = list(cells)
    share = np.array([[found / max(there, 1) for found, there, _ in cells[n]] for n in names])
    with mpl.rc_context(_STYLE):
        size = (4.0 + 0.85 * len(columns), 1.5 + 0.28 * len(names))
        figure, ax = plt.subplots(figsize=size, layout="constrained")
        image = ax.imshow(share, cmap="Blues", vmin=0.0, vmax=1.15, aspect="auto")
        for (row, column), value in np.ndenumerate(share):
            found, _, delay = cells[names[row]][column]
            ax.text(
                column, row, f"{found}@{delay:.0f}" if found else "0", ha="center", va="center",
                color="white" if value > 0.6 else "#24292f",
            )  # fmt: skip
        for row, name in enumerate(names):
            if rates[name] > _NOISY:
                ax.axhspan(
                    row - 0.5, row + 0.5, fill=False, hatch="////", ec="#D55E00", lw=0, alpha=0.7
                )
        labels = [f"{n}   {rates[n]:.2g}" for n in names]
        ax.set_yticks(range(len(names)), labels)
        ax.set_xticks(range(len(columns)), columns, rotation=30, ha="right")
        ax.tick_params(length=0)
        bar = figure.colorbar(image, ax=ax, shrink=0.7, boundaries=np.linspace(0, 1, 21))
        bar.set_label("share of drifts found")
        ax.set_title(
            "Drifts found @ median delay; beside the name: false alarms per 1,000 rows "
            f"(hatched: above {_NOISY:g})",
            loc="right",
            fontsize=9,
        )
        figure.savefig(out / "htm_sprt_table.png", dpi=72)
        plt.close(figure)


def draw_series(out: Path, name: str, run: Detection, first: int, last: int) -> None:
    """Draw rows of a series with its truth, the detector's numbers and its alarms."""
    figure = run.plot()
    figure.axes[0].set_xlim(first, last)
    figure.savefig(out / f"htm_sprt_{name}.png", dpi=85)
