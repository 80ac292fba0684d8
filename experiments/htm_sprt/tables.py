"""Tables of experiments/htm_sprt.py: what its series are, and what the runs say."""

import dataclasses
import math
from collections.abc import Iterable
from statistics import median
from typing import Any

from common import markdown
from htm_sprt.rivals import OURS, READS, RIVALS

CALIBRATED = ", calibrated"
QUIET = 0.2  # false alarms per 1,000 rows up to which a detector counts as quiet: twice the aim

Runs = dict[tuple[str, str, int], dict[str, Any]]
"""By method, series and seed."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a series is drawn and judged: rows, and as in `olearn.evaluate.detection`."""

    n: int = 3000  # 1,000 rows after the change: later alarms would not count either way
    window: int = 1000
    warm_up: int = 700


SERIES = {
    "noise_none": Plan(4000),
    "noise_mean1": Plan(),
    "noise_mean2": Plan(),
    "noise_ramp2": Plan(),
    "noise_var2": Plan(),
    "noise_var05": Plan(),
    "sine_none": Plan(4000),
    "sine_mean1": Plan(),
    "sine_amp3": Plan(),
    "order_none": Plan(4000),
    "order_switch": Plan(),
    "sine_period35": Plan(),
    "noise_periodic": Plan(4000, window=500),
    "telecom_none": Plan(4000),
    "telecom_success": Plan(2016, window=150, warm_up=250),
}
TABLE = [s for s in SERIES if not s.endswith("_none") and s not in ("noise_periodic",)][:9]
KINDS = ["noise_mean2", "noise_ramp2", "noise_periodic", "telecom_success"]
DRAWN = [s for s in SERIES if not s.startswith("telecom")]
FAMILIES = ("noise", "sine", "order", "telecom")


def method_name(method: str, threshold: float | None) -> str:
    """Return the name of a method in the tables."""
    return method if threshold is None else method + CALIBRATED


@dataclasses.dataclass(frozen=True)
class Cell:
    """Figures of one method on some series, over the seeds."""

    n_episodes: int
    delays: list[int]
    true_alarms: int
    false_alarms: int
    quiet_rows: int
    rows: int
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """False alarms per 1,000 quiet rows."""
        return 1000.0 * self.false_alarms / self.quiet_rows if self.quiet_rows else math.nan

    @property
    def delay(self) -> float:
        """Median delay of the drifts found."""
        return float(median(self.delays)) if self.delays else math.nan

    def __str__(self) -> str:
        if not self.n_episodes:
            return "-"
        share = f"{len(self.delays)}/{self.n_episodes}"
        return f"{share}@{self.delay:.0f}" if self.delays else share


def cell(runs: Runs, method: str, series: Iterable[str]) -> Cell:
    """Collect the runs of one method on some series."""
    wanted = set(series)
    picked = [run for (r, s, _), run in runs.items() if r == method and s in wanted]
    delays = [delay for run in picked for delay in run["delays"]]
    keys = ("true_alarms", "false_alarms", "quiet_rows", "rows", "cpu_seconds")
    sums = [sum(run[key] for run in picked) for key in keys]
    return Cell(len(delays), [d for d in delays if d is not None], *sums)


def method_names(runs: Runs) -> list[str]:
    """Return the methods run: ours, then each rival as it comes and calibrated."""
    there = {method for method, _, _ in runs}
    names = [*OURS]
    for rival in RIVALS:
        names += [rival, method_name(rival, 0.0)]
    return [name for name in names if name in there]


def table_lines(runs: Runs, columns: list[str], null: list[str]) -> list[str]:
    """Return a markdown table: false alarms per 1,000 by family, then drifts found @ delay."""
    there = {series for _, series, _ in runs}
    columns = [c for c in columns if c in there]
    null = [f for f in null if any(s.startswith(f) for s in there)]
    heads = ["detector", *(f"false / 1,000, {f}" for f in null), *columns, "alarms a drift"]
    heads += ["rows / CPU s"]
    rows = []
    for method in method_names(runs):
        rates = [cell(runs, method, [s for s in SERIES if s.startswith(f)]).rate for f in null]
        shown = ["-" if math.isnan(rate) else f"{rate:.3g}" for rate in rates]
        shown += [str(cell(runs, method, [c])) for c in columns]
        whole = cell(runs, method, columns)
        each = f"{whole.true_alarms / len(whole.delays):.2f}" if whole.delays else "-"
        speed = "-"
        # of a method that reads no values, the work that gives what it reads was not counted
        if whole.cpu_seconds and method.removesuffix(CALIBRATED) not in READS:
            speed = f"{float(f'{whole.rows / whole.cpu_seconds:.2g}'):,.0f}"
        name = f"**{method}**" if method in OURS else method
        rows.append([name, *shown, each, speed])
    return markdown(heads, rows, numbers=True)


def null_line(runs: Runs, method: str) -> str:
    """Say how many false alarms a method gave in how many rows, and what that bounds."""
    whole = cell(runs, method, DRAWN)
    n, rows = whole.false_alarms, whole.quiet_rows
    bound = f"{rows / (n or 3):,.0f}"
    return (
        f"{method}: {n} false alarms in {rows:,} quiet rows, one in {'' if n else 'over '}{bound}."
    )


def behind_lines(runs: Runs, ours: str, columns: list[str]) -> list[str]:
    """List the columns in which a quiet calibrated rival finds more, or as many sooner."""
    lines = []
    for column in (c for c in columns if (ours, c) in {(r, s) for r, s, _ in runs}):
        mine = cell(runs, ours, [column])
        better = []
        for method in method_names(runs):
            other = cell(runs, method, [column])
            family = [s for s in SERIES if s.startswith(column.split("_")[0])]
            if method in OURS or cell(runs, method, family).rate > QUIET or not other.delays:
                continue
            n, m = (len(c.delays) / c.n_episodes for c in (other, mine))
            if n > m or (n == m and other.delay < mine.delay):
                better.append(f"{method} {other}")
        if better:
            lines.append(f"- {column} (ours {mine}): {', '.join(better)}")
    return lines or ["- nowhere"]


def calibration_lines(found: list[dict[str, Any]]) -> list[str]:
    """Return the thresholds found."""
    rows = []
    for c in found:
        rival = RIVALS[c["rival"]]
        raw = "its own rule" if rival.raw is None else f"{rival.raw:g}"
        reached = "" if c["reached"] else " (not reached)"
        false = f"{c['n_false']} in {c['n_quiet']:,} rows{reached}"
        name = f"{c['rival']}, {rival.description}"
        rows.append([name, c["family"], raw, f"{c['threshold']:.4g}", false])
    return markdown(("detector", "family", "as it comes", "calibrated", "false alarms"), rows)
