"""Detectors made comparable: the threshold at which each gives equally few false alarms."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from river import base

from olearn.core.validate import check_in_range, check_integer
from olearn.evaluate.drifts.detection_run import detection
from olearn.streams.signals import Signal

__all__ = ["Calibration", "calibrate"]

Factory = Callable[[float], base.DriftDetector]
"""Makes a detector from its threshold."""


@dataclass(frozen=True)
class Calibration:
    """The threshold found by `calibrate`.

    Parameters
    ----------
    threshold
        The most sensitive one tried that gives no more false alarms than wanted.
    n_false, n_quiet
        False alarms that it gives, and the rows in which they could be given.
    reached
        False where even the strictest threshold gives too many; `threshold` is that one then.

    """

    threshold: float
    n_false: int
    n_quiet: int
    reached: bool


def calibrate(
    make: Factory,
    signals: Iterable[Signal],
    arl0: float,
    *,
    sensitive: float,
    strict: float,
    n_steps: int = 12,
    warm_up: int = 0,
) -> Calibration:
    """Find the threshold at which a detector has a wanted time between false alarms.

    Halves the interval between a sensitive and a strict threshold, on the logarithmic scale where
    both are positive. All rows after the warm-up count as quiet.

    Parameters
    ----------
    make
        Makes the detector from a threshold. Fewer alarms are assumed from `sensitive` to `strict`;
        where that holds only roughly, so does the result.
    signals
        Series without any drift; together at least a few times `arl0` rows, else the answer is
        mostly chance.
    arl0
        Wanted rows between false alarms, at least 1.
    sensitive, strict
        Ends of the interval; either may be the greater number.
    n_steps
        How often to halve, at least 1; each runs the detector over all signals once.
    warm_up
        Rows at the beginning of each series in which alarms do not count, at least 0.

    Raises
    ------
    ValueError
        If a parameter is outside the range above, a signal has drifts, or no row is quiet.

    Examples
    --------
    >>> from river import drift
    >>> from olearn import evaluate, streams
    >>> null = [streams.signal("noise_none", seed=seed) for seed in range(5)]
    >>> found = evaluate.calibrate(
    ...     lambda threshold: drift.PageHinkley(threshold=threshold),
    ...     null, 4000, sensitive=5.0, strict=500.0, n_steps=8,
    ... )
    >>> print(f"{found.threshold:.1f}: {found.n_false} in {found.n_quiet:,} rows")
    64.3: 5 in 20,000 rows

    """
    check_in_range("arl0", arl0, 1.0)
    check_integer("n_steps", n_steps, 1)
    quiet = list(signals)
    if changing := [s.name for s in quiet if s.drift_positions or s.windows]:
        raise ValueError(f"signals must have no drifts and no windows, got {changing}")
    n_quiet = sum(max(len(signal) - warm_up, 0) for signal in quiet)
    if not n_quiet:
        raise ValueError(f"signals must have rows after the warm-up of {warm_up}, got none")

    def n_false(threshold: float) -> int:
        runs = (
            detection(make(threshold), s, warm_up=warm_up, keep_values=False, progress=False)
            for s in quiet
        )
        return sum(len(run.false_alarms) for run in runs)

    allowed = n_quiet / arl0
    logarithmic = min(sensitive, strict) > 0.0
    low, high = (math.log(x) if logarithmic else x for x in (sensitive, strict))
    count = n_false(strict)
    reached = count <= allowed
    best = Calibration(strict, count, n_quiet, reached)
    for _ in range(n_steps if reached else 0):
        middle = (low + high) / 2.0
        threshold = math.exp(middle) if logarithmic else middle
        count = n_false(threshold)
        if count <= allowed:
            high = middle
            best = Calibration(threshold, count, n_quiet, True)
        else:
            low = middle
    return best
