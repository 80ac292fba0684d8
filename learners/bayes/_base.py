"""What naive Bayes classifiers share: counts of labels, and tables with a slot for each feature."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import abc
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from river.base.typing import ClfTarget, FeatureName

from olearn.base import ArrayClassifier
from olearn.core.jit import inner
from olearn.core.locked import locked
from olearn.core.types import Codes, Rows

CODES, PROBA, LOGS = range(3)  # what a kernel answers with

_NOTHING_DUE = np.zeros(0, np.int64)


class NaiveBayes(ArrayClassifier):
    """A classifier on counts of labels, `_counts`, and a `_table` of shape `(m, n_labels, slots)`.

    A subclass says in `_n_tables` how many numbers it keeps of a slot, m, and writes `_run`.
    """

    _n_tables = 1

    def _start(self, nominal: Any, classes: Any) -> None:
        self._start_encoding(nominal, classes)
        self._counts = np.zeros(0)
        self._table = np.zeros((self._n_tables, 0, 1))
        self._seen = np.zeros(1)  # 1 for a slot that was learnt

    @abc.abstractmethod
    def _run(
        self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, answer: int, codes: Codes, out: Rows
    ) -> None:
        """Answer each row of A; learn those of B in between, `upto[t]` of them after row t."""

    @property
    def class_counts(self) -> dict[ClfTarget, float]:
        """Weight learnt of each label."""
        return dict(zip(self._labels.labels, self._counts.tolist(), strict=True))

    def p_class(self, c: ClfTarget) -> float:
        """Return the share of a label in all that was learnt."""
        return self.class_counts[c] / sum(self.class_counts.values())

    @locked
    def joint_log_likelihood(self, x: Mapping[FeatureName, Any]) -> dict[ClfTarget, float]:
        """Return log P(c) + log P(x | c) for each label; -inf for one that was never learnt."""
        row = self._features.encode_one(x)[None]
        out = np.empty((1, len(self._labels)))
        if len(self._labels):
            self._answer(row, LOGS, np.empty(0, np.int64), out)
        return dict(zip(self._labels.labels, out[0].tolist(), strict=True))

    # -- the array door --------------------------------------------------------------------------

    def _grow_labels(self, n_classes: int) -> None:
        more = n_classes - len(self._counts)
        if more:
            self._counts = np.pad(self._counts, (0, more))
            self._table = np.pad(self._table, ((0, 0), (0, more), (0, 0)))

    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        upto = np.array([len(X)])
        self._run(X[:1], X, y, w, upto, CODES, np.empty(0, np.int64), np.empty((0, 0)))  # no answer

    def _answer(self, X: Rows, answer: int, codes: Codes, out: Rows) -> None:
        upto = np.zeros(len(X), np.int64)
        self._run(X, X[:0], _NOTHING_DUE, np.empty(0), upto, answer, codes, out)

    def _proba_rows(self, X: Rows) -> Rows:
        out = np.empty((len(X), len(self._labels)))
        self._answer(X, PROBA, np.empty(0, np.int64), out)
        return out

    def _codes_rows(self, X: Rows) -> Codes:
        codes = np.empty(len(X), np.int64)
        self._answer(X, CODES, codes, np.empty((0, 0)))
        return codes

    def _stage_rows(
        self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, proba: bool
    ) -> Codes | Rows:
        codes = np.empty(0 if proba else len(A), np.int64)
        out = np.empty((len(A) if proba else 0, len(self._labels)))
        self._run(A, B, y, w, upto, PROBA if proba else CODES, codes, out)
        return out if proba else codes


@inner
def answer_row(t, logs, answer, codes, out):
    """Write the code, the probabilities or the logarithms of row t, as `answer` says.

    The most probable code is that of the rounded probabilities, as river's: the lowest of equals.
    """
    if answer == LOGS:
        for c in range(len(logs)):
            out[t, c] = logs[c]
        return
    to_probabilities(logs)
    if answer == PROBA:
        for c in range(len(logs)):
            out[t, c] = logs[c]
    else:
        best = 0
        for c in range(1, len(logs)):
            if logs[c] > logs[best]:
                best = c
        codes[t] = best


@inner
def to_probabilities(logs):
    """Turn joint logarithms into probabilities, in place; the largest stay out of the sum."""
    largest = -math.inf
    for value in logs:
        largest = max(largest, value)
    if largest == -math.inf:  # no label was learnt
        for c in range(len(logs)):
            logs[c] = 1.0 / len(logs)
        return
    if largest == math.inf:  # without smoothing, a label that no other one can stand for
        for c in range(len(logs)):
            logs[c] = 0.0 if logs[c] < largest else 1.0
        largest = 0.0
        for value in logs:
            largest += value
        for c in range(len(logs)):
            logs[c] /= largest
        return
    rest, n_largest = 0.0, 0.0
    for value in logs:
        if value == largest:
            n_largest += 1.0
        else:
            rest += math.exp(value - largest)
    total = math.log1p(rest / n_largest) + math.log(n_largest) + largest
    for c in range(len(logs)):
        logs[c] = math.exp(logs[c] - total)
