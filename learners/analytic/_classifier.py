"""What the analytic ridge classifiers share: everything but their parameters."""

from collections import deque
from collections.abc import Collection
from typing import Any, Self

import numpy as np
from river.base import DriftDetector
from river.base.typing import ClfTarget, FeatureName

from olearn.base import ArrayClassifier
from olearn.core.locked import locked
from olearn.core.memory import memory_bytes
from olearn.core.tables import Names
from olearn.core.types import Codes, Rows
from olearn.learners.analytic._bounds import cut, warn_of_cut
from olearn.learners.analytic._centring import FirstRows
from olearn.learners.analytic._joining import adopt_lift, check_mergeable, joined_features
from olearn.learners.analytic.engine import RidgeEngine, RidgeSettings

_REPLAYED = 30  # rows learnt anew after a drift; about the delay of a detector


class RidgeClassifier(ArrayClassifier):
    """A classifier on a `RidgeEngine`; a subclass only has parameters."""

    _engine: RidgeEngine
    _cut: frozenset[Any] = frozenset()  # features that were said to be cut
    _first: FirstRows | None = None  # None: judged, or saved before they were
    n_features: int | None
    temperature: float
    drift_detector: DriftDetector | None
    warm_up: int
    nominal_attributes: Collection[FeatureName] | None
    classes: Collection[ClfTarget] | None

    def _start(self) -> None:
        """Begin, with parameters that are checked."""
        self._start_encoding(self.nominal_attributes, self.classes)
        self._engine = RidgeEngine(RidgeSettings.of(self))
        self._first = FirstRows()
        self._detector = None if self.drift_detector is None else self.drift_detector.clone()
        self._armed_after = self.warm_up
        self._recent: deque[tuple[Rows, int, float]] = deque(maxlen=_REPLAYED)
        self._n_since = 0
        self._n_drifts = 0
        self._grow(len(self._labels))

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"temperature"}

    @property
    def n_drifts(self) -> int:
        """Number of times the detector made the classifier start afresh."""
        return self._n_drifts

    @property
    @locked
    def weights(self) -> Rows:
        """Weights of the features for each label, shape `(n_features, n_labels)`; a copy.

        Where there are no random features, the rows are the features, and the categories of
        nominal ones, in order of appearance.
        """
        W = self._engine.weights()
        n = self._engine.settings.n_features
        return W[: len(self._engine.columns) if n is None else n].copy()

    # -- the array door --------------------------------------------------------------------------

    def _grow(self, n_classes: int) -> None:
        self._engine.columns.follow(self._features)
        self._engine.grow(n_classes, len(self._features))

    def _expanded(self, X: Rows) -> Rows:
        return cut(self._engine.columns.expand(self._features, X))

    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        whole = self._engine.columns.expand(self._features, X)
        rows = cut(whole)
        if rows is not whole:
            self._cut |= warn_of_cut(X, self._features.names, self._cut)
        if self._first is not None:
            lifted = self.n_features is not None
            self._first = self._first.look(rows[w > 0.0], self._engine.columns.keys, lifted)
        if self._detector is None:
            self._engine.learn_rows(rows, y, w)
            return
        for i in range(len(y)):
            if w[i] > 0.0:
                self._learn_watched(rows[i], int(y[i]), float(w[i]))

    def _learn_watched(self, row: Rows, code: int, w: float) -> None:
        """Learn a row; start afresh with the latest rows where the detector alarms."""
        assert self._detector is not None
        self._n_since += 1
        if self._n_since > self._armed_after:
            wrong = int(self._masked_scores(row[None])[0].argmax()) != code
            self._detector.update(wrong)
            if self._detector.drift_detected:
                self._n_drifts += 1
                self._n_since = 0
                self._detector = self._detector.clone()
                self._engine.reset()
                for old, label, weight in self._recent:
                    self._engine_learn(old, label, weight)
        self._recent.append((row.copy(), code, w))
        self._engine_learn(row, code, w)

    def _engine_learn(self, row: Rows, code: int, w: float) -> None:
        known = np.zeros((1, self._engine.columns.width))
        known[0, : len(row)] = row
        self._engine.learn_rows(known, np.array([code]), np.array([w]))

    def _masked_scores(self, rows: Rows) -> Rows:
        """Scores of the labels; one that was not learnt has -inf, unless none was."""
        scores = self._engine.scores(rows)
        seen = self._engine.seen > 0.0
        if seen.any():
            scores[:, ~seen] = -np.inf
        return scores

    def _proba_rows(self, X: Rows) -> Rows:
        logits = self._masked_scores(self._expanded(X)) / self.temperature
        logits -= logits.max(axis=1, keepdims=True)
        proba: Rows = np.exp(logits)
        return proba / proba.sum(axis=1, keepdims=True)

    def _codes_rows(self, X: Rows) -> Codes:
        codes: Codes = self._masked_scores(self._expanded(X)).argmax(axis=1)
        return codes

    def _test_then_train_rows(self, X: Rows, y: Codes) -> Codes:
        out = np.empty(len(y), np.int64)
        one = np.ones(1)
        for i in range(len(y)):
            out[i] = self._codes_rows(X[i : i + 1])[0]
            self._learn_rows(X[i : i + 1], y[i : i + 1], one)
        return out

    # -- exact sums ------------------------------------------------------------------------------

    @locked
    def merge(self, other: Self) -> None:
        """Learn all that another learner has learnt; exactly as if the rows had come here.

        Both must have the same parameters and, with random features, the same seed; features and
        labels may differ. The ridge is counted once.

        Raises
        ------
        TypeError
            If the other is of another class.
        ValueError
            If parameters differ that change what is learnt, or there is forgetting.

        """
        check_mergeable(self, other)
        self._features = joined_features(self._features, other._features)
        codes = [self._labels.add(label) for label in other.labels]
        adopt_lift(self._engine, other._engine)
        self._grow(len(self._labels))
        self._engine.merge(other._engine, np.array(codes, np.int64))

    @locked
    def __add__(self, other: Self) -> Self:
        """Return a learner that has learnt what both have."""
        both: Self = self.clone(include_attributes=True)
        both.merge(other)
        return both

    @locked
    def forget(self, X: Any, y: Any, w: Any = None, *, names: Names = None) -> None:
        """Unlearn rows exactly, as if they had never been learnt.

        `X`, `y`, `w` and `names` as in `learn_many`. That the rows were learnt is not checked
        beyond the weight of their labels.

        Raises
        ------
        ValueError
            If a label was learnt with less weight, or there is forgetting.

        """
        if self._engine.settings.forgetting != 1.0:
            raise ValueError(
                f"forgetting must be 1 to unlearn rows, got {self._engine.settings.forgetting}"
            )
        table = self._features.check_many(X, names)
        codes, new = self._labels.plan(y)
        weights = np.ones(len(codes)) if w is None else np.array(w, np.float64)
        if len(codes) != len(table) or weights.shape != codes.shape:
            raise ValueError(f"y and w must have one entry a row, got {len(codes)} labels")
        taken = np.bincount(codes, weights, minlength=len(self._labels))
        if new or (taken > self._engine.seen + 1e-9).any():
            raise ValueError(f"y must be labels that were learnt, got {[*map(str, np.unique(y))]}")
        rows = self._expanded(self._features.encode_many(table))
        self._engine.forget_rows(rows, codes, weights)

    @property
    @locked
    def _raw_memory_usage(self) -> int:
        return memory_bytes(vars(self)) + self._engine.n_bytes
