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
from olearn.core.labels import CodedLabels, CodedProba, code_labels
from olearn.core.types import Rows
from olearn.metrics.label_pairs import listed
from olearn.metrics.one_vs_rest import OneVsRest, is_truth
from olearn.metrics.scores import RocArea, ScoreMetric

_LEAST, _MOST = 1e-15, 1 - 1e-15  # probabilities that logarithms are taken of

_NO_KEY = object()

Reading = Callable[[], None]


class ArrayBlock:
    """Rows that several metrics read: what more than one of them needs is computed once."""

    def __init__(self, y_true: Any, y_pred: Any) -> None:
        self.y_true = y_true
        self.y_pred = y_pred
        self._computed: dict[Any, Any] = {}

    def once(self, key: Any, compute: Callable[[], Any]) -> Any:
        """Return what `compute` gives, computed at the first call with this key."""
        if key not in self._computed:
            self._computed[key] = compute()
        return self._computed[key]

    def reading_of(self, metric: Any) -> Reading | None:
        """Return what updates a metric with the rows, None if none of it is known.

        Rows that the metric cannot read raise here, before any metric has read them.
        """
        inner = _inner(metric)
        reader = _READERS.get(type(inner))
        if reader is not None:
            return reader(metric, self)
        return _read_scores(metric, self) if isinstance(inner, ScoreMetric) else None

    def areas_of(self, metric: Any) -> Rows | None:
        """Update a metric of the area under the ROC curve; return the area after each row.

        None of another metric, or where rows are not scored.
        """
        inner = _inner(metric)
        if not isinstance(inner, RocArea):
            return None
        positive, scores = _scored(metric, self)
        if len(scores) < len(self.y_true):
            return None
        return inner.update_scores_each(positive, scores)


def _inner(metric: Any) -> Any:
    return metric.metric if type(metric) is OneVsRest else metric


# -- probabilities and scores of one label against the rest --------------------------------------


def _positive(metric: Any, block: ArrayBlock, key: Any = _NO_KEY) -> Any:
    """Return whether each row is positive, and its probability or score; None of other values.

    Of a metric that is not `OneVsRest` the label `key` is positive, and without one whatever is
    true; the probability is then that of True.
    """
    wrapped = type(metric) is OneVsRest
    label = metric.pos_label if wrapped else key
    by_truth = label is _NO_KEY
    return block.once(
        ("positive", by_truth, type(label), label),
        lambda: _find_positive(block, True if by_truth else label, by_truth),
    )


def _find_positive(block: ArrayBlock, label: Any, by_truth: bool) -> Any:
    y_true, y_pred = block.y_true, block.y_pred
    if isinstance(y_true, np.ndarray) and y_true.dtype.kind in "biuU":
        y_true = block.once("true", lambda: code_labels(block.y_true))
    if not isinstance(y_true, CodedLabels) or not len(y_true):
        return None
    table = tuple(bool(known) if by_truth else bool(known == label) for known in y_true.labels)
    positive = block.once(("rows", table), lambda: np.array(table)[y_true.codes])
    if isinstance(y_pred, CodedProba):
        # by where it stands, as of equal labels, such as 1 and True, one may be there
        at = list(y_pred.labels).index(label) if label in y_pred.labels else -1
        return positive, block.once(("column", at), lambda: _column(y_pred, at))
    if isinstance(y_pred, np.ndarray) and y_pred.dtype == np.float64:
        return positive, y_pred
    return None


def _column(y_pred: CodedProba, at: int) -> Rows:
    if at < 0:
        return np.zeros(len(y_pred))
    column: Rows = y_pred.proba[:, at]
    return np.where(column == column, column, 0.0)  # no key, no probability


def _read_scores(metric: Any, block: ArrayBlock) -> Reading:
    inner = _inner(metric)
    positive, scores = _scored(metric, block)
    inner.check_scores(scores)
    return lambda: inner.update_scores(positive, scores)


def _scored(metric: Any, block: ArrayBlock) -> tuple[NDArray[np.bool_], Rows]:
    """Return of a metric of scores whether each row is positive, and its score."""
    key = _inner(metric).pos_val
    found = _positive(metric, block, key)
    if found is None:
        label = metric.pos_label if isinstance(metric, OneVsRest) else key
        found = _scores_of_rows(block, label)
    return found


def _scores_of_rows(block: ArrayBlock, label: Any) -> tuple[NDArray[np.bool_], Rows]:
    """Read labels, and probabilities or scores, from whatever holds them; none is left out."""
    pairs = zip(listed(block.y_true), listed(block.y_pred), strict=True)
    rows = [
        (t == label, p.get(label, 0.0) if isinstance(p, dict) else p)
        for t, p in pairs
        if p is not None and p != {}
    ]
    positive = np.array([bool(truth) for truth, _ in rows], np.bool_)
    return positive, np.array([float(score) for _, score in rows], np.float64)


def _read_log_loss(metric: Any, block: ArrayBlock) -> Reading | None:
    found = _positive(metric, block)
    if found is None:
        return None

    def losses() -> Rows:
        out = np.empty(len(found[0]))
        _log_losses(*found, out)
        return out

    # the arrays are the block's own while it lasts, and so their numbers
    computed = block.once(("LogLoss", id(found[0]), id(found[1])), losses)
    return lambda: read_mean(_inner(metric)._mean, computed)


def _read_roc_auc(metric: Any, block: ArrayBlock) -> Reading | None:
    inner = _inner(metric)
    if inner.pos_val != True:  # noqa: E712  # it reads the probability of True all the same
        return None
    found = _positive(metric, block, True)
    if found is None:
        return None
    positive, scores = found

    def read() -> None:
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

    return read


def _read_rolling(metric: Any, block: ArrayBlock) -> Reading | None:
    """Hand rows to river's own array form, which its `update` calls many rows late."""
    inner = _inner(metric)
    if metric is inner and not is_truth(block.y_true):
        return None  # its labels are what `int` makes of them
    found = _positive(metric, block)
    if found is None:
        return None

    def read() -> None:
        inner._buf_labels += found[0].astype(int).tolist()
        inner._buf_scores += found[1].tolist()
        inner._flush()

    return read


def _read_cross_entropy(metric: Any, block: ArrayBlock) -> Reading | None:
    y_true, y_pred = block.y_true, block.y_pred
    coded = isinstance(y_true, CodedLabels) and isinstance(y_pred, CodedProba)
    if not coded or y_true.labels is not y_pred.labels or isinstance(metric, OneVsRest):
        return None

    def losses() -> Rows:
        out = np.empty(len(y_true))
        _cross_entropies(y_pred.proba, y_true.codes, out)
        return out

    computed = block.once("CrossEntropy", losses)
    return lambda: read_mean(metric._mean, computed)


# -- numbers -------------------------------------------------------------------------------------


def _of_numbers(
    compute: Callable[[Rows, Rows], Rows],
) -> Callable[[Any, ArrayBlock], Reading | None]:
    """Return the reader of a metric that is the mean of what `compute` gives."""

    def reader(metric: Any, block: ArrayBlock) -> Reading | None:
        if not _are_floats(block.y_true, block.y_pred):
            return None
        with np.errstate(over="ignore", invalid="ignore"):  # as Python's floats are silent of them
            errors = block.once(compute, lambda: compute(block.y_true, block.y_pred))
        return lambda: read_mean(metric._mean, errors)

    return reader


def _squared(y_true: Rows, y_pred: Rows) -> Rows:
    return (y_true - y_pred) * (y_true - y_pred)


def _relative(y_true: Rows, y_pred: Rows) -> Rows:
    zero = y_true == 0.0
    return np.where(zero, 0.0, np.abs(y_true - y_pred) / np.where(zero, 1.0, np.abs(y_true)))


def _symmetric(y_true: Rows, y_pred: Rows) -> Rows:
    both = np.abs(y_true) + np.abs(y_pred)
    zero = both == 0.0
    return np.where(zero, 0.0, 2.0 * np.abs(y_true - y_pred) / np.where(zero, 1.0, both))


def _read_rmsle(metric: Any, block: ArrayBlock) -> Reading | None:
    y_true, y_pred = block.y_true, block.y_pred
    if not _are_floats(y_true, y_pred) or not (np.minimum(y_true, y_pred) > -1.0).all():
        return None

    def squares() -> Rows:
        out = np.empty(len(y_true))
        _log_squares(y_true, y_pred, out)
        return out

    computed = block.once("RMSLE", squares)
    return lambda: read_mean(metric._mean, computed)


def _read_r2(metric: Any, block: ArrayBlock) -> Reading | None:
    y_true, y_pred = block.y_true, block.y_pred
    if not _are_floats(y_true, y_pred):
        return None

    def read() -> None:
        var = metric._y_var
        state = np.array(
            [var.mean.n, var.mean._mean, var._S, metric._residual_sum_of_squares], float
        )
        _squares(y_true, y_pred, state)
        var.mean.n, var.mean._mean, var._S, metric._residual_sum_of_squares = state.tolist()

    return read


def _are_floats(*arrays: Any) -> bool:
    return all(isinstance(a, np.ndarray) and a.dtype == np.float64 for a in arrays)


def read_mean(mean: Any, values: Rows) -> None:
    """Update a mean of river with values in order."""
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
def _log_squares(y_true: Rows, y_pred: Rows, out: Rows) -> None:
    for i in range(len(out)):
        error = np.log(y_true[i] + 1) - np.log(y_pred[i] + 1)
        out[i] = error * error


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


_READERS: dict[type, Callable[[Any, ArrayBlock], Reading | None]] = {
    metrics.LogLoss: _read_log_loss,
    metrics.ROCAUC: _read_roc_auc,
    metrics.RollingROCAUC: _read_rolling,
    metrics.RollingPRAUC: _read_rolling,
    metrics.CrossEntropy: _read_cross_entropy,
    metrics.MAE: _of_numbers(lambda t, p: np.abs(t - p)),
    metrics.MSE: _of_numbers(_squared),
    metrics.RMSE: _of_numbers(_squared),
    metrics.RMSLE: _read_rmsle,
    metrics.MAPE: _of_numbers(_relative),
    metrics.SMAPE: _of_numbers(_symmetric),
    metrics.R2: _read_r2,
}
