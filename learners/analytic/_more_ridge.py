"""What every backend does where a matrix has no factor: it tries again with ten times the ridge."""

import logging
import math
from collections.abc import Iterator

_TRIES = 12
_LOG = logging.getLogger("olearn.learners.analytic")


def ridges(ridge: float, largest: float) -> Iterator[float]:
    """Yield ridges to try: as asked for, then ten times the last, at last up to the diagonal.

    Weights far beyond 1 leave rounding errors that only a share of the `largest` value on the
    diagonal outweighs.
    """
    for attempt in range(_TRIES):
        yield ridge * 10.0**attempt
    if math.isfinite(largest):
        yield from (largest * 10.0**-k for k in range(_TRIES, -1, -1))


def warn_of_ridge(ridge: float, used: float) -> None:
    """Log that a factorisation needed more ridge than was asked for."""
    if used > ridge:
        _LOG.warning("ridge raised from %g to %g to factorise", ridge, used)
