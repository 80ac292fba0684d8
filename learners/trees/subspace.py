"""How many features a leaf of a forest looks at."""

import math
import numbers

from olearn.core.validate import check_in_range, check_integer


def check_max_features(name: str, value: float | int | str) -> None:
    """Raise unless `value` is a size that `subspace_size` knows."""
    if isinstance(value, str):
        if value not in ("sqrt", "log2"):
            raise ValueError(
                f"{name} must be 'sqrt', 'log2', a share in (0, 1], a number of features or None, "
                f"got {value!r}"
            )
    elif isinstance(value, numbers.Integral):
        check_integer(name, value, 1)
    else:
        check_in_range(name, value, 0.0, 1.0, open_low=True)


def subspace_size(max_features: float | int | str | None, n_features: int) -> int:
    """Return the number of features, of `n_features`, that `max_features` means."""
    if max_features is None:
        return n_features
    if isinstance(max_features, str):
        root = max_features == "sqrt"
        return max(1, round(math.sqrt(n_features) if root else math.log2(max(n_features, 1))))
    if isinstance(max_features, numbers.Integral):
        return min(int(max_features), n_features)
    return max(1, math.floor(max_features * n_features + 0.5))
