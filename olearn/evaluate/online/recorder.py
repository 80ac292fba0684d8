"""Collects what a run produces, window by window, and makes the `Result` of it."""

import itertools
import math
from itertools import chain
from typing import Any

import numpy as np
from river import base
from river.metrics.base import Metric

from olearn.base import ArrayDetector, CountsDrifts, RoutesExperts, check_detector
from olearn.base.pipeline import last_step
from olearn.core.labels import CodedLabels, CodedProba
from olearn.core.types import Codes
from olearn.evaluate.describe import (
    describe_environment,
    describe_model,
    describe_stream,
    name_stream,
)
from olearn.evaluate.online.anomaly_scores import ScoreWatch
from olearn.evaluate.online.blocks import BlockPath
from olearn.evaluate.online.paths import RowPath
from olearn.evaluate.online.prequential_result import Result
from olearn.evaluate.online.scoring import Scoreboard, format_of
from olearn.evaluate.online.spans import Span
from olearn.persist.classes import kept_in_files

Detector = base.DriftDetector | base.BinaryDriftDetector


@kept_in_files
class Recorder:
    """Scores spans of a run, watches their errors, and closes windows.

    Parameters
    ----------
    model
        The model that runs; read for its drift count, its expert usage, its size.
    metrics, window, detector, keep_predictions
        As in `prequential`, already checked.
    judged
        Whether the targets are such that predictions can be scored by them.

    """

    _judged = True  # of runs that version 0.1 kept
    _scores: ScoreWatch | None = None

    def __init__(
        self,
        model: base.Estimator,
        metrics: list[Metric],
        window: int,
        detector: Detector | None,
        keep_predictions: bool,
        *,
        judged: bool = True,
    ) -> None:
        self.n = 0
        self._judged = judged
        if isinstance(model, base.AnomalyDetector):
            self._scores = ScoreWatch(metrics, judged)
        self._model = model
        self._metrics = metrics
        self._window = window
        self._board = Scoreboard(metrics)
        self._watch = None if detector is None else _ErrorWatch(detector, model)
        self._last = last_step(model)
        self._ends: list[int] = []
        self._drifts = [self._n_drifts()]
        self._usage = [self._expert_usage()]
        self._seconds = 0.0
        self._cpu_seconds = 0.0
        self._predictions: list[Any] | None = [] if keep_predictions else None  # span by span

    def add(self, span: Span) -> None:
        """Take in a span, which never crosses the end of a window."""
        self._seconds += span.seconds
        self._cpu_seconds += span.cpu_seconds
        if self._predictions is not None:
            coded = isinstance(span.y_pred, CodedLabels)
            self._predictions.append(span.y_pred.decoded() if coded else span.y_pred)
        y_true, y_pred, y_proba = span.y_true, span.y_pred, span.y_proba
        rows = _scored(y_pred)
        if rows is not None:
            y_true, y_pred = _only(y_true, rows), _only(y_pred, rows)
            y_proba = None if y_proba is None else _only(y_proba, rows)
        if self._judged:
            self._board.add(y_true, y_pred, y_proba)
        if self._scores is not None or self._watch is not None:
            at = self.n + (np.arange(len(y_pred)) if rows is None else rows)
            if self._scores is not None:
                self._scores.add(at, y_true, y_pred)
            if self._watch is not None:
                self._watch.update(at, y_true, y_pred)
        self.n += len(span.y_pred)
        if self.n % self._window == 0:
            self._close_window()

    def finish(self) -> None:
        """Close the last window if it holds any row."""
        if self.n % self._window:
            self._close_window()

    def status(self) -> str:
        """Say how the run goes, for a progress bar."""
        value = self._board.leading()
        shown = "-" if math.isnan(value) else format(value, format_of(self._metrics[0]))
        return f"{self._board.names[0]} {shown}"

    def result(self, stream: Any, path: BlockPath | RowPath) -> Result:
        """Return everything recorded."""
        self._board.fill()
        names = self._board.names
        params = self._last._get_params()
        return Result(
            model=type(self._last).__name__,
            stream=name_stream(stream),
            model_parameters=describe_model(self._model),
            stream_parameters=describe_stream(stream),
            seed=params.get("seed"),
            n=self.n,
            n_scored=self._board.n_scored,
            window=self._window,
            values=self._board.values(),
            windows=self._board.windows,
            curves=self._board.curves,
            ends=self._ends,
            formats=dict(zip(names, map(format_of, self._metrics), strict=True)),
            bigger_is_better=dict(
                zip(names, (m.bigger_is_better for m in self._metrics), strict=True)
            ),
            drift_positions=[p for p in getattr(stream, "drift_positions", ()) if p < self.n],
            detector=None if self._watch is None else self._watch.name,
            alarms=[] if self._watch is None else self._watch.alarms,
            model_drifts=_differences(self._drifts),
            expert_usage=_usage_differences(self._usage),
            seconds=self._seconds,
            cpu_seconds=self._cpu_seconds,
            memory=self._model._raw_memory_usage,
            path=path.name,
            why=path.why,
            delay=path.delay,
            environment=describe_environment(),
            scores=None if self._scores is None else self._scores.scores(),
            predictions=None if self._predictions is None else [*chain(*self._predictions)],
        )

    def _close_window(self) -> None:
        self._board.close_window()
        if self._scores is not None:
            self._scores.close_window()
        self._ends.append(self.n)
        if self._drifts[0] is not None:  # else the model is none that counts, which is slow to ask
            self._drifts.append(self._n_drifts())
        if self._usage[0] is not None:
            self._usage.append(self._expert_usage())

    def _n_drifts(self) -> int | None:
        return int(self._last.n_drifts) if isinstance(self._last, CountsDrifts) else None

    def _expert_usage(self) -> list[int] | None:
        if not isinstance(self._last, RoutesExperts):
            return None
        return [int(count) for count in self._last.expert_usage]


@kept_in_files
class _ErrorWatch:
    """Feeds a clone of a drift detector with errors and keeps the rows of its alarms."""

    def __init__(self, detector: Detector, model: base.Estimator) -> None:
        check_detector("detector", detector)
        if not isinstance(model, base.Classifier | base.Regressor):
            raise ValueError(f"detector needs a classifier or a regressor, got {model}")
        if isinstance(detector, base.BinaryDriftDetector) and isinstance(model, base.Regressor):
            raise ValueError(f"detector must take numbers for a regressor, got {detector!r}")
        self.name = type(detector).__name__
        self.alarms: list[int] = []
        self._detector = detector.clone()
        self._labels = isinstance(model, base.Classifier)

    def update(self, rows: Any, y_true: Any, y_pred: Any) -> None:
        """Feed the errors of the scored `rows`, in order."""
        if isinstance(y_true, CodedLabels):
            errors = (y_true.codes != y_pred.codes).astype(np.float64)
        elif self._labels:
            pairs = zip(y_true, y_pred, strict=True)
            errors = np.fromiter((y != p for y, p in pairs), dtype=np.float64, count=len(rows))
        else:
            errors = np.abs(np.asarray(y_true, dtype=float) - np.asarray(y_pred, dtype=float))
        if isinstance(self._detector, ArrayDetector):
            self.alarms += rows[self._detector.update_many(errors)].tolist()
            return
        binary = isinstance(self._detector, base.BinaryDriftDetector)
        values = errors.astype(bool).tolist() if binary else errors.tolist()
        for row, error in zip(rows.tolist(), values, strict=True):
            self._detector.update(error)
            if self._detector.drift_detected:
                self.alarms.append(row)


def _scored(y_pred: Any) -> Codes | None:
    """Positions that have a prediction; None where all have."""
    if isinstance(y_pred, CodedLabels):
        there = y_pred.codes >= 0
    elif isinstance(y_pred, np.ndarray) and y_pred.dtype != object:
        return None
    else:
        there = np.array([p is not None for p in y_pred], np.bool_)
    return None if there.all() else np.flatnonzero(there)


def _only(values: Any, rows: Codes) -> Any:
    """Return the values of some rows."""
    if isinstance(values, CodedLabels | CodedProba):
        return values.part(rows)
    return [values[i] for i in rows]


def _differences(counts: list[int | None]) -> list[int] | None:
    known = [count for count in counts if count is not None]
    return [after - before for before, after in itertools.pairwise(known)] if known else None


def _usage_differences(usage: list[list[int] | None]) -> list[list[int]] | None:
    """Usage by window; experts that came later have zeros before."""
    known = [counts for counts in usage if counts is not None]
    if not known:
        return None
    width = max(len(counts) for counts in known)
    table = np.array([counts + [0] * (width - len(counts)) for counts in known])
    rows: list[list[int]] = np.diff(table, axis=0).tolist()
    return rows
