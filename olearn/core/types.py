"""Types of arrays that many files name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

AnyArray = NDArray[Any]
Floats = NDArray[np.float64]
Rows = NDArray[np.float64]
"""Rows of a table, shape `(n, n_features)`; also one row, and what else stands beside rows."""
Codes = NDArray[np.int64]
"""Label codes, shape `(n,)`."""
