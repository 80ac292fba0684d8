"""The last value in the place of a missing one, and its kernels."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

from typing import Any

import numpy as np

from olearn.base.transformer import ArrayTransformer
from olearn.core.jit import inner, njit
from olearn.core.parameters import check_parameters, with_parameters
from olearn.core.types import Codes, Rows

__all__ = ["PreviousImputer"]


@with_parameters
class PreviousImputer(ArrayTransformer):
    """Puts the last value that was learnt in the place of a missing one.

    Numbers and text alike. A feature of which no value has come stays missing. Time per row:
    O(features).

    Raises
    ------
    ValueError
        If a feature is infinite, or text where it was a number before.
    TypeError
        If a feature has the wrong type.

    Notes
    -----
    None, NaN and a feature that is not in the row are missing alike, where river's looks for None
    only.

    Examples
    --------
    >>> from olearn import preprocessing
    >>> imputer = preprocessing.PreviousImputer()
    >>> imputer.learn_one({"x": 1.0, "day": "mon"})
    >>> imputer.transform_one({"x": None})
    {'x': 1.0, 'day': 'mon'}

    """

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start_encoding()
        self._last = np.zeros(0)  # of each column, NaN where no value has come

    def _grow(self) -> None:
        more = len(self._features) - len(self._last)
        if more > 0:
            self._last = np.pad(self._last, (0, more), constant_values=np.nan)

    def _room(self, n_categories: int) -> int:
        return 0  # nothing here grows with the categories

    def _hands_on(self, name: Any) -> bool:
        return True

    def _learn_rows(self, X: Rows, y: Any, w: Rows) -> None:
        learn_last(X, self._last)

    def _transform_rows(self, X: Rows) -> Rows:
        out = np.empty_like(X)
        fill_rows(X, self._last, out)
        return out

    def _stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        A2, B2 = np.empty_like(A), np.empty_like(B)
        fill_stage(A, B, upto, self._last, A2, B2)
        return A2, B2


@inner
def _learn(X, t, last):
    """Keep the values of a row that are there."""
    for j in range(X.shape[1]):
        if X[t, j] == X[t, j]:
            last[j] = X[t, j]


@inner
def _fill(X, t, last, out):
    """Write a row to `out`, the last values in its gaps."""
    for j in range(X.shape[1]):
        out[t, j] = X[t, j] if X[t, j] == X[t, j] else last[j]


@njit(nogil=True)
def learn_last(X, last):
    """Learn rows, `(n, d)`, in order; `last` is `(d,)`."""
    for t in range(len(X)):
        _learn(X, t, last)


@njit(nogil=True)
def fill_rows(X, last, out):
    """Fill the gaps of rows, `(n, d)`."""
    for t in range(len(X)):
        _fill(X, t, last, out)


@njit(nogil=True)
def fill_stage(A, B, upto, last, A2, B2):
    """Fill rows as predicted, `A`, and as learnt, `B`; `upto[t]` are learnt after row t."""
    q = 0
    for t in range(len(A)):
        _fill(A, t, last, A2)
        while q < upto[t]:
            _learn(B, q, last)
            _fill(B, q, last, B2)
            q += 1
