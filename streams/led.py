"""The LED display."""

from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import numpy as np

from olearn.core.jit import njit
from olearn.core.parameters import Fraction, In, NonNegativeInt, check_parameters
from olearn.streams._java_random import JavaSeed, check_percent, java_state, next_int
from olearn.streams.base import Block, Floats, Ints, Reader, Schema, Stream, column_names

__all__ = ["LED"]

_N_FEATURES = 24
_N_SEGMENTS = 7

# which segments of the display show each digit
_SEGMENTS = np.array(
    [
        [1, 1, 1, 0, 1, 1, 1],
        [0, 0, 1, 0, 0, 1, 0],
        [1, 0, 1, 1, 1, 0, 1],
        [1, 0, 1, 1, 0, 1, 1],
        [0, 1, 1, 1, 0, 1, 0],
        [1, 1, 0, 1, 0, 1, 1],
        [1, 1, 0, 1, 1, 1, 1],
        [1, 0, 1, 0, 0, 1, 0],
        [1, 1, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 0, 1, 1],
    ],
    np.int64,
)


@dataclass(eq=False, repr=False)
class LED(Stream):
    r"""LED: read the digit on a faulty seven-segment display[^1].

    Of 24 nominal 0/1 features seven are the segments of a digit 0 to 9, each flipped with
    probability `noise`, and 17 are irrelevant coin tosses. With noise 0.1 the best possible
    accuracy is 74.002 % (exact, over all $2^7$ displays), for every `n_swapped`. Rows equal those
    of MOA's `LEDGeneratorDrift` bit for bit. Endless unless `n_samples` is given; O(1) per row.

    Parameters
    ----------
    n_swapped
        How many of the seven segments, 0 to 7, have changed places with an irrelevant feature:
        for i < n_swapped, features i and 7 + i. This is the concept.
    noise
        Probability that a segment is flipped, in [0, 1], a whole number of percents.
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
    >>> stream = streams.LED(noise=0.0, seed=42)
    >>> for x, y in stream.take(3):
    ...     print([x[f"x{j}"] for j in range(7)], y)
    [1, 1, 1, 0, 1, 1, 1] 0
    [0, 0, 1, 0, 0, 1, 0] 1
    [1, 0, 1, 1, 0, 1, 1] 3

    References
    ----------
    [^1]: Breiman, L., Friedman, J. H., Olshen, R. A., Stone, C. J. (1984). Classification and
        Regression Trees. Wadsworth, 43-49.

    """

    n_swapped: Annotated[int, In(0, _N_SEGMENTS)] = 0
    noise: Fraction = 0.1
    seed: JavaSeed = 1
    _: KW_ONLY
    n_samples: NonNegativeInt | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._noise_percent = check_percent("noise", self.noise)
        names = column_names(_N_FEATURES)
        super().__init__(Schema(names, names, tuple(range(10))), self.n_samples)

    def _open(self) -> Reader:
        state = java_state(self.seed)
        column = np.arange(_N_FEATURES)
        swapped = slice(0, self.n_swapped), slice(_N_SEGMENTS, _N_SEGMENTS + self.n_swapped)
        column[swapped[0]], column[swapped[1]] = (
            column[swapped[1]].copy(),
            column[swapped[0]].copy(),
        )

        def read(n: int) -> Block:
            X, y = np.empty((n, _N_FEATURES)), np.empty(n, np.int64)
            _fill(state, X, y, _SEGMENTS, column, self._noise_percent)
            return X, y

        return read


@njit
def _fill(
    state: Ints, X: Floats, y: Ints, segments: Ints, column: Ints, noise_percent: int
) -> None:
    """Write the next rows into `X` (n, 24) and `y` (n,), advancing `state` in place."""
    for i in range(X.shape[0]):
        digit = next_int(state, 10)
        y[i] = digit
        for j in range(7):
            bit = segments[digit, j]
            if 1 + next_int(state, 100) <= noise_percent:
                bit = 1 - bit
            X[i, column[j]] = bit
        for j in range(7, 24):
            X[i, column[j]] = next_int(state, 2)
