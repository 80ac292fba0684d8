"""The kernels of the scalers by range: least and largest values, of all rows or of a window."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

from typing import Any, ClassVar

import numpy as np

from olearn.base.transformer import ArrayTransformer
from olearn.core.jit import inner, njit
from olearn.core.parameters import check_parameters
from olearn.core.types import Codes, Rows

LOW, HIGH = range(2)  # rows of the state


class Ranges:
    """The least and the largest value of each column, over its last values or over all.

    Parameters
    ----------
    window_size
        Number of values of a column that count; None: all.
    absolute
        Whether only the absolute values are looked at: then `HIGH` alone is kept.

    """

    def __init__(self, window_size: int | None, absolute: bool) -> None:
        self.absolute = absolute
        self.ends = np.zeros((2, 0))
        self._count = np.zeros(0, np.int64)  # of values of each column
        self._ring = np.zeros((window_size or 0, 0))  # the last values of each column

    def grow(self, n_columns: int) -> None:
        """Make room for new columns, of which no value has come."""
        more = n_columns - len(self._count)
        if more > 0:
            self.ends = np.pad(self.ends, ((0, 0), (0, more)))
            self.ends[LOW, -more:] = np.inf
            self.ends[HIGH, -more:] = 0.0 if self.absolute else -np.inf
            self._count = np.pad(self._count, (0, more))
            self._ring = np.pad(self._ring, ((0, 0), (0, more)))

    def learn_rows(self, X: Rows) -> None:
        """Learn rows in order."""
        learn_ranges(X, self.ends, self._count, self._ring, self.absolute)

    def scaled(self, X: Rows) -> Rows:
        """Return the rows scaled."""
        out = np.empty_like(X)
        scale_by_ranges(X, self.ends, self.absolute, out)
        return out

    def stage_rows(self, A: Rows, B: Rows, upto: Codes) -> tuple[Rows, Rows]:
        """Scale rows as predicted and as learnt, learning in between."""
        A2, B2 = np.empty_like(A), np.empty_like(B)
        stage_ranges(A, B, upto, self.ends, self._count, self._ring, self.absolute, A2, B2)
        return A2, B2


class RangeScaler(ArrayTransformer):
    """A scaler by least and largest values; a subclass says whether by absolute ones."""

    _absolute: ClassVar[bool]
    window_size: int | None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start_encoding(only_numbers=True)
        self._ranges = Ranges(self.window_size, self._absolute)

    def _end(self, which: int) -> dict[Any, float]:
        """Return the least or the largest value of each feature."""
        ends = self._ranges.ends[which].tolist()
        return dict(zip(self._features.names, ends, strict=True))

    def _grow(self) -> None:
        self._ranges.grow(len(self._features))

    def _learn_rows(self, X: Rows, y: Any, w: Rows) -> None:
        self._ranges.learn_rows(X)

    def _transform_rows(self, X: Rows) -> Rows:
        return self._ranges.scaled(X)

    def _stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        return self._ranges.stage_rows(A, B, upto)


@inner
def _learn(X, t, ends, count, ring, absolute):
    """Learn the values of a row that are there; a value that leaves the window is looked for."""
    for j in range(X.shape[1]):
        x = abs(X[t, j]) if absolute else X[t, j]
        if x != x:
            continue
        ends[LOW, j] = min(ends[LOW, j], x)
        ends[HIGH, j] = max(ends[HIGH, j], x)
        if len(ring) == 0:
            continue
        place = count[j] % len(ring)
        gone = ring[place, j]
        ring[place, j] = x
        count[j] += 1
        if count[j] > len(ring) and gone != x and (gone <= ends[LOW, j] or gone >= ends[HIGH, j]):
            ends[LOW, j] = ends[HIGH, j] = x
            for i in range(len(ring)):
                ends[LOW, j] = min(ends[LOW, j], ring[i, j])
                ends[HIGH, j] = max(ends[HIGH, j], ring[i, j])


@inner
def _scale(X, t, ends, absolute, out):
    """Write the row scaled to `out`; NaN stays NaN."""
    for j in range(X.shape[1]):
        x, low, high = X[t, j], ends[LOW, j], ends[HIGH, j]
        if absolute:
            low = 0.0
        span = high - low
        if x != x:
            out[t, j] = x
        elif not span > 0.0:  # no value, or always the same one
            out[t, j] = 0.0
        elif span <= np.finfo(np.float64).max:
            out[t, j] = (x - low) / span
        else:  # beyond the largest float
            out[t, j] = (0.5 * x - 0.5 * low) / (0.5 * high - 0.5 * low)


@njit(nogil=True)
def learn_ranges(X, ends, count, ring, absolute):
    """Learn rows, `(n, d)`, in order; `ends` is `(2, d)`, `ring` `(window, d)`."""
    for t in range(len(X)):
        _learn(X, t, ends, count, ring, absolute)


@njit(nogil=True)
def scale_by_ranges(X, ends, absolute, out):
    """Write the rows scaled to `out`, `(n, d)`."""
    for t in range(len(X)):
        _scale(X, t, ends, absolute, out)


@njit(nogil=True)
def stage_ranges(A, B, upto, ends, count, ring, absolute, A2, B2):
    """Scale rows as predicted, `A`, and as learnt, `B`; `upto[t]` are learnt after row t."""
    q = 0
    for t in range(len(A)):
        _scale(A, t, ends, absolute, A2)
        while q < upto[t]:
            _learn(B, q, ends, count, ring, absolute)
            _scale(B, q, ends, absolute, B2)
            q += 1
