"""What `olearn run DETECTOR SERIES` does: watch numbers, print the alarms, draw them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from olearn import registry
from olearn.cli import arguments
from olearn.cli.tables import as_options, check_files, is_file, refuse_columns
from olearn.cli.thresholds import calibrated, warn_of_alarms, warn_of_units
from olearn.core.validate import suggestion

if TYPE_CHECKING:
    from olearn.streams.signals import Signal

_TRACES = ("anomaly_score", "llr")  # drawn, of a detector that has them
_DETAILS = ("last_drift", "channel", "onset", "llr", "estimation")  # of each alarm


@dataclass(frozen=True)
class Series:
    """What to watch: a file's column, or a drawn series by its name.

    Parameters
    ----------
    name, column, seed, rows, table
        The options of the command, unchecked.

    """

    name: str
    column: str | None
    seed: int
    rows: int | None
    table: Mapping[str, Any]

    def check(self) -> None:
        """Refuse what is neither a file nor a known series."""
        from olearn import streams

        path = Path(self.name)
        if is_file(self.name):
            return
        check_files(self.table, [self.name])
        if path.is_dir() and self.name not in streams.signal_names():
            raise typer.BadParameter(f"{self.name} is a folder; name a file in it")
        if path.suffix or len(path.parts) > 1:
            raise typer.BadParameter(f"no such file: {self.name}")
        known = streams.signal_names()
        if self.name not in known:
            near = suggestion(self.name, known) or f": {', '.join(known)}"
            raise typer.BadParameter(
                f"a detector watches a file or a known series{near}; got {self.name!r}"
            )
        if self.column is not None:
            raise typer.BadParameter(f"--column is for files; {self.name} has one column")

    def open(self) -> "Signal":
        """Read the column of the file, or draw the series."""
        from olearn import streams

        if not is_file(self.name):
            limit = {} if self.rows is None else {"n_samples": self.rows}
            return streams.signal(self.name, seed=self.seed, **limit)
        try:
            return streams.signal_from_file(self.name, self.column, rows=self.rows, **self.table)
        except (TypeError, ValueError) as error:
            raise typer.BadParameter(as_options(str(error))) from error


def run(name: str, source: str, given: arguments.RunOptions) -> None:
    """Run a detector by its name; print alarms as a table or all as JSON, and write the picture."""
    why = f"{name} is a detector, which learns nothing"
    given.refuse(
        ("delay", "detector", "metric", "positive", "interval", "rare", "target", "video"), why
    )
    given.refuse(("checkpoint", "every", "resume"), why)
    arguments.refuse({"--set stream": given.of_stream or None}, why)
    refuse_columns(given.table, f"{name} watches one column of numbers, --column NAME")
    series = Series(source, given.column, given.seed, given.rows, given.table)
    series.check()
    stem = "stdin" if source == "-" else Path(source).stem
    parts = [name, stem, *([] if given.column is None else [given.column]), "alarms"]
    picture = given.picture or Path(re.sub(r"[^\w.-]+", "-", "-".join(parts)) + ".png")
    arguments.check_output("--picture", picture)
    arguments.check_output("--report", given.report)

    def make(options: dict[str, Any]) -> Any:
        try:
            return registry.make_detector(name, seed=given.seed, options=options)
        except (TypeError, ValueError) as error:
            raise typer.BadParameter(str(error)) from error

    detector, said = make(given.of_learner), None
    signal = series.open()
    if given.calibrate is None:
        warn_of_units(name, given.of_learner, signal)
    else:
        options, said = calibrated(name, make, given.of_learner, _first(signal, given.calibrate))
        detector = make(options)

    from olearn.evaluate import detection
    from olearn.show.tables import print_table

    traces, details = (
        [attribute for attribute in wanted if hasattr(detector, attribute)]
        for wanted in (_TRACES, _DETAILS)
    )
    found = detection(
        detector, signal, window=given.window, traces=traces, details=details, name=name
    )
    warn_of_alarms(name, detector, found)
    found.plot(picture)
    if given.report is not None:
        found.to_html(given.report)
    if given.as_json:
        typer.echo(found.to_json())
        return
    print_table(found.alarm_table())
    if said is not None:
        typer.echo(f"calibrated: {said}")
    typer.echo(f"picture: {picture.absolute()}")
    if given.report is not None:
        typer.echo(f"report: {given.report.absolute()}")


def _first(signal: "Signal", n: int) -> "Signal":
    """Return the first rows as a series of their own, which are taken for quiet."""
    known = [*signal.drift_positions, *(first for first, _ in signal.windows)]
    if known and min(known) < n:
        raise typer.BadParameter(
            f"--calibrate must end before the drift in row {min(known):,}, got {n}"
        )
    return replace(signal, values=signal.values[:n], drift_positions=(), windows=())
