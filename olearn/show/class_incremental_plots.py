"""Pictures of class-incremental runs: matrices of accuracies, and accuracy over the stream."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from olearn.show.plots import COLOURS, legend, rows_axis, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from olearn.evaluate.tasks.class_incremental_result import ClassIncrementalResult

_ENOUGH_RUNS = 3  # the interval of two is thirteen times their standard error
_MAX_NUMBERS = 10  # tasks, beyond which the numbers in a matrix are too small to read


def plot_incremental(
    results: "Sequence[ClassIncrementalResult]", *, dark: bool = False
) -> "Figure":
    """One matrix a result, and below them the accuracy on what was seen so far, all together."""
    from matplotlib.figure import Figure

    n = len(results)
    with theme(dark) as colours:
        figure = Figure(figsize=(max(5.6, 2.3 * n), 5.4), layout="constrained")
        cells = figure.add_gridspec(2, n)
        for i, result in enumerate(results):
            _draw_matrix(figure.add_subplot(cells[0, i]), result, first=i == 0)
        ax = figure.add_subplot(cells[1, :])
        _draw_curves(ax, results, colours["faint"])
        if n > 1:
            legend(ax)
    return figure


def _draw_matrix(ax: "Axes", result: "ClassIncrementalResult", *, first: bool) -> None:
    mean = 100.0 * result.accuracy.mean(axis=0)
    n_tasks = len(mean)
    shown = np.ma.masked_where(mean + np.tri(n_tasks) == 0.0, mean)  # nothing to show above
    ax.imshow(shown, cmap="viridis", vmin=0.0, vmax=100.0)
    ax.set_title(result.model)
    ax.set_xlabel("on task")
    if first:
        ax.set_ylabel("after task")
    ticks = range(n_tasks) if n_tasks <= _MAX_NUMBERS else range(0, n_tasks, n_tasks // 5)
    ax.set_xticks(ticks, [str(t + 1) for t in ticks])
    ax.set_yticks(ticks, [str(t + 1) for t in ticks])
    ax.grid(visible=False)
    if n_tasks <= _MAX_NUMBERS:
        for (t, k), value in np.ndenumerate(mean):
            if k <= t or value > 0.0:
                ink = "white" if value < 60.0 else "black"
                ax.text(k, t, f"{value:.0f}", ha="center", va="center", color=ink, fontsize=7)


def _draw_curves(ax: "Axes", results: "Sequence[ClassIncrementalResult]", faint: str) -> None:
    for i, result in enumerate(results):
        colour = COLOURS[i % len(COLOURS)]
        rows, mean, half = result.curve().T
        ax.plot(rows, 100.0 * mean, color=colour, marker="o", ms=3, label=result.model)
        if len(result.runs) >= _ENOUGH_RUNS:
            ax.fill_between(
                rows, 100 * (mean - half), 100 * (mean + half), color=colour, alpha=0.15
            )
    for end in results[0].runs[0].task_ends[:-1]:
        ax.axvline(end, color=faint, ls=":", lw=1)
    ax.set_ylim(0.0, 102.0)
    ax.set_ylabel("accuracy on what\nwas seen so far (%)")
    ax.set_xlabel("examples learnt")
    rows_axis(ax)
