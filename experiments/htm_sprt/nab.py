"""The Numenta Anomaly Benchmark in experiments/htm_sprt.py: scores, ablations, published rows."""

import dataclasses
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import markdown
from olearn import streams
from olearn.detectors import htm
from olearn.evaluate import NABScore, nab_score
from olearn.evaluate.drifts.nab import PROFILES, probation
from olearn.streams import Signal

# quoted: all 58 files, standard / low FP / low FN
PUBLISHED = {
    "ARTime": (74.9, 65.1, 80.4),
    "Numenta HTM": (70.1, 63.1, 74.3),
    "CAD OSE": (69.9, 67.0, 73.2),
    "NumentaTM": (64.6, 56.7, 69.2),
    "htm.core (community fork)": (63.1, 58.8, 66.2),
    "earthgecko Skyline": (58.2, 46.2, 63.9),
    "KNN CAD": (58.0, 43.4, 64.8),
    "relative entropy": (54.6, 47.6, 58.8),
    "Numenta HTM without likelihood": (53.6, 34.2, 61.9),
    "random cut forest": (51.7, 38.4, 59.7),
    "windowed Gaussian": (39.6, 20.9, 47.4),
    "Bayesian changepoint": (17.7, 3.2, 32.2),
    "random": (11.0, 1.2, 19.5),
}
_MARGIN = 0.05  # of the range so far, beyond which a value is odd in space
_RESOLUTIONS = {"the whole file (as NAB)": True, "the first rows": False}

Scores = dict[str, NDArray[np.float64]]
"""By method, one number a row."""


@dataclasses.dataclass(frozen=True)
class NABJob:
    """One file, its encoder's range from the whole file, which looks ahead, or its first rows."""

    file: str
    whole: bool
    seed: int


def spatial_flags(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 where a value lies more than 5 % of the range so far beyond it, else 0."""
    low = np.minimum.accumulate(values)[:-1]
    high = np.maximum.accumulate(values)[:-1]
    margin = _MARGIN * (high - low)
    odd = (values[1:] > high + margin) | (values[1:] < low - margin)
    return np.concatenate([[0.0], np.where(high > low, odd, False)])


def raw_scores(signal: Signal, *, whole: bool, seed: int) -> NDArray[np.float64]:
    """Return the raw anomaly score of each row, by the benchmark's parameters."""
    assert signal.times is not None
    values = signal.values if whole else signal.values[: probation(len(signal))]
    resolution = max(0.001, 1.4 * float(values.max() - values.min()) / 130.0)
    fields = {
        "value": htm.RandomDistributedScalarEncoder(resolution),
        "time": htm.DateEncoder(),  # the time of day, as in the benchmark
    }
    detector = htm.HTMAnomalyDetector(htm.MultiEncoder(fields), "raw", seed=seed)
    scores = []
    for value, clock in zip(signal.values.tolist(), signal.times.tolist(), strict=True):
        detector.learn_one({"value": value, "time": clock})
        scores.append(detector.raw_score)
    return np.array(scores)


def log_scores(raw: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log of the anomaly likelihood of each row, by the benchmark's periods."""
    n = probation(len(raw))
    likelihood = htm.AnomalyLikelihood(n // 2, n - n // 2)
    scores = []
    for score, value in zip(raw.tolist(), values.tolist(), strict=True):
        likelihood.update(score, value)
        scores.append(likelihood.log_score)
    return np.array(scores)


def run_file(job: NABJob) -> tuple[NABJob, Scores]:
    """Return the scores of one file by each method."""
    signal = streams.load_nab(job.file)
    raw = raw_scores(signal, whole=job.whole, seed=job.seed)
    log, flags = log_scores(raw, signal.values), spatial_flags(signal.values)
    return job, {
        "HTM, likelihood and spatial flag": np.maximum(log, flags),
        "HTM, likelihood": log,
        "HTM, raw score": raw,
        "spatial flag alone, no HTM": flags,
    }


def run_nab(in_processes: Callable[..., Iterable[Any]], seeds: Iterable[int]) -> dict[str, Any]:
    """Score all files that are there: by range of the encoder and method, one result a seed."""
    files = streams.nab_names()
    runs = [(whole, seed) for whole in _RESOLUTIONS.values() for seed in seeds]
    jobs = [NABJob(file, whole, seed) for whole, seed in runs for file in files]
    done = dict(in_processes(run_file, jobs, "NAB"))
    signals = {file: streams.load_nab(file) for file in files}
    published = published_scores()
    found: dict[str, Any] = {
        "files": files,
        "rows": sum(map(len, signals.values())),
        "windows": sum(len(signal.windows) for signal in signals.values()),
        "scores": {},
        "published_files": {},
    }
    names = {whole: name for name, whole in _RESOLUTIONS.items()}
    some = {file: signal for file, signal in signals.items() if file in published}
    for whole, seed in runs:
        by_file = {file: done[NABJob(file, whole, seed)] for file in files}
        add_scores(found["scores"], names[whole], by_file, signals)
        if some:
            add_scores(found["published_files"], names[whole], by_file, some)
    if some:
        add_scores(found["published_files"], "published", published, some)
    return found


def add_scores(
    into: dict[str, Any], kind: str, by_file: dict[str, Scores], signals: dict[str, Signal]
) -> None:
    """Score every method on some files together and add the result to those of other seeds."""
    for method in by_file[next(iter(signals))]:
        scores = nab_score({file: by_file[file][method] for file in signals}, signals)
        into.setdefault(kind, {}).setdefault(method, []).append(plain(scores))


def plain(scores: dict[str, NABScore]) -> dict[str, Any]:
    """Return scores as JSON has them."""
    return {
        profile: {k: v for k, v in dataclasses.asdict(score).items() if v != float("inf")}
        for profile, score in scores.items()
    }


def published_scores() -> dict[str, Scores]:
    """Return the scores that NAB publishes, by file, from an archive where one is named."""
    path = Path(os.environ.get("OLEARN_NAB_PUBLISHED", ""))
    if not path.is_file():
        return {}
    names = {"numenta": "Numenta HTM", "numentaTM": "NumentaTM"}
    found: dict[str, Scores] = {}
    with np.load(path) as arrays:
        for key in arrays.files:
            detector, _, rest = key.partition("|")
            file, _, kind = rest.partition("|")
            if kind == "anomaly_score":
                found.setdefault(file, {})[names[detector]] = arrays[key]
    return found


def nab_lines(nab: dict[str, Any]) -> list[str]:
    """Return the markdown of the benchmark."""
    profiles = list(PROFILES)
    heads = ["scores, encoder's range from", *profiles, "windows found", "false rows"]
    published = [[name, *map(str, row)] for name, row in PUBLISHED.items()]
    n_seeds = len(next(iter(next(iter(nab["scores"].values())).values())))
    text = [
        f"{len(nab['files'])} of the benchmark's 58 files, {nab['rows']:,} rows, "
        f"{nab['windows']} windows; mean and range over {n_seeds} seeds. Scores by the benchmark's "
        "rules, each with the threshold that is best for it on these labels (an oracle, as in the "
        "benchmark). **Not comparable with the published scores**, which are over all 58 files.",
        "",
        *markdown(heads, _score_rows(nab["scores"]), numbers=True),
    ]
    if nab["published_files"]:
        text += [
            "",
            "The files whose published scores are at hand, all scored here in the same way:",
            "",
            *markdown(heads, _score_rows(nab["published_files"]), numbers=True),
        ]
    text += [
        "",
        "Published, all 58 files (quoted):",
        "",
        *markdown(["detector", *profiles], published, numbers=True),
    ]
    return text


def _score_rows(scores: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    rows = []
    for kind, methods in scores.items():
        for method, by_seed in methods.items():
            cells = [_over_seeds([one[p]["score"] for one in by_seed], ".1f") for p in PROFILES]
            found = [one["standard"]["n_found"] for one in by_seed]
            false = [one["standard"]["n_false"] for one in by_seed]
            cells += [f"{_over_seeds(found, '.0f')} of {by_seed[0]['standard']['n_windows']}"]
            cells += [_over_seeds(false, ",.0f")]
            name = method if "no HTM" in method else f"{method}, {kind}"
            rows.append((name, *cells))
    return dict.fromkeys(rows)  # the flag alone knows no range


def _over_seeds(values: list[float], form: str) -> str:
    """Return the mean, and the least and greatest value where they differ."""
    middle, low, high = (format(f(values), form) for f in (fmean, min, max))
    return middle if low == high else f"{middle} ({low}-{high})"
