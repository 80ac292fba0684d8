"""Kernels of a `StandardScaler` that need not be exact: reciprocals, few divisions."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import functools
import math
from collections.abc import Callable

import numpy as np

from olearn.core.jit import direct, inner, njit

N, MEAN, VAR, INVERSE = range(4)  # rows of the state; the last is 1 / deviation, 0 where that is 0


@inner
def _learn(X, t, state):
    """Learn the values of a row that are there."""
    for j in range(X.shape[1]):
        x = X[t, j]
        is_there = x == x
        n, old, var = state[N, j] + 1.0, state[MEAN, j], state[VAR, j]
        share = 1.0 / n
        mean = old + (x - old) * share
        new = var + ((x - old) * (x - mean) - var) * share
        state[N, j] = n if is_there else n - 1.0
        state[MEAN, j] = mean if is_there else old
        var = new if is_there else var
        state[VAR, j] = var
        state[INVERSE, j] = 1.0 / math.sqrt(var) if var > 0.0 else 0.0


@inner
def _transform(X, t, state, out):
    """Write the row scaled to `out`; NaN stays NaN."""
    for j in range(X.shape[1]):
        out[t, j] = (X[t, j] - state[MEAN, j]) * state[INVERSE, j]


@njit(nogil=True)
def scale_row(x, state, learns, out):
    """Learn a row, `(d,)`, if asked for, and write it scaled to `out`; `state` is `(5, d)`."""
    X = x.reshape(1, x.size)
    if learns:
        _learn(X, 0, state)
    _transform(X, 0, state, out.reshape(1, x.size))


@functools.cache
def row_kernel() -> Callable[..., None]:
    """Return `scale_row`, compiled."""
    row = np.empty(1)
    return direct(scale_row, row, np.empty((1, 1)), True, row)


@njit(nogil=True)
def scale_rows(A, B, upto, state, A2, B2):
    """Scale rows as predicted, `A`, and as learnt, `B`; `upto[t]` are learnt after row t."""
    q = 0
    for t in range(len(A)):
        _transform(A, t, state, A2)
        while q < upto[t]:
            _learn(B, q, state)
            _transform(B, q, state, B2)
            q += 1
