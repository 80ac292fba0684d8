"""The detectors that experiments/htm_sprt.py compares, and how each is made."""

import dataclasses
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from river import drift

from olearn import detectors
from olearn.detectors import htm
from olearn.detectors._residuals import residual_score, residual_size, residual_start
from olearn.streams import Signal

_SEED = 1  # of the detectors that draw; the series have seeds of their own
_WINDOW = 25  # of the rivals that the paper compares, and of its rolling deviation
_THRESHOLD = 0.65  # the paper's, of scores and likelihoods
_LEARNING, _ESTIMATION, _PAPER_WARM_UP = 288, 100, 400  # as in HTMSPRT


@dataclasses.dataclass(frozen=True)
class Rival:
    """A detector with one threshold.

    Parameters
    ----------
    make
        Makes it from the threshold.
    raw
        What it comes with.
    sensitive, strict
        Where to look for the threshold that gives the wanted time between false alarms.
    description
        What it is, in the report.
    null_rows
        Rows without drift to calibrate on, for each family of series; slow detectors get fewer.
    n_seeds
        Seeds to run at most; slow detectors get fewer.

    """

    make: Callable[[float], Any]
    raw: Any
    sensitive: float
    strict: float
    description: str
    null_rows: int = 100_000
    n_seeds: int = 1_000_000


# as they come, for every series alike
OURS: dict[str, Callable[[], Any]] = {
    "HTM+SPRT": lambda: detectors.HTMSPRT(seed=_SEED),
    "HTM+SPRT, pattern channel only": detectors.RankTest,
    "HTM+SPRT, pattern channel, restart on both": lambda: detectors.RankTest(
        beta=0.005, mode="both"
    ),
    "HTM+SPRT, paper, restart on both": lambda: _paper_test("both"),
    "HTM+SPRT, paper, restart on drift": lambda: _paper_test("drift"),
    "paper's SPRT on residuals, restart on drift": lambda: _paper_test("drift"),
    "value channel alone": detectors.ValueChannel,
}


def _paper_test(restart: str) -> Any:
    return detectors.SPRT("bernoulli", 0.45, 0.5, alpha=0.05, beta=0.005, restart=restart)


RIVALS = {
    "ADWIN": Rival(detectors.ADWIN, 0.002, 0.9, 1e-80, "delta; ours, equal to river's"),
    "ADWIN on HTM's score": Rival(detectors.ADWIN, 0.002, 0.9, 1e-80, "delta"),
    "PageHinkley": Rival(
        lambda threshold: drift.PageHinkley(threshold=threshold), 50.0, 2.0, 1e5, "threshold"
    ),
    "KSWIN": Rival(
        lambda alpha: drift.KSWIN(alpha=alpha, seed=_SEED), 0.005, 0.05, 1e-30, "alpha",
        null_rows=20_000, n_seeds=5,
    ),
    "CUSUM": Rival(lambda h: detectors.CUSUM(h=h), 5.0, 1.0, 1e5, "h"),
    "EWMAChart": Rival(lambda width: detectors.EWMAChart(width=width), 2.814, 0.5, 1e4, "width"),
    "WindowedKS": Rival(lambda alpha: detectors.WindowedKS(25, alpha), 0.05, 0.5, 1e-15, "alpha"),
    "WindowedWasserstein": Rival(
        lambda distance: detectors.WindowedWasserstein(25, distance, seed=_SEED), None, 0.01, 1e3,
        "distance; as it comes, the paper's rule",
    ),
    "WindowedPSI": Rival(
        lambda index: detectors.WindowedPSI(25, index), 0.25, 0.05, 1e3, "index"
    ),
    "GeneralizedLikelihoodRatio": Rival(
        lambda threshold: detectors.GeneralizedLikelihoodRatio("both", threshold=threshold),
        10.0, 2.0, 1e5, "threshold",
    ),
}  # fmt: skip


@lru_cache(maxsize=1)  # of the methods that read it, on the same series
def scores_of(signal: Signal) -> Signal:
    """Return the raw anomaly scores that `HTMSPRT` computes, as a series with the same truth."""
    detector = htm.HTMAnomalyDetector(score="raw", seed=_SEED)
    scores = np.zeros(len(signal))
    for row, value in enumerate(signal):
        detector.learn_one(value)
        scores[row] = detector.raw_score
    return dataclasses.replace(signal, values=scores)


def unlikely_of(signal: Signal) -> Signal:
    """Return whether the anomaly likelihood is above 0.65, from its first estimate on."""
    likelihood = htm.AnomalyLikelihood(_LEARNING, _ESTIMATION)
    pairs = zip(scores_of(signal), signal, strict=True)
    found = np.array([likelihood.update(*pair) > _THRESHOLD for pair in pairs], np.float64)
    found[: max(_LEARNING + _ESTIMATION, _PAPER_WARM_UP)] = np.nan
    return dataclasses.replace(signal, values=found)


def residuals_of(signal: Signal) -> Signal:
    """Return whether each value is far from the last: the paper's rescaling, beyond 0.65."""
    values = signal.values
    state = np.zeros(residual_size(_WINDOW))
    residual_start(state, _WINDOW, 1.0)
    pairs = zip(values, np.r_[values[0], values[:-1]], strict=True)
    scores = np.array([residual_score(state, value, last) for value, last in pairs])
    return dataclasses.replace(signal, values=(scores > _THRESHOLD).astype(float))


READS: dict[str, Callable[[Signal], Signal]] = {
    "HTM+SPRT, pattern channel only": scores_of,
    "HTM+SPRT, pattern channel, restart on both": scores_of,
    "HTM+SPRT, paper, restart on both": unlikely_of,
    "HTM+SPRT, paper, restart on drift": unlikely_of,
    "paper's SPRT on residuals, restart on drift": residuals_of,
    "ADWIN on HTM's score": scores_of,
}
"""Methods that do not read the value itself, and what they read instead.

Those of `HTMSPRT` share one pass of the memory, and give what the class itself gives; a test
compares them.
"""


def make_method(name: str, threshold: float | None) -> Any:
    """Return a method of the table, new; a rival without a threshold has its own."""
    if name in OURS:
        return OURS[name]()
    rival = RIVALS[name]
    return rival.make(rival.raw if threshold is None else threshold)
