"""The metrics of one run: cumulative, and afresh for every window of rows."""

import numbers
from collections.abc import Iterable, Sequence
from typing import Any

from river import base
from river import metrics as river_metrics
from river.metrics.base import ClassificationMetric, Metric, Metrics

from olearn.metrics import KappaM, KappaT, update_many


class Scoreboard:
    """Values of several metrics over all rows so far and over each window.

    Parameters
    ----------
    metrics
        Metrics to clone; those given are never updated.

    Examples
    --------
    >>> from river import metrics
    >>> from olearn.evaluate.scoring import Scoreboard
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
        self.windows: dict[str, list[float]] = {name: [] for name in self.names}
        self.curves: dict[str, list[float]] = {name: [] for name in self.names}
        self._total = [metric.clone() for metric in metrics]
        self._fresh = metrics
        self._window = [metric.clone() for metric in metrics]

    def add(self, y_true: Any, y_pred: Any) -> None:
        """Score rows in stream order; every prediction is one, none is None."""
        self.n_scored += len(y_pred)
        for metric in (*self._total, *self._window):
            update_many(metric, y_true, y_pred)

    def close_window(self) -> None:
        """Write down the values of this window and begin the next one."""
        for name, value in self.values().items():
            self.curves[name].append(value)
        for name, metric in zip(self.names, self._window, strict=True):
            self.windows[name].append(float(metric.get()))
        self._window = [metric.clone() for metric in self._fresh]

    def values(self) -> dict[str, float]:
        """Return the values over all rows so far."""
        pairs = zip(self.names, self._total, strict=True)
        return {name: float(metric.get()) for name, metric in pairs}


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
        if not isinstance(metric.clone().get(), numbers.Real):
            raise ValueError(f"metrics must give one number each, {type(metric).__name__} does not")
    return chosen


def wants_probabilities(metrics: Sequence[Metric]) -> bool:
    """Whether a metric reads the classifier's probabilities rather than its label."""
    labels = [m.requires_labels for m in metrics if isinstance(m, ClassificationMetric)]
    return not all(labels)


def _as_list(metrics: Metric | Iterable[Metric] | None, model: base.Estimator) -> list[Metric]:
    if isinstance(metrics, Metric) and not isinstance(metrics, Metrics):
        return [metrics]
    if metrics is not None:
        return list(metrics)
    if isinstance(model, base.Classifier):
        return [river_metrics.Accuracy(), river_metrics.CohenKappa(), KappaM(), KappaT()]
    if isinstance(model, base.Regressor):
        return [river_metrics.MAE(), river_metrics.RMSE(), river_metrics.R2()]
    raise ValueError(f"metrics must be given for {model}: it is no classifier and no regressor")


def _distinct_names(metrics: Sequence[Metric]) -> list[str]:
    names: list[str] = []
    for metric in metrics:
        name = type(metric).__name__
        n_before = sum(other.split(" (")[0] == name for other in names)
        names.append(f"{name} ({n_before + 1})" if n_before else name)
    return names
