"""Pictures of what a detector saw: the series with its truth, its own numbers, its alarms."""

from typing import TYPE_CHECKING

from olearn.show.plots import COLOURS, grid, legend, rows_axis, theme, ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from olearn.evaluate.drifts.detection_result import Detection, Detections


def plot_detection(run: "Detection", *, dark: bool = False) -> "Figure":
    """One panel for the series and one for each trace; alarms as ticks, episodes shaded."""
    if run.values is None:
        raise ValueError("values must be kept to be drawn: detection(..., keep_values=True)")
    with theme(dark) as colours:
        figure, axes = grid(1 + len(run.traces), 1, row_height=2.2)
        ink = colours["ink"]
        axes[0].plot(run.values, color=ink, lw=0.7, label=run.signal)
        false = set(run.false_alarms)
        marks = {
            "alarm": [a for a in run.alarms if a not in false and a >= run.warm_up],
            "false alarm": run.false_alarms,
            "alarm in the warm-up": [a for a in run.alarms if a < run.warm_up],
        }
        if not run.episodes:  # the truth is unknown, so no alarm is known to be false
            marks = {"alarm": run.alarms}
        colour_of = {"alarm": COLOURS[2], "false alarm": COLOURS[1]}
        for label, rows in marks.items():
            if rows:
                ticks(axes[0], rows, 0.0, 0.12, colour_of.get(label, colours["faint"]), label)
        if run.anomalies:
            ticks(axes[0], run.anomalies, 0.9, 1.0, COLOURS[5], "anomaly")
        axes[0].set_title(f"{run.detector} on {run.signal}")
        for i, (ax, (name, trace)) in enumerate(zip(axes[1:], run.traces.items(), strict=True)):
            ax.plot(trace, color=COLOURS[3 + i % 4], lw=0.9, label=name.replace("_", " "))
            ax.sharex(axes[0])
        for i, ax in enumerate(axes):
            _shade(ax, run, ink, labelled=i == 0)
            rows_axis(ax)
            legend(ax)
        axes[-1].set_xlabel("rows")
    return figure


def plot_alarms(found: "Detections", *, dark: bool = False) -> "Figure":
    """One panel a series and in it one line a run: its alarms as ticks, its episodes shaded."""
    with theme(dark):
        panels = [found.pick(signal=signal).runs for signal in found.signals]
        height = 0.8 + 0.25 * max(map(len, panels))
        figure, axes = grid(len(panels), 1, row_height=height)
        for ax, runs in zip(axes, panels, strict=True):
            for line, run in enumerate(runs):
                spans = [(start, end - start) for start, end in run.episodes]
                ax.broken_barh(spans, (line - 0.5, 1.0), color=COLOURS[4], alpha=0.18, lw=0)
                colour = COLOURS[found.detectors.index(run.detector) % len(COLOURS)]
                ax.eventplot(run.alarms, lineoffsets=line, linelengths=0.8, lw=1.2, colors=colour)
            ax.set_title(runs[0].signal)
            ax.set_yticks(range(len(runs)), [run.detector for run in runs])
            ax.set_ylim(len(runs) - 0.5, -0.5)  # the first run on top
            ax.set_xlim(0, max(run.n for run in runs))
            ax.grid(visible=False, axis="y")

            rows_axis(ax)
        axes[-1].set_xlabel("rows")
    return figure


def _shade(ax: "Axes", run: "Detection", ink: str, *, labelled: bool) -> None:
    for i, (start, end) in enumerate(run.episodes):
        label = "true change" if labelled and i == 0 else None
        ax.axvspan(start, end, color=COLOURS[4], alpha=0.18, lw=0, label=label)
        ax.axvline(start, color=ink, lw=0.9, ls=(0, (4, 3)))
