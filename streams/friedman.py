"""Friedman's function, its concepts, and the drifts laid over it."""

import math
from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import njit
from olearn.core.parameters import In, NonNegativeInt, check_parameters
from olearn.core.rng import KernelState, kernel_state, next_double, next_gaussian
from olearn.core.validate import check_choice
from olearn.streams.base import Block, Floats, Numbers, Reader, Schema, Stream, column_names
from olearn.streams.drift import DriftStream

__all__ = ["Friedman", "friedman_drift"]

_N_FEATURES = 10
# by concept: the places of x0, x1, x2, x3 and x4 of the first in the same formula
_PLACES = ((0, 1, 2, 3, 4), (3, 4, 1, 0, 2), (1, 4, 3, 2, 0))
_LOCAL = len(_PLACES)  # concepts beyond are the first but for two regions, which grow
_DRIFTS = {"lea": (1, 4, 5, 6), "gra": (1, 2, 1), "gsg": (1, 2, 3)}


@dataclass(eq=False, repr=False)
class Friedman(Stream):
    r"""Friedman's function of five of ten features, a number to predict[^1].

    Features are uniform on [0, 1) and, in concept 1, $y = 10 \sin(\pi x_0 x_1) +
    20 (x_2 - \frac{1}{2})^2 + 10 x_3 + 5 x_4 + \epsilon$ with normal noise $\epsilon$. In concepts
    2 and 3 other features take these places; concepts 4 to 6 are the first one but for two regions
    of the space, which grow, as in the published drifts[^2] (see `friedman_drift`). Endless unless
    `n_samples` is given; O(1) per row.

    Parameters
    ----------
    function
        Which concept, 1 to 6.
    noise
        Standard deviation of the noise, at least 0.
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
    >>> stream = streams.Friedman(seed=42)
    >>> for x, y in stream.take(2):
    ...     print(x["x0"], y)
    0.3516 15.7993
    0.6313 12.2317

    References
    ----------
    [^1]: Friedman, J. H. (1991). Multivariate adaptive regression splines. The Annals of Statistics
        19(1), 1-67.
    [^2]: Ikonomovska, E., Gama, J., Džeroski, S. (2011). Learning model trees from evolving data
        streams. Data Mining and Knowledge Discovery 23(1), 128-168.

    """

    function: Annotated[int, In(1, 6)] = 1
    noise: Annotated[float, In(0.0, math.inf, "[)")] = 1.0
    seed: NonNegativeInt = 1
    _: KW_ONLY
    n_samples: NonNegativeInt | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        super().__init__(Schema(column_names(_N_FEATURES), (), Numbers()), self.n_samples)

    def _open(self) -> Reader:
        state = kernel_state(self.seed)
        region = max(self.function - _LOCAL, 0)
        places = np.array(_PLACES[0 if region else self.function - 1])

        def read(n: int) -> Block:
            X, y = np.empty((n, _N_FEATURES)), np.empty(n)
            _fill(state, X, y, places, region, self.noise)
            return X, y

        return read


def friedman_drift(
    kind: str = "gra",
    positions: tuple[int, ...] | None = None,
    *,
    width: float = 2500.0,
    seed: int = 1,
    n_samples: int = 100_000,
) -> DriftStream:
    """Make one of the published drifts of Friedman's function[^1].

    Parameters
    ----------
    kind
        `"lea"`: local and expanding, two regions change at the first drift and grow at two more;
        `"gra"`: global and recurring, abrupt, the first concept comes back; `"gsg"`: global, slow
        and gradual, three concepts.
    positions
        Rows of the drifts, three for `"lea"`, two for the others; None spreads them evenly.
    width
        Rows that a drift of `"gsg"` takes.
    seed
        Non-negative integer; each concept has rows of its own.
    n_samples
        Number of rows.

    Raises
    ------
    ValueError
        If the kind is unknown, or positions are too few, too many or not increasing.

    Examples
    --------
    >>> from olearn import streams
    >>> stream = streams.friedman_drift("lea", seed=42, n_samples=20_000)
    >>> stream.drift_positions
    (5000, 10000, 15000)

    References
    ----------
    [^1]: Ikonomovska, E., Gama, J., Džeroski, S. (2011). Learning model trees from evolving data
        streams. Data Mining and Knowledge Discovery 23(1), 128-168.

    """
    check_choice("kind", kind, _DRIFTS)
    functions = _DRIFTS[kind]
    made = {f: Friedman(f, seed=seed + k) for k, f in enumerate(dict.fromkeys(functions))}
    if positions is None:
        positions = tuple(n_samples * k // len(functions) for k in range(1, len(functions)))
    return DriftStream(
        [made[f] for f in functions],
        positions,
        width if kind == "gsg" else 0,
        seed=seed,
        n_samples=n_samples,
    )


@njit
def _fill(
    state: KernelState, X: Floats, y: Floats, places: NDArray[np.int64], region: int, noise: float
) -> None:
    """Write the next rows into `X` (n, 10) and `y` (n,), advancing `state` in place."""
    a, b, c, d, e = places
    for i in range(X.shape[0]):
        x = X[i]
        for j in range(X.shape[1]):
            x[j] = next_double(state)
        # the more the regions grow, the fewer features bound them
        low = region > 0 and x[1] < 0.3 and x[2] < 0.3
        low = low and (region > 2 or x[3] > 0.7) and (region > 1 or x[4] < 0.3)
        high = region > 0 and x[1] > 0.7 and x[2] > 0.7
        high = high and (region > 2 or x[3] < 0.3) and (region > 1 or x[4] > 0.7)
        if low:
            value = 10.0 * x[0] * x[1] + 20.0 * (x[2] - 0.5) + 10.0 * x[3] + 5.0 * x[4]
        elif high:
            value = 10.0 * math.cos(x[0] * x[1]) + 20.0 * (x[2] - 0.5)
            value += math.exp(x[3]) + 5.0 * x[4] ** 2
        else:
            value = 10.0 * math.sin(math.pi * x[a] * x[b]) + 20.0 * (x[c] - 0.5) ** 2
            value += 10.0 * x[d] + 5.0 * x[e]
        y[i] = value + noise * next_gaussian(state)
