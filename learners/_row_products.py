"""Products of rows and matrices whose floats do not depend on how many rows come together."""

import numpy as np

from olearn.core.jit import njit
from olearn.core.types import Rows


@njit
def row_products(X: Rows, A: Rows, out: Rows) -> None:
    """Write `X @ A` into `out`, each entry added up in the order of the columns of `X`.

    A BLAS product of one row and of many differ in their last bits; here they do not. The loop over
    the columns of `A` is innermost, so that it is vectorised without reordering a sum.
    """
    n_inner, n_out = A.shape
    for i in range(X.shape[0]):
        row = out[i]
        row[:] = 0.0
        k = 0
        while k + 4 <= n_inner:
            a, b, c, d = X[i, k], X[i, k + 1], X[i, k + 2], X[i, k + 3]
            for j in range(n_out):
                row[j] = (((row[j] + a * A[k, j]) + b * A[k + 1, j]) + c * A[k + 2, j]) + d * A[
                    k + 3, j
                ]
            k += 4
        while k < n_inner:
            a = X[i, k]
            for j in range(n_out):
                row[j] += a * A[k, j]
            k += 1


def products(X: Rows, A: Rows) -> Rows:
    """Return `X @ A`, shape `(n, n_out)`, by `row_products`."""
    out = np.empty((len(X), A.shape[1]))
    row_products(np.ascontiguousarray(X, np.float64), np.ascontiguousarray(A, np.float64), out)
    return out
