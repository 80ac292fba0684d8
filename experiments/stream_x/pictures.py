"""Pictures of the streaming RL experiment: curves, time limits, ablation, forecasts."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from common import Runs
from olearn.evaluate.intervals import mean_and_half_width
from olearn.show.plots import COLOURS, theme
from stream_x.forecasts import ANCHORS, GAMMAS, GvfJob, forecast
from stream_x.forecasts import WINDOWS as FORECAST_WINDOWS
from stream_x.plan import BANDS, FIFTHS, REMOVED, WINDOWS, Setting
from stream_x.tables import Settings, pick, scores

COLUMNS = 3


def draw_all(out: Path, stem: str, settings: Settings, runs: Runs) -> None:
    """Draw what was run."""
    with theme(dark=False) as colours:
        if settings.get("curves"):
            draw_curves(out / f"{stem}_curves.png", settings["curves"], runs, colours)
        if settings.get("truncation"):
            draw_truncation(out / f"{stem}_truncation.png", settings["truncation"], runs)
        if settings.get("ablation"):
            draw_ablation(out / f"{stem}_ablation.png", settings["ablation"], runs)
        if any(run["setting"].startswith("forecasts") for run in runs):
            draw_forecasts(out / f"{stem}_forecasts.png", runs, colours)


def panels(n: int, columns: int, height: float) -> tuple[Figure, list[Any]]:
    """Return a figure and `n` panels with axes of their own; `height` of a row in inches."""
    n_rows = -(-n // columns)
    figure = Figure(figsize=(9.0, height * n_rows + 0.4), layout="constrained")
    return figure, [figure.add_subplot(n_rows, columns, k + 1) for k in range(n)]


def curve_of(found: Runs) -> Any:
    """Return windows `(seeds, points)`; NaN where no episode has ended yet."""
    return np.array([run["windows"] for run in found if "windows" in run], dtype=float)


def draw_mean(ax: Any, setting: Setting, windows: Any, colour: str, label: str) -> None:
    """Draw the mean over seeds and its 95 % interval."""
    ends = setting.steps / setting.points * np.arange(1, setting.points + 1)
    told = ~np.isnan(windows).any(axis=0)
    mean = windows[:, told].mean(axis=0)
    half = np.nan_to_num([mean_and_half_width(column)[1] for column in windows[:, told].T])
    ax.plot(ends[told], mean, color=colour, lw=1.8, label=label)
    ax.fill_between(ends[told], mean - half, mean + half, color=colour, alpha=0.2, lw=0)
    ax.set_xlim(0, setting.steps)
    ax.xaxis.set_major_formatter(lambda steps, _: f"{steps / 1000:,.0f} k")


def draw_curves(path: Path, settings: list[Setting], runs: Runs, colours: Any) -> None:
    """Draw each setting's curve beside the figures published for it."""
    figure, axes = panels(len(settings), COLUMNS, 2.3)
    for ax, setting in zip(axes, settings, strict=True):
        found = pick(runs, setting.name, "nothing")
        windows = curve_of(found)
        ends = setting.steps / setting.points * np.arange(1, setting.points + 1)
        for curve in windows:
            ax.plot(ends, curve, color=colours["faint"], lw=0.6)
        draw_mean(ax, setting, windows, COLOURS[0], "ours, 95 % interval")
        if setting.key in FIFTHS:
            middle = setting.steps * (np.arange(5) + 0.5) / 5
            ax.plot(middle, FIFTHS[setting.key], "x", color=COLOURS[1], label="independent program")
        for name, values in WINDOWS.get(setting.key, {}).items():
            mark, colour = ("+", COLOURS[2]) if "authors" in name else ("x", COLOURS[1])
            ax.plot(
                ends[: len(values)],
                np.array(values, float),
                mark,
                color=colour,
                label=name.split(",")[0],
            )
        band = BANDS.get(setting.key)
        if band is not None:
            level = band.mean if band.mean is not None else band.worst
            ax.axhline(level, color=colours["ink"], lw=0.8, ls=":", label="to be reached")
        ax.set_title(f"{setting.agent} {setting.task}, cap {setting.cap:,}", fontsize=8)
        ax.tick_params(labelbottom=True, labelsize=7)
    finish(figure, axes, path)


def draw_truncation(path: Path, settings: list[Setting], runs: Runs) -> None:
    """Draw curves with a time limit that ends an episode and with one that only cuts it."""
    figure, axes = panels(len(settings), COLUMNS, 2.3)
    meanings = {"nothing": "ends the episode", "bootstrap": "bootstraps"}
    for ax, setting in zip(axes, settings, strict=False):
        for i, (variant, label) in enumerate(meanings.items()):
            draw_mean(ax, setting, curve_of(pick(runs, setting.name, variant)), COLOURS[i], label)
        ax.set_title(f"{setting.agent} {setting.task}", fontsize=8)
        ax.tick_params(labelbottom=True, labelsize=7)
    finish(figure, axes, path)


def draw_ablation(path: Path, settings: list[Setting], runs: Runs) -> None:
    """Draw the last fifth of each agent from which something is removed."""
    figure, axes = panels(len(settings), len(settings), 4.0)
    names = list(REMOVED)[::-1]
    for k, (ax, setting) in enumerate(zip(axes, settings, strict=True)):
        for y, removed in enumerate(names):
            found = pick(runs, setting.name, removed)
            values = scores(found)
            if values:
                colour = COLOURS[0] if removed == "nothing" else COLOURS[1]
                mean, half = np.nan_to_num(mean_and_half_width(values))
                ax.plot(values, [y] * len(values), ".", color=colour, ms=4, alpha=0.4)
                ax.errorbar(mean, y, xerr=half, fmt="o", color=colour, ms=4, capsize=2, lw=1)
            lost = sum(not run["finite"] for run in found)
            if lost:
                ax.annotate(
                    f"{lost} of {len(found)} diverge", (0.02, y),
                    xycoords=("axes fraction", "data"), fontsize=6, va="center",
                )  # fmt: skip
        chance = scores(pick(runs, setting.name, "chance"))
        ax.axvline(np.mean(chance), color="#777777", ls=":", lw=1)
        ax.set_ylim(-0.6, len(names) - 0.4)
        ax.set_yticks(range(len(names)), names if k == 0 else [""] * len(names), fontsize=7)
        ax.set_title(f"{setting.agent} {setting.task}", fontsize=8)
        ax.set_xlabel("return, last fifth (dotted: chance)", fontsize=7)
        ax.tick_params(axis="x", labelsize=7)
        ax.grid(axis="x", alpha=0.3)
    figure.savefig(path, dpi=95)


def draw_forecasts(path: Path, runs: Runs, colours: Any) -> None:
    """Draw errors by window for both discounts, and forecasts around the flip."""
    figure, axes = panels(3, 3, 3.0)
    rows = 0
    for ax, gamma in zip(axes, GAMMAS, strict=False):
        every = [r for r in runs if r["setting"].startswith(f"forecasts, gamma {gamma:g},")]
        if not every:
            continue
        rows = int(every[0]["setting"].split(", ")[-1].split()[0].replace(",", ""))
        for i, model in enumerate(dict.fromkeys(r["variant"] for r in every)):
            errors = [r["nrmse"] for r in pick(every, every[0]["setting"], model) if r["nrmse"]]
            if errors:
                ax.plot(
                    np.mean(errors, axis=0), "o-", ms=3, lw=2 if i == 0 else 0.9,
                    color=COLOURS[i % len(COLOURS)], label=model,
                )  # fmt: skip
        ax.plot(ANCHORS[gamma], "x", color=colours["ink"], label="independent program")
        ax.axhline(1.0, color=colours["ink"], lw=0.8, ls=":")
        ax.set_yscale("log")
        ax.set_xticks(
            range(len(FORECAST_WINDOWS)),
            list(FORECAST_WINDOWS),
            rotation=40,
            ha="right",
            fontsize=6,
        )
        ax.set_title(f"error, gamma {gamma:g}", fontsize=8)
    predictions, frozen, truth, _, _ = forecast(GvfJob("stream TD", GAMMAS[0], 0, rows))
    part = slice(rows // 2 - rows // 150, rows // 2 + rows // 30)
    at, ax = np.arange(rows)[part], axes[2]
    ax.plot(at, truth[part], color=colours["faint"], lw=2, label="truth")
    ax.plot(at, frozen[part], color=COLOURS[4], lw=0.7, label="frozen at the flip")
    ax.plot(at, predictions[part], color=COLOURS[0], lw=1, label="stream TD")
    ax.axvline(rows // 2, color=COLOURS[1], ls="--", lw=1)
    ax.set_title("discounted sums, gamma 0.9", fontsize=8)
    finish(figure, axes, path)


def finish(figure: Figure, axes: list[Any], path: Path) -> None:
    """Gather the legend below all panels, save."""
    handles: dict[str, Any] = {}
    for ax in axes:
        lines, labels = ax.get_legend_handles_labels()
        handles |= {label: line for line, label in zip(lines, labels, strict=True)}
    figure.legend(
        list(handles.values()), list(handles), loc="outside lower center", ncols=5, fontsize=7
    )
    figure.savefig(path, dpi=95)
