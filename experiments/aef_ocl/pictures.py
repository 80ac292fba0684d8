"""The picture of the AEF-OCL experiment."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np


def draw(
    out: Path, found: Mapping[str, Mapping[str, tuple[float, float]]], ours: list[str]
) -> None:
    """Draw mean and interval of the AMCA of all models, a panel a data set; ours are blue."""
    if not found:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.2 * len(found), 3.4), layout="constrained")
    for k, (data, scores) in enumerate(found.items()):
        axes = figure.add_subplot(1, len(found), k + 1)
        models = list(scores)[::-1]
        for y, model in enumerate(models):
            mean, half = scores[model]
            colour = "#1f5fa8" if model in ours else "#999999"
            axes.errorbar(mean, y, xerr=np.nan_to_num(half), fmt="o", color=colour, capsize=2)
        axes.set_yticks(range(len(models)), models if k == 0 else [""] * len(models), fontsize=8)
        axes.set_title(data, fontsize=9)
        axes.set_xlabel("AMCA, %", fontsize=8)
        axes.tick_params(axis="x", labelsize=8)
        axes.grid(axis="x", alpha=0.3)
    figure.savefig(out / "aef_ocl.png", dpi=110)
