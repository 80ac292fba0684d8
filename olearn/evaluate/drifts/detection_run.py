"""How well a detector finds known changes: run it over series and match its alarms."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from river import base

from olearn.base import ArrayDetector, check_detector
from olearn.core.validate import check_integer, check_kind
from olearn.evaluate.drifts.detection_result import Detection, Detections
from olearn.evaluate.progress import Bars, OnProgress
from olearn.streams.signals import Signal

__all__ = ["detect_all", "detection"]

_ROWS_PER_REPORT = 500


@runtime_checkable
class _TellsAnomalies(Protocol):
    """A detector that tells odd values from drifts."""

    @property
    def anomaly_detected(self) -> bool: ...


def detection(
    detector: base.DriftDetector,
    signal: Signal,
    *,
    window: int = 1000,
    warm_up: int = 0,
    traces: Sequence[str] = (),
    details: Sequence[str] = (),
    name: str | None = None,
    keep_values: bool = True,
    progress: bool | OnProgress | None = None,
) -> Detection:
    """Run a drift detector over a series and match its alarms with the truth.

    Parameters
    ----------
    detector
        River's or ours; it is cloned. One of errors, such as river's DDM, watches a series of 0
        and 1 alone.
    signal
        A series of `olearn.streams.signal`, `load_nab` or `signal_from_file`; the detector is not
        shown missing and infinite values.
    window
        Rows after a drift in which an alarm finds it, at least 1; labelled windows stand as they
        are.
    warm_up
        Rows at the beginning in which alarms do not count, at least 0.
    traces
        Names of numeric attributes of the detector, such as `"llr"`, to be read after every row;
        it then runs row by row, which is slower.
    details
        Names of attributes of any kind, such as `"channel"`, to be read after every alarm.
    name
        What to call the detector; default: its class.
    keep_values
        Whether to keep the values of the series, which the picture needs.
    progress
        As in `olearn.evaluate.prequential`.

    Raises
    ------
    ValueError
        If a parameter is outside the range above, the detector has no such attribute, or it cannot
        read a value of the series, such as one of errors that is not 0 or 1.

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
    drawn = "a Signal, such as streams.signal(name) or streams.signal_from_file(path)"
    check_kind("signal", signal, Signal, drawn)
    check_detector("detector", detector)
    if isinstance(detector, base.BinaryDriftDetector):
        _check_errors(type(detector).__name__, signal)
    fresh = detector.clone()
    for argument, attributes in (("traces", traces), ("details", details)):
        if unknown := [attribute for attribute in attributes if not hasattr(fresh, attribute)]:
            kind = type(fresh).__name__
            raise ValueError(f"{argument} must be attributes of {kind}, got {unknown}")
    found = Detection(
        detector=name or type(detector).__name__,
        parameters=repr(detector),
        signal=signal.name,
        seed=signal.seed,
        n=len(signal),
        warm_up=warm_up,
        episodes=[(a, b) for a, b in signal.episodes(window) if b > warm_up],
        alarms=[],
        cpu_seconds=0.0,
        values=signal.values.tolist() if keep_values else None,
        traces={trace: [] for trace in traces},
    )
    with Bars(progress if isinstance(progress, bool) else None) as bars:
        on_progress = progress if callable(progress) else None
        if on_progress is None:
            on_progress = bars.add(f"{found.detector} on {signal.name}", len(signal))
        begin = time.process_time()
        try:
            if isinstance(fresh, ArrayDetector) and not (traces or details):
                rows = np.flatnonzero(np.isfinite(signal.values))
                found.alarms = rows[fresh.update_many(signal.values[rows])].tolist()
            else:
                _run_rows(fresh, signal, found, details, on_progress)
        except ValueError as error:
            raise ValueError(f"{found.detector} cannot watch {signal.name}: {error}") from error
        found.cpu_seconds = time.process_time() - begin
        on_progress(len(signal), f"{len(found.alarms)} alarms")
    return found


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
        on_progress = bars.add("all runs", len(detectors) * len(listed))
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
                on_progress(len(runs), f"{name} on {signal.name}")
    return Detections(runs)


def _run_rows(
    detector: base.DriftDetector,
    signal: Signal,
    found: Detection,
    details: Sequence[str],
    on_progress: OnProgress,
) -> None:
    teller = detector if isinstance(detector, _TellsAnomalies) else None
    binary = isinstance(detector, base.BinaryDriftDetector)
    for row, value in enumerate(signal):
        if not math.isfinite(value):
            for trace in found.traces.values():
                trace.append(math.nan)
            continue
        detector.update(bool(value) if binary else value)
        if detector.drift_detected:
            found.alarms.append(row)
            found.details.append({name: _plain(getattr(detector, name)) for name in details})
        if teller is not None and teller.anomaly_detected:
            found.anomalies.append(row)
        for name, trace in found.traces.items():
            number = getattr(detector, name)
            trace.append(math.nan if number is None else float(number))
        if row % _ROWS_PER_REPORT == 0:
            on_progress(row, f"{len(found.alarms)} alarms")


def _check_errors(name: str, signal: Signal) -> None:
    """Refuse a series of anything but 0 and 1."""
    other = np.isfinite(signal.values) & ~np.isin(signal.values, (0.0, 1.0))
    if other.any():
        row = int(np.argmax(other))
        raise ValueError(
            f"detector must take numbers, such as ADWIN: {name} takes errors, 0 or 1, and "
            f"{signal.name} is {signal.values[row]:.6g} in row {row:,}"
        )


def _plain(value: Any) -> Any:
    """Return a named tuple as a dict, which JSON keeps."""
    return value._asdict() if isinstance(value, tuple) and hasattr(value, "_asdict") else value


def _silent(done: int, status: str) -> None:
    """Report nothing: the bar of all runs moves instead."""
