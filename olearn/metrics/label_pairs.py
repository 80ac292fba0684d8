"""Arrays of true and predicted labels as codes, how often each pair occurs, and who reads them."""

import abc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river.metrics import ConfusionMatrix
from river.metrics.base import MultiClassMetric

from olearn.core.jit import njit
from olearn.core.labels import CodedLabels
from olearn.core.types import Codes

# up to here a table of all pairs of labels is small (512 kB) and counted in compiled code
_MAX_TABLE = 256


@dataclass(frozen=True)
class LabelPairs:
    """Rows of labels as codes `(n,)` into `labels`, which may hold labels that do not occur."""

    labels: list[Any]
    true: Codes
    pred: Codes

    @cached_property
    def counts(self) -> list[tuple[Any, Any, int]]:
        """`(true label, predicted label, rows)` in order of first appearance."""
        k = len(self.labels)
        if k > _MAX_TABLE:
            found = Counter(zip(self.true.tolist(), self.pred.tolist(), strict=True))
            return [(self.labels[t], self.labels[p], n) for (t, p), n in found.items()]
        table = np.zeros(k * k, dtype=np.int64)
        order = np.empty(k * k, dtype=np.int64)
        n_pairs = _count_pairs(table, order, self.true, self.pred)
        return [
            (self.labels[pair // k], self.labels[pair % k], int(table[pair]))
            for pair in order[:n_pairs].tolist()
        ]

    @cached_property
    def true_labels(self) -> list[Any]:
        """The distinct true labels in order of first appearance."""
        return list(dict.fromkeys(label for label, _, _ in self.counts))

    @cached_property
    def n_repeated(self) -> int:
        """Rows whose true label is that of the row before."""
        return int(np.count_nonzero(self.true[1:] == self.true[:-1]))


class OrderedMetric(MultiClassMetric):
    """A metric that depends on the order of the rows, and can read many at once.

    Where it has a confusion matrix, others count in that.
    """

    def check_pairs(self, pairs: LabelPairs) -> None:
        """Raise if the metric cannot read one of the rows, before it reads any."""
        return

    @abc.abstractmethod
    def update_pairs(self, pairs: LabelPairs) -> None:
        """Read rows of weight 1 in order."""


def count_pairs(update: Callable[..., None], cm: ConfusionMatrix, pairs: LabelPairs) -> None:
    """Call `update`, which updates `cm`, once for each kind of pair, not once for each row."""
    for t, p, n in pairs.counts:
        update(t, p, n)
        cm.n_samples += n - 1  # river takes a weight for one sample


def encode_pairs(y_true: Any, y_pred: Any) -> LabelPairs:
    """Code two arrays, lists or series of equally many labels; rows predicted None are left out."""
    coded = isinstance(y_true, CodedLabels) and isinstance(y_pred, CodedLabels)
    if coded and y_true.labels is y_pred.labels:
        true, pred = y_true.codes, y_pred.codes
        there = pred >= 0
        if not there.all():
            true, pred = true[there], pred[there]
        return LabelPairs(list(y_true.labels), true, pred)
    true, pred = _values(y_true), _values(y_pred)
    if isinstance(true, np.ndarray) and isinstance(pred, np.ndarray) and len(true):
        low = min(int(true.min()), int(pred.min()))
        high = max(int(true.max()), int(pred.max()))
        if high - low < _MAX_TABLE:
            labels: list[Any] = list(range(low, high + 1))
            if true.dtype == bool and pred.dtype == bool:
                labels = [bool(label) for label in labels]
            return LabelPairs(labels, _codes(true, low), _codes(pred, low))
    true, pred = listed(true), listed(pred)
    if None in pred:
        kept = [i for i, p in enumerate(pred) if p is not None]
        true, pred = [true[i] for i in kept], [pred[i] for i in kept]
    index = {label: code for code, label in enumerate(dict.fromkeys(chain(true, pred)))}
    codes = [np.fromiter(map(index.__getitem__, y), np.int64, len(y)) for y in (true, pred)]
    return LabelPairs(list(index), *codes)


def listed(values: Any) -> list[Any]:
    """Return an array, list or series as a list of Python objects."""
    return values.tolist() if hasattr(values, "tolist") else list(values)


def _values(values: Any) -> Any:
    """Return an integer or bool array where the labels are one, else what was given."""
    if hasattr(values, "__array__"):
        array = np.asarray(values)
        plain = array.dtype.kind in "iub" and np.can_cast(array.dtype, np.int64)
        return array if plain else listed(array)
    return values if isinstance(values, list | tuple) else list(values)


def _codes(values: NDArray[Any], low: int) -> Codes:
    codes: Codes = np.ascontiguousarray(values, dtype=np.int64)
    return codes - low if low else codes


@njit
def _count_pairs(table: Codes, order: Codes, true: Codes, pred: Codes) -> int:
    """Count pairs into `table` `(k * k,)`, list them in `order`; return how many there are."""
    k = int(np.sqrt(table.size))
    n_pairs = 0
    for i in range(true.size):
        pair = true[i] * k + pred[i]
        if table[pair] == 0:
            order[n_pairs] = pair
            n_pairs += 1
        table[pair] += 1
    return n_pairs
