"""The metrics of one run: cumulative, and afresh for every window of rows."""

import math
import numbers
import pickle
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from river import base
from river import metrics as river_metrics
from river.metrics import ConfusionMatrix
from river.metrics.base import BinaryMetric, ClassificationMetric, Metric, Metrics

from olearn.base import gives_intervals
from olearn.base.pipeline import last_step
from olearn.metrics import (
    AUC,
    PRAUC,
    Coverage,
    IntervalWidth,
    KappaM,
    KappaT,
    PrecisionAtBudget,
    RecallAtBudget,
)
from olearn.metrics.alarm_budget import BudgetMetric
from olearn.metrics.arrays import plan_update
from olearn.metrics.intervals import IntervalMetric
from olearn.metrics.kappa import BaselineKappa
from olearn.metrics.one_vs_rest import OneVsRest, is_truth
from olearn.metrics.scores import MarkedMetric
from olearn.persist.classes import kept_in_files

_WINDOWS_AT_ONCE = 16  # whose metrics are made together


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
        self._total: list[Any] = _sharing_counts([metric.clone() for metric in metrics])
        self._fresh = _mould([m for m in metrics if _marked_of(m) is None])
        self._stock: list[list[Metric]] = []
        self._window: list[Any] = self._cast()
        for late in map(_marked_of, self._total):
            if late is not None:
                late.mark()  # the first window begins
                late.marked()

    def add(self, y_true: Any, y_pred: Any, y_proba: Any = None) -> None:
        """Score rows in stream order; no prediction is None.

        Metrics that read probabilities, or the intervals of a regressor, are given `y_proba`, where
        there is any. If one of them cannot read a row, none has read any.
        """
        _check_truths([self._total[i] for i in self._kinds["binary"]], y_true)
        if y_proba is None:
            _check_scores([self._total[i] for i in self._kinds["roc"]], y_pred)
        updates = []
        for at, given in self._shares(y_pred, y_proba):  # together: they share work
            every = [*[self._total[i] for i in at], *[self._window[i] for i in at]]
            some = [metric for metric in every if metric is not None]
            updates.append(plan_update(some, y_true, given, shared=True))
        for update in updates:
            update()
        for i in self._kinds["intervals"]:
            for metric in (self._total[i], self._window[i]):
                metric.update_intervals(y_true, y_proba)
        self.n_scored += len(y_pred)
        self._n_in_window += len(y_pred)

    def close_window(self) -> None:
        """Write down the values of this window and begin the next one.

        What costs less to find for many windows at once is written down by `fill`.
        """
        for name, total, window in zip(self.names, self._total, self._window, strict=True):
            late = _marked_of(total)
            if late is None:
                self.curves[name].append(_figure(total, self.n_scored))
                self.windows[name].append(_figure(window, self._n_in_window))
            else:
                late.mark()
        before, self._window = self._window, self._cast()
        for i in self._kinds["budget"]:  # of the past they know what thresholds need
            self._window[i] = before[i]
            inner = before[i].metric if isinstance(before[i], OneVsRest) else before[i]
            inner.restart()
        self._n_in_window = 0

    def fill(self) -> None:
        """Write down what is missing in `windows` and `curves`."""
        for name, metric in zip(self.names, self._total, strict=True):
            late = _marked_of(metric)
            for whole, since in [] if late is None else late.marked():
                self.curves[name].append(whole)
                self.windows[name].append(since)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_stock": []}

    def leading(self) -> float:
        """Return the first metric's value over all rows so far, NaN where none was scored."""
        return float(self._total[0].get()) if self.n_scored else math.nan

    def values(self) -> dict[str, float]:
        """Return the values over all rows so far, NaN where none was scored."""
        return self._figures(self._total, self.n_scored)

    def _figures(self, metrics: Sequence[Metric], n: int) -> dict[str, float]:
        pairs = zip(self.names, metrics, strict=True)
        return {name: _figure(metric, n) for name, metric in pairs}

    @cached_property
    def _kinds(self) -> dict[str, list[int]]:
        """Which metrics read what: labels, probabilities, intervals; and which are of what kind."""
        inner = [m.metric if isinstance(m, OneVsRest) else m for m in self._total]
        every = list(enumerate(self._total))
        intervals = [i for i, m in every if isinstance(m, IntervalMetric)]
        probabilities = [i for i, m in every if i not in intervals and _reads_probabilities(m)]
        return {
            "labels": [i for i, _ in every if i not in [*intervals, *probabilities]],
            "probabilities": probabilities,
            "intervals": intervals,
            "binary": [i for i, m in every if isinstance(m, BinaryMetric)],
            "roc": [i for i, m in enumerate(inner) if isinstance(m, river_metrics.ROCAUC)],
            "budget": [i for i, m in enumerate(inner) if isinstance(m, BudgetMetric)],
        }

    def _shares(self, y_pred: Any, y_proba: Any) -> list[tuple[list[int], Any]]:
        """Return metrics and what they are given."""
        of_labels, of_probabilities = self._kinds["labels"], self._kinds["probabilities"]
        if y_proba is None:
            return [(sorted(of_labels + of_probabilities), y_pred)]
        shares = [(of_labels, y_pred), (of_probabilities, y_proba)]
        return [(at, given) for at, given in shares if at]

    def _cast(self) -> list[Metric | None]:
        """Return metrics that have counted nothing; none where the total tells of windows too."""
        if isinstance(self._fresh, bytes):
            self._stock = self._stock or pickle.loads(self._fresh)
            made = iter(self._stock.pop())
        else:
            made = (metric.clone() for metric in self._fresh)
        return [None if _marked_of(total) is not None else next(made) for total in self._total]


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


def _check_truths(binary: Sequence[Metric], y_true: Any) -> None:
    """Refuse labels that a binary metric would take for False, whatever they are."""
    if binary and not is_truth(y_true):
        label = next(label for label in y_true if not is_truth([label]))
        raise ValueError(
            f"{type(binary[0]).__name__} reads labels that are True or False, got {label!r}: give "
            "the positive one by pos_label="
        )


def _check_scores(thresholded: Sequence[Metric], scores: Any) -> None:
    """Refuse scores of anomaly detectors that lie beyond the thresholds of a metric."""
    for score in scores if thresholded else ():
        if not 0.0 <= score <= 1.0:
            raise ValueError(
                f"ROCAUC reads scores in [0, 1], got {score!r}: RollingROCAUC and RollingPRAUC "
                "read any"
            )


def _reads_probabilities(metric: Metric) -> bool:
    return isinstance(metric, ClassificationMetric) and not metric.requires_labels


def _gives_one_number(metric: Metric) -> bool:
    try:
        return isinstance(metric.clone().get(), numbers.Real)
    except NotImplementedError:  # river's reports and confusion matrix only print
        return False


def _mould(metrics: Sequence[Metric]) -> bytes | list[Metric]:
    """Return what untouched metrics are made of: pickled ones, as `clone` reads signatures.

    Of several windows, as what they have in common is then found once.
    """
    try:
        windows = [_sharing_counts([m.clone() for m in metrics]) for _ in range(_WINDOWS_AT_ONCE)]
        mould = pickle.dumps(windows)
        pickle.loads(mould)
    except Exception:  # somebody's metric with parts that no file can hold
        return [metric.clone() for metric in metrics]
    return mould


def _sharing_counts(metrics: list[Metric]) -> list[Metric]:
    """Let those that only read how often each pair of labels came count them together."""
    shared = ConfusionMatrix()  # type: ignore[no-untyped-call]  # river's is untyped
    for metric in metrics:
        if type(metric).update is ClassificationMetric.update or isinstance(metric, BaselineKappa):
            cm = getattr(metric, "cm", None)
            if type(cm) is ConfusionMatrix and not cm.n_samples and not cm.total_weight:
                vars(metric)["cm"] = shared
    return metrics


def _figure(metric: Metric, n_scored: int) -> float:
    return float(metric.get()) if n_scored else math.nan


def _marked_of(metric: Any) -> MarkedMetric | None:
    """Return the metric if its values are found for many windows together."""
    inner: Any = metric
    if type(metric) is OneVsRest:
        inner = metric.metric
    return inner if type(inner) in (AUC, PRAUC) else None


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
