"""The few matrix operations of the ridge states, by LAPACK or by torch.

A symmetric matrix `S` is kept in whatever form suits the backend; only `full` shows all of it.
"""

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.linalg import blas, lapack

from olearn.core.threads import threads_for
from olearn.core.validate import check_choice
from olearn.learners.analytic._more_ridge import ridges, warn_of_ridge

BACKENDS = ("numpy", "torch")
DTYPES = ("float64", "float32")


def make_backend(name: str, dtype: str, device: str) -> Any:
    """Return the backend of a name; torch is imported only for its own."""
    check_choice("backend", name, BACKENDS)
    check_choice("dtype", dtype, DTYPES)
    if name == "numpy":
        if device != "cpu":
            raise ValueError(f"device must be 'cpu' for the backend 'numpy', got {device!r}")
        return NumpyBackend(dtype)
    from olearn.learners.analytic._torch_backend import TorchBackend

    return TorchBackend(dtype, device)


class NumpyBackend:
    """LAPACK and BLAS on arrays; of a symmetric matrix only the lower triangle is true.

    Parameters
    ----------
    dtype
        `"float64"` or `"float32"`, of the products; matrices made `wide` are float64 in any case.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.analytic.backends import NumpyBackend
    >>> ops = NumpyBackend("float64")
    >>> S = ops.zeros(2, 2, wide=True)
    >>> ops.add_gram(S, ops.array(np.array([[1.0, 2.0], [0.0, 1.0]])))
    >>> ops.full(S)
    array([[1., 2.],
           [2., 5.]])

    """

    rowwise = True  # predictions of one row and of many are equal bit for bit

    def __init__(self, dtype: str) -> None:
        self.dtype: Any = np.dtype(dtype)

    def threads(self, work: float) -> AbstractContextManager[None]:
        """Return the context for so many multiplications in a row of calls."""
        return threads_for(work)

    def zeros(self, n: int, m: int, *, wide: bool = False) -> Any:
        return np.zeros((n, m), np.float64 if wide else self.dtype, order="F")

    def array(self, a: Any, *, wide: bool = False) -> Any:
        return np.ascontiguousarray(a, np.float64 if wide else self.dtype)

    def symmetric(self, a: Any, *, wide: bool = False) -> Any:
        return np.array(a, np.float64 if wide else self.dtype, order="F")

    def numpy(self, a: Any) -> NDArray[np.float64]:
        return np.ascontiguousarray(a, np.float64)

    def copy(self, a: Any) -> Any:
        return a.copy(order="K")

    def full(self, S: Any) -> NDArray[np.float64]:
        lower = np.tril(np.asarray(S, np.float64))
        return np.ascontiguousarray(lower + np.tril(lower, -1).T)

    def scale(self, S: Any, factor: float) -> None:
        S *= factor

    def add_gram(self, S: Any, A: Any, alpha: float = 1.0, beta: float = 1.0) -> None:
        """Set S to beta S + alpha A^T A."""
        if S.dtype == A.dtype:
            syrk = blas.dsyrk if S.dtype == np.float64 else blas.ssyrk
            done = syrk(alpha, A.T, beta=beta, c=S, lower=1, overwrite_c=1)
            assert done is S, "S is Fortran-ordered, so that it is updated in place"
        else:  # a float32 block, added up in float64
            if beta != 1.0:
                S *= beta
            S += alpha * blas.ssyrk(1.0, A.T, lower=1)

    def times(self, S: Any, A: Any) -> Any:
        """Return the product of a symmetric matrix and a matrix or vector."""
        double = S.dtype == np.float64
        if A.ndim == 1:
            return (blas.dsymv if double else blas.ssymv)(1.0, S, A, lower=1)
        return (blas.dsymm if double else blas.ssymm)(1.0, S, A, lower=1)

    def solve(self, S: Any, ridge: float, Q: Any) -> Any:
        """Return (S + ridge I)^-1 Q in float64."""
        solution, _ = lapack.dpotrs(self._factor(S, ridge), np.asfortranarray(Q), lower=1)
        return solution

    def invert(self, S: Any, ridge: float, Q: Any) -> tuple[Any, Any]:
        """Return (S + ridge I)^-1, symmetric, and its product with Q, in the backend's dtype."""
        factor = self._factor(S, ridge)
        W, _ = lapack.dpotrs(factor, np.asfortranarray(Q), lower=1)
        R, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
        return np.asarray(R, self.dtype, order="F"), self.array(W)

    def _factor(self, S: Any, ridge: float) -> Any:
        for used in ridges(ridge, float(S.diagonal().max())):
            shifted = S.astype(np.float64, order="F", copy=True)
            np.einsum("ii->i", shifted)[...] += used
            factor, info = lapack.dpotrf(shifted, lower=1, clean=0, overwrite_a=1)
            if info == 0:
                warn_of_ridge(ridge, used)
                return factor
        raise np.linalg.LinAlgError(f"S + {ridge} I is not positive definite")

    def cholesky(self, K: Any) -> Any:
        return np.linalg.cholesky(K)

    def lower_solve(self, L: Any, B: Any) -> Any:
        solved = linalg.solve_triangular(L, B, lower=True, check_finite=False)
        return np.ascontiguousarray(solved)

    def upper_solve(self, U: Any, B: Any) -> Any:
        return linalg.solve_triangular(U, B, lower=False, check_finite=False)

    def triangle(self, A: Any) -> Any:
        """Return the R factor of A."""
        return np.linalg.qr(A, mode="r")

    def join(self, blocks: list[list[Any]]) -> Any:
        return np.block(blocks)

    def lift(self, X: Any, table: Any) -> Any:
        """Return max(X table, 0)."""
        Z = self.array(X) @ self.array(table)
        return np.maximum(Z, 0.0, out=Z)

    def exported(self, a: Any) -> Any:
        """Return what a pickle holds of an array, a list of arrays or a number."""
        return a

    def imported(self, a: Any) -> Any:
        """Return what `exported` was made of."""
        return a

    def n_bytes(self, a: Any) -> int:
        """Return the memory that is held outside NumPy arrays."""
        return 0
