"""The rotating hyperplane."""

from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import numpy as np

from olearn.core.jit import njit
from olearn.core.parameters import Fraction, In, NonNegativeInt, PositiveInt, check_parameters
from olearn.core.rng import KernelState, kernel_state, next_double
from olearn.streams.base import Block, Floats, Ints, Reader, Schema, Stream, column_names

__all__ = ["Hyperplane"]


@dataclass(eq=False, repr=False)
class Hyperplane(Stream):
    r"""Hyperplane: a plane through the middle of the unit cube that slowly rotates[^1].

    Features are uniform on [0, 1); $y = [\sum_i w_i x_i \ge \frac{1}{2} \sum_i w_i]$ with weights
    that start uniform on [0, 1). After each row the first `n_drift_features` weights change by
    `mag_change`, up or down, and each turns around with probability `sigma`: incremental drift.
    Endless unless `n_samples` is given; O(n_features) per row.

    Parameters
    ----------
    n_features
        Number of numeric features, at least 1.
    n_drift_features
        How many weights change, 0 to `n_features`.
    mag_change
        Change of a weight per row, in [0, 1]; 0 is a stationary stream.
    sigma
        Probability that a weight's direction of change turns around after a row, in [0, 1].
    noise
        Probability that the label is flipped, in [0, 1].
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
    >>> stream = streams.Hyperplane(n_features=3, mag_change=0.01, seed=42)
    >>> for x, y in stream.take(2):
    ...     print(x, y)
    {'x0': 0.2530, 'x1': 0.9777, 'x2': 0.3106} 1
    {'x0': 0.1394, 'x1': 0.8337, 'x2': 0.5042} 1

    References
    ----------
    [^1]: Hulten, G., Spencer, L., Domingos, P. (2001). Mining time-changing data streams.
        KDD 2001, 97-106. Section 5.1.

    """

    n_features: PositiveInt = 10
    n_drift_features: Annotated[int, In(0, "n_features")] = 2
    mag_change: Fraction = 0.001
    _: KW_ONLY
    sigma: Fraction = 0.1
    noise: Fraction = 0.05
    seed: NonNegativeInt = 1
    n_samples: NonNegativeInt | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        super().__init__(Schema(column_names(self.n_features), (), (0, 1)), self.n_samples)

    def _open(self) -> Reader:
        state = kernel_state(self.seed)
        d = self.schema.n_features
        weights = np.array([next_double(state) for _ in range(d)])
        steps = np.zeros(d)
        steps[: self.n_drift_features] = self.mag_change
        chances = self.sigma, self.noise

        def read(n: int) -> Block:
            X, y = np.empty((n, d)), np.empty(n, np.int64)
            _fill(state, X, y, weights, steps, *chances)
            return X, y

        return read


@njit
def _fill(
    state: KernelState,
    X: Floats,
    y: Ints,
    weights: Floats,
    steps: Floats,
    sigma: float,
    noise: float,
) -> None:
    """Write the next rows into `X` (n, d) and `y` (n,), advancing all else in place."""
    for i in range(X.shape[0]):
        above = 0.0
        for j in range(X.shape[1]):
            X[i, j] = next_double(state)
            above += weights[j] * (X[i, j] - 0.5)
        label = 1 if above >= 0.0 else 0
        if next_double(state) < noise:
            label = 1 - label
        y[i] = label
        for j in range(X.shape[1]):
            if steps[j] != 0.0:
                weights[j] += steps[j]
                if next_double(state) < sigma:
                    steps[j] = -steps[j]
