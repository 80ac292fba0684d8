"""Rows as predicted and rows as learnt in one sequence, for kernels that can do either."""

from typing import TypeVar

import numpy as np

from olearn.base.stages import is_at_once
from olearn.core.types import Codes, Rows
from olearn.learners.trees import layout as at

Targets = TypeVar("Targets", Codes, Rows)


def interleaved(
    A: Rows, B: Rows, y: Targets, w: Rows, upto: Codes
) -> tuple[Rows, Targets, Rows, Codes | slice]:
    """Return rows, targets and weights in the order of a schedule, and where the rows of `A` are.

    Rows that are only predicted have the weight that says so. Where the rows learnt are those
    predicted, right after each other, they stay as they are: kernels predict before they learn.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.trees.interleave import interleaved
    >>> A, B = np.array([[1.0], [2.0]]), np.array([[3.0]])
    >>> X, y, w, rows = interleaved(A, B, np.array([5]), np.ones(1), np.array([0, 1]))
    >>> X.ravel(), y, w, rows
    (array([1., 2., 3.]), array([0, 0, 5]), array([-1., -1.,  1.]), array([0, 1]))

    """
    if A is B and is_at_once(upto):
        return A, y, w, slice(None)
    n, m = len(A), len(B)
    seen = np.arange(n)
    seen[1:] += upto[:-1]
    learnt = np.arange(1, m + 1) + np.searchsorted(upto, np.arange(m), side="right")
    X = np.empty((n + m, A.shape[1]))
    X[seen], X[learnt] = A, B
    targets, weights = np.zeros(n + m, y.dtype), np.full(n + m, at.ONLY_PREDICT)
    targets[learnt], weights[learnt] = y, w
    return X, targets, weights, seen
