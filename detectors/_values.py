"""The checks of the numbers that detectors read."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def finite_value(x: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """Return a number as a float; raise unless it is finite and in [low, high]."""
    try:
        finite = math.isfinite(x)
    except TypeError:
        raise TypeError(f"x must be a number, got {x!r}") from None
    except OverflowError:  # an integer beyond the largest float
        finite = False
    if not finite:
        raise ValueError(f"x must be finite, got {x}")
    if not low <= x <= high:
        raise ValueError(f"x must be in [{low}, {high}], got {x}")
    return float(x)


def finite_values(xs: Any, low: float = -math.inf, high: float = math.inf) -> NDArray[np.float64]:
    """Return numbers as a contiguous float64 array, shape `(n,)`; refuse as `finite_value` does."""
    values = np.asarray(xs)
    if values.dtype.kind not in "biuf" or values.ndim != 1:
        raise TypeError(
            f"xs must be a 1-D array of numbers, got shape {values.shape}, dtype {values.dtype}"
        )
    values = np.ascontiguousarray(values, dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise ValueError(f"xs must be finite, got {values[bad[0]]} at position {bad[0]}")
    if values.size and not (low <= values.min() and values.max() <= high):
        where = np.flatnonzero((values < low) | (values > high))[0]
        raise ValueError(f"xs must be in [{low}, {high}], got {values[where]} at position {where}")
    return values


def bit(x: Any) -> float:
    """Return 0 or 1 as a float; raise for anything else."""
    value = finite_value(x)
    if value not in (0.0, 1.0):
        raise ValueError(f"x must be 0 (right) or 1 (wrong), got {x}: ADWIN takes any number")
    return value


def bits(xs: Any) -> NDArray[np.float64]:
    """Return zeros and ones as `finite_values` does; raise for anything else."""
    values = finite_values(xs)
    other = np.flatnonzero((values != 0.0) & (values != 1.0))
    if other.size:
        raise ValueError(
            f"xs must be 0 (right) or 1 (wrong), got {values[other[0]]} at position {other[0]}: "
            "ADWIN takes any number"
        )
    return values
