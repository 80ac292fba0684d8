"""The STAGGER concepts."""

from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import numpy as np

from olearn.core.jit import njit
from olearn.core.parameters import In, NonNegativeInt, check_parameters
from olearn.core.rng import KernelState, kernel_state, next_below
from olearn.streams.base import Block, Floats, Ints, Reader, Schema, Stream

__all__ = ["STAGGER"]

_NAMES = ("size", "color", "shape")
_SIZE, _COLOR, _SHAPE = range(3)


@dataclass(eq=False, repr=False)
class STAGGER(Stream):
    r"""STAGGER: three nominal features and three Boolean concepts[^1].

    size is 0 small, 1 medium or 2 large; color 0 red, 1 blue or 2 green; shape 0 circle, 1 square
    or 2 triangle; all uniform. Label 1 means, in concept 1, small and red (probability 1/9); in
    concept 2, green or circle (5/9); in concept 3, medium or large (2/3). There is no noise.
    Endless unless `n_samples` is given; O(1) per row.

    Parameters
    ----------
    function
        Which concept, 1 to 3.
    seed
        Non-negative integer.
    n_samples
        Number of rows, at least 0; `None` means endless.

    Raises
    ------
    ValueError
        If a parameter is outside the range above.

    Notes
    -----
    Feature coding and concept 2 (green or circle) are those of MOA and river.

    Examples
    --------
    >>> from olearn import streams
    >>> stream = streams.STAGGER(function=1, seed=42)
    >>> for x, y in stream.take(2):
    ...     print(x, y)
    {'size': 1, 'color': 1, 'shape': 0} 0
    {'size': 0, 'color': 2, 'shape': 0} 0

    References
    ----------
    [^1]: Schlimmer, J. C., Granger, R. H. (1986). Incremental learning from noisy data.
        Machine Learning 1(3), 317-354.

    """

    function: Annotated[int, In(1, 3)] = 1
    seed: NonNegativeInt = 1
    _: KW_ONLY
    n_samples: NonNegativeInt | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        super().__init__(Schema(_NAMES, _NAMES, (0, 1)), self.n_samples)

    def _open(self) -> Reader:
        state = kernel_state(self.seed)

        def read(n: int) -> Block:
            X, y = np.empty((n, 3)), np.empty(n, np.int64)
            _fill(state, X, y, self.function)
            return X, y

        return read


@njit
def _fill(state: KernelState, X: Floats, y: Ints, function: int) -> None:
    """Write the next rows into `X` (n, 3) and `y` (n,), advancing `state` in place."""
    for i in range(X.shape[0]):
        for j in range(3):
            X[i, j] = next_below(state, 3)
        if function == 1:
            positive = X[i, _SIZE] == 0 and X[i, _COLOR] == 0
        elif function == 2:
            positive = X[i, _COLOR] == 2 or X[i, _SHAPE] == 0
        else:
            positive = X[i, _SIZE] != 0
        y[i] = 1 if positive else 0
