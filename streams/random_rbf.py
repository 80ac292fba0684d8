"""Random radial basis functions, standing or moving."""

import math
from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import numpy as np

from olearn.core.jit import njit
from olearn.core.parameters import (
    AtLeast,
    Fraction,
    In,
    NonNegativeInt,
    PositiveInt,
    check_parameters,
)
from olearn.streams._java_random import (
    JavaSeed,
    java_state,
    next_double,
    next_gaussian,
    next_int,
)
from olearn.streams.base import Block, Floats, Ints, Reader, Schema, Stream, column_names

__all__ = ["RandomRBF"]

_LABEL, _DEVIATION, _WEIGHT = range(3)  # columns of the centroids' facts


@dataclass(eq=False, repr=False)
class RandomRBF(Stream):
    r"""Random RBF: Gaussian clouds around random, possibly moving, labelled centroids[^1].

    Each row picks a centroid by its random weight and lies in a uniformly chosen direction from
    it, at a normal distance with the centroid's standard deviation. Before each row every moving
    centroid steps by `speed` along its own direction and bounces off the unit cube: incremental
    drift. Speed 0.0001 is the literature's moderate drift (RBF_m), 0.001 the fast one (RBF_f).
    Rows equal those of MOA's `RandomRBFGeneratorDrift` to 1e-15, labels exactly. Endless unless
    `n_samples` is given; O(n_drift_centroids * n_features) per row.

    Parameters
    ----------
    n_classes
        Number of classes, at least 2.
    n_features
        Number of numeric features, at least 1.
    n_centroids
        Number of centroids, at least 1.
    speed
        Distance a moving centroid goes per row, in [0, 1]; 0 is a stationary stream.
    n_drift_centroids
        How many centroids move, 0 to `n_centroids`; `None` means all.
    model_seed
        Non-negative integer, draws the centroids and directions; `None` means `seed`.
    seed
        Non-negative integer, draws the rows.
    n_samples
        Number of rows, at least 0; `None` means endless.

    Raises
    ------
    ValueError
        If a parameter is outside the range above.

    Examples
    --------
    >>> from olearn import streams
    >>> stream = streams.RandomRBF(n_features=3, speed=0.001, seed=42)
    >>> for x, y in stream.take(2):
    ...     print(x, y)
    {'x0': 0.579258, 'x1': 0.763363, 'x2': 0.328600} 1
    {'x0': -0.236445, 'x1': -0.021798, 'x2': 0.615241} 1

    References
    ----------
    [^1]: Bifet, A., Holmes, G., Pfahringer, B., Kirkby, R., Gavalda, R. (2009). New ensemble
        methods for evolving data streams. KDD 2009, 139-148. Section 5.

    """

    n_classes: Annotated[int, AtLeast(2)] = 2
    n_features: PositiveInt = 10
    n_centroids: PositiveInt = 50
    _: KW_ONLY
    speed: Fraction = 0.0
    n_drift_centroids: Annotated[int, In(0, "n_centroids")] | None = None
    model_seed: JavaSeed | None = None
    seed: JavaSeed = 1
    n_samples: NonNegativeInt | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        schema = Schema(column_names(self.n_features), (), tuple(range(self.n_classes)))
        super().__init__(schema, self.n_samples)

    def _open(self) -> Reader:
        centres, facts, steps = self._model()
        state = java_state(self.seed)
        total = sum(facts[:, _WEIGHT].tolist())  # one by one, as MOA adds them

        def read(n: int) -> Block:
            X, y = np.empty((n, centres.shape[1])), np.empty(n, np.int64)
            _fill(state, X, y, centres, facts, steps, total)
            return X, y

        return read

    def _model(self) -> tuple[Floats, Floats, Floats]:
        """Draw centres `(k, d)`, facts `(k, 3)` and steps per row of the moving ones `(m, d)`."""
        seed = self.seed if self.model_seed is None else self.model_seed
        n_moving = self.n_centroids if self.n_drift_centroids is None else self.n_drift_centroids
        d = self.schema.n_features
        centres, facts = np.empty((self.n_centroids, d)), np.empty((self.n_centroids, 3))
        steps = np.empty((n_moving if self.speed > 0.0 else 0, d))
        _draw_centroids(java_state(seed), centres, facts, self.schema.n_classes)
        _draw_directions(java_state(seed), steps)  # the same seed again: MOA's way
        return centres, facts, steps * self.speed


@njit
def _draw_centroids(state: Ints, centres: Floats, facts: Floats, n_classes: int) -> None:
    for k in range(centres.shape[0]):
        for j in range(centres.shape[1]):
            centres[k, j] = next_double(state)
        facts[k, _LABEL] = next_int(state, n_classes)
        facts[k, _DEVIATION] = next_double(state)
        facts[k, _WEIGHT] = next_double(state)


@njit
def _draw_directions(state: Ints, directions: Floats) -> None:
    for k in range(directions.shape[0]):
        squares = 0.0
        for j in range(directions.shape[1]):
            directions[k, j] = next_double(state)
            squares += directions[k, j] * directions[k, j]
        for j in range(directions.shape[1]):
            directions[k, j] /= math.sqrt(squares)


@njit
def _move(centres: Floats, steps: Floats) -> None:
    """Move the centres one step in place; a bounce turns that coordinate's step around."""
    for k in range(steps.shape[0]):
        for j in range(steps.shape[1]):
            value = centres[k, j] + steps[k, j]
            if value > 1.0:
                value = 1.0
                steps[k, j] = -steps[k, j]
            elif value < 0.0:
                value = 0.0
                steps[k, j] = -steps[k, j]
            centres[k, j] = value


@njit
def _fill(
    state: Ints, X: Floats, y: Ints, centres: Floats, facts: Floats, steps: Floats, total: float
) -> None:
    """Write the next rows into `X` (n, d) and `y` (n,), advancing all else in place."""
    for i in range(X.shape[0]):
        _move(centres, steps)
        u = next_double(state) * total
        k = 0
        reached = facts[0, _WEIGHT]
        while reached <= u and k + 1 < facts.shape[0]:
            k += 1
            reached += facts[k, _WEIGHT]
        squares = 0.0
        for j in range(X.shape[1]):
            X[i, j] = 2.0 * next_double(state) - 1.0
            squares += X[i, j] * X[i, j]
        scale = next_gaussian(state) * facts[k, _DEVIATION] / math.sqrt(squares)
        for j in range(X.shape[1]):
            X[i, j] = centres[k, j] + X[i, j] * scale
        y[i] = int(facts[k, _LABEL])
