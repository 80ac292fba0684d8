r"""Codes of an orthogonal dictionary: thresholds, errors, and how sparse they are.

Rows of `A` are the atoms, so that samples in the rows of `X` have the codes `X @ A.T` and codes
`Z` stand for the samples `Z @ A`. Everything but the errors takes NumPy arrays and torch tensors.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from olearn.core.validate import check_in_range, check_integer

__all__ = [
    "keep_largest",
    "mad_threshold",
    "match_atoms",
    "recovery_error",
    "residual",
    "soft",
    "sparsity",
]

Matrix = NDArray[np.float64]

_NORMAL_MAD = 0.6744897501960817  # median of |N(0, 1)|


def soft(Z: Any, level: Any) -> Any:
    """Move each code towards 0 by `level`, and to 0 where it is smaller.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.dictionary import soft
    >>> soft(np.array([[3.0, -0.5, -2.0]]), 1.0)
    array([[ 2.,  0., -1.]])

    """
    return Z - Z.clip(-level, level)


def hard(Z: Any, level: Any) -> Any:
    """Set the codes to 0 whose absolute value is not above `level`."""
    return Z * (abs(Z) > level)


def keep_largest(Z: Matrix, k: int) -> Matrix:
    """Keep the `k` codes of largest absolute value in each row; the others become 0.

    Parameters
    ----------
    Z
        Codes, `(n_samples, n_atoms)`.
    k
        Number of codes kept, from 1; all where there are no more.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.dictionary import keep_largest
    >>> keep_largest(np.array([[3.0, -0.5, -2.0]]), 2)
    array([[ 3.,  0., -2.]])

    """
    check_integer("k", k, 1)
    if k >= Z.shape[1]:
        return Z.copy()
    out = np.zeros_like(Z)
    at = np.argpartition(abs(Z), -k, axis=1)[:, -k:]
    np.put_along_axis(out, at, np.take_along_axis(Z, at, axis=1), axis=1)
    return out


def mad_threshold(Z: Matrix, level: float = 3.0) -> Matrix:
    r"""Keep the codes that stand out of their row's noise; the others become 0.

    The noise of a row is $\hat\sigma = \mathrm{median}_j |z_j| / 0.6745$, right where fewer than
    half of the codes carry signal; codes up to `level` times it become 0.

    Parameters
    ----------
    Z
        Codes, `(n_samples, n_atoms)`.
    level
        Threshold in standard deviations of the noise, not negative. Of pure normal noise, 3 lets
        0.27 % through.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.dictionary import mad_threshold
    >>> mad_threshold(np.array([[9.0, -1.0, 1.0, 0.5, 5.0]]))
    array([[ 9.,  0.,  0.,  0.,  5.]])

    """
    check_in_range("level", level, 0.0)
    noise = np.median(abs(Z), axis=1, keepdims=True) / _NORMAL_MAD
    return hard(Z, level * noise)


def residual(Z: Matrix, k: int) -> Matrix:
    r"""Return the share of each sample outside its `k` largest codes, $\|z - z_k\| / \|z\|$.

    It is the relative error of storing `k` codes, between 0 and 1; 0 for a sample of zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.dictionary import residual
    >>> residual(np.array([[4.0, 0.0, 3.0], [0.0, 0.0, 0.0]]), 1)
    array([0.6, 0. ])

    """
    check_integer("k", k, 1)
    powers = np.sort(Z * Z, axis=1)
    total = powers.sum(axis=1)
    rest = powers[:, : max(0, Z.shape[1] - k)].sum(axis=1)
    return np.sqrt(np.divide(rest, total, out=np.zeros_like(total), where=total > 0.0))


def sparsity(Z: Any) -> float:
    r"""Return the mean of $\|z\|_3^3 / \|z\|_2^3$ over the rows that are not all zero.

    It needs no labels and no true dictionary: 1 for codes with one entry, `gaussian_sparsity` for
    codes that are not sparse at all; NaN where all rows are zero.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.dictionary import sparsity
    >>> sparsity(np.array([[2.0, 0.0], [1.0, 1.0], [0.0, 0.0]]))
    0.8535533905932737

    """
    sizes = abs(Z)
    squares = sizes * sizes
    lengths = squares.sum(1)
    there = lengths > 0.0
    n_there = int(there.sum())
    if n_there == 0:
        return math.nan
    cubes = (squares * sizes).sum(1)[there]
    return float((cubes / lengths[there] ** 1.5).sum()) / n_there


def gaussian_sparsity(n: int) -> float:
    """Return `sparsity` for normal samples in `n` dimensions, about 1.6 / sqrt(n)."""
    log_ratio = math.lgamma(n / 2) - math.lgamma((n + 3) / 2)
    return n * math.exp(log_ratio) / math.sqrt(math.pi)


def recovery_error(A: Matrix, D: Matrix) -> float:
    r"""Return $|\, \|Q\|_4^4 / n - 1 |$ with $Q = A D$: how far atoms are from the true ones.

    It is 0 if and only if the atoms are the columns of `D` up to order and sign, and near
    $1 - 3/n$ for unrelated ones. The rows of `A` are first made orthonormal, as the
    measure supposes.

    Parameters
    ----------
    A
        Atoms in rows, `(n, n)`.
    D
        True orthogonal dictionary, atoms in columns, `(n, n)`.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.dictionary import recovery_error
    >>> recovery_error(np.array([[0.0, -1.0], [1.0, 0.0]]), np.eye(2))
    0.0

    """
    from olearn.learners.dictionary.polar_factor import polar

    Q = polar(A, "svd") @ D
    return abs(float((Q**4).sum()) / len(Q) - 1.0)


def match_atoms(A: Matrix, D: Matrix) -> tuple[NDArray[np.int64], Matrix, Matrix]:
    """Pair atoms with true ones, one to one, so that they agree best up to sign.

    Parameters
    ----------
    A
        Atoms in rows, `(n, n)`.
    D
        True dictionary, atoms in columns, `(n, n)`.

    Returns
    -------
    For each row of `A` the column of `D` it stands for, its sign, and the angle between them in
    radians, from 0 to pi/2.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.dictionary import match_atoms
    >>> column, sign, angle = match_atoms(np.array([[0.0, -1.0], [1.0, 0.0]]), np.eye(2))
    >>> column, sign, angle
    (array([1, 0]), array([-1.,  1.]), array([0., 0.]))

    """
    rows = A / np.linalg.norm(A, axis=1, keepdims=True)
    cosines = rows @ (D / np.linalg.norm(D, axis=0))
    _, column = linear_sum_assignment(-abs(cosines))
    best = np.take_along_axis(cosines, column[:, None], axis=1)[:, 0]
    return column.astype(np.int64), np.sign(best), np.arccos(np.minimum(abs(best), 1.0))
