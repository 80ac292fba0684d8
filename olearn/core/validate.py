"""Checks of arguments shared by every part: each raises before anything is changed.

A message names the argument, its allowed range or choices, and the value got.
"""

import difflib
import math
import numbers
import sys
from collections.abc import Collection, Hashable
from pathlib import Path
from typing import Any

import numpy as np

from olearn.core.tensors import as_array
from olearn.core.types import Rows
from olearn.core.values import without_mask


def check_number(name: str, value: Any) -> None:
    """Raise TypeError unless `value` is a real number (bool is not), ValueError if it is NaN."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r} of type {type(value).__name__}")
    if value != value:
        raise ValueError(f"{name} must be a number, got nan")


def one_number(name: str, value: Any) -> float:
    """Return a number, also where it is the only one of an array."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if not isinstance(value, bool | np.bool_):
        check_number(name, value)
    return float(value)


def check_in_range(
    name: str,
    value: Any,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
) -> None:
    """Raise unless `value` is a number in the interval; the ends count unless `open_`."""
    check_number(name, value)
    above = value > low if open_low else value >= low
    below = value < high if open_high else value <= high
    if not (above and below):
        left, right = "(" if open_low else "[", ")" if open_high else "]"
        raise ValueError(f"{name} must be in {left}{low}, {high}{right}, got {value!r}")


def check_integer(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> None:
    """Raise unless `value` is a whole number in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}")
    check_in_range(name, int(value), low, high)


def check_seed(seed: Any) -> None:
    """Raise unless `seed` is a non-negative integer or None."""
    if seed is not None:
        check_integer("seed", seed, 0)


def check_choice(name: str, value: Any, choices: Collection[str]) -> None:
    """Raise unless `value` is one of `choices`; the message suggests the nearest one."""
    if isinstance(value, str) and value in choices:
        return
    listed = ", ".join(repr(choice) for choice in choices)
    raise ValueError(f"{name} must be one of {listed}, got {value!r}{suggestion(value, choices)}")


def check_kind(name: str, value: Any, kind: Any, words: str) -> None:
    """Raise TypeError unless `value` is an instance of `kind`, which is in `words`."""
    if not isinstance(value, kind):
        made = f"; {value.__name__}() makes one" if isinstance(value, type) else ""
        raise TypeError(
            f"{name} must be {words}, got {value!r} of type {type(value).__name__}{made}"
        )


def check_flag(name: str, value: Any) -> None:
    """Raise TypeError unless `value` is True or False, Python's or NumPy's."""
    check_kind(name, value, bool | np.bool_, "True or False")


def check_names(name: str, value: Any) -> None:
    """Raise TypeError unless `value` is None or a collection of hashable names; no string is."""
    if value is None:
        return
    if isinstance(value, str | bytes) or not isinstance(value, Collection):
        raise TypeError(
            f"{name} must be a list of names, got {value!r} of type {type(value).__name__}"
        )
    for each in value:
        if not isinstance(each, Hashable):
            raise TypeError(f"{name} must hold names, got {each!r} of type {type(each).__name__}")


def row_weights(w: Any, n_rows: int) -> Rows:
    """Return one weight a row, checked; ones where `w` is None."""
    if w is None:
        return np.ones(n_rows)
    w = as_array(w)
    given = without_mask(w) if np.ma.is_masked(w) else w
    weights = np.array(given, dtype=np.float64)  # a copy: kernels know one kind of array, writable
    if weights.shape != (n_rows,):
        raise ValueError(f"w must have one weight a row, got shape {weights.shape}")
    bad = ~(np.isfinite(weights) & (weights >= 0.0))
    if bad.any():
        raise ValueError(f"w must be finite and not negative, got {weights[bad][0]}")
    return weights


def row_targets(y: Any, n_rows: int) -> Rows:
    """Return one finite number a row, checked, as a copy."""
    y = as_array(y)
    if not isinstance(y, np.ndarray | list | tuple):
        from river.utils import dataframe  # the command's help checks names without river

        try:
            y = dataframe.into_series(y).to_numpy()
        except TypeError:
            raise TypeError(
                f"y must be an array, list or series of numbers, got {y!r} of type "
                f"{type(y).__name__}"
            ) from None
    try:
        given = without_mask(y) if np.ma.is_masked(y) else np.asarray(y)
    except ValueError:  # rows of different lengths
        raise ValueError("y must have one number a row, got rows of different lengths") from None
    if given.shape != (n_rows,):
        raise ValueError(f"y must have one number a row, got shape {given.shape}")
    if given.dtype.kind not in "iuf":  # an object may be a number all the same
        for value in given.tolist():
            check_in_range("y", value, -sys.float_info.max, sys.float_info.max)
    targets = given.astype(np.float64)
    bad = ~np.isfinite(targets)
    if bad.any():
        raise ValueError(f"y must be finite, got {targets[bad][0]}")
    return targets


def file_to_read(path: str | Path) -> Path:
    """Return the path of a file that is there; raise FileNotFoundError or IsADirectoryError."""
    found = Path(path)
    if found.is_dir():
        raise IsADirectoryError(f"path must be a file, got the folder {str(path)!r}")
    if not found.exists():
        beside = [p.name for p in found.parent.iterdir()] if found.parent.is_dir() else []
        raise FileNotFoundError(f"there is no file {str(path)!r}{suggestion(found.name, beside)}")
    return found


def file_to_write(path: str | Path) -> Path:
    """Return the path of a file that can be made: in a folder that is there, and no folder."""
    made = Path(path)
    if made.is_dir():
        raise IsADirectoryError(f"path must be a file, got the folder {str(path)!r}")
    if not made.parent.is_dir():
        raise FileNotFoundError(
            f"path must be in a folder that is there, got {str(path)!r}: there is no folder "
            f"{str(made.parent)!r}"
        )
    return made


def suggestion(value: Any, choices: Collection[str]) -> str:
    """`"; did you mean 'x' or 'y'?"` for the nearest names, or an empty string.

    Examples
    --------
    >>> from olearn.core.validate import suggestion
    >>> suggestion("electricty", ["electricity", "sea"])
    "; did you mean 'electricity'?"

    """
    near = difflib.get_close_matches(str(value), list(choices), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
