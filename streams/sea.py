"""The SEA concepts."""

from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import numpy as np

from olearn.core.jit import njit
from olearn.core.parameters import Fraction, In, NonNegativeInt, check_parameters
from olearn.streams._java_random import (
    JavaSeed,
    check_percent,
    java_state,
    next_double,
    next_int,
)
from olearn.streams.base import Block, Floats, Ints, Reader, Schema, Stream, column_names

__all__ = ["SEA"]

_THETAS = (8.0, 9.0, 7.0, 9.5)


@dataclass(eq=False, repr=False)
class SEA(Stream):
    r"""SEA: two of three numeric features decide by their sum[^1].

    Features are uniform on [0, 10); the label is $y = [x_0 + x_1 > \theta]$ and $x_2$ is
    irrelevant. With noise 0.1 the best possible accuracy is 90 %. Rows equal those of MOA's
    `SEAGenerator` bit for bit. Endless unless `n_samples` is given; O(1) per row.

    Parameters
    ----------
    function
        Which concept, 1 to 4: $\theta$ = 8, 9, 7 or 9.5.
    noise
        Probability that the label is flipped, in [0, 1], a whole number of percents.
    seed
        Non-negative integer.
    n_samples
        Number of rows, at least 0; `None` means endless.

    Raises
    ------
    ValueError
        If a parameter is outside the range above.

    Examples
    --------
    >>> from olearn import streams
    >>> stream = streams.SEA(function=1, noise=0.0, seed=42)
    >>> for x, y in stream.take(2):
    ...     print(x, y)
    {'x0': 7.2756, 'x1': 6.8322, 'x2': 3.0872} 1
    {'x0': 7.0771, 'x1': 0.9132, 'x2': 4.5126} 0

    References
    ----------
    [^1]: Street, W. N., Kim, Y. (2001). A streaming ensemble algorithm (SEA) for large-scale
        classification. KDD 2001, 377-382.

    """

    function: Annotated[int, In(1, 4)] = 1
    noise: Fraction = 0.1
    seed: JavaSeed = 1
    _: KW_ONLY
    n_samples: NonNegativeInt | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._noise_percent = check_percent("noise", self.noise)
        super().__init__(Schema(column_names(3), (), (0, 1)), self.n_samples)

    def _open(self) -> Reader:
        state = java_state(self.seed)
        theta = _THETAS[self.function - 1]

        def read(n: int) -> Block:
            X, y = np.empty((n, 3)), np.empty(n, np.int64)
            _fill(state, X, y, theta, self._noise_percent)
            return X, y

        return read


@njit
def _fill(state: Ints, X: Floats, y: Ints, theta: float, noise_percent: int) -> None:
    """Write the next rows into `X` (n, 3) and `y` (n,), advancing `state` in place."""
    for i in range(X.shape[0]):
        for j in range(3):
            X[i, j] = 10.0 * next_double(state)
        label = 0 if X[i, 0] + X[i, 1] <= theta else 1
        if 1 + next_int(state, 100) <= noise_percent:
            label = 1 - label
        y[i] = label
