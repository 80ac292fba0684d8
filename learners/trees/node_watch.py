"""Detectors and splitters of an adaptive tree that the kernels lack: Python looks after nodes."""

import abc
import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.types import Codes, Rows
from olearn.detectors._adwin_kernels import TOTAL, WIDTH
from olearn.detectors.adwin import ADWIN
from olearn.learners.trees import hat_kernels as kernels
from olearn.learners.trees import layout as at
from olearn.learners.trees.observers import Observers, observers_of
from olearn.learners.trees.pool import TreePool
from olearn.learners.trees.river_parts import is_built_in


class NodeWatch(abc.ABC):
    """An adaptive tree whose splits Python may look after, row by row.

    The kernels then neither start an alternate tree nor compare one: their windows only count the
    errors since the last alarm of the split's own detector.
    """

    grace_period: float
    splitter: Any
    drift_detector: Any
    drift_delta: float
    drift_window_threshold: int
    _pool: TreePool
    _windows: NDArray[np.float64]
    _alternate: NDArray[np.int64]
    _scratch: NDArray[np.int64]
    _tally: NDArray[np.int64]
    _settings: Rows
    # the detector of each split, by its node; None where the kernels' ADWIN does it, and in files
    # of version 0.1
    _watchers: dict[int, Any] | None = None
    _observers: Observers | None = None

    @abc.abstractmethod
    def _run_all(self, X: Rows, y: Codes, w: Rows) -> Codes:
        """Predict, then learn each row of weight >= 0; return the predicted codes."""

    @abc.abstractmethod
    def _make_room(self) -> None:
        """Make room for the next row."""

    def _start_watch(self) -> None:
        """Begin without detectors of splits, if Python is to look after any."""
        self._observers = observers_of(self.splitter)
        known = self.drift_detector is None or is_built_in(self.drift_detector)
        if not known or self._observers is not None:
            self._watchers = {}

    def _run_watched(self, X: Rows, y: Codes, w: Rows) -> Codes:
        """Do as `_run_all`, and tell the detectors after each row."""
        out = np.empty(len(y), np.int64)
        for i in range(len(y)):
            row = slice(i, i + 1)
            before = self._windows[:, [WIDTH, TOTAL]]
            out[row] = self._run_row(X[row], y[row], w[row])
            self._watch(before)
        return out

    def _run_row(self, X: Rows, y: Codes, w: Rows) -> Codes:
        """Do as `_run_all` for one row, and tell its splitters."""
        if self._observers is None:
            return self._run_all(X, y, w)
        learn = functools.partial(self._run_all, X, y, w)
        return self._observers.watch(
            self._pool, X[0], int(y[0]), self.grace_period, self._make_room, learn
        )

    def _watch(self, before: Rows) -> None:
        """Tell the splits whose windows have changed of the row, from the top down."""
        t, n = self._pool.arrays, len(before)
        watched = np.flatnonzero(self._windows[:n, WIDTH] != before[:, 0])
        for node in watched[np.argsort(t.node_i[watched, at.DEPTH], kind="stable")].tolist():
            # a leaf has no branch to replace; a free node was below one that has been replaced
            if t.node_i[node, at.KIND] > at.LEAF:
                self._watch_split(node, bool(self._windows[node, TOTAL] > before[node, 1]))

    def _watch_split(self, node: int, wrong: bool) -> None:
        assert self._watchers is not None, "asked before"
        detector = self._watchers.get(node)
        if detector is None:
            model = self.drift_detector or ADWIN(self.drift_delta)
            detector = self._watchers[node] = model.clone()
        detector.update(int(wrong))
        other, windows = int(self._alternate[node]), self._windows
        # as in river, errors fall where the alarm comes with a right answer
        rose = bool(detector.drift_detected and (wrong or windows[node, TOTAL] == 0.0))
        fewest = windows[[node, other], WIDTH].min() if other >= 0 else 0.0
        if not rose and fewest <= self.drift_window_threshold:
            return
        switched = kernels.act(
            self._pool.handle, windows, self._alternate, self._scratch, self._tally,
            self._settings, node, rose,
        )  # fmt: skip
        if switched and self._observers is not None:
            self._observers.move(other, node)
        if switched and other in self._watchers:
            self._watchers[node] = self._watchers.pop(other)
        elif switched:
            del self._watchers[node]
        kinds = self._pool.arrays.node_i[:, at.KIND]
        self._watchers = {n: d for n, d in self._watchers.items() if kinds[n] != at.FREE}
