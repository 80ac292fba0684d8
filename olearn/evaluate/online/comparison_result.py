"""What several models did on several streams over several seeds: means, intervals, ranks."""

import math
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Self

from olearn.evaluate.intervals import mean_and_half_width
from olearn.evaluate.measured import Measured
from olearn.evaluate.online.prequential_result import Result
from olearn.show import plots
from olearn.show.report import write_report
from olearn.show.tables import TextTable, common_prefix, show_value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Comparison"]


@dataclass
class Comparison(Measured):
    """The results of `compare`, one for each model, stream and seed.

    `plot` draws the first metric by window, a panel a stream.

    Parameters
    ----------
    results
        In the order stream, model, seed.

    """

    results: list[Result]

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics, the first of which ranks the models."""
        return list(self.results[0].values)

    @property
    def models(self) -> list[str]:
        """Names of the models, in the order given."""
        return list(dict.fromkeys(result.model for result in self.results))

    @property
    def streams(self) -> list[str]:
        """Names of the streams, in the order given."""
        return list(dict.fromkeys(result.stream for result in self.results))

    def runs(self, model: str, stream: str) -> list[Result]:
        """Return the results of one model on one stream, one a seed."""
        return [r for r in self.results if r.model == model and r.stream == stream]

    def mean(self, metric: str, model: str, stream: str) -> tuple[float, float]:
        """Return the mean over seeds and the half width of its 95 % t-interval.

        The half width is NaN for a single run.
        """
        return mean_and_half_width(self._values(metric, model, stream))

    def ranks(self, metric: str | None = None) -> dict[str, float]:
        """Return each model's mean rank over the streams, 1 = best; ties share their mean rank.

        A model that saw only the first rows of a stream, or was not scored, has no rank there, and
        is left out where that holds for all streams.
        """
        metric = metric or self.metrics[0]
        sign = -1.0 if self.results[0].bigger_is_better[metric] else 1.0
        ranks: dict[str, list[float]] = {}
        for stream in self.streams:
            full = max(r.n for r in self.results if r.stream == stream)
            scores = {  # fmean: exactly rounded, so that equal runs in another order tie
                model: sign * fmean(self._values(metric, model, stream))
                for model in self.models
                if self.runs(model, stream)[0].n == full
            }
            scores = {model: score for model, score in scores.items() if not math.isnan(score)}
            for model, score in scores.items():
                better = sum(other < score for other in scores.values())
                equal = sum(other == score for other in scores.values())
                ranks.setdefault(model, []).append(better + (equal + 1) / 2)
        return {model: fmean(ranks[model]) for model in self.models if model in ranks}

    def table(self, metric: str | None = None) -> TextTable:
        """Return one metric of all models on all streams: means with 95 % intervals, and ranks."""
        metric = metric or self.metrics[0]
        n_seeds = max(len(self.runs(m, s)) for m in self.models for s in self.streams)
        table = TextTable(f"{metric}, mean over {n_seeds} seeds" if n_seeds > 1 else metric)
        table.add_column("model")
        for stream in self.streams:
            table.add_column(stream, justify="right")
        table.add_column("mean rank", justify="right")
        ranks = self.ranks(metric)
        for model in self.models:
            cells = [self._cell(metric, model, stream) for stream in self.streams]
            table.add_row(model, *cells, f"{ranks[model]:.2f}" if model in ranks else "-")
        table.caption = self._prefix_note()
        return table

    def first_runs(self, stream: str) -> list[Result]:
        """Return each model's first run on a stream, which stands for the others in pictures."""
        return [self.runs(model, stream)[0] for model in self.models]

    def _draw(self) -> "Figure":
        return plots.plot_streams([self.first_runs(stream) for stream in self.streams])

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Build it from the parsed JSON."""
        return cls([Result.from_dict(result) for result in fields["results"]])

    def to_html(self, path: str | Path, title: str = "Comparison") -> None:
        """Write a report that stands alone in one file; needs matplotlib."""
        seeded = any(len(self.runs(m, s)) > 1 for m in self.models for s in self.streams)
        tables = [self.table(metric) for metric in self.metrics] if seeded else []
        write_report(self.results, path, title=title, tables_over_seeds=tables)

    def _values(self, metric: str, model: str, stream: str) -> list[float]:
        return [result.values[metric] for result in self.runs(model, stream)]

    def _cell(self, metric: str, model: str, stream: str) -> str:
        runs = self.runs(model, stream)
        value, half_width = self.mean(metric, model, stream)
        text = show_value(runs[0], metric, value)
        if not math.isnan(half_width):
            text += f" ± {show_value(runs[0], metric, half_width)}"
        longest = max(r.n for r in self.results if r.stream == stream)
        return text if runs[0].n == longest else f"{text} ({runs[0].n:,} rows)"

    def _prefix_note(self) -> str | None:
        cut = [s for s in self.streams if common_prefix(self.first_runs(s)) is not None]
        if not cut:
            return None
        return f"Models that saw only the first rows of {', '.join(cut)} have no rank there."
