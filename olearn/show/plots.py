"""Pictures of results: metrics by window, drifts and alarms, and which expert was chosen.

Colours are Okabe and Ito's, which colour-blind readers can tell apart.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from olearn.core.validate import file_to_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from olearn.evaluate.online.prequential_result import Result

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D31")
_DASHES = ("-", "--", "-.", ":")
_HATCHES = ("", "////", "....", "xxxx")
_WIDTH = 9.0  # inches
_LIGHT = {"ink": "#24292f", "faint": "#b8bec6", "paper": "#ffffff"}
_DARK = {"ink": "#d7dce2", "faint": "#5b636d", "paper": "#171a1f"}


def plot_result(result: "Result", *, dark: bool = False) -> "Figure":
    """One model: its first metric by window and so far, and its experts if it has any."""
    with theme(dark) as colours:
        has_experts = bool(result.expert_usage)
        figure, axes = grid(2 if has_experts else 1, 1, row_height=2.7)
        name = next(iter(result.values))
        x, y = _by_window(result, name)
        axes[0].plot(x, y, color=COLOURS[0], label=f"each {result.window:,} rows")
        axes[0].plot(result.ends, result.curves[name], color=colours["ink"], lw=1, label="so far")
        _draw_drifts(axes[0], [result], colours)
        _draw_alarms(axes[0], result)
        _finish(axes[0], result, name)
        axes[0].set_title(f"{result.model} on {result.stream}")
        if has_experts:
            _draw_experts(axes[1], result, colours)
        axes[-1].set_xlabel("rows seen")
    return figure


def plot_overlay(results: "Sequence[Result]", *, dark: bool = False) -> "Figure":
    """All models on one stream in one panel: the first metric by window."""
    with theme(dark) as colours:
        figure, axes = grid(1, 1, row_height=3.6)
        _draw_models(axes[0], results, colours)
        axes[0].set_xlabel("rows seen")
    return figure


def plot_streams(panels: "Sequence[Sequence[Result]]") -> "Figure":
    """All models on several streams: one panel a stream, the first metric by window."""
    with theme(dark=False) as colours:
        figure, axes = grid(len(panels), 1, row_height=2.4)
        for ax, results in zip(axes, panels, strict=True):
            _draw_models(ax, results, colours)
            ax.set_title(results[0].stream)
            ax.tick_params(labelbottom=True)  # streams differ in length
        axes[-1].set_xlabel("rows seen")
    return figure


def plot_multiples(results: "Sequence[Result]", *, dark: bool = False) -> "Figure":
    """One small panel a model, the others in grey behind; alarms and model drifts as ticks."""
    with theme(dark) as colours:
        n_columns = min(3, len(results))
        figure, axes = grid(-(-len(results) // n_columns), n_columns, row_height=2.1)
        name = next(iter(results[0].values))
        for i, (ax, result) in enumerate(zip(axes, results, strict=False)):
            for other in results:
                ax.plot(*_by_window(other, name), color=colours["faint"], lw=0.7)
            _draw_drifts(ax, results, colours, labelled=False)
            ax.plot(*_by_window(result, name), **_line(i))
            _draw_alarms(ax, result, labelled=False)
            ax.set_title(result.model, fontsize=9)
            _scale(ax, result, name, n_ticks=4)
        for ax in axes[len(results) :]:
            ax.set_visible(False)
        for ax in axes[: len(results)][-n_columns:]:  # the lowest panel of each column
            ax.set_xlabel("rows seen")
            ax.tick_params(labelbottom=True)
        for ax in axes[::n_columns]:
            ax.set_ylabel(_axis_name(result, name))
    return figure


def plot_experts(result: "Result", *, dark: bool = False) -> "Figure":
    """Share of predictions by each expert, by window."""
    with theme(dark) as colours:
        figure, axes = grid(1, 1, row_height=2.9)
        _draw_experts(axes[0], result, colours)
        axes[0].set_xlabel("rows seen")
    return figure


def save(figure: "Figure", path: str | Path | None) -> "Figure":
    """Save the figure where a path is given, and return it."""
    if path is not None:
        figure.savefig(file_to_write(path))
    return figure


@contextmanager
def theme(dark: bool) -> Iterator[dict[str, str]]:
    import matplotlib

    colours = _DARK if dark else _LIGHT
    ink, paper = colours["ink"], colours["paper"]
    style: dict[str, Any] = {
        "figure.facecolor": paper,
        "figure.dpi": 110,
        "savefig.dpi": 160,
        "savefig.facecolor": paper,
        "axes.facecolor": paper,
        "axes.edgecolor": colours["faint"],
        "axes.labelcolor": ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlecolor": ink,
        "axes.titlelocation": "left",
        "axes.titlesize": 10,
        "axes.labelsize": 9,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.xmargin": 0.01,
        "grid.color": colours["faint"],
        "grid.alpha": 0.35,
        "grid.linewidth": 0.6,
        "text.color": ink,
        "xtick.color": ink,
        "ytick.color": ink,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "legend.fontsize": 8,
        "legend.frameon": False,
        "lines.linewidth": 1.5,
    }
    with matplotlib.rc_context(cast(Any, style)):
        yield colours


def grid(n_rows: int, n_columns: int, row_height: float) -> "tuple[Figure, list[Axes]]":
    from matplotlib.figure import Figure  # not pyplot: no global state, no display

    figure = Figure(figsize=(_WIDTH, row_height * n_rows + 0.3), layout="constrained")
    grid = figure.subplots(
        n_rows, n_columns, sharex=n_columns > 1, sharey=n_columns > 1, squeeze=False
    )
    return figure, list(grid.flat)


def _line(i: int) -> dict[str, Any]:
    return {
        "color": COLOURS[i % len(COLOURS)],
        "ls": _DASHES[i // len(COLOURS) % len(_DASHES)],
    }


def _by_window(result: "Result", name: str) -> tuple[list[int], list[float]]:
    """Window ends and values, without a last window too short to say anything."""
    ends, values = result.ends, result.windows[name]
    if len(ends) > 1 and ends[-1] - ends[-2] < result.window / 2:
        return ends[:-1], values[:-1]
    return ends, values


def _draw_models(ax: "Axes", results: "Sequence[Result]", colours: dict[str, str]) -> None:
    name = next(iter(results[0].values))
    for i, result in enumerate(results):
        ax.plot(*_by_window(result, name), label=result.model, **_line(i))
    _draw_drifts(ax, results, colours)
    if len(results) == 1:
        _draw_alarms(ax, results[0])
    _finish(ax, results[0], name)


def _draw_drifts(
    ax: "Axes", results: "Sequence[Result]", colours: dict[str, str], *, labelled: bool = True
) -> None:
    from matplotlib.patheffects import withStroke

    positions = sorted({p for result in results for p in result.drift_positions})
    rim = [withStroke(linewidth=2.5, foreground=colours["paper"], alpha=0.7)]
    for i, position in enumerate(positions):
        label = "true drift" if labelled and i == 0 else None
        dashes = (0, (4, 3))
        ax.axvline(position, color=colours["ink"], ls=dashes, lw=1.1, label=label, path_effects=rim)


def _draw_alarms(ax: "Axes", result: "Result", *, labelled: bool = True) -> None:
    """Alarms of the detector as ticks at the bottom, the model's own at the top."""
    if result.alarms:
        label = f"{result.detector} alarm" if labelled else "_"
        ticks(ax, result.alarms, 0.0, 0.06, COLOURS[1], label)
    if result.model_drifts and any(result.model_drifts):
        pairs = zip(result.ends, result.model_drifts, strict=True)
        rows = [end for end, count in pairs if count]
        label = "drift the model found" if labelled else "_"
        ticks(ax, rows, 0.94, 1.0, COLOURS[2], label)


def ticks(
    ax: "Axes", rows: Sequence[int], low: float, high: float, colour: str, label: str
) -> None:
    ax.vlines(
        rows, low, high, color=colour, lw=1.2, label=label, transform=ax.get_xaxis_transform()
    )


def _draw_experts(ax: "Axes", result: "Result", colours: dict[str, str]) -> None:
    usage = np.array(result.expert_usage, dtype=float)
    share = 100.0 * usage / np.maximum(usage.sum(axis=1, keepdims=True), 1.0)
    n_experts = share.shape[1]
    ax.stackplot(
        result.ends,
        share.T,
        colors=[COLOURS[i % len(COLOURS)] for i in range(n_experts)],
        hatch=[_HATCHES[i // len(COLOURS) % len(_HATCHES)] for i in range(n_experts)],
        labels=[f"expert {i}" for i in range(n_experts)],
        edgecolor=colours["paper"],
        lw=0.4,
    )
    _draw_drifts(ax, [result], colours)
    ax.set_ylim(0, 100)
    ax.set_ylabel("chosen expert\n(% of predictions)")
    ax.grid(visible=False)
    rows_axis(ax)
    legend(ax, columns=1 if n_experts <= 12 else 2)


def _finish(ax: "Axes", result: "Result", name: str) -> None:
    ax.set_ylabel(_axis_name(result, name))
    _scale(ax, result, name)
    legend(ax)


def _scale(ax: "Axes", result: "Result", name: str, n_ticks: int = 6) -> None:
    from matplotlib.ticker import PercentFormatter

    if result.formats[name].endswith("%"):
        ax.yaxis.set_major_formatter(PercentFormatter(xmax=1.0, symbol=""))
    rows_axis(ax, n_ticks)


def rows_axis(ax: "Axes", n_ticks: int = 6) -> None:
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=n_ticks, integer=True))


def _axis_name(result: "Result", name: str) -> str:
    return f"{name} (%)" if result.formats[name].endswith("%") else name


def legend(ax: "Axes", columns: int = 1) -> None:
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.3, ncols=columns)
