"""The report of a detector on a series: the picture, figures, and every alarm."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from olearn.core.words import count
from olearn.show.detection_plots import plot_detection
from olearn.show.report import element, environment, figure, html_table, parameters, write_page
from olearn.show.tables import TextTable

if TYPE_CHECKING:
    from olearn.evaluate.drifts.detection_result import Detection

_HEADINGS = {
    "kind": "what changed",
    "channel": "what changed",
    "onset": "since row",
    "llr": "log-likelihood ratio",
}
_AFTER = "rows after the true change"


def write_detection_report(run: "Detection", path: str | Path, versions: Mapping[str, str]) -> Path:
    """Write a page that stands alone; `versions` are those of Python and packages."""
    title = f"{run.detector} on {run.signal}"
    alarms, found = alarm_table(run), run.table()
    parts = [element("h1", title), element("p", _facts(run), "soft")]
    if run.values is not None:
        caption = (
            "The series, with what is known of its changes shaded; ticks at the bottom are alarms, "
            "ticks at the top anomalies. Below, the detector's own numbers, if it has any."
        )
        parts.append(figure(lambda dark: plot_detection(run, dark=dark), caption))
    if run.episodes:
        parts.append(_html(found))
    parts += [element("h2", "Alarms"), element("p", str(alarms.caption)), _html(alarms)]
    parts.append(parameters([(run.detector, run.parameters)]))
    return write_page(title, [*parts, environment(versions)], path)


def alarm_table(run: "Detection") -> TextTable:
    """Return alarms and anomalies in order, with what the detector says of them.

    Where changes are known, each alarm has the rows since the one that it finds.
    """
    table = TextTable(f"{run.detector} on {run.signal}: {count(run.n, 'row')}")
    for heading in ("row", "what", "value"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    if run.episodes:
        table.add_column(_AFTER, justify="right")
    # an event says what single attributes, which may be of another test, do not
    details = {}
    if run.details:  # which a detector without any of these attributes does not give
        pairs = zip(run.alarms, run.details, strict=True)
        details = {row: detail.get("last_drift") or detail for row, detail in pairs}
    names = [name for name in next(iter(details.values()), {}) if name != "position"]
    for name in names:
        table.add_column(_HEADINGS.get(name, name.replace("_", " ")), justify="right")
    drifts = set(run.alarms)
    for row in sorted(drifts.union(run.anomalies)):
        value = "" if run.values is None else f"{run.values[row]:.6g}"
        cells = [f"{row:,}", "drift" if row in drifts else "anomaly", value]
        if run.episodes:
            cells.append(_delay(run, row) if row in drifts else "")
        table.add_row(*cells, *(_shown(details[row][n]) if row in details else "" for n in names))
    n_anomalies = len(run.anomalies)
    table.caption = f"drifts: {len(drifts)}" + (
        f", anomalies: {n_anomalies}" if n_anomalies else ""
    )
    return table


def _facts(run: "Detection") -> str:
    known = ", ".join(f"{start:,}" for start, _ in run.episodes)
    where = f"Known changes from rows {known}" if known else "Its changes are not known"
    warm = f"; alarms in the first {run.warm_up:,} rows do not count" if run.warm_up else ""
    return f"{count(run.n, 'row')}. {where}{warm}."


def _delay(run: "Detection", row: int) -> str:
    """Return the rows since the change that an alarm finds, or why it finds none."""
    if row < run.warm_up:
        return "in the warm-up"
    starts = [start for start, end in run.episodes if start <= row < end]
    return f"{row - starts[-1]:,}" if starts else "false alarm"


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _html(table: TextTable) -> str:
    return html_table(table.heads, [[(cell, "") for cell in line] for line in table.lines])
