"""What detectors did on series with known truth: delay, false alarms, missed drifts."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Self

from olearn.evaluate.describe import describe_environment
from olearn.evaluate.json_files import as_numbers
from olearn.evaluate.measured import Measured
from olearn.show import detection_plots
from olearn.show.detection_report import alarm_table, write_detection_report
from olearn.show.tables import TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Detection", "Detections"]

_RULE_OF_THREE = 3.0  # no event in n trials: with 95 % confidence the rate is below 3 / n


@dataclass
class Detection(Measured):
    """What one detector did on one series.

    Rows are numbered from 0. An episode is a span in which an alarm is a true one: the first
    `window` rows after a drift, or a labelled window. One alarm in it finds it; further ones are
    counted, but are neither found drifts nor false alarms. `plot` draws the series with episodes
    and alarms, and the traces.

    Parameters
    ----------
    detector, parameters
        Its short name, and how it describes itself.
    signal, seed
        Name of the series, and the seed it was drawn from, None for a real one.
    n, warm_up
        Rows read, and rows at the beginning in which alarms do not count.
    episodes
        First row and row after the last of each episode that does not lie in the warm-up.
    alarms
        Rows at which the detector signalled, in order.
    cpu_seconds
        CPU time of the detector alone.
    values
        The series; None where it was not kept, and `plot` then raises ValueError.
    traces
        Name -> value of an attribute of the detector after each row, where asked for.
    details
        For each alarm, values of attributes of the detector right after it, where asked for.
    anomalies
        Rows that the detector took for anomalies (its `anomaly_detected`), where it tells and was
        run row by row.

    """

    detector: str
    parameters: str
    signal: str
    seed: int | None
    n: int
    warm_up: int
    episodes: list[tuple[int, int]]
    alarms: list[int]
    cpu_seconds: float
    values: list[float] | None = None
    traces: dict[str, list[float]] = field(default_factory=dict)
    details: list[dict[str, Any]] = field(default_factory=list)
    anomalies: list[int] = field(default_factory=list)

    @property
    def delays(self) -> list[int | None]:
        """Rows from the start of each episode to its first alarm; None where it was missed."""
        firsts = (self._inside(episode) for episode in self.episodes)
        pairs = zip(self.episodes, firsts, strict=True)
        return [alarms[0] - start if alarms else None for (start, _), alarms in pairs]

    @property
    def n_found(self) -> int:
        """Episodes with an alarm."""
        return sum(delay is not None for delay in self.delays)

    @property
    def n_true_alarms(self) -> int:
        """Alarms inside episodes: as many as there are found ones, if each is signalled once."""
        return sum(len(self._inside(episode)) for episode in self.episodes)

    @property
    def false_alarms(self) -> list[int]:
        """Alarms after the warm-up and outside the episodes."""
        return [
            alarm
            for alarm in self.alarms
            if alarm >= self.warm_up and not any(a <= alarm < b for a, b in self.episodes)
        ]

    @property
    def n_quiet(self) -> int:
        """Rows in which an alarm is a false one."""
        covered = sum(end - max(start, self.warm_up) for start, end in self.episodes)
        return max(self.n - self.warm_up - covered, 0)

    def table(self) -> TextTable:
        """Return the figures as a table that rich and `print` both show."""
        return Detections([self]).table()

    def alarm_table(self) -> TextTable:
        """Return alarms and anomalies in order: row, value, delay, and what the detector says."""
        return alarm_table(self)

    def to_html(self, path: str | Path) -> None:
        """Write a report that stands alone in one file; needs matplotlib."""
        write_detection_report(self, path, describe_environment())

    def _draw(self) -> "Figure":
        return detection_plots.plot_detection(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Build it from the parsed JSON."""
        episodes = [(start, end) for start, end in fields["episodes"]]
        values = fields["values"] and as_numbers(fields["values"])
        traces = {name: as_numbers(trace) for name, trace in fields["traces"].items()}
        return cls(**{**fields, "episodes": episodes, "values": values, "traces": traces})

    def _inside(self, episode: tuple[int, int]) -> list[int]:
        start, end = max(episode[0], self.warm_up), episode[1]
        return [alarm for alarm in self.alarms if start <= alarm < end]


@dataclass
class Detections(Measured):
    """Several runs, of several detectors on several series.

    The figures below are over the runs that a detector's and a signal's name pick; None picks all.
    `plot` draws the alarms of all runs, a panel a series.

    Parameters
    ----------
    runs
        In any order.

    """

    runs: list[Detection]

    @property
    def detectors(self) -> list[str]:
        """Names of the detectors, in the order of the runs."""
        return list(dict.fromkeys(run.detector for run in self.runs))

    @property
    def signals(self) -> list[str]:
        """Names of the series, in the order of the runs."""
        return list(dict.fromkeys(run.signal for run in self.runs))

    def pick(self, detector: str | None = None, signal: str | None = None) -> "Detections":
        """Return the runs of one detector, on one series, or both."""
        return Detections(
            [r for r in self.runs if detector in (None, r.detector) and signal in (None, r.signal)]
        )

    @property
    def n_episodes(self) -> int:
        """Drifts or windows there were to find."""
        return sum(len(run.episodes) for run in self.runs)

    @property
    def n_found(self) -> int:
        """Drifts or windows found."""
        return sum(run.n_found for run in self.runs)

    @property
    def n_false(self) -> int:
        """False alarms."""
        return sum(len(run.false_alarms) for run in self.runs)

    @property
    def n_quiet(self) -> int:
        """Rows in which an alarm is a false one."""
        return sum(run.n_quiet for run in self.runs)

    @property
    def missed_rate(self) -> float:
        """Share of the episodes without an alarm; NaN where there are none."""
        return 1.0 - self.n_found / self.n_episodes if self.n_episodes else math.nan

    @property
    def median_delay(self) -> float:
        """Median delay over the episodes that were found, rows; NaN where none was."""
        found = [delay for run in self.runs for delay in run.delays if delay is not None]
        return float(median(found)) if found else math.nan

    @property
    def alarms_per_drift(self) -> float:
        """Alarms in the episodes that were found, for each of them: 1 is ideal; NaN for none."""
        total = sum(run.n_true_alarms for run in self.runs)
        return total / self.n_found if self.n_found else math.nan

    @property
    def false_alarm_rate(self) -> float:
        """False alarms per 1,000 quiet rows; NaN where no row is quiet."""
        return 1000.0 * self.n_false / self.n_quiet if self.n_quiet else math.nan

    @property
    def mean_time_between_false_alarms(self) -> float:
        """Quiet rows for each false alarm, the average run length under no drift (ARL0).

        Where there was no false alarm at all, it is a lower bound with 95 % confidence: a third of
        the quiet rows (the rule of three).
        """
        return self.n_quiet / (self.n_false or _RULE_OF_THREE)

    @property
    def rows_per_cpu_second(self) -> float:
        """Rows read in a second of CPU time; NaN where none was used."""
        seconds = sum(run.cpu_seconds for run in self.runs)
        return sum(run.n for run in self.runs) / seconds if seconds else math.nan

    def table(self) -> TextTable:
        """Return one line for each detector on each series."""
        table = TextTable("detection")
        table.add_column("detector")
        table.add_column("series")
        for heading in ("found", "median delay", "alarms per drift", "false per 1,000"):
            table.add_column(heading, justify="right")
        for heading in ("rows between false alarms", "rows/CPU s"):
            table.add_column(heading, justify="right")
        for detector in self.detectors:
            for signal in self.signals:
                part = self.pick(detector, signal)
                if part.runs:
                    table.add_row(detector, signal, *part._cells())
        return table

    def _draw(self) -> "Figure":
        return detection_plots.plot_alarms(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Build it from the parsed JSON."""
        return cls([Detection.from_dict(run) for run in fields["runs"]])

    def _cells(self) -> list[str]:
        found = f"{self.n_found} of {self.n_episodes}" if self.n_episodes else "-"
        between = f"{self.mean_time_between_false_alarms:,.0f}" if self.n_quiet else "-"
        return [
            found,
            _shown(self.median_delay, ",.0f"),
            _shown(self.alarms_per_drift, ".2f"),
            _shown(self.false_alarm_rate, ".3g"),
            between if self.n_false or not self.n_quiet else f"> {between}",
            _shown(self.rows_per_cpu_second, ",.0f"),
        ]


def _shown(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)
