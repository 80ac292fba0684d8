"""Precision and recall of a detector of which a share of the rows may raise an alarm."""

import abc
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.types import Rows
from olearn.core.validate import check_in_range, check_integer
from olearn.metrics.newest_scores import NewestScores
from olearn.metrics.scores import ScoreMetric

__all__ = ["PrecisionAtBudget", "RecallAtBudget"]


class BudgetMetric(ScoreMetric):
    """Counts rows that are positive, that are alarms, and that are both."""

    def __init__(self, budget: float, window: int, pos_val: Any) -> None:
        check_in_range("budget", budget, 0.0, 1.0, open_low=True)
        check_integer("window", window, 1)
        if budget * window < 1.0:
            raise ValueError(
                f"window must hold a row of the budget, 1 / budget rows, got {window} for a budget "
                f"of {budget}"
            )
        super().__init__(pos_val)
        self.budget = budget
        self.window = window
        self._past = NewestScores(window)
        self.restart()

    def restart(self) -> None:
        """Count afresh; the scores of the past, which decide what is an alarm, stay."""
        self._settle()
        self._n_positive = self._n_alarms = self._n_both = 0

    def _add(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        alarms = self._past.alarms(scores, float(self.budget))
        self._n_positive += int(np.count_nonzero(positive))
        self._n_alarms += int(np.count_nonzero(alarms))
        self._n_both += int(np.count_nonzero(positive & alarms))

    def get(self) -> float:
        """Return the share, NaN where there is no row of which it could be one."""
        self._settle()
        n = self._n_rows()
        return self._n_both / n if n else math.nan

    @abc.abstractmethod
    def _n_rows(self) -> int:
        """Return the rows of which those that are positive and alarms are a share."""


class PrecisionAtBudget(BudgetMetric):
    """Precision where a share of the rows may raise an alarm: the alarms that were right.

    A row is an alarm if its score is above all but `budget` of the scores of the `window` rows
    before it: if fewer than that share of them reach it. The threshold thus comes from the past
    alone, follows scores that drift, and on steady scores lets the share of alarms be `budget` at
    most; equal scores are not above each other. The first 1 / `budget` rows raise no alarm. Where
    windows are evaluated, counts begin afresh and the threshold goes on. Time per row: O(log
    window).

    Parameters
    ----------
    budget
        The share of rows that may be alarms, in (0, 1].
    window
        Rows before each that its score is compared with; `budget` of them is a row at least.
    pos_val
        The label that is positive.

    Raises
    ------
    ValueError
        If a parameter is outside the range above; from `update`, if a score is not finite or a
        weight not 1.
    NotImplementedError
        From `revert`.

    Examples
    --------
    >>> from olearn.metrics import PrecisionAtBudget
    >>> metric = PrecisionAtBudget(budget=0.5, window=4)
    >>> for truth, score in ((False, 1.0), (False, 2.0), (True, 3.0), (False, 1.5), (False, 2.5)):
    ...     metric.update(truth, score)
    >>> metric
    PrecisionAtBudget: 50.00%

    """

    def __init__(self, budget: float = 0.01, window: int = 1000, pos_val: Any = True) -> None:
        super().__init__(budget, window, pos_val)

    def _n_rows(self) -> int:
        return self._n_alarms


class RecallAtBudget(BudgetMetric):
    """Recall where a share of the rows may raise an alarm: the positive rows that were alarms.

    What is an alarm is told in `PrecisionAtBudget`. Time per row: O(log window).

    Parameters
    ----------
    budget
        The share of rows that may be alarms, in (0, 1].
    window
        Rows before each that its score is compared with; `budget` of them is a row at least.
    pos_val
        The label that is positive.

    Raises
    ------
    ValueError
        If a parameter is outside the range above; from `update`, if a score is not finite or a
        weight not 1.
    NotImplementedError
        From `revert`.

    Examples
    --------
    >>> from olearn.metrics import RecallAtBudget
    >>> metric = RecallAtBudget(budget=0.5, window=4)
    >>> for truth, score in ((True, 1.0), (False, 2.0), (True, 3.0), (False, 1.5)):
    ...     metric.update(truth, score)
    >>> metric
    RecallAtBudget: 50.00%

    """

    def __init__(self, budget: float = 0.01, window: int = 1000, pos_val: Any = True) -> None:
        super().__init__(budget, window, pos_val)

    def _n_rows(self) -> int:
        return self._n_positive
