"""Scaling to zero mean and unit variance, and its kernels."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from olearn.base.transformer import ArrayTransformer
from olearn.core.jit import direct, inner, njit
from olearn.core.parameters import PositiveInt, check_parameters, with_parameters
from olearn.core.roots import power_root, quick_root
from olearn.core.types import Codes, Rows
from olearn.preprocessing import _quick_scaling

__all__ = ["StandardScaler"]

# rows of the state; `_quick_scaling` has reciprocals in that of the roots, the last is for a window
N, MEAN, VAR, ROOT, SQUARES = range(5)
N_STATE = 5

# Python's `**` calls the C library's `pow`. A compiler makes a square root of a power that it knows
# to be 0.5, which differs by an ulp in one value of a thousand; so the exponent comes at run time.
_HALF = float("0.5")
_NO_WEIGHTS = np.empty(0)


@with_parameters
class StandardScaler(ArrayTransformer):
    r"""Scales features to zero mean and unit variance.

    Keeps the running mean $\mu$ and population variance $\sigma^2$ of each feature[^1] and emits
    $(x - \mu) / \sigma$; 0 where the variance is 0, hence at the first row. Answers are river's
    bit for bit. Time per row: O(features).

    Parameters
    ----------
    with_std
        Whether to divide by the standard deviation; else features are only centred.
    window_size
        Number of the last values of a feature that count, at least 1; None: all.
    exact
        Whether floats are river's bit for bit. If not, the last digits differ, by about 1e-16 of
        mean over deviation, and a block of rows takes a third of the time. Needs `with_std`, and
        no window.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature is infinite or text.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    A missing value (NaN, None, no key) is not counted, where in river's one NaN turns the mean into
    NaN for good; and `learn_many` gives the same as a loop of `learn_one`. Weights have no effect.
    Where rounding makes the variance of a window negative, 0 is emitted, where river's emits a
    complex number.

    Examples
    --------
    >>> from olearn import preprocessing
    >>> scaler = preprocessing.StandardScaler()
    >>> for x in (1.0, 2.0, 4.0):
    ...     scaler.learn_one({"x": x})
    ...     print(scaler.transform_one({"x": x}))
    {'x': 0.0}
    {'x': 1.0}
    {'x': 1.336306}
    >>> scaler.means, scaler.vars
    ({'x': 2.333333}, {'x': 1.555556})

    References
    ----------
    [^1]: Welford, B. P. (1962). Note on a method for calculating corrected sums of squares and
        products. Technometrics 4(3), 419-420.

    """

    with_std: bool = True
    window_size: PositiveInt | None = None
    exact: bool = True

    def __post_init__(self) -> None:
        check_parameters(self)
        if not self.exact and (self.window_size or not self.with_std):
            raise ValueError(
                f"exact must be True with window_size={self.window_size} and "
                f"with_std={self.with_std}, got False"
            )
        self._start_encoding(only_numbers=True)
        self._state = np.zeros((N_STATE, 0))
        self._ring = np.zeros((self.window_size or 0, 0))  # the last values of each feature

    @property
    def counts(self) -> dict[Any, int]:
        """Values learnt of each feature."""
        counts = self._state[N].astype(int).tolist()
        return dict(zip(self._features.names, counts, strict=True))

    @property
    def means(self) -> dict[Any, float]:
        """Mean of each feature."""
        return dict(zip(self._features.names, self._state[MEAN].tolist(), strict=True))

    @property
    def vars(self) -> dict[Any, float]:
        """Population variance of each feature; 0 without `with_std`."""
        return dict(zip(self._features.names, self._state[VAR].tolist(), strict=True))

    def _grow(self) -> None:
        more = len(self._features) - self._state.shape[1]
        if more:
            self._state = np.pad(self._state, ((0, 0), (0, more)))
            self._ring = np.pad(self._ring, ((0, 0), (0, more)))

    def _learn_rows(self, X: Rows, y: Any, w: Rows) -> None:
        self._stage_rows(X[:1], X, None, w, np.array([len(X)]))

    def _transform_rows(self, X: Rows) -> Rows:
        return self._stage_rows(X, X[:0], None, _NO_WEIGHTS, np.zeros(len(X), np.int64))[0]

    def _learn_row(self, row: Rows, y: Any, w: float) -> None:
        self._learn_and_transform_row(row, None, w)

    def _transform_row(self, row: Rows) -> Rows:
        return self._turn_row(row, learns=False)

    def _learn_and_transform_row(self, row: Rows, y: Any, w: float) -> Rows:
        return self._turn_row(row, learns=True)

    def _turn_row(self, row: Rows, *, learns: bool) -> Rows:
        out = np.empty(row.size)
        own = self.__dict__  # past the descriptors, a quarter of the kernel's time
        if own["exact"]:
            _row_kernel()(row, self._state, self._ring, own["with_std"], _HALF, learns, out)
        else:
            _quick_scaling.row_kernel()(row, self._state, learns, out)
        return out

    def _stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        A2, B2 = np.empty_like(A), np.empty_like(B)
        if self.exact:
            scale_rows(A, B, upto, self._state, self._ring, self.with_std, _HALF, A2, B2)
        else:
            _quick_scaling.scale_rows(A, B, upto, self._state, A2, B2)
        return A2, B2


@inner
def _slide(x, j, state, ring):
    """Let a value into the window, and the oldest out of it if it is full, as river does."""
    place = int(state[N, j]) % len(ring)
    n = min(state[N, j], float(len(ring)))
    if n == len(ring):
        gone, old = ring[place, j], state[MEAN, j]
        n -= 1.0
        if n == 0.0:
            state[MEAN, j] = 0.0
        else:
            state[MEAN, j] -= (1.0 / n) * (gone - old)
        state[SQUARES, j] -= (gone - old) * (gone - state[MEAN, j])
    ring[place, j] = x
    n += 1.0
    old = state[MEAN, j]
    state[MEAN, j] += (1.0 / n) * (x - old)
    state[SQUARES, j] += (x - old) * (x - state[MEAN, j])
    state[VAR, j] = state[SQUARES, j] / n
    state[N, j] += 1.0


@inner
def _learn_window(X, t, state, ring, with_std, half):
    """Let the values of a row that are there into the window."""
    for j in range(X.shape[1]):
        x = X[t, j]
        if x == x:
            _slide(x, j, state, ring)
            if not with_std:
                state[VAR, j] = 0.0
            elif state[VAR, j] > 0.0:
                state[ROOT, j] = power_root(state[VAR, j], half)


@inner
def _learn(X, t, state, ring, with_std, half):
    """Learn the values of a row that are there; keeps the roots, which cost more than the rest.

    The loop chooses among values instead of branching, so that columns are learnt side by side.
    """
    if len(ring):
        _learn_window(X, t, state, ring, with_std, half)
        return
    n_unsure = 0
    for j in range(X.shape[1]):
        x = X[t, j]
        is_there = x == x
        n, old, var = state[N, j] + 1.0, state[MEAN, j], state[VAR, j]
        mean = old + (x - old) / n
        new = var + ((x - old) * (x - mean) - var) / n
        state[N, j] = n if is_there else n - 1.0
        state[MEAN, j] = mean if is_there else old
        var = new if is_there and with_std else var
        root = quick_root(var) if with_std else 0.0
        state[VAR, j] = var
        state[ROOT, j] = root
        n_unsure += 0 if root > 0.0 else 1
    if n_unsure and with_std:
        for j in range(X.shape[1]):
            if not state[ROOT, j] > 0.0:
                state[ROOT, j] = state[VAR, j] ** half


@inner
def _transform(X, t, state, with_std, out):
    """Write the row scaled to `out`; NaN stays NaN."""
    for j in range(X.shape[1]):
        x = X[t, j] - state[MEAN, j]
        if with_std:
            scaled, nothing = x / state[ROOT, j], 0.0 if x == x else x
            x = scaled if state[VAR, j] > 0.0 else nothing
        out[t, j] = x


@njit(nogil=True)
def scale_row(x, state, ring, with_std, half, learns, out):
    """Learn a row, `(d,)`, if asked for, and write it scaled to `out`.

    `state` is `(5, d)`, `ring` `(window_size or 0, d)`.
    """
    X, turned = x.reshape(1, x.size), out.reshape(1, x.size)
    if learns:
        _learn(X, 0, state, ring, with_std, half)
    _transform(X, 0, state, with_std, turned)


@functools.cache
def _row_kernel() -> Callable[..., None]:
    row, grid = np.empty(1), np.empty((1, 1))
    return direct(scale_row, row, grid, grid, True, 0.5, True, row)


@njit(nogil=True)
def scale_rows(A, B, upto, state, ring, with_std, half, A2, B2):
    """Scale rows as predicted, `A`, and as learnt, `B`; `upto[t]` are learnt after row t."""
    q = 0
    for t in range(len(A)):
        _transform(A, t, state, with_std, A2)
        while q < upto[t]:
            _learn(B, q, state, ring, with_std, half)
            _transform(B, q, state, with_std, B2)
            q += 1
