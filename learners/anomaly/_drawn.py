"""What anomaly detectors share that are drawn at random once, for the features of the first row."""

import abc
from typing import Any

import numpy as np

from olearn.base import ArrayAnomalyDetector
from olearn.core.telling import few, tell
from olearn.core.types import Codes, Rows

_NO_ROWS = np.zeros((0, 0))
_NOTHING_LEARNT = np.zeros(0, np.int64)


class DrawnDetector(ArrayAnomalyDetector):
    """A detector that looks at the features of the first row that is learnt, at no others.

    A subclass writes `_draw` and `_stage`, which scores and learns; both doors lead there.
    """

    _n_looked_at: int = -1  # features that were known when it was drawn; -1 before

    @abc.abstractmethod
    def _draw(self, column: dict[Any, int]) -> None:
        """Draw what is random, for features by name and column, in the order of river's draws."""

    @abc.abstractmethod
    def _stage(self, A: Rows, B: Rows, upto: Codes) -> Rows:
        """Do as `_stage_rows`; rows of `B` beyond the last of `upto` are learnt at the end."""

    def _grow(self) -> None:
        """Say once that features which come later are not looked at."""
        names = self._features.names
        if 0 <= self._n_looked_at < len(names):
            if self._n_looked_at > 0:
                self._say_ignored(names[self._n_looked_at :])
            self._n_looked_at = 0

    def _learn_rows(self, X: Rows) -> None:
        self._stage_rows(_NO_ROWS, X, _NOTHING_LEARNT)

    def _score_rows(self, X: Rows) -> Rows:
        return self._stage_rows(X, _NO_ROWS, np.zeros(len(X), np.int64))

    def _stage_rows(self, A: Rows, B: Rows, upto: Codes) -> Rows:
        if len(B) and self._n_looked_at < 0:
            self._begin(B[0])
        return self._stage(A, B, upto)

    def _begin(self, row: Rows) -> None:
        names = self._features.names
        known = {name: i for i, name in enumerate(names) if row[i] == row[i]}
        try:
            ordered = sorted(known)  # as river
        except TypeError:  # texts beside numbers
            ordered = [*known]
        self._draw({name: known[name] for name in ordered})
        self._n_looked_at = len(names)
        if len(known) < len(names):
            self._say_ignored([name for name in names if name not in known])
            self._n_looked_at = 0

    def _say_ignored(self, names: list[Any]) -> None:
        tell(
            f"{type(self).__name__} looks at the features of the first row it learnt, hence not at "
            f"{few(names)}, which came later: let the first row have all of them"
        )
