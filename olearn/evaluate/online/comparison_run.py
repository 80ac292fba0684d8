"""Several models on several streams over several seeds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from river import base
from river.metrics.base import Metric

from olearn.core.validate import check_integer, check_kind
from olearn.evaluate.online.comparison_result import Comparison
from olearn.evaluate.online.prequential_result import Result
from olearn.evaluate.online.prequential_run import prequential
from olearn.evaluate.progress import Bar, Bars, OnProgress, Words
from olearn.evaluate.seeding import check_seeds, has_seed, make_model, reseed_stream

__all__ = ["compare"]

Models = Mapping[str, base.Estimator | Callable[[int], base.Estimator]]
Streams = Mapping[str, Iterable[Any] | Callable[[int], Iterable[Any]]]


def compare(
    models: Models,
    streams: Streams,
    *,
    seeds: int | Sequence[int] = 1,
    metrics: Metric | Iterable[Metric] | None = None,
    pos_label: Any = None,
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
    metrics, pos_label, window
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
    settings = {"metrics": metrics, "pos_label": pos_label, "window": window}
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

    def run(self, on_progress: OnProgress | bool = False) -> Result:
        model = make_model(self.model, self.seed)
        stream = reseed_stream(self.stream, self.seed)
        result = prequential(stream, model, progress=on_progress, **self.settings)
        return replace(result, model=self.model_name, stream=self.stream_name, seed=self.seed)


def _run_all(jobs: list[_Job], n_jobs: int, bars: Bars) -> list[Result]:
    total = bars.add("all runs", len(jobs))
    results: list[Result] = []
    if n_jobs == 1:
        for job in jobs:
            run = f"{job.model_name} on {job.stream_name}, seed {job.seed}"
            results.append(job.run(Bar(partial(_report_inside, total, len(results), run))))
        return results
    from joblib import Parallel, delayed  # type: ignore[import-untyped]  # loky: fresh processes, also for lambdas

    try:
        workers = Parallel(n_jobs=n_jobs, return_as="generator")
    except ValueError:  # of a backend that gives all results at the end, such as Ray's
        workers = Parallel(n_jobs=n_jobs)
    for result in workers(delayed(job.run)() for job in jobs):
        results.append(result)
        total(len(results), f"{result.model} on {result.stream}")
    return results


def _report_inside(total: Bar, n_done: int, run: str, rows: int, status: Words) -> None:
    def words() -> str:
        return f"{run}: {rows:,} rows, {status if isinstance(status, str) else status()}"

    total(n_done, words)
