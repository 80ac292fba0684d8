"""The largest feature that the sums of ridge regression can bear beside others.

A value of x leaves x^2 times the rounding error of 1e-16 in all that is learnt with it, which at
1e6 is still below the ridge: far beyond, other features are lost, and no matrix is positive.
"""

from collections.abc import Collection
from typing import Any

import numpy as np

from olearn.core.telling import tell
from olearn.core.types import Rows

LARGEST = 1e6
_FEW = 4096  # OpenBLAS begins to share a product of 10,000 numbers with threads that spin


def cut(rows: Rows) -> Rows:
    """Return expanded rows, without NaN, with larger values cut at the bound."""
    if rows.size <= _FEW:
        flat = rows.reshape(-1)
        if np.vdot(flat, flat) <= LARGEST**2:  # the quick way to see that none is larger
            return rows
    elif rows.min() >= -LARGEST and rows.max() <= LARGEST:
        return rows
    return np.clip(rows, -LARGEST, LARGEST)


def warn_of_cut(rows: Rows, names: list[Any], known: Collection[Any]) -> set[Any]:
    """Say which features of encoded rows are cut, but for the known ones; return their names."""
    beyond = np.abs(rows) > LARGEST
    found = set()
    for column in np.flatnonzero(beyond.any(axis=0)).tolist():
        name = names[column]
        if name in known:
            continue
        found.add(name)
        value = rows[beyond[:, column], column][0]
        tell(
            f"feature {name!r} has the value {value:g}: ridge regression cuts features at "
            f"{LARGEST:g}, beyond which it would lose all others; put a StandardScaler in front, "
            "or leave the feature out if it is a time stamp"
        )
    return found
