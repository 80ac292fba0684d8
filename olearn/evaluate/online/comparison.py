"""Several models on several streams over several seeds."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Self

from river import base
from river.metrics.base import Metric

from olearn.core.validate import check_integer, check_kind
from olearn.evaluate.intervals import mean_and_half_width
from olearn.evaluate.json_files import dump, parse
from olearn.evaluate.online.loop import prequential
from olearn.evaluate.online.result import Result
from olearn.evaluate.progress import Bars, Report
from olearn.evaluate.seeding import check_seeds, has_seed, make_model, reseed_stream
from olearn.show.tables import TextTable, common_prefix, show_value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Models = Mapping[str, base.Estimator | Callable[[int], base.Estimator]]
Streams = Mapping[str, Iterable[Any] | Callable[[int], Iterable[Any]]]


@dataclass
class Comparison:
    """The results of `compare`, one for each model, stream and seed.

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

        A model that saw only the first rows of a stream has no rank there, and is left out where
        that holds for all streams.
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

    def __str__(self) -> str:
        return str(self.table())

    def plot(self, path: str | Path | None = None) -> "Figure":
        """Draw the first metric by window, one panel a stream; needs matplotlib."""
        from olearn.show import plots

        panels = [self.first_runs(stream) for stream in self.streams]
        return plots.save(plots.plot_streams(panels), path)

    def first_runs(self, stream: str) -> list[Result]:
        """Return each model's first run on a stream, which stands for the others in pictures."""
        return [self.runs(model, stream)[0] for model in self.models]

    def to_json(self, path: str | Path | None = None) -> str:
        """Return all results as JSON, and write it to `path` if one is given."""
        return dump({"results": [asdict(result) for result in self.results]}, path)

    @classmethod
    def from_json(cls, source: str | Path) -> Self:
        """Read what `to_json` gave: its text, or the path of its file."""
        return cls([Result.from_dict(fields) for fields in parse(source)["results"]])

    def to_html(self, path: str | Path, title: str = "Comparison") -> None:
        """Write a report that stands alone in one file; needs matplotlib."""
        from olearn.show.report import write_report

        write_report(self.results, path, title=title)

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


def compare(
    models: Models,
    streams: Streams,
    *,
    seeds: int | Sequence[int] = 1,
    metrics: Metric | Iterable[Metric] | None = None,
    window: int = 1000,
    max_samples: int | Mapping[str, int | None] | None = None,
    n_jobs: int = 1,
    progress: bool | None = None,
) -> Comparison:
    """Run `prequential` for every model on every stream and every seed.

    Parameters
    ----------
    models
        Name -> river estimator, which is cloned, or a function of a seed that makes one. A
        parameter named `seed`, at any depth, is set to the seed of the run.
    streams
        Name -> olearn stream, river data set or other iterable that can be read again, or a
        function of a seed that makes one. A `seed` parameter is set as for models, but not where
        the stream is composed of others: give a function, so that they get new seeds too.
    seeds
        Number of seeds, which are then 1, 2, ...; or the seeds. Where neither model nor stream
        has a seed, one run stands for all.
    metrics, window
        As in `prequential`; the first metric ranks the models.
    max_samples
        Rows to read at most; or model name -> rows, for slow models that shall see the first rows
        only. The table says so, and compares the others at that row too.
    n_jobs
        Processes at once, at least 1; -1 = one a CPU. Times are only comparable with 1.
    progress
        As in `prequential`.

    Raises
    ------
    ValueError
        If there is no model, no stream or no seed, or `max_samples` names an unknown model.

    Examples
    --------
    >>> from river import datasets, dummy, metrics, naive_bayes
    >>> from olearn import evaluate

    >>> comparison = evaluate.compare(
    ...     {"naive Bayes": naive_bayes.GaussianNB(), "no change": dummy.NoChangeClassifier()},
    ...     {"phishing": datasets.Phishing()},
    ...     metrics=metrics.Accuracy(),
    ... )
    >>> comparison.ranks()
    {'naive Bayes': 1.0, 'no change': 2.0}

    """
    chosen_seeds = check_seeds(seeds)
    for name, value in (("models", models), ("streams", streams)):
        check_kind(name, value, Mapping, f"a dict of names and {name}")
        if not value:
            raise ValueError(f"{name} must not be empty, got {value!r}")
    if n_jobs != -1:
        check_integer("n_jobs", n_jobs, 1)
    limits = max_samples if isinstance(max_samples, Mapping) else dict.fromkeys(models, max_samples)
    if unknown := sorted(set(limits) - set(models)):
        raise ValueError(f"max_samples must name models in {sorted(models)}, got {unknown}")
    settings = {"metrics": metrics, "window": window}
    jobs = [
        _Job(name, model, stream_name, stream, seed, {**settings, "max_samples": limits.get(name)})
        for stream_name, stream in streams.items()
        for name, model in models.items()
        for seed in (chosen_seeds if has_seed(model, stream) else chosen_seeds[:1])
    ]
    with Bars(progress) as bars:
        return Comparison(_run_all(jobs, n_jobs, bars))


@dataclass
class _Job:
    model_name: str
    model: Any
    stream_name: str
    stream: Any
    seed: int
    settings: dict[str, Any]

    def run(self, report: Report | bool = False) -> Result:
        model = make_model(self.model, self.seed)
        stream = reseed_stream(self.stream, self.seed)
        result = prequential(stream, model, progress=report, **self.settings)
        return replace(result, model=self.model_name, stream=self.stream_name, seed=self.seed)


def _run_all(jobs: list[_Job], n_jobs: int, bars: Bars) -> list[Result]:
    total = bars.add("all runs", len(jobs))
    results: list[Result] = []
    if n_jobs == 1:
        for job in jobs:
            words = f"{job.model_name} on {job.stream_name}, seed {job.seed}"
            results.append(job.run(partial(_report_inside, total, len(results), words)))
        return results
    from joblib import Parallel, delayed  # type: ignore[import-untyped]  # loky: fresh processes, also for lambdas

    workers = Parallel(n_jobs=n_jobs, return_as="generator")
    for result in workers(delayed(job.run)() for job in jobs):
        results.append(result)
        total(len(results), f"{result.model} on {result.stream}")
    return results


def _report_inside(total: Report, n_done: int, run: str, rows: int, words: str) -> None:
    total(n_done, f"{run}: {rows:,} rows, {words}")
