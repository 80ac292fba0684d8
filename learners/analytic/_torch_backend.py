"""The operations of `backends` by torch, on the CPU or a CUDA device. Imports torch."""

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from olearn.core.threads import threads_for
from olearn.learners.analytic._more_ridge import ridges, warn_of_ridge


class TorchBackend:
    """torch tensors on a device; symmetric matrices are held whole.

    Parameters
    ----------
    dtype
        `"float64"` or `"float32"`, of the products. TF32 is never used: it has 10 bits.
    device
        `"cpu"`, `"cuda"` or `"cuda:1"`, ...

    """

    rowwise = False

    def __init__(self, dtype: str, device: str) -> None:
        self.dtype: Any = getattr(torch, dtype)
        self.device = device
        torch.zeros(1, device=device)  # refuses a device that is not there

    def threads(self, work: float) -> AbstractContextManager[None]:
        return threads_for(work, self.device)

    def zeros(self, n: int, m: int, *, wide: bool = False) -> Any:
        return torch.zeros((n, m), dtype=self._dtype(wide), device=self.device)

    def array(self, a: Any, *, wide: bool = False) -> Any:
        return torch.as_tensor(a, dtype=self._dtype(wide), device=self.device)

    def symmetric(self, a: Any, *, wide: bool = False) -> Any:
        return torch.tensor(a, dtype=self._dtype(wide), device=self.device)

    def _dtype(self, wide: bool) -> Any:
        return torch.float64 if wide else self.dtype

    def numpy(self, a: Any) -> NDArray[np.float64]:
        return np.ascontiguousarray(a.detach().cpu().numpy(), np.float64)

    def copy(self, a: Any) -> Any:
        return a.clone()

    def full(self, S: Any) -> NDArray[np.float64]:
        return self.numpy(S)

    def scale(self, S: Any, factor: float) -> None:
        S *= factor

    def add_gram(self, S: Any, A: Any, alpha: float = 1.0, beta: float = 1.0) -> None:
        if S.dtype == A.dtype:
            S.addmm_(A.T, A, beta=beta, alpha=alpha)
        else:
            S.mul_(beta).add_(A.T @ A, alpha=alpha)

    def times(self, S: Any, A: Any) -> Any:
        return S @ A

    def solve(self, S: Any, ridge: float, Q: Any) -> Any:
        return torch.cholesky_solve(Q, self._factor(S, ridge))

    def invert(self, S: Any, ridge: float, Q: Any) -> tuple[Any, Any]:
        factor = self._factor(S, ridge)
        W = torch.cholesky_solve(Q, factor)
        return torch.cholesky_inverse(factor).to(self.dtype), W.to(self.dtype)

    def _factor(self, S: Any, ridge: float) -> Any:
        for used in ridges(ridge, float(S.diagonal().max())):
            shifted = S.to(torch.float64, copy=True)
            shifted.diagonal().add_(used)
            factor, info = torch.linalg.cholesky_ex(shifted)
            if int(info) == 0:
                warn_of_ridge(ridge, used)
                return factor
        raise np.linalg.LinAlgError(f"S + {ridge} I is not positive definite")

    def cholesky(self, K: Any) -> Any:
        try:
            return torch.linalg.cholesky(K)
        except RuntimeError as error:
            raise np.linalg.LinAlgError(str(error)) from error

    def lower_solve(self, L: Any, B: Any) -> Any:
        return torch.linalg.solve_triangular(L, B, upper=False)

    def upper_solve(self, U: Any, B: Any) -> Any:
        return torch.linalg.solve_triangular(U, B, upper=True)

    def triangle(self, A: Any) -> Any:
        return torch.linalg.qr(A, mode="r")[1]

    def join(self, blocks: list[list[Any]]) -> Any:
        return torch.cat([torch.cat(row, dim=1) for row in blocks], dim=0)

    def lift(self, X: Any, table: Any) -> Any:
        return torch.relu(self.array(X) @ self.array(table))

    def exported(self, a: Any) -> Any:
        if isinstance(a, list):
            return [self.exported(item) for item in a]
        return a.cpu().numpy() if isinstance(a, torch.Tensor) else a

    def imported(self, a: Any) -> Any:
        if isinstance(a, list):
            return [self.imported(item) for item in a]
        if isinstance(a, np.ndarray) and a.ndim == 2:  # weights of classes stay in NumPy
            return torch.tensor(a, device=self.device)
        return a

    def n_bytes(self, a: Any) -> int:
        return int(a.numel() * a.element_size())
