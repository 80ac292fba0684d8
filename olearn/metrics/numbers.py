"""River's metrics of probabilities, scores and numbers, read from whole arrays.

Each reader does what the loop over `update` does, in its order and with its floats. They are known
by their exact class: a subclass may compute anything, so it goes row by row.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import metrics

from olearn.core.jit import njit
from olearn.core.labels import CodedLabels, CodedProba
from olearn.core.types import Rows
from olearn.metrics.auc import AUC, WindowedAUC
from olearn.metrics.one_vs_rest import OneVsRest

_LEAST, _MOST = 1e-15, 1 - 1e-15  # probabilities that logarithms are taken of


def read_numbers(metric: Any, y_true: Any, y_pred: Any) -> bool:
    """Update a metric with rows in order; return whether it is one that can be."""
    reader = _READERS.get(type(_inner(metric)))
    return reader is not None and reader(metric, y_true, y_pred)


def _inner(metric: Any) -> Any:
    return metric.metric if isinstance(metric, OneVsRest) else metric


# -- probabilities and scores of one label against the rest --------------------------------------


def _positive(
    metric: Any, y_true: Any, y_pred: Any, truth: Callable[[Any], bool], key: Any = True
) -> Any:
    """Return whether each row is positive, and its probability or score; None of other values.

    `truth` says which labels are positive for a metric that is not `OneVsRest`; the probability is
    that of `key` then.
    """
    if not isinstance(y_true, CodedLabels) or not len(y_true):
        return None
    label = key
    if isinstance(metric, OneVsRest):
        label = metric.pos_label
        table = [bool(known == label) for known in y_true.labels]
    else:
        table = [truth(known) for known in y_true.labels]
    positive = np.array(table)[y_true.codes]
    if isinstance(y_pred, CodedProba):
        if label not in y_pred.labels:
            return positive, np.zeros(len(y_pred))
        scores = y_pred.proba[:, list(y_pred.labels).index(label)]
        return positive, np.where(scores == scores, scores, 0.0)  # no key, no probability
    if isinstance(y_pred, np.ndarray) and y_pred.dtype == np.float64:
        return positive, y_pred
    return None


def _read_log_loss(metric: Any, y_true: Any, y_pred: Any) -> bool:
    found = _positive(metric, y_true, y_pred, bool)
    if found is None:
        return False
    inner = _inner(metric)
    losses = np.empty(len(y_true))
    _log_losses(*found, losses)
    _read_mean(inner._mean, losses)
    return True


def _read_roc_auc(metric: Any, y_true: Any, y_pred: Any) -> bool:
    inner = _inner(metric)
    found = _positive(metric, y_true, y_pred, lambda label: bool(label == inner.pos_val))
    if found is None or (metric is not inner and inner.pos_val != True):  # noqa: E712
        return False
    positive, scores = found
    above = np.searchsorted(inner.thresholds, scores, side="left")  # thresholds below a score
    size = inner.n_thresholds + 1
    for truth in (False, True):
        counts = np.bincount(above[positive == truth], minlength=size)
        n_above = counts.sum() - np.cumsum(counts)  # scores above each threshold
        for cm, n_over in zip(inner.cms, n_above.tolist(), strict=False):
            for called, n in ((False, int(counts.sum()) - n_over), (True, n_over)):
                if n:
                    cm.update(truth, called, n)
                    cm.n_samples += n - 1  # river takes a weight for one sample
    return True


def _read_ranks(metric: Any, y_true: Any, y_pred: Any) -> bool:
    inner = _inner(metric)
    key = inner.pos_val
    found = _positive(metric, y_true, y_pred, lambda label: bool(label == key), key)
    if found is not None:
        inner.update_scores(*found)
    return found is not None


def _read_cross_entropy(metric: Any, y_true: Any, y_pred: Any) -> bool:
    coded = isinstance(y_true, CodedLabels) and isinstance(y_pred, CodedProba)
    if not coded or y_true.labels is not y_pred.labels or isinstance(metric, OneVsRest):
        return False
    losses = np.empty(len(y_true))
    _cross_entropies(y_pred.proba, y_true.codes, losses)
    _read_mean(metric._mean, losses)
    return True


# -- numbers -------------------------------------------------------------------------------------


def _of_numbers(compute: Callable[[Rows, Rows], Rows]) -> Callable[[Any, Any, Any], bool]:
    """Return the reader of a metric that is the mean of what `compute` gives."""

    def read(metric: Any, y_true: Any, y_pred: Any) -> bool:
        if not _are_floats(y_true, y_pred):
            return False
        _read_mean(metric._mean, compute(y_true, y_pred))
        return True

    return read


def _read_r2(metric: Any, y_true: Any, y_pred: Any) -> bool:
    if not _are_floats(y_true, y_pred):
        return False
    var = metric._y_var
    state = np.array([var.mean.n, var.mean._mean, var._S, metric._residual_sum_of_squares], float)
    _squares(y_true, y_pred, state)
    var.mean.n, var.mean._mean, var._S, metric._residual_sum_of_squares = state.tolist()
    return True


def _are_floats(*arrays: Any) -> bool:
    return all(isinstance(a, np.ndarray) and a.dtype == np.float64 for a in arrays)


def _read_mean(mean: Any, values: Rows) -> None:
    mean.n, mean._mean = _running_mean(values, float(mean.n), float(mean._mean))


# -- kernels -------------------------------------------------------------------------------------


@njit
def _running_mean(values: Rows, n: float, mean: float) -> tuple[float, float]:
    for value in values:
        n += 1.0
        mean += (1.0 / n) * (value - mean)
    return n, mean


@njit
def _log_losses(positive: NDArray[np.bool_], scores: Rows, out: Rows) -> None:
    for i in range(len(out)):
        p = max(min(scores[i], _MOST), _LEAST)
        out[i] = -np.log(p) if positive[i] else -np.log(1 - p)


@njit
def _cross_entropies(proba: Rows, codes: NDArray[np.int64], out: Rows) -> None:
    for i in range(len(out)):
        p = proba[i, codes[i]]
        out[i] = -np.log(max(min(p, _MOST), _LEAST)) if p == p else 0.0


@njit
def _squares(y_true: Rows, y_pred: Rows, state: Rows) -> None:
    n, mean, total, residual = state
    for i in range(len(y_true)):
        n += 1.0
        before = mean
        mean += (1.0 / n) * (y_true[i] - mean)
        total += 1.0 * (y_true[i] - before) * (y_true[i] - mean)
        error = y_true[i] - y_pred[i]
        residual += error * error * 1.0
    state[0], state[1], state[2], state[3] = n, mean, total, residual


_READERS: dict[type, Callable[[Any, Any, Any], bool]] = {
    metrics.LogLoss: _read_log_loss,
    metrics.ROCAUC: _read_roc_auc,
    AUC: _read_ranks,
    WindowedAUC: _read_ranks,
    metrics.CrossEntropy: _read_cross_entropy,
    metrics.MAE: _of_numbers(lambda t, p: np.abs(t - p)),
    metrics.MSE: _of_numbers(lambda t, p: (t - p) * (t - p)),
    metrics.RMSE: _of_numbers(lambda t, p: (t - p) * (t - p)),
    metrics.R2: _read_r2,
}
