"""Small networks with layer norm, for one sample at a time; compiled."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.validate import check_choice, check_in_range, check_integer, check_seed
from olearn.learners.rl._network_kernels import accumulate, cache_size, forward, n_parameters
from olearn.learners.rl.initialise import n_zeros, sparse_uniform

__all__ = ["LayerNormMLP"]

DTYPES = ("float32", "float64")
Layers = list[tuple[NDArray[Any], NDArray[Any]]]


class LayerNormMLP:
    r"""Layers of affine map, layer norm, leaky ReLU, and an affine head[^1].

    The layer norm runs over a whole layer and learns no scale or shift; the leaky ReLU has slope
    0.01. Weights start sparse, biases at 0.

    Parameters
    ----------
    sizes
        Inputs, hidden layers, outputs: at least 3 positive integers.
    sparsity
        Share of weights that start at zero, in [0, 1].
    dtype
        `"float32"` or `"float64"`.
    seed
        Seed of the first weights; None draws one.

    Attributes
    ----------
    weights
        All parameters, `(n,)`; the layout is that of the kernels, `layers` gives the matrices.

    Raises
    ------
    ValueError
        If a parameter is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.rl import LayerNormMLP
    >>> net = LayerNormMLP((3, 8, 2), dtype="float64", seed=1)
    >>> net.forward(np.array([1.0, 2.0, 3.0]))  # so few inputs start with weights of zero
    array([0., 0.])
    >>> gradient = net.gradient(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0]))
    >>> gradient.shape == net.weights.shape
    True

    References
    ----------
    [^1]: Elsayed, M., Vasan, G., Mahmood, A. R. (2024). Streaming deep reinforcement learning
        finally works. arXiv 2410.14606.

    """

    def __init__(
        self,
        sizes: Sequence[int],
        sparsity: float = 0.9,
        dtype: str = "float32",
        *,
        seed: int | None = None,
    ) -> None:
        if len(sizes) < 3:
            raise ValueError(f"sizes must be inputs, hidden layers, outputs, got {tuple(sizes)}")
        for size in sizes:
            check_integer("sizes", size, 1)
        check_in_range("sparsity", sparsity, 0.0, 1.0)
        check_choice("dtype", dtype, DTYPES)
        check_seed(seed)
        self.sizes = np.array(sizes, dtype=np.int64)
        rng = np.random.default_rng(seed)
        self.weights = draw_weights(self.sizes, sparsity, dtype, rng)
        self._cache = np.zeros((3, cache_size(self.sizes)), dtype)

    def forward(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return the outputs, `(n_outputs,)`, for one input `(n_inputs,)`."""
        x = np.asarray(x)
        if x.shape != (self.sizes[0],):
            raise ValueError(f"x must have shape ({self.sizes[0]},), got {x.shape}")
        self._cache[0, : x.size] = x
        forward(self.sizes, self.weights, self._cache[0], True)
        out: NDArray[Any] = self._cache[0, -self.sizes[-1] :].copy()
        return out

    def gradient(self, x: NDArray[Any], slopes: NDArray[Any]) -> NDArray[Any]:
        """Return the gradient of `outputs . slopes` by the weights, in their layout."""
        self.forward(x)
        gradient = np.zeros_like(self.weights)
        self._cache[2, : self.sizes[-1]] = slopes
        accumulate(
            self.sizes, self.weights, gradient, self._cache[0], self._cache[2], self._cache[1],
            0.0, True,
        )  # fmt: skip
        return gradient

    @property
    def layers(self) -> Layers:
        """Matrices `(units, inputs)` and biases, layer by layer; views of `weights`."""
        return layers_of(self.sizes, self.weights)


def layers_of(sizes: NDArray[np.int64], weights: NDArray[Any]) -> Layers:
    """Return views of flat parameters as matrices `(units, inputs)` and biases."""
    found: Layers = []
    at = 0
    for layer in range(len(sizes) - 1):
        n_in, n_out = int(sizes[layer]), int(sizes[layer + 1])
        flat = weights[at : at + n_in * n_out]
        head = layer == len(sizes) - 2
        matrix = flat.reshape(n_out, n_in) if head else flat.reshape(n_in, n_out).T
        at += n_in * n_out
        found.append((matrix, weights[at : at + n_out]))
        at += n_out
    return found


def draw_weights(
    sizes: NDArray[np.int64], sparsity: float, dtype: str, rng: np.random.Generator
) -> NDArray[Any]:
    """Return first parameters: sparse weights, biases of zero."""
    weights = np.zeros(n_parameters(sizes), dtype)
    for matrix, _ in layers_of(sizes, weights):
        matrix[:] = sparse_uniform(matrix.shape, sparsity, rng=rng)
    return weights


def check_hidden(hidden: Any, sparsity: float) -> None:
    """Raise unless hidden layers have widths, and outgoing weights that are not all zero."""
    check_in_range("sparsity", sparsity, 0.0, 1.0)
    if not isinstance(hidden, tuple) or not hidden:
        raise ValueError(f"hidden must be a tuple of layer widths, got {hidden!r}")
    for width in hidden:
        check_integer("hidden", width, 1)
        if n_zeros(int(width), sparsity) == width:  # no gradient would ever pass it
            raise ValueError(
                f"hidden must be wider than {width} for sparsity {sparsity}, got {hidden}"
            )
