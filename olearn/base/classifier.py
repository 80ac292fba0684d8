"""The contract of classifiers: whole arrays and frames beside river's one row at a time.

`ArrayClassifier` turns dicts, frames and arrays into float64 rows and codes and hands them to the
few methods a learner writes; both doors end in the same compiled code, hence the same floats.
"""

import abc
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import base
from river.base.typing import ClfTarget, FeatureName
from river.utils import dataframe

from olearn.base.chain import Chain, numbers_of
from olearn.base.stages import Schedule, Stage, is_at_once, parts, runs
from olearn.core.features import FeatureIndex
from olearn.core.labels import CodedLabels, LabelIndex, tell_of_mixed_kinds
from olearn.core.locked import locked
from olearn.core.parameters import Settable
from olearn.core.tables import Names, column_like, is_frame
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_in_range, check_names, row_weights

__all__ = ["ArrayClassifier"]


class ArrayClassifier(Stage, Settable, base.MiniBatchClassifier):
    """A classifier that learns rows, frames and 2-D arrays with the same result.

    A subclass calls `_start_encoding` in its `__init__`, ends it with `_grow(len(self._labels))`,
    and writes `_grow`, `_learn_rows` and `_proba_rows`; these see float64 rows (NaN = missing,
    nominal features as codes) and label codes, and never a code or a column that `_grow` has not
    announced.

    In all methods: `x` is a dict of features; `X` an eager frame or a 2-D array, whose columns are
    the features `names` (0, 1, ... where not given); labels are bools, ints or strings. `None`,
    NaN, pandas' NA and NaT and NumPy's masked mean that a value is missing. An infinite value, a
    string in a numeric feature, or a label that is missing raises before anything is learnt.

    `names` may be the `Schema` of the stream that an array is a block of: then nominal columns are
    nominal, and codes mean their texts, so that the model learns what it learns of the dicts.
    """

    _features: FeatureIndex  # or another `EncodesRows`
    _labels: LabelIndex

    def _start_encoding(
        self, nominal_attributes: Iterable[FeatureName] | None, classes: Iterable[ClfTarget] | None
    ) -> None:
        check_names("nominal_attributes", nominal_attributes)
        check_names("classes", classes)
        self._features = FeatureIndex(None if nominal_attributes is None else [*nominal_attributes])
        self._labels = LabelIndex(classes)

    @property
    def _multiclass(self) -> bool:
        return True

    @property
    def labels(self) -> list[ClfTarget]:
        """Labels known so far, in code order: the columns of `predict_proba_many`."""
        return list(self._labels.labels)

    # -- what a learner writes -------------------------------------------------------------------

    @abc.abstractmethod
    def _grow(self, n_classes: int) -> None:
        """Make room for all columns and categories of `_features` and for `n_classes` classes."""

    @abc.abstractmethod
    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        """Learn rows in order; `X` is `(n, n_features)`, `y` codes `(n,)`, `w` weights `(n,)`."""

    @abc.abstractmethod
    def _proba_rows(self, X: Rows) -> Rows:
        """Class probabilities, `(n, n_labels)`; every row adds up to 1."""

    # -- what a learner may write again ----------------------------------------------------------

    def _codes_rows(self, X: Rows) -> Codes:
        """Most probable codes; the lowest wins a tie."""
        codes: Codes = np.argmax(self._proba_rows(X), axis=1)
        return codes

    def _check_weights(self, w: Rows) -> None:
        """Raise ValueError at weights that the learner cannot take."""

    def _checked_weight(self, w: float) -> float:
        if w != 1.0:
            check_in_range("w", w, 0.0, sys.float_info.max)
            w = float(w)
            self._check_weights(np.array([w]))
        return w

    def _learn_row(self, row: Rows, code: int, w: float) -> None:
        self._learn_rows(row[None], np.array([code]), np.array([w]))

    def _code_row(self, row: Rows) -> int:
        return int(self._codes_rows(row[None])[0])

    def _proba_row(self, row: Rows) -> Rows:
        proba: Rows = self._proba_rows(row[None])[0]
        return proba

    def _test_then_train_rows(self, X: Rows, y: Codes) -> Codes:
        """For each row predict its code, then learn it; returns the predicted codes."""
        upto = Schedule.at_once(len(y)).upto
        codes: Any = self._stage_rows(X, X, y, np.ones(len(y)), upto, False)
        return codes

    def _stage_rows(
        self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, proba: bool
    ) -> Codes | Rows:
        """Predict the rows of `A`, learning those of `B` in between; see `olearn.base.stages`.

        For each row t: answer `A[t]`; then learn `B[q]` for each q from `upto[t - 1]` to `upto[t]`.
        Answers are codes `(n,)`, or probabilities `(n, n_labels)` where `proba` says so.
        """
        answer = self._proba_rows if proba else self._codes_rows
        out = np.empty((len(A), len(self._labels))) if proba else np.empty(len(A), np.int64)
        for rows, due in runs(upto):
            out[rows] = answer(A[rows])
            if due.stop > due.start:
                self._learn_rows(B[due], y[due], w[due])
        return out

    # -- one row ---------------------------------------------------------------------------------

    def learn_one(self, x: Mapping[FeatureName, Any], y: ClfTarget, w: float = 1.0) -> None:
        """Learn one row; `w` is its weight, finite and not negative."""
        self._lock.acquire()  # `with` would take three times as long, a tenth of a tree's row
        try:
            if w != 1.0:
                w = self._checked_weight(w)
            code = self._labels.get(y)
            row = self._features.quick(x)
            if row is None or code < 0:
                row = self._features.learn_one(x)
                code = self._add_label(y)
                self._grow(len(self._labels))
            self._learn_row(row, code, w)
        finally:
            self._lock.release()

    def predict_one(self, x: Mapping[FeatureName, Any], **kwargs: Any) -> ClfTarget | None:
        """Return the most probable label, or None before any label is known."""
        self._lock.acquire()
        try:
            row = self._features.quick(x)
            if row is None:
                row = self._features.encode_one(x)
            return self._predict_encoded(row)
        finally:
            self._lock.release()

    def predict_proba_one(
        self, x: Mapping[FeatureName, Any], **kwargs: Any
    ) -> dict[ClfTarget, float]:
        """Return the probability of each known label; empty before any is known."""
        self._lock.acquire()
        try:
            return self._proba_encoded(self._features.encode_one(x))
        finally:
            self._lock.release()

    # -- many rows -------------------------------------------------------------------------------

    @locked
    def learn_many(self, X: Any, y: Any, w: Any = None, *, names: Names = None) -> None:
        """Learn rows in order, as a loop of `learn_one` would; `w` holds one weight a row."""
        self._learn_table(Chain(self), X, y, w, names)

    def test_then_train_many(self, X: Any, y: Any, *, names: Names = None) -> NDArray[Any]:
        """Predict each row, then learn it; return the labels predicted, shape `(n,)`.

        The same answers as a loop of `predict_one` and `learn_one`, from one compiled call. The
        array has dtype object, with None first, where no label was known at its first row.
        """
        return self._run_schedule(X, X, y, names=names).decoded()

    def test_then_train_codes(
        self,
        X: Any,
        codes: Codes,
        labels: Sequence[ClfTarget],
        *,
        names: Names = None,
    ) -> Codes:
        """Do as `test_then_train_many`, with `codes` of `labels` in the place of labels.

        Returns codes of `self.labels`, with -1 first where no label was known at the first row.
        For callers that have codes: no label is looked at row by row.
        """
        answers: Codes = self._run_schedule(X, X, coded(codes, labels), names=names).codes
        return answers

    @locked
    def _run_schedule(
        self,
        A: Any,
        B: Any,
        y: Any,
        upto: Codes | None = None,
        *,
        names: Names = None,
        proba: bool = False,
        w: Rows | None = None,
    ) -> Any:
        """Predict the rows of `A`, learning those of `B` in between; see `olearn.base.stages`.

        Returns codes as `CodedLabels`, or probabilities, NaN for labels that came later. By default
        each row is learnt at once, and with weight 1.
        """
        return self._run_chain(Chain(self), A, B, y, upto, names, proba, w)

    @locked
    def predict_many(self, X: Any, *, names: Names = None) -> Any:
        """Return the most probable labels: an array for an array, a series for a frame."""
        return self._predict_table(Chain(self).transform_table(X, names), X)

    @locked
    def predict_proba_many(self, X: Any, *, names: Names = None) -> Any:
        """Return probabilities: an array `(n, n_labels)` for an array, a frame for a frame."""
        return self._proba_table(Chain(self).transform_table(X, names), X)

    # -- at the end of a chain -------------------------------------------------------------------

    def _learn_encoded(self, chain: Chain, x: Mapping[FeatureName, Any], y: Any, w: float) -> None:
        if w != 1.0:
            w = self._checked_weight(w)
        code = self._labels.get(y)
        target = numbers_of([y])[0] if chain.reads_targets else None
        row = chain.encode_learning(x)
        if code < 0:
            code = self._add_label(y)
            self._settle()
        self._learn_row(chain.learn_row(row, code if target is None else target, w), code, w)

    def _predict_encoded(self, row: Rows) -> ClfTarget | None:
        labels = self._labels.labels
        label: ClfTarget | None = labels[self._code_row(row)] if labels else None
        return label

    def _proba_encoded(self, row: Rows) -> dict[ClfTarget, float]:
        if not self._labels.labels:
            return {}
        return dict(zip(self._labels.labels, self._proba_row(row).tolist(), strict=True))

    def _learn_table(self, chain: Chain, X: Any, y: Any, w: Any, names: Names) -> None:
        table = chain.encoder.check_many(X, names)
        codes, labels = self._plan(y, len(table))
        weights = row_weights(w, len(codes))
        if w is not None:
            self._check_weights(weights)
        chain.learn(table, codes, weights, labels=labels)

    def _predict_table(self, rows: Rows, like: Any) -> Any:
        if self._labels.labels:
            values = self._decode(self._codes_rows(rows))
        else:
            values = np.full(len(rows), None, dtype=object)
        return column_like(like, values)

    def _proba_table(self, rows: Rows, like: Any) -> Any:
        labels = self._labels.labels
        proba = self._proba_rows(rows) if labels else np.zeros((len(rows), 0))
        if not is_frame(like):
            return proba
        columns = {label: proba[:, code] for code, label in enumerate(labels)}
        return dataframe.to_native_frame(columns, like=dataframe.into_frame(like))

    def _run_chain(
        self,
        chain: Chain,
        A: Any,
        B: Any,
        y: Any,
        upto: Codes | None,
        names: Names = None,
        proba: bool = False,
        w: Rows | None = None,
    ) -> CodedLabels | Rows:
        if w is not None:
            self._check_weights(w)
        return chain.classify(A, B, y, upto, names, proba, w)

    def _plan(self, y: Any, n_rows: int) -> tuple[Codes, list[ClfTarget]]:
        """Code the labels of a batch; return all labels in code order, those to come too."""
        codes, new = self._labels.plan(y)
        if len(codes) != n_rows:
            raise ValueError(f"y must have one label a row, got {len(codes)} for {n_rows} rows")
        return codes, self._labels.with_new([label for _, label in new])

    def _settle(self) -> None:
        if len(self._labels):
            self._grow(len(self._labels))

    def _answers(
        self,
        A: Rows | None,
        B: Rows,
        upto: Codes,
        y: Codes,
        w: Rows | None,
        *,
        labels: Sequence[ClfTarget],
        proba: bool = False,
    ) -> Iterator[Codes | Rows]:
        """Do as `_stage_rows`, cut where labels come, whose names are `labels`.

        No `A` learns only; no `w` is ones.
        """
        codes = [k for k in range(len(self._labels), int(y.max(initial=-1)) + 1) if k in y]
        cuts = sorted((int(np.argmax(y == code)), code) for code in codes)
        plan = np.empty(0, np.int64) if A is None else upto
        for k, part in enumerate(parts([row for row, _ in cuts], plan, len(B))):
            if part.begins_anew:
                self._add_label(labels[cuts[k - 1][1]])
                self._settle()
            end, middle = part.due.stop, part.due.start + part.lead
            lead, rest = slice(part.due.start, middle), slice(middle, end)
            if part.lead:
                self._learn_rows(B[lead], y[lead], np.ones(part.lead) if w is None else w[lead])
            if A is None or part.rows.stop == part.rows.start:
                continue
            seen, n = A[part.rows], part.rows.stop - part.rows.start
            if not self._labels.labels:
                yield np.zeros((n, 0)) if proba else np.full(n, -1, np.int64)
                continue
            same = A is B and part.rows == rest
            if not proba and w is None and same and is_at_once(part.upto):
                yield self._test_then_train_rows(seen, y[rest])
            else:
                weights = np.ones(end - middle) if w is None else w[rest]
                learnt = seen if same else B[rest]
                yield self._stage_rows(seen, learnt, y[rest], weights, part.upto, proba)

    def _add_label(self, label: ClfTarget) -> int:
        n_before = len(self._labels)
        code = self._labels.add(label)
        if len(self._labels) > n_before:
            tell_of_mixed_kinds(self._labels.labels)
        return code

    def _decode(self, codes: Codes) -> NDArray[Any]:
        return CodedLabels(codes, self._labels.labels).decoded()


def coded(codes: Any, labels: Sequence[ClfTarget]) -> CodedLabels:
    """Return codes of labels, checked."""
    given = np.asarray(codes)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise ValueError(
            f"codes must be one integer a row, got shape {given.shape} of dtype {given.dtype}"
        )
    if given.size and not 0 <= given.min() <= given.max() < len(labels):
        raise ValueError(
            f"codes must be from 0 to {len(labels) - 1}, positions in labels, got "
            f"{given.min()} to {given.max()}"
        )
    return CodedLabels(given.astype(np.int64, copy=False), labels)
