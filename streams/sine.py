"""The SINE concepts."""

import math
from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import numpy as np

from olearn.core.jit import njit
from olearn.core.parameters import In, NonNegativeInt, check_parameters
from olearn.core.rng import KernelState, kernel_state, next_double
from olearn.streams.base import Block, Floats, Ints, Reader, Schema, Stream, column_names

__all__ = ["Sine"]


@dataclass(eq=False, repr=False)
class Sine(Stream):
    r"""Sine: is the point below a sine curve[^1]?

    Features are uniform on [0, 1). Concept 1 (SINE1): $y = [x_0 < \sin x_1]$; concept 3 (SINE2):
    $y = [x_0 < \frac{1}{2} + \frac{3}{10} \sin 3 \pi x_1]$; concepts 2 and 4 are 1 and 3 with the
    labels reversed. There is no noise. Label 1 has probability $1 - \cos 1 = 0.4597$ in concept 1
    and $\frac{1}{2} + \frac{1}{5 \pi} = 0.5637$ in concept 3. Endless unless `n_samples` is given;
    O(1) per row.

    Parameters
    ----------
    function
        Which concept, 1 to 4.
    n_irrelevant
        Number of further features that have no say, at least 0; 2 gives SINIRREL1 and SINIRREL2.
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
    >>> stream = streams.Sine(function=1, seed=42)
    >>> for x, y in stream.take(2):
    ...     print(x, y)
    {'x0': 0.3516, 'x1': 0.4802} 1
    {'x0': 0.1798, 'x1': 0.2530} 1

    References
    ----------
    [^1]: Gama, J., Medas, P., Castillo, G., Rodrigues, P. (2004). Learning with drift detection.
        SBIA 2004, 286-295. Section 4.1.

    """

    function: Annotated[int, In(1, 4)] = 1
    n_irrelevant: NonNegativeInt = 0
    seed: NonNegativeInt = 1
    _: KW_ONLY
    n_samples: NonNegativeInt | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        super().__init__(Schema(column_names(2 + self.n_irrelevant), (), (0, 1)), self.n_samples)

    def _open(self) -> Reader:
        state = kernel_state(self.seed)

        def read(n: int) -> Block:
            X, y = np.empty((n, self.schema.n_features)), np.empty(n, np.int64)
            _fill(state, X, y, self.function)
            return X, y

        return read


@njit
def _fill(state: KernelState, X: Floats, y: Ints, function: int) -> None:
    """Write the next rows into `X` (n, d) and `y` (n,), advancing `state` in place."""
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            X[i, j] = next_double(state)
        if function <= 2:
            curve = math.sin(X[i, 1])
        else:
            curve = 0.5 + 0.3 * math.sin(3.0 * math.pi * X[i, 1])
        label = 1 if X[i, 0] < curve else 0
        y[i] = label if function % 2 == 1 else 1 - label
