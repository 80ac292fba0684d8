"""Mean squared error of probabilities."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from river.stats import Mean

from olearn.core.types import Rows
from olearn.metrics.numbers import read_mean
from olearn.metrics.scores import ScoreMetric

__all__ = ["Brier"]


class Brier(ScoreMetric):
    r"""Brier score: the mean squared error of a label's probability[^1].

    $$(p_t - o_t)^2$$

    on average, where $o_t$ is 1 for a positive row and 0 for any other: 0 is perfect, 0.25 what
    always saying one half gives. Of two labels it is half of the original sum over both. Time and
    memory: O(1).

    Parameters
    ----------
    pos_val
        The label that is positive.

    Raises
    ------
    ValueError
        From `update`, if a probability is outside [0, 1] or a weight not 1.
    NotImplementedError
        From `revert`.

    Examples
    --------
    >>> from olearn.metrics import Brier
    >>> metric = Brier()
    >>> for truth, p in ((True, 0.9), (False, 0.3), (True, {True: 0.8, False: 0.2})):
    ...     metric.update(truth, p)
    >>> metric
    Brier: 0.046667

    References
    ----------
    [^1]: Brier, G. W. (1950). Verification of forecasts expressed in terms of probability. Monthly
        Weather Review 78(1), 1-3.

    """

    _fmt = ".6f"
    _range = 0.0, 1.0
    _needs = "in [0, 1]"

    def __init__(self, pos_val: Any = True) -> None:
        super().__init__(pos_val)
        self._mean = Mean()

    @property
    def bigger_is_better(self) -> bool:
        """Less is better."""
        return False

    def get(self) -> float:
        """Return the mean so far, 0 before the first row."""
        self._settle()
        return float(self._mean.get())

    def _add(self, positive: NDArray[np.bool_], scores: Rows) -> None:
        read_mean(self._mean, (scores - positive) ** 2)
