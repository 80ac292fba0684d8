"""Tells of features that lie far from 0, which ridge regression without an intercept bears badly.

The published methods have neither an intercept nor a standardisation, so nothing is shifted here:
the first rows show whether the user should.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from olearn.core.telling import few, tell
from olearn.core.types import Rows

_ENOUGH = 100  # rows that tell where a column lies
_FAR = 3.0  # deviations between the mean and 0
_FEW = 0.1  # of the columns: so few take the place of an intercept, and lose only their own word
_CONSTANT = 1e-12  # of the squared mean: a smaller variance is rounding


class FirstRows:
    """Sums of the first rows learnt, by which columns are judged once."""

    def __init__(self) -> None:
        self._n = 0
        self._sums = np.zeros((2, 0))  # of values, of their squares

    def look(self, rows: Rows, keys: Sequence[tuple[Any, Any]], lifted: bool) -> Self | None:
        """Add expanded rows and, with enough of them, say what is wrong and return None.

        `keys` are those of the columns; `lifted` tells whether random features are made of them.
        """
        wider = rows.shape[1] - self._sums.shape[1]
        if wider > 0:  # a new column was 0 in all earlier rows
            self._sums = np.pad(self._sums, ((0, 0), (0, wider)))
        for row in rows[: _ENOUGH - self._n]:  # one by one: any chunking leaves the same bits
            self._sums[0] += row
            self._sums[1] += row * row
            self._n += 1
        if self._n < _ENOUGH:
            return self
        self._judge(keys, lifted)
        return None

    def _judge(self, keys: Sequence[tuple[Any, Any]], lifted: bool) -> None:
        mean, square = self._sums[:, : len(keys)] / self._n
        variance = square - mean * mean
        numeric = np.array([category is None for _, category in keys], dtype=bool)
        varies = variance > _CONSTANT * square
        intercept = not numeric.all() or (~varies & (mean != 0.0)).any()
        if intercept and not lifted:  # the weights of these columns can shift all others
            return
        far = np.flatnonzero(numeric & varies & (mean * mean > _FAR**2 * variance)).tolist()
        if len(far) <= _FEW * len(keys):
            return
        worst = max(far, key=lambda j: mean[j] ** 2 / variance[j])
        listed = few([keys[j][0] for j in far])
        tell(
            f"ridge regression has no intercept and does not standardise: {len(far)} of "
            f"{len(keys)} columns lie far from 0 for how much they vary ({listed}; "
            f"{keys[worst][0]!r} has mean {mean[worst]:.4g}, deviation "
            f"{variance[worst] ** 0.5:.4g} in the first {self._n} rows); put a StandardScaler in "
            "front"
        )
