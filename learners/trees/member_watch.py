"""What of a forest the kernels lack, detectors, metrics, splitters: Python looks after members."""

import abc
import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.labels import LabelIndex
from olearn.core.types import Codes, Rows
from olearn.detectors._adwin_kernels import adwin_total, adwin_width
from olearn.detectors.adwin import ADWIN
from olearn.learners.trees import arf_kernels as kernels
from olearn.learners.trees.observers import Observers, observers_of
from olearn.learners.trees.pool import TreePool
from olearn.learners.trees.river_parts import is_accuracy, is_built_in


class MemberWatch(abc.ABC):
    """A forest whose members Python may look after, row by row; a subclass writes `_run_member`."""

    n_models: int
    grace_period: float
    splitter: Any
    metric: Any
    disable_weighted_vote: bool
    drift_detector: Any
    warning_detector: Any
    drift_delta: float
    warning_delta: float
    _labels: LabelIndex
    _pools: list[TreePool]
    _status: NDArray[np.int64]
    _tallies: Rows
    _windows: NDArray[np.float64]
    _settings: Rows
    # None where kernels do it; files of version 0.1 have none of them
    _watchers: list[list[Any]] | None = None
    _metrics: list[Any] | None = None
    _observers: list[Observers] | None = None

    @abc.abstractmethod
    def _run_member(self, number: int, X: Rows, y: Codes, w: Rows, votes: Rows) -> None:
        """Let a member vote on each row, then learn it."""

    def _start_watch(self) -> None:
        """Make what Python looks after: detectors, a metric and splitters for each member."""
        given = (self.warning_detector, self.drift_detector)
        if not all(each is None or is_built_in(each) for each in given):
            deltas = (self.warning_delta, self.drift_delta)
            models = [
                ADWIN(delta) if each is None else each
                for each, delta in zip(given, deltas, strict=True)
            ]
            self._watchers = [[model.clone() for model in models] for _ in range(self.n_models)]
        if not (self.metric is None or is_accuracy(self.metric)):
            self._metrics = [self.metric.clone() for _ in range(self.n_models)]
        if observers_of(self.splitter) is not None:
            self._observers = [Observers(self.splitter) for _ in range(self.n_models)]

    @property
    def _is_compiled(self) -> bool:
        """Whether kernels do it all, and nothing looks at single rows."""
        return self._watchers is None and self._metrics is None and self._observers is None

    def _weight(self, number: int) -> float:
        """Return what a member's votes are still to be multiplied by."""
        if self._metrics is None or self.disable_weighted_vote:
            return 1.0
        value = float(self._metrics[number].get())
        if not self.metric.bigger_is_better:
            value = math.exp(-value)
        proven = self._tallies[number, kernels.RIGHT] > 0.0 and value > 0.0
        return value if proven else kernels.UNPROVEN

    def _learn_member(self, number: int, X: Rows, y: Codes, w: Rows, votes: Rows) -> None:
        """Do as `_run_member`, and tell what Python looks after; `votes` may have no rows."""
        if self._is_compiled:
            self._run_member(number, X, y, w, votes)
            return
        window, status = self._windows[number, kernels.DRIFT], self._status[number]
        proba = np.empty((1, len(self._labels)))
        for i in range(len(y)):
            row = slice(i, i + 1)
            weight, before, n_drifts = self._weight(number), window.copy(), status[kernels.N_DRIFTS]
            self._run_row(number, X[row], y[row], w[row], proba)
            if len(votes):
                votes[i] = proba[0] * weight
            if self._metrics is not None and w[i] > 0.0:
                self._judge(self._metrics[number], int(y[i]), proba[0], float(w[i]))
            # the width of the window tells that the row was drawn, and learnt
            if self._watchers is not None and adwin_width(window) != adwin_width(before):
                wrong = adwin_total(window) > adwin_total(before)
                self._watch(number, self._watchers[number], int(wrong))
            if self._metrics is not None and status[kernels.N_DRIFTS] != n_drifts:
                self._metrics[number] = self.metric.clone()

    def _run_row(self, number: int, X: Rows, y: Codes, w: Rows, votes: Rows) -> None:
        """Do as `_run_member` for one row, and tell its splitters."""
        if self._observers is None:
            self._run_member(number, X, y, w, votes)
            return
        pool = self._pools[number]
        make_room = functools.partial(pool.make_room, 2)
        learn = functools.partial(self._run_member, number, X, y, w, votes)
        self._observers[number].watch(pool, X[0], int(y[0]), self.grace_period, make_room, learn)

    def _judge(self, metric: Any, code: int, proba: Rows, w: float) -> None:
        labels = self._labels.labels
        if metric.requires_labels:
            metric.update(labels[code], labels[int(proba.argmax())], w)
        else:
            metric.update(labels[code], dict(zip(labels, proba.tolist(), strict=True)), w)

    def _watch(self, number: int, pair: list[Any], wrong: int) -> None:
        """Tell the detectors of a member whether it was wrong, and act as the kernels do."""
        member = (self._status[number], self._tallies[number], self._windows[number])
        for kind in range(2):
            pair[kind].update(wrong)
            if pair[kind].drift_detected:
                kernels.act(self._pools[number].handle, *member, self._settings, kind)
                pair[: kind + 1] = [detector.clone() for detector in pair[: kind + 1]]
