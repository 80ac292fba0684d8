r"""The polar factor $U V^T$ of $U \,\mathrm{diag}(s)\, V^T$: the orthogonal matrix next to it.

It is where $\langle G, S \rangle$ is largest over all $S$ of spectral norm at most 1, that is the
Frank-Wolfe step. NumPy arrays and torch tensors are both taken, and given back in kind.
"""

from typing import Any

import numpy as np

from olearn.core.threads import threads_for
from olearn.core.validate import check_choice

__all__ = ["polar"]

METHODS = ("auto", "svd", "gram", "newton_schulz")

# measured on one core with OpenBLAS (experiments/benchmarks/dictionary.py): below these sizes the
# singular value decomposition is the fastest way to a factor, and to project what is nearly one
_GRAM_FROM = 24
_NEAR_FROM = 24

_MAX_STEPS = 60


def polar(G: Any, method: str = "auto") -> Any:
    r"""Return the polar factor of a matrix.

    Parameters
    ----------
    G
        Matrix of floats, finite, `(m, n)`. A matrix of rank below `min(m, n)` has many factors;
        one of them is returned.
    method
        `"svd"`: singular value decomposition. `"gram"`: eigenvectors of $G^T G$,
        corrected by one or two Newton-Schulz steps and, from a condition of 1000 on, by a turn
        that restores what squaring lost; 1.5 times as fast on a CPU. Matrices of condition above
        300,000 fall back to `"svd"`. `"newton_schulz"`: only
        products, which suits a GPU; falls back likewise. `"auto"`: the fastest measured: `"svd"`
        below 24 columns and `"gram"` above on a CPU, `"newton_schulz"` on other devices.

    Returns
    -------
    Matrix of the kind and shape of `G`. The methods agree to 1e-10 up to a condition of 1000 in
    float64.

    Raises
    ------
    ValueError
        If `method` is none of the above or `G` is not a finite matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.dictionary import polar
    >>> polar(np.array([[0.0, 2.0], [-0.5, 0.0]]))
    array([[ 0.,  1.],
           [-1.,  0.]])

    References
    ----------
    Higham, N. J. (2008). Functions of Matrices, chapter 8. SIAM. Equation 8.20 (Newton-Schulz).

    """
    check_choice("method", method, METHODS)
    if len(G.shape) != 2:
        raise ValueError(f"G must be a matrix, got shape {tuple(G.shape)}")
    if not _is_finite(G):
        raise ValueError("G must be finite, got NaN or an infinite value in it")
    if method == "auto":
        method = _fastest(G)
    device = None if isinstance(G, np.ndarray) else G.device.type
    with threads_for(polar_work(*G.shape), device):
        return _factor(G, method) if G.shape[0] >= G.shape[1] else _factor(G.T, method).T


def polar_work(m: int, n: int) -> float:
    """Return about how many multiplications the polar factor of an `(m, n)` matrix takes."""
    return 20.0 * m * n * min(m, n)


def _factor(G: Any, method: str) -> Any:
    if method == "gram":
        return _by_gram(G)
    if method == "newton_schulz":
        return _by_newton_schulz(G / _norm_bound(G), G)
    return _by_svd(G)


def polar_of_near(A: Any) -> Any:
    """Return the polar factor of a square matrix that is nearly one, and of norm 1 at most.

    Newton-Schulz steps without scaling: 3 to 6 of them where the singular values lie above 0.8.
    """
    if isinstance(A, np.ndarray) and len(A) < _NEAR_FROM:
        return _by_svd(A)
    return _by_newton_schulz(A, A)


def _fastest(G: Any) -> str:
    if not isinstance(G, np.ndarray) and G.device.type != "cpu":
        return "newton_schulz"
    return "svd" if min(G.shape) < _GRAM_FROM else "gram"


def _by_svd(G: Any) -> Any:
    U, _, Vt = _linalg(G).svd(G, full_matrices=False)
    return U @ Vt


def _by_gram(G: Any) -> Any:
    w, V = _linalg(G).eigh(G.T @ G)  # eigenvalues in ascending order
    lowest, eps = float(w[0]) / max(float(w[-1]), 1e-300), _epsilon(G)
    if not lowest > eps**0.7:
        return _by_svd(G)
    s = w**0.5
    S = _nearer(G @ ((V / s) @ V.T))
    if lowest > eps**0.4:
        return S
    # Squaring lost digits of the weak directions: S is turned by some skew W. As S^T G would be
    # the symmetric H, W is what solves W H + H W = S^T G - G^T S, to first order
    H = S.T @ G
    W = V @ ((V.T @ (H - H.T) @ V) / (s[:, None] + s)) @ V.T
    return _nearer(S + S @ W)


def _nearer(X: Any) -> Any:
    """Take one Newton-Schulz step, which squares the distance from an orthogonal matrix."""
    return 1.5 * X - 0.5 * (X @ (X.T @ X))


def _by_newton_schulz(X: Any, G: Any) -> Any:
    """Iterate on `X`, whose polar factor is that of `G`; turn to `G` if it does not converge."""
    n = X.shape[1]
    enough = _epsilon(G) ** 0.5  # the next step squares the distance
    for _ in range(_MAX_STEPS):
        W = X.T @ X
        # || W - I ||^2 without making the identity: cancels below sqrt(epsilon), hence the bound
        W.reshape(-1)[:: n + 1] -= 1.0
        distance = float((W * W).sum()) ** 0.5
        X = X - 0.5 * (X @ W)
        if distance <= enough:
            return X
    return _by_svd(G)


def _norm_bound(G: Any) -> Any:
    """Return an upper bound of the spectral norm, at most sqrt(n) times too large."""
    sizes = abs(G)
    bound = (sizes.sum(0).max() * sizes.sum(1).max()) ** 0.5
    return bound if float(bound) > 0.0 else 1.0


def _epsilon(G: Any) -> float:
    double = str(G.dtype).endswith("float64")
    return float(np.finfo(np.float64 if double else np.float32).eps)


def _is_finite(G: Any) -> bool:
    total = float(abs(G).sum())  # NaN and infinity survive a sum of absolute values
    return total < float("inf")


def _linalg(G: Any) -> Any:
    if isinstance(G, np.ndarray):
        return np.linalg
    import torch

    return torch.linalg
