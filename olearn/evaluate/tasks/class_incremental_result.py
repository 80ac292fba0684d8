"""What learners did on class-incremental streams: accuracies by task, forgetting, speed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from olearn.evaluate.intervals import mean_and_half_width
from olearn.evaluate.measured import Measured
from olearn.evaluate.tasks import task_scores
from olearn.show.class_incremental_plots import plot_incremental
from olearn.show.tables import TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ClassIncrementalResult"]

Numbers = NDArray[np.float64]

SCORES = {
    "end accuracy": task_scores.average_end_accuracy,
    "incremental accuracy": task_scores.average_incremental_accuracy,
    "forgetting": task_scores.forgetting,
    "BWT+": task_scores.positive_backward_transfer,
    "FWT": task_scores.forward_transfer,
}
"""Names of the figures of a run, and how they come from its matrix."""


@dataclass
class TaskRun:
    """What one seed did.

    Parameters
    ----------
    seed
        Of model and stream.
    tasks
        Labels of each task.
    task_ends
        Examples learnt up to the end of each task.
    accuracy
        Accuracy on the test set of task k after task t at `[t][k]`, in [0, 1].
    seconds, cpu_seconds
        Wall and CPU time of learning alone, of each task.
    curve
        Examples learnt, and accuracy on the test examples of the labels seen so far, where asked
        for.
    settings
        How it was run: two runs may stand together only if these are the same.

    """

    seed: int
    tasks: list[list[Any]]
    task_ends: list[int]
    accuracy: list[list[float]]
    seconds: list[float]
    cpu_seconds: list[float]
    curve: list[tuple[int, float]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def so_far(self) -> list[tuple[int, float]]:
        """The curve; where there is none, the mean accuracy on the tasks so far after each."""
        if self.curve:
            return self.curve
        means = [float(np.mean(row[: t + 1])) for t, row in enumerate(self.accuracy)]
        return list(zip(self.task_ends, means, strict=True))

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Build it from the parsed JSON."""
        curve = [(int(n), float(value)) for n, value in fields["curve"]]
        return cls(**{**fields, "curve": curve})


@dataclass
class ClassIncrementalResult(Measured):
    """The runs of one model on one class-incremental stream, one a seed.

    `plot` draws the mean matrix and the accuracy over the stream.

    Parameters
    ----------
    model, stream
        Their short names.
    runs
        In the order of the seeds.
    environment
        Versions of Python and the packages, and the number of CPUs.

    """

    model: str
    stream: str
    runs: list[TaskRun]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def accuracy(self) -> Numbers:
        """Accuracies, `(runs, T, T)`: run, after task, on task."""
        return np.array([run.accuracy for run in self.runs])

    def score(self, name: str) -> tuple[float, float]:
        """Return the mean of one of `SCORES` over the runs, and the half width of its interval.

        The interval is Student's with 95 %; its half width is NaN for a single run.
        """
        return mean_and_half_width(SCORES[name](self.accuracy))

    def deviation(self, name: str) -> float:
        """Return the standard deviation of one of `SCORES` over the runs; NaN for a single run.

        Papers print it, or the half width of `score`, after their ±.
        """
        values = SCORES[name](self.accuracy)
        return float(values.std(ddof=1)) if len(values) > 1 else math.nan

    @property
    def rows_per_second(self) -> float:
        """Examples learnt in a second of wall time, over all runs; NaN where no time passed."""
        return self._rate(sum(sum(run.seconds) for run in self.runs))

    @property
    def rows_per_cpu_second(self) -> float:
        """Examples learnt in a second of CPU time, over all runs; NaN where none was used."""
        return self._rate(sum(sum(run.cpu_seconds) for run in self.runs))

    def curve(self) -> Numbers:
        """Accuracy on what was seen so far, `(points, 3)`: examples, mean, half width over runs.

        Runs that were measured at different numbers of examples are joined by position.
        """
        series = [run.so_far for run in self.runs]
        points = zip(*series, strict=True)
        pairs = (([n for n, _ in point], [value for _, value in point]) for point in points)
        return np.array([(np.mean(n), *mean_and_half_width(v)) for n, v in pairs])

    def table(self) -> TextTable:
        """Return the figures as a table that rich and `print` both show."""
        return incremental_table([self], self.stream)

    def _draw(self) -> "Figure":
        return plot_incremental([self])

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Build it from the parsed JSON."""
        return cls(**{**fields, "runs": [TaskRun.from_dict(run) for run in fields["runs"]]})

    def _rate(self, seconds: float) -> float:
        return sum(run.task_ends[-1] for run in self.runs) / seconds if seconds else math.nan


def incremental_table(results: Sequence[ClassIncrementalResult], title: str) -> TextTable:
    """Return one line a result: percent, mean over seeds and half width of the 95 % interval."""
    n_seeds = max(len(result.runs) for result in results)
    table = TextTable(f"{title}, percent" + (f", {n_seeds} seeds" if n_seeds > 1 else ""))
    table.add_column("model")
    for heading in (*SCORES, "examples/s", "examples/CPU s"):
        table.add_column(heading, justify="right")
    for result in results:
        cells = [show_percent(*result.score(name)) for name in SCORES]
        speeds = (result.rows_per_second, result.rows_per_cpu_second)
        table.add_row(result.model, *cells, *(f"{speed:,.4g}" for speed in speeds))
    return table


def show_percent(mean: float, half_width: float) -> str:
    """Format a share and its half width in percent.

    Examples
    --------
    >>> from olearn.evaluate.tasks.class_incremental_result import show_percent
    >>> show_percent(0.2871, 0.0123), show_percent(0.2871, float("nan"))
    ('28.7 ± 1.2', '28.7')

    """
    text = f"{100 * mean:.1f}"
    return text if math.isnan(half_width) else f"{text} ± {100 * half_width:.1f}"
