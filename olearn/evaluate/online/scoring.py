"""The metrics of one run: cumulative, and afresh for every window of rows."""

import math
import numbers
import pickle
from collections.abc import Iterable, Sequence
from typing import Any

from river import base
from river import metrics as river_metrics
from river.metrics.base import BinaryMetric, ClassificationMetric, Metric, Metrics

from olearn.base import gives_intervals
from olearn.base.pipeline import last_step
from olearn.metrics import (
    AUC,
    Coverage,
    IntervalWidth,
    KappaM,
    KappaT,
    PrecisionAtBudget,
    RecallAtBudget,
    update_many,
)
from olearn.metrics.alarm_budget import BudgetMetric
from olearn.metrics.intervals import IntervalMetric
from olearn.metrics.one_vs_rest import OneVsRest, is_truth
from olearn.persist.classes import kept_in_files


@kept_in_files
class Scoreboard:
    """Values of several metrics over all rows so far and over each window.

    Parameters
    ----------
    metrics
        Metrics to clone; those given are never updated.

    Examples
    --------
    >>> from river import metrics
    >>> from olearn.evaluate.online.scoring import Scoreboard
    >>> board = Scoreboard([metrics.Accuracy()])
    >>> board.add(["a", "b"], ["a", "a"])
    >>> board.close_window()
    >>> board.add(["b"], ["b"])
    >>> board.close_window()
    >>> board.windows, board.curves
    ({'Accuracy': [0.5, 1.0]}, {'Accuracy': [0.5, 0.666...]})

    """

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self.names = _distinct_names(metrics)
        self.n_scored = 0
        self._n_in_window = 0
        self.windows: dict[str, list[float]] = {name: [] for name in self.names}
        self.curves: dict[str, list[float]] = {name: [] for name in self.names}
        self._total = [metric.clone() for metric in metrics]
        self._fresh = list(map(_mould, metrics))
        self._window = list(map(_cast, self._fresh))

    def add(self, y_true: Any, y_pred: Any, y_proba: Any = None) -> None:
        """Score rows in stream order; no prediction is None.

        Metrics that read probabilities, or the intervals of a regressor, are given `y_proba`, where
        there is any.
        """
        every = [*self._total, *self._window]
        _check_truths(self._total, y_true)
        if y_proba is None:
            _check_scores(self._total, y_pred)
        self.n_scored += len(y_pred)
        self._n_in_window += len(y_pred)
        by_interval = [metric for metric in every if isinstance(metric, IntervalMetric)]
        by_proba = [] if y_proba is None else [m for m in every if _reads_probabilities(m)]
        by_label = [metric for metric in every if metric not in [*by_proba, *by_interval]]
        update_many(by_label, y_true, y_pred)  # together: they share the counting of pairs
        if by_proba:
            update_many(by_proba, y_true, y_proba)
        for metric in by_interval:
            metric.update_intervals(y_true, y_proba)

    def close_window(self) -> None:
        """Write down the values of this window and begin the next one."""
        for name, value in self.values().items():
            self.curves[name].append(value)
        for name, value in self._figures(self._window, self._n_in_window).items():
            self.windows[name].append(value)
        pairs = zip(self._window, self._fresh, strict=True)
        self._window = [_afresh(metric, mould) for metric, mould in pairs]
        self._n_in_window = 0

    def leading(self) -> float:
        """Return the first metric's value over all rows so far, NaN where none was scored."""
        return float(self._total[0].get()) if self.n_scored else math.nan

    def values(self) -> dict[str, float]:
        """Return the values over all rows so far, NaN where none was scored."""
        return self._figures(self._total, self.n_scored)

    def _figures(self, metrics: Sequence[Metric], n: int) -> dict[str, float]:
        pairs = zip(self.names, metrics, strict=True)
        return {name: float(metric.get()) if n else math.nan for name, metric in pairs}


def choose_metrics(
    metrics: Metric | Iterable[Metric] | None, model: base.Estimator
) -> list[Metric]:
    """Return the metrics as a list, the usual ones for None, after checking that they fit."""
    chosen = _as_list(metrics, model)
    if not chosen:
        raise ValueError("metrics must name at least one metric, got an empty list")
    for metric in chosen:
        if not isinstance(metric, Metric):
            raise TypeError(
                f"metrics must be river metrics, got {metric!r} of type {type(metric).__name__}"
            )
        if not metric.works_with(model):
            raise ValueError(f"metrics: {type(metric).__name__} does not work with {model}")
        if not _gives_one_number(metric):
            raise ValueError(f"metrics must give one number each, {type(metric).__name__} does not")
    return chosen


def wants_probabilities(metrics: Sequence[Metric]) -> bool:
    """Whether a metric reads the classifier's probabilities rather than its label."""
    return any(_reads_probabilities(metric) for metric in metrics)


def wants_intervals(metrics: Sequence[Metric]) -> bool:
    """Whether a metric reads a regressor's intervals."""
    return any(isinstance(metric, IntervalMetric) for metric in metrics)


def format_of(metric: Metric) -> str:
    """Return the metric's own format of its value, empty where it states none."""
    return str(getattr(metric, "_fmt", ""))


def _check_truths(metrics: Sequence[Metric], y_true: Any) -> None:
    """Refuse labels that a binary metric would take for False, whatever they are."""
    binary = [metric for metric in metrics if isinstance(metric, BinaryMetric)]
    if binary and not is_truth(y_true):
        label = next(label for label in y_true if not is_truth([label]))
        raise ValueError(
            f"{type(binary[0]).__name__} reads labels that are True or False, got {label!r}: give "
            "the positive one by pos_label="
        )


def _check_scores(metrics: Sequence[Metric], scores: Any) -> None:
    """Refuse scores of anomaly detectors that lie beyond the thresholds of a metric."""
    for metric in metrics:
        read = metric.metric if isinstance(metric, OneVsRest) else metric
        if isinstance(read, river_metrics.ROCAUC):
            for score in scores:
                if not 0.0 <= score <= 1.0:
                    raise ValueError(
                        f"ROCAUC reads scores in [0, 1], got {score!r}: RollingROCAUC and "
                        "RollingPRAUC read any"
                    )


def _reads_probabilities(metric: Metric) -> bool:
    return isinstance(metric, ClassificationMetric) and not metric.requires_labels


def _gives_one_number(metric: Metric) -> bool:
    try:
        return isinstance(metric.clone().get(), numbers.Real)
    except NotImplementedError:  # river's reports and confusion matrix only print
        return False


def _mould(metric: Metric) -> bytes | Metric:
    """Return what `_cast` makes untouched metrics of: pickled ones, as `clone` reads signatures."""
    try:
        mould = pickle.dumps(metric.clone())
        pickle.loads(mould)
    except Exception:  # somebody's metric with parts that no file can hold
        return metric
    return mould


def _cast(mould: bytes | Metric) -> Metric:
    metric: Metric = pickle.loads(mould) if isinstance(mould, bytes) else mould.clone()
    return metric


def _afresh(metric: Metric, mould: bytes | Metric) -> Metric:
    """Return a metric that has counted nothing; of the past it knows only what thresholds need."""
    inner = metric.metric if isinstance(metric, OneVsRest) else metric
    if not isinstance(inner, BudgetMetric):
        return _cast(mould)
    inner.restart()
    return metric


def _as_list(metrics: Metric | Iterable[Metric] | None, model: base.Estimator) -> list[Metric]:
    if isinstance(metrics, Metric) and not isinstance(metrics, Metrics):
        return [metrics]
    if metrics is not None:
        listed: list[Any] = [metrics] if isinstance(metrics, type) else list(metrics)
        for metric in listed:
            if isinstance(metric, type):
                name = metric.__name__
                raise TypeError(
                    f"metrics must be metrics, got the class {name}; {name}() makes one"
                )
        return listed
    if isinstance(model, base.Classifier):
        return [_new("Accuracy"), _new("CohenKappa"), KappaM(), KappaT()]
    if isinstance(model, base.Regressor):
        usual = [_new("MAE"), _new("RMSE"), _new("R2")]
        more = [Coverage(), IntervalWidth()] if gives_intervals(last_step(model)) else []
        return [*usual, *more]
    if isinstance(model, base.AnomalyDetector | base.AnomalyFilter):
        return [AUC(), PrecisionAtBudget(), RecallAtBudget()]
    raise ValueError(f"metrics must be given for {model}: it is no classifier and no regressor")


def _new(name: str) -> Metric:
    metric: Metric = getattr(river_metrics, name)()
    return metric


def _distinct_names(metrics: Sequence[Metric]) -> list[str]:
    names: list[str] = []
    for metric in metrics:
        name = type(metric.metric if isinstance(metric, OneVsRest) else metric).__name__
        n_before = sum(other.split(" (")[0] == name for other in names)
        names.append(f"{name} ({n_before + 1})" if n_before else name)
    return names
