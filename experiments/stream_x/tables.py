"""Tables of the streaming RL experiment, and what they say."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from common import Runs, clear, markdown
from olearn.evaluate.intervals import mean_and_half_width, t_quantile
from stream_x.forecasts import ANCHORS, BOUNDS, GAMMAS
from stream_x.forecasts import WINDOWS as FORECAST_WINDOWS
from stream_x.plan import AUTHORS_SPEED, BANDS, FIFTHS, PAPER, REMOVED, WINDOWS, Setting

Settings = dict[str, list[Setting]]
FAILS = 0.25  # of the way from chance to the whole agent: less is no learning


def pick(runs: Runs, setting: str, variant: str) -> Runs:
    """Return the runs of one agent in one environment, by seed."""
    found = [r for r in runs if r["setting"] == setting and r["variant"] == variant]
    return sorted(found, key=lambda run: int(run["seed"]))


def scores(runs: Runs, part: str = "last_fifth") -> list[float]:
    """Return a figure of the runs that stayed finite and ended an episode."""
    return [run[part] for run in runs if run["finite"] and run.get(part) is not None]


def number(value: float | None) -> str:
    """Return a figure as short as it says something."""
    if value is None or np.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def cell(values: Sequence[float]) -> str:
    """Return `mean ± half-width`."""
    if not values:
        return "-"
    mean, half = mean_and_half_width(values)
    return number(mean) if np.isnan(half) else f"{number(mean)} ± {number(half)}"


def finite(runs: Runs) -> str:
    """Say how many seeds have no NaN or infinity in their weights."""
    return f"{sum(run['finite'] for run in runs)} of {len(runs)}"


def verdict(setting: Setting, found: Runs) -> str:
    """Compare runs with the band of their setting."""
    band = BANDS.get(setting.key)
    if band is None:
        return "-"
    values = scores(found, band.part)
    parts = []
    if band.mean is not None:
        mean = float(np.mean(values))
        parts.append(f"mean {number(mean)} {'>' if mean > band.mean else '**≤**'} {band.mean:g}")
    if band.worst is not None:
        worst = min(values)
        word = ">" if worst > band.worst else "**≤**"
        parts.append(f"worst seed {number(worst)} {word} {band.worst:g}")
    return f"{band.part.replace('_', ' ')}: {', '.join(parts)}"


def curve_lines(settings: list[Setting], runs: Runs) -> list[str]:
    """Return the table of learning curves."""
    cells = []
    for setting in settings:
        found = pick(runs, setting.name, "nothing")
        fifths = np.array([run["fifths"] for run in found if "fifths" in run], dtype=float)
        means = [number(v) for v in np.nanmean(fifths, axis=0)]
        last = scores(found)
        solved = [run["first_475"] for run in found]
        first = "-"
        if setting.task.startswith("CartPole"):
            first = f"{max(solved):,}" if all(solved) else "not all"
        theirs = FIFTHS.get(setting.key)
        cells.append([
            setting.name, str(len(found)), ", ".join(means), cell(last),
            number(min(last)) if last else "-",
            ", ".join(number(v) for v in theirs) if theirs else "-",
            verdict(setting, found), first, finite(found),
        ])  # fmt: skip
    heads = (
        "setting", "seeds", "mean return by fifth", "last fifth", "worst seed",
        "independent program by fifth", "band", "475 reached by step", "finite",
    )  # fmt: skip
    return markdown(heads, cells)


def checkpoint_lines(settings: list[Setting], runs: Runs) -> list[str]:
    """Return tables of windows beside those of the authors' program and an independent one."""
    lines = []
    for setting in (s for s in settings if s.key in WINDOWS):
        found = pick(runs, setting.name, "nothing")
        windows = np.array([run["windows"] for run in found], dtype=float)
        n = max(len(theirs) for theirs in WINDOWS[setting.key].values())
        width = setting.steps // setting.points
        low, high = np.nanmin(windows, axis=0), np.nanmax(windows, axis=0)
        cells = [
            ["ours, mean", *(number(v) for v in np.nanmean(windows, axis=0)[:n])],
            [
                f"ours, range of {len(found)} seeds",
                *(f"{number(a)} to {number(b)}" for a, b in zip(low[:n], high[:n], strict=True)),
            ],
        ]
        inside = below = total = 0
        for name, theirs in WINDOWS[setting.key].items():
            cells.append([name, *(number(v) for v in theirs)])
            for value, a, b in zip(theirs, low, high, strict=False):
                total += value is not None
                inside += value is not None and a <= value <= b
                below += value is not None and value < a
        ends = [f"{(i + 1) * width // 1000} k" for i in range(n)]
        lines += [
            "", f"{setting.name}, by windows of {width:,} steps; {inside} of {total} of the "
            f"others' values are inside the range of our seeds, {below} below it:", "",
            *markdown(("", *ends), cells),
        ]  # fmt: skip
    return lines


def truncation_lines(settings: list[Setting], runs: Runs) -> list[str]:
    """Return the table of what a time limit means."""
    cells = []
    for setting in settings:
        ended = pick(runs, setting.name, "nothing")
        bootstrapped = pick(runs, setting.name, "bootstrap")
        one, other = scores(ended), scores(bootstrapped)
        pairs = zip(ended, bootstrapped, strict=True)
        gain = [b["last_fifth"] - a["last_fifth"] for a, b in pairs if a["finite"] and b["finite"]]
        words = {1: "bootstrapping better", -1: "bootstrapping worse", 0: "no difference seen"}
        cells.append([
            setting.name, cell(one), number(min(one)), cell(other), number(min(other)),
            cell(gain), words[clear(gain)], finite(bootstrapped),
        ])  # fmt: skip
    heads = (
        "setting", 'ends (`compat="reference"`)', "worst seed", "bootstraps", "worst seed",
        "difference", "", "finite",
    )  # fmt: skip
    return markdown(heads, cells)


def share_kept(values: list[float], whole: list[float], chance: list[float]) -> float:
    """Return how much of the way from chance to the whole agent is left; NaN where none is."""
    low, high = float(np.mean(chance)), float(np.mean(whole))
    return (float(np.mean(values)) - low) / (high - low) if high > low else float("nan")


def welch(one: list[float], other: list[float]) -> tuple[float, float]:
    """Return the difference of two means and half of its 95 % interval, by Welch."""
    parts = [np.var(v, ddof=1) / len(v) if len(v) > 1 else np.inf for v in (one, other)]
    variance = float(sum(parts))
    difference = float(np.mean(one) - np.mean(other))
    if not 0.0 < variance < np.inf:
        return difference, variance
    free = variance**2 / sum(p**2 / (len(v) - 1) for p, v in zip(parts, (one, other), strict=True))
    return difference, float(t_quantile(free) * np.sqrt(variance))


def judged(values: list[float], whole: list[float], chance: list[float], found: Runs) -> str:
    """Say what a removal does."""
    lost = sum(not run["finite"] for run in found)
    text = f"{lost} of {len(found)} diverge; " if lost else ""
    if not values:
        return f"{text}**fails**"
    kept = share_kept(values, whole, chance)
    difference, half = welch(values, whole)
    if kept < FAILS:
        word = "**fails**"
    elif abs(difference) > half:
        word = "better" if difference > 0 else "**worse**"
    else:
        word = "no difference seen"
    return f"{text}{word} ({100 * kept:.0f} %)"


def ablation_lines(settings: list[Setting], runs: Runs) -> list[str]:
    """Return the table of the ablation: the last fifth and the whole run, by what is removed."""
    lines = []
    for setting in settings:
        whole = scores(pick(runs, setting.name, "nothing"))
        chance = pick(runs, setting.name, "chance")
        cells = []
        for removed, seen in REMOVED.items():
            found = pick(runs, setting.name, removed)
            if not found:
                continue
            values = scores(found)
            early = [v["fifths"][1] for v in found if v["finite"] and v["fifths"][1] is not None]
            word = "" if removed == "nothing" else judged(values, whole, scores(chance), found)
            worst = number(min(values)) if values else "-"
            cells.append([removed, cell(early), cell(values), worst, word, seen])
        cells.append(["(random actions)", "", cell(scores(chance)), "", "", ""])
        heads = (
            "removed", "second fifth", "last fifth", "worst seed", "(share kept)", "in the paper"
        )  # fmt: skip
        lines += [
            "",
            f"### {setting.name}, {setting.seeds} seeds or more",
            "",
            *markdown(heads, cells),
        ]
        best = best_plain(setting, runs)
        if best is not None:
            rate, values = best
            lines += ["", f"Best plain step: {rate}, {cell(values)}; ObGD untuned: {cell(whole)}."]
    return lines


def best_plain(setting: Setting, runs: Runs) -> tuple[str, list[float]] | None:
    """Return the plain step that ends best without divergence, tuned on this very task."""
    found = {
        removed.split()[-1]: pick(runs, setting.name, removed)
        for removed in REMOVED
        if "plain" in removed
    }
    means = {
        rate: float(np.mean(scores(list_of)))
        for rate, list_of in found.items()
        if list_of and all(run["finite"] for run in list_of) and scores(list_of)
    }
    if not means:
        return None
    rate = max(means, key=lambda r: means[r])
    return rate, scores(found[rate])


def forecast_lines(runs: Runs) -> list[str]:
    """Return the tables of forecasts."""
    lines = []
    for gamma in GAMMAS:
        every = [r for r in runs if r["setting"].startswith(f"forecasts, gamma {gamma:g},")]
        if not every:
            continue
        cells = []
        for model in dict.fromkeys(r["variant"] for r in every):
            found = pick(every, every[0]["setting"], model)
            kept = [run["nrmse"] for run in found if run["nrmse"] is not None]
            means = np.mean(kept, axis=0) if kept else [np.nan] * len(FORECAST_WINDOWS)
            delays = [r["drift_delay"] for r in found if r["drift_delay"] is not None]
            alarms = f"{len(delays)} of {len(found)}"
            alarms += f" @ {np.median(delays):,.0f}" if delays else ""
            before = f"{np.mean([r['alarms_before'] for r in found]):.1f}"
            cells.append([model, *map(number, means), alarms, before, finite(found)])
            if model == "stream TD":
                worst = np.max(kept, axis=0)
                frozen = np.mean([run["frozen"] for run in found], axis=0)
                cells.append(["worst seed", *map(number, worst), "", "", ""])
                cells.append(["frozen at the flip", "", "", "", *map(number, frozen[3:]), "", "",
                              ""])  # fmt: skip
        cells.append(["independent program", *map(number, ANCHORS[gamma]), "", "", ""])
        heads = ("", *FORECAST_WINDOWS, "flip seen @ rows later", "alarms before it", "finite")
        lines += ["", f"### gamma {gamma:g}", "", *markdown(heads, cells)]
        if gamma == GAMMAS[0]:
            lines += ["", bound_line(pick(every, every[0]["setting"], "stream TD"))]
    return lines


def bound_line(found: Runs) -> str:
    """Compare the worst seeds with the bounds."""
    worst = dict(zip(FORECAST_WINDOWS, np.max([r["nrmse"] for r in found], axis=0), strict=True))
    parts = [
        f"{window}: {worst[window]:.2f} {'<' if worst[window] < bound else '**≥**'} {bound}"
        for window, bound in BOUNDS.items()
    ]
    return f"Bounds of every seed: {'; '.join(parts)}."


def speed_lines(settings: list[Setting], runs: Runs) -> list[str]:
    """Return the table of speeds, environment included."""
    cells = []
    for setting in settings:
        found = pick(runs, setting.name, "nothing")
        speed = max(run["steps_per_cpu_second"] for run in found)
        theirs = AUTHORS_SPEED.get(f"{setting.agent} {setting.task}")
        ratio = "-"
        if theirs is not None:
            ratio = f"{speed / float(theirs.split('-')[-1]):,.0f}"
        cells.append([setting.name, f"{speed:,.0f}", theirs or "-", ratio])
    heads = ("setting", "steps per CPU second, fastest run", "authors' program", "ratio, at least")
    return markdown(heads, cells)


def write_report(path: Path, facts: dict[str, Any], settings: Settings, runs: Runs) -> str:
    """Write the report; return its text."""
    curves = settings.get("curves", [])
    text = [
        "# Streaming deep RL: one set of hyperparameters",
        "",
        f"`{facts['command']}`, olearn {facts['version']}, {facts['date']}, "
        f"{facts['cpu_seconds']:,} CPU seconds on {facts['cpu_count']} CPUs shared with other "
        f"work; {', '.join(f'{p} {v}' for p, v in facts['packages'].items())}. Steps times "
        f"{facts['scale']:g}. Seeds are 1, 2, ...; ± is the 95 % t-interval over them.",
        "",
        "No replay, no batch, no target network; settings are the paper's, the same for all "
        "tasks. Returns are those of whole episodes, by the step at which they end. *Finite* "
        "counts seeds whose weights hold neither NaN nor infinity at the end; NaN never leaves a "
        "weight again. The *independent program* is another implementation of the same rules, run "
        "for 8 seeds (4 with cap 10,000, 2 in Hopper); the *authors' program* ran "
        "unmodified, on another, busy machine.",
    ]
    if facts["left_out"]:
        text += [
            "",
            f"Not run, as their packages are not installed: {', '.join(facts['left_out'])}.",
        ]
    if curves:
        text += ["", "## Learning curves", "", *curve_lines(curves, runs)]
        text += ["", "The paper's own figures, after 20 million steps, are not comparable: "]
        text[-1] += "; ".join(f"{task}: {words}" for task, words in PAPER.items()) + "."
        text += checkpoint_lines(curves, runs)
        text += ["", "## Speed, environment included", "", *speed_lines(curves, runs)]
    if settings.get("truncation"):
        text += [
            "", "## What a time limit means", "",
            "The authors' program takes a time limit for an end, which the time feature lets the "
            "agent see come; the agents of this library bootstrap from the value of the state in "
            "which they were cut off, unless `compat=\"reference\"`. Last fifth, by seed.", "",
            *truncation_lines(settings["truncation"], runs),
        ]  # fmt: skip
    if settings.get("ablation"):
        text += [
            "", "## What each part brings", "",
            "One part is removed at a time, the others stay. *Share kept*: of the way from random "
            "actions to the whole agent, in the last fifth; below 25 % it fails. Worse and better "
            "are outside Welch's 95 % interval; few seeds see large effects only. Plain steps are "
            "tuned by the best of six rates *on the task they are judged on*, ObGD is not tuned.",
            *ablation_lines(settings["ablation"], runs),
        ]  # fmt: skip
    forecasts = forecast_lines(runs)
    if forecasts:
        text += [
            "", "## Forecasts under drift", "",
            "Root mean square error of the forecast discounted sum over the deviation of the true "
            "one, 1 = a constant; the mixture flips its sign at half of the rows. *Flip seen*: "
            "ADWIN on the absolute TD error, which needs no truth, as it comes.", *forecasts,
        ]  # fmt: skip
    whole = "\n".join(text) + "\n"
    path.write_text(whole)
    return whole
