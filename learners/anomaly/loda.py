"""LODA, a lightweight on-line detector of anomalies."""

import math
import random
from collections.abc import Iterator
from dataclasses import KW_ONLY
from typing import Any

import numpy as np

from olearn.core.parameters import PositiveInt, Seed, check_parameters, with_parameters
from olearn.core.types import Codes, Rows
from olearn.learners.anomaly._drawn import DrawnDetector
from olearn.learners.anomaly.loda_kernels import loda_stage

__all__ = ["LODA"]


@with_parameters
class LODA(DrawnDetector):
    r"""LODA: a row is anomalous where it is rare along many random directions[^1].

    A direction weighs $\lfloor \sqrt{d} \rfloor$ of d features by normal numbers, and a histogram
    holds the rows' places on it; the score is the mean of $-\log$ density. Answers are those of
    river's detector of the same seed. Time per row: O(n_random_cuts x (sqrt(d) + n_bins)).

    Parameters
    ----------
    n_bins
        Bins a histogram, at least 1; where there are more, the two closest become one[^2].
    n_random_cuts
        Number of directions, at least 1.
    seed
        Seed of the directions; None draws one.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature is infinite or text.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    The directions are drawn at the first row that is learnt, for the features in it; those that
    come later are not looked at, as a warning says once. A missing value counts as 0. Directions
    add features up: put a scaler in front where their units differ. Nothing is forgotten.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import learners
    >>> model = learners.LODA(seed=1)
    >>> model.learn_many(np.random.default_rng(1).normal(size=(1000, 4)))
    >>> near, far = model.score_many(np.array([[0.0, 0.1, -0.2, 0.3], [9.0, 9.0, -9.0, 9.0]]))
    >>> bool(near < far)
    True

    References
    ----------
    [^1]: Pevny, T. (2016). Loda: lightweight on-line detector of anomalies. Machine Learning
        102(2), 275-304.
    [^2]: Ben-Haim, Y., Tom-Tov, E. (2010). A streaming parallel decision tree algorithm. JMLR 11,
        849-872.

    """

    n_bins: PositiveInt = 10
    n_random_cuts: PositiveInt = 100
    _: KW_ONLY
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start_encoding()
        n = self.n_random_cuts
        self._columns = np.zeros((n, 0), np.int64)  # none before the first row
        self._weights = np.zeros((n, 0))
        self._bins = np.zeros((n, self.n_bins + 1, 3))
        self._n_bins = np.zeros(n, np.int64)
        self._n_rows = np.zeros(1, np.int64)

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"seed": 1}
        yield {"n_bins": 3, "n_random_cuts": 5, "seed": 1}

    def _stage(self, A: Rows, B: Rows, upto: Codes) -> Rows:
        scores = np.empty(len(A))
        loda_stage(
            A, B, upto, self._columns, self._weights, self._bins, self._n_bins, self._n_rows, scores
        )
        return scores

    def _draw(self, column: dict[Any, int]) -> None:
        rng = random.Random(self.seed)
        width = min(len(column), max(1, math.isqrt(len(column))))
        shape = (self.n_random_cuts, width)
        self._columns, self._weights = np.zeros(shape, np.int64), np.zeros(shape)
        for direction in range(self.n_random_cuts):
            for place, name in enumerate(rng.sample([*column], width)):
                self._columns[direction, place] = column[name]
                self._weights[direction, place] = rng.gauss(0.0, 1.0)
