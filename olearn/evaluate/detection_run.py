"""How well a detector finds known changes: run it over series and match its alarms."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from river import base

from olearn.base import ArrayDetector
from olearn.evaluate.detection_result import Detection, Detections
from olearn.evaluate.progress import Bars, Report
from olearn.streams.signals import Signal
from olearn.validate import check_integer

_ROWS_PER_REPORT = 500


def detection(
    detector: base.DriftDetector,
    signal: Signal,
    *,
    window: int = 1000,
    warm_up: int = 0,
    traces: Sequence[str] = (),
    name: str | None = None,
    keep_values: bool = True,
    progress: bool | Report | None = None,
) -> Detection:
    """Run a drift detector over a series and match its alarms with the truth.

    Parameters
    ----------
    detector
        River's or ours; it is cloned.
    signal
        A series of `olearn.streams.signal`, `load_nab` or `signal_from_file`. A drift detector is
        not shown missing values.
    window
        Rows after a drift in which an alarm finds it, at least 1; labelled windows stand as they
        are.
    warm_up
        Rows at the beginning in which alarms do not count, at least 0.
    traces
        Names of numeric attributes of the detector, such as `"llr"`, to be read after every row;
        it then runs row by row, which is slower.
    name
        What to call the detector; default: its class.
    keep_values
        Whether to keep the values of the series, which the picture needs.
    progress
        As in `olearn.evaluate.prequential`.

    Raises
    ------
    ValueError
        If a parameter is outside the range above or the detector has no such attribute.

    Examples
    --------
    >>> from olearn import detectors, evaluate, streams
    >>> signal = streams.signal("noise_mean2", seed=7)
    >>> found = evaluate.detection(detectors.ADWIN(), signal)
    >>> found.delays, found.false_alarms
    ([15], [])

    """
    check_integer("window", window, 1)
    check_integer("warm_up", warm_up, 0)
    fresh = detector.clone()
    for trace in traces:
        if not hasattr(fresh, trace):
            raise ValueError(f"traces must be attributes of {type(fresh).__name__}, got {trace!r}")
    kept: dict[str, list[float]] = {trace: [] for trace in traces}
    with Bars(progress if isinstance(progress, bool) else None) as bars:
        report = progress if callable(progress) else None
        if report is None:
            report = bars.add(f"{type(fresh).__name__} on {signal.name}", len(signal))
        begin = time.process_time()
        alarms = _run(fresh, signal, kept, report)
        cpu_seconds = time.process_time() - begin
    return Detection(
        detector=name or type(detector).__name__,
        parameters=repr(detector),
        signal=signal.name,
        seed=signal.seed,
        n=len(signal),
        warm_up=warm_up,
        episodes=[(a, b) for a, b in signal.episodes(window) if b > warm_up],
        alarms=alarms,
        cpu_seconds=cpu_seconds,
        values=signal.values.tolist() if keep_values else None,
        traces=kept,
    )


def detect_all(
    detectors: Mapping[str, base.DriftDetector],
    signals: Iterable[Signal],
    *,
    window: int = 1000,
    warm_up: int = 0,
    progress: bool | None = None,
) -> Detections:
    """Run every detector over every series; parameters as in `detection`.

    Examples
    --------
    >>> from river import drift
    >>> from olearn import detectors, evaluate, streams
    >>> signals = [streams.signal("noise_mean1", seed=seed) for seed in range(3)]
    >>> rivals = {"ADWIN": detectors.ADWIN(), "Page-Hinkley": drift.PageHinkley()}
    >>> found = evaluate.detect_all(rivals, signals)
    >>> found.pick("ADWIN").median_delay, found.pick("Page-Hinkley").median_delay
    (47.0, 40.0)

    """
    listed = list(signals)
    runs: list[Detection] = []
    with Bars(progress) as bars:
        report = bars.add("all runs", len(detectors) * len(listed))
        for name, detector in detectors.items():
            for signal in listed:
                run = detection(
                    detector,
                    signal,
                    window=window,
                    warm_up=warm_up,
                    name=name,
                    keep_values=False,
                    progress=_silent,
                )
                runs.append(run)
                report(len(runs), f"{name} on {signal.name}")
    return Detections(runs)


def _run(
    detector: base.DriftDetector, signal: Signal, kept: dict[str, list[float]], report: Report
) -> list[int]:
    rows = np.flatnonzero(np.isfinite(signal.values))
    values = signal.values[rows]
    if isinstance(detector, ArrayDetector) and not kept:
        found = rows[detector.update_many(values)].tolist()
        report(len(signal), "")
        return found
    alarms = []
    for row, value in zip(rows.tolist(), values.tolist(), strict=True):
        detector.update(value)
        if detector.drift_detected:
            alarms.append(row)
        for name, trace in kept.items():
            trace += [math.nan] * (row - len(trace))
            trace.append(float(getattr(detector, name)))
        if row % _ROWS_PER_REPORT == 0:
            report(row, f"{len(alarms)} alarms")
    return alarms


def _silent(done: int, words: str) -> None:
    """Report nothing: the bar of all runs moves instead."""
