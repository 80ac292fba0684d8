"""Sparse initialisation: most weights of each unit start at zero."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from olearn.core.validate import check_in_range, check_integer

__all__ = ["sparse_uniform"]


def sparse_uniform(
    shape: Sequence[int], sparsity: float = 0.9, *, rng: np.random.Generator
) -> NDArray[np.float64]:
    r"""Draw a weight matrix whose units have few non-zero inputs[^1].

    All weights are uniform on $\pm 1 / \sqrt{n}$, n being the number of inputs of a unit; then each
    unit sets `ceil(sparsity * n)` of them to 0, chosen anew for each. It is a start, no mask: zero
    weights learn like the others. With the default, a unit of at most 9 inputs starts with none.

    Parameters
    ----------
    shape
        `(units, inputs)`, or `(filters, channels, height, width)` for a convolution; at least 2
        positive integers.
    sparsity
        Share of weights that start at zero, in [0, 1].
    rng
        Generator that draws them.

    Raises
    ------
    ValueError
        If a parameter is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.rl import sparse_uniform
    >>> weights = sparse_uniform((3, 20), rng=np.random.default_rng(1))
    >>> (weights != 0).sum(axis=1)
    array([2, 2, 2])

    References
    ----------
    [^1]: Elsayed, M., Vasan, G., Mahmood, A. R. (2024). Streaming deep reinforcement learning
        finally works. arXiv 2410.14606, Algorithm 1.

    """
    if len(shape) < 2:
        raise ValueError(f"shape must have at least 2 sizes, got {tuple(shape)}")
    for size in shape:
        check_integer("shape", size, 1)
    check_in_range("sparsity", sparsity, 0.0, 1.0)
    n_units, n_inputs = shape[0], math.prod(shape[1:])
    limit = 1.0 / math.sqrt(n_inputs)
    weights = rng.uniform(-limit, limit, (n_units, n_inputs))
    order = np.argsort(rng.random((n_units, n_inputs)), axis=1)
    np.put_along_axis(weights, order[:, : n_zeros(n_inputs, sparsity)], 0.0, axis=1)
    return weights.reshape(tuple(shape))


def n_zeros(n_inputs: int, sparsity: float) -> int:
    """Return how many of a unit's weights start at zero."""
    return math.ceil(sparsity * n_inputs)
