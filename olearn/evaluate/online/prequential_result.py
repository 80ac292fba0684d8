"""What one evaluation measured, as plain values that print, plot and travel as JSON."""

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from olearn.evaluate.json_files import as_numbers
from olearn.evaluate.measured import Measured
from olearn.evaluate.online.anomaly_scores import AnomalyScores
from olearn.show import plots
from olearn.show.report import write_report
from olearn.show.tables import TextTable, results_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Result"]

_SCORES = ("highest", "median", "threshold", "known_scores")  # lists in which NaN may be


@dataclass
class Result(Measured):
    """Everything `prequential` measured in one run.

    Rows are numbered from 0; `window` i holds rows `[i * window, (i + 1) * window)`, and the last
    one may be shorter. Lists that go by window all have the length of `ends`. `plot` draws the
    first metric by window, drifts, alarms and expert usage.

    Parameters
    ----------
    model, stream
        Short names, used in tables and pictures; change them freely.
    model_parameters, stream_parameters
        How both describe themselves (their `repr`).
    seed
        The model's `seed` parameter, None where it has none.
    n, n_scored
        Rows read, and rows with a prediction; the others (before the first label) have no score,
        and where no row has one, metrics are NaN.
    window
        Rows a window.
    values
        Metric name -> value over all scored rows.
    windows
        Metric name -> values of a fresh metric for each window.
    curves
        Metric name -> values over all rows so far, at the end of each window.
    ends
        Number of rows read at the end of each window.
    formats, bigger_is_better
        Metric name -> format of its values, and whether a bigger value is better.
    drift_positions
        Rows at which the stream is known to change; empty if unknown.
    detector, alarms
        The detector that watched the errors, and the rows at which it signalled.
    model_drifts
        Drifts the model itself acted upon in each window; None where it does not count them.
    expert_usage
        How often each expert gave the prediction, shape (n_windows, n_experts); None where the
        model has no experts.
    seconds, cpu_seconds
        Wall and CPU time of the model's predictions and learning alone.
    memory
        Size of the model at the end, bytes; None where it cannot tell.
    path
        `"blocks"` when whole blocks of rows were handed to the model, `"rows"` when single ones.
    delay
        When labels came: `"none"`, a number of rows, `"never"` or `"per row"`.
    environment
        Versions of Python and the packages, and the number of CPUs.
    predictions
        Predicted labels or numbers in row order, if asked for.
    why
        What kept the run, or some of its rows, from whole blocks; empty where nothing did.
    scores
        Of an anomaly detector: its scores by window, its alarms at a budget, and the anomalies that
        are known; None of other models.

    """

    model: str
    stream: str
    model_parameters: str
    stream_parameters: str
    seed: int | None
    n: int
    n_scored: int
    window: int
    values: dict[str, float]
    windows: dict[str, list[float]]
    curves: dict[str, list[float]]
    ends: list[int]
    formats: dict[str, str]
    bigger_is_better: dict[str, bool]
    drift_positions: list[int]
    detector: str | None
    alarms: list[int]
    model_drifts: list[int] | None
    expert_usage: list[list[int]] | None
    seconds: float
    cpu_seconds: float
    memory: int | None
    path: str
    delay: str
    environment: dict[str, str]
    predictions: list[Any] | None = None
    why: str = ""
    scores: AnomalyScores | None = None

    @property
    def rows_per_second(self) -> float:
        """Rows predicted and learnt in a second of wall time; NaN where no time passed."""
        return self.n / self.seconds if self.seconds else math.nan

    @property
    def rows_per_cpu_second(self) -> float:
        """Rows predicted and learnt in a second of CPU time; NaN where none was used."""
        return self.n / self.cpu_seconds if self.cpu_seconds else math.nan

    def value_at(self, metric: str, n_rows: int) -> float:
        """Return a metric over the first rows: up to the last window end not beyond `n_rows`."""
        n_windows = sum(end <= n_rows for end in self.ends)
        return self.curves[metric][n_windows - 1] if n_windows else math.nan

    def table(self) -> TextTable:
        """Return the figures as a table that rich and `print` both show."""
        return results_table([self], title=self.stream)

    def _draw(self) -> "Figure":
        return plots.plot_result(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Build a result from the parsed JSON."""
        known = {field.name for field in dataclasses.fields(cls)}
        # which files of version 0.1 do not have
        fields = {"why": "", "scores": None, **fields}
        if unknown := sorted(set(fields) ^ known):
            raise ValueError(f"source must be a Result as JSON; fields that differ: {unknown}")
        values = fields["values"]
        fields = {**fields, "values": dict(zip(values, as_numbers(values.values()), strict=True))}
        for name in ("windows", "curves"):
            fields[name] = {key: as_numbers(series) for key, series in fields[name].items()}
        if fields["scores"] is not None:
            series = fields["scores"]
            numbers = {name: as_numbers(series[name]) for name in _SCORES}
            fields["scores"] = AnomalyScores(**{**series, **numbers})
        return cls(**fields)

    def to_html(self, path: str | Path) -> None:
        """Write a report that stands alone in one file; needs matplotlib."""
        write_report([self], path, title=f"{self.model} on {self.stream}")
