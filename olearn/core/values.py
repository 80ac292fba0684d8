"""Single values as rows, frames and arrays bring them: which are missing, and which are numbers.

pandas' `NA` and `NaT`, NumPy's `masked` and NaN of any kind are missing, as None is. `Decimal` and
NumPy's truth values are numbers, as Python's own are.
"""

import datetime
import math
import numbers
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NUMBERS = (numbers.Real, np.bool_, Decimal)


def is_missing(value: Any) -> bool:
    """Tell whether a value is None, NaN, NaT, pandas' NA or NumPy's masked."""
    if value is None:
        return True
    unequal = value != value
    if isinstance(unequal, bool | np.bool_):
        return bool(unequal)
    # to compare these gives themselves; pandas is not imported to look for its only one
    return value is np.ma.masked or type(value).__name__ == "NAType"


def is_number(value: Any) -> bool:
    """Tell whether a value is a real number or a truth value; spans of time are not."""
    return isinstance(value, _NUMBERS) and not isinstance(value, np.timedelta64)


def is_time(value: Any) -> bool:
    """Tell whether a value is a date, a time of day, or a span of time."""
    kinds = datetime.date | datetime.time | datetime.timedelta | np.datetime64 | np.timedelta64
    return isinstance(value, kinds)


def is_text(values: Any) -> bool:
    """Tell whether the first value that is there is a string."""
    if isinstance(values, np.ndarray):
        return False
    return isinstance(next((v for v in values if not is_missing(v)), None), str)


def as_float(number: Any) -> float:
    """Return a number as a float; infinite where it is beyond the largest float."""
    try:
        return float(number)
    except OverflowError:  # an integer
        return math.inf if number > 0 else -math.inf


def as_floats(values: Iterable[Any]) -> NDArray[np.float64]:
    """Return numbers and missing values as float64; an array is given back as it is."""
    if isinstance(values, np.ndarray):
        return values
    return np.array([math.nan if is_missing(v) else as_float(v) for v in values])


def without_mask(X: Any) -> NDArray[Any]:
    """Return an array of numbers with NaN where it is masked; one without a mask as it is."""
    if not isinstance(X, np.ma.MaskedArray):
        return np.asarray(X)
    rows = np.array(X.data, dtype=np.float64)
    rows[np.ma.getmaskarray(X)] = np.nan
    return rows


def distinct(values: Any) -> Any:
    """Return the distinct values of a column, or all of them if one can be no key."""
    try:
        return dict.fromkeys(values)
    except TypeError:
        return values


def all_missing(values: Any) -> bool:
    """Tell whether a column holds no value."""
    if isinstance(values, np.ndarray):
        return not len(values) or bool(np.isnan(values[0]) and np.isnan(values).all())
    return all(is_missing(v) for v in values)
