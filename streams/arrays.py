"""Arrays as a stream."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from olearn.core.categories import MAX_OWN_CODE, are_own_codes
from olearn.core.validate import check_choice, row_targets
from olearn.core.values import without_mask
from olearn.streams._columns import NUMBERS_HINT, TARGETS, sorted_labels
from olearn.streams.base import (
    Block,
    Classes,
    Numbers,
    Reader,
    Schema,
    Stream,
    column_names,
    read_slices,
)

__all__ = ["from_arrays"]


def from_arrays(
    X: ArrayLike,
    y: ArrayLike | None,
    *,
    target: str = "classes",
    names: Sequence[Any] | None = None,
    nominal: Sequence[Any] = (),
    labels: Sequence[Any] | None = None,
    drift_positions: Sequence[int] = (),
) -> "ArrayStream":
    """Make a stream of arrays; the first row is the oldest.

    Parameters
    ----------
    X
        Numbers, shape `(n, d)`; NaN is a missing value. Nominal columns hold codes: whole numbers
        from 0 to 9,999. Kept, not copied.
    y
        Shape `(n,)`: the labels themselves, or codes 0, 1, ... of `labels` if that is given; finite
        numbers for `target="numbers"`. None: the rows have no target.
    target
        What `y` holds: `"classes"` or `"numbers"`.
    names
        Names of the columns; `None` means `x0`, `x1`, ...
    nominal
        Names of the nominal columns.
    labels
        Class labels in code order; `None` means those of `y`, sorted.
    drift_positions
        Rows, counted from 0, at which the concept is known to change.

    Raises
    ------
    ValueError
        If shapes, names, codes or numbers do not fit together, or a nominal column holds no codes.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import streams
    >>> stream = streams.from_arrays(np.eye(2), ["no", "yes"], names=["a", "b"])
    >>> list(stream)
    [({'a': 1.0, 'b': 0.0}, 'no'), ({'a': 0.0, 'b': 1.0}, 'yes')]

    """
    X = np.ascontiguousarray(without_mask(X))
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise ValueError(
            f"X must be a 2-D array of numbers, got shape {X.shape} of dtype {X.dtype}"
        )
    if not len(X):
        raise ValueError("X must have at least one row, got none")
    kind, values = _target(y, len(X), target, labels)
    all_names = column_names(X.shape[1]) if names is None else tuple(names)
    if len(all_names) != X.shape[1]:
        raise ValueError(f"names must be {X.shape[1]}, one a column, got {len(all_names)}")
    schema = Schema(all_names, tuple(nominal), kind)
    for name in schema.nominal:
        _check_nominal(name, X[:, schema.column(name)])
    return ArrayStream(schema, X, values, drift_positions)


def _target(
    y: ArrayLike | None, n: int, target: str, labels: Sequence[Any] | None
) -> tuple[Classes | Numbers | None, NDArray[Any]]:
    check_choice("target", target, TARGETS)
    if y is None:
        return None, np.full(n, np.nan)
    if target == "numbers":
        if labels is not None:
            raise ValueError(f"labels must be None for a target of numbers, got {labels!r}")
        return Numbers(), row_targets(y, n)
    given = np.asarray(y)
    if isinstance(y, np.ma.MaskedArray) and np.ma.is_masked(y):
        given = np.array(
            [None if hidden else v for v, hidden in zip(given, np.ma.getmaskarray(y), strict=True)]
        )
    if given.shape != (n,):
        raise ValueError(f"y must have shape ({n},), one label a row, got {given.shape}")
    if labels is None:
        distinct, codes = sorted_labels(given.tolist(), hint=NUMBERS_HINT)
        return Classes(distinct), codes
    return Classes(tuple(labels)), checked_codes(given, len(labels))


class ArrayStream(Stream):
    """A table in memory, row by row from the first.

    Parameters
    ----------
    schema
        Columns and target.
    X
        Shape `(n, d)`, any real dtype; blocks are converted to float64.
    y
        Shape `(n,)`: int64 codes of `schema.labels`, or float64 numbers.
    drift_positions
        Rows at which the concept is known to change.

    """

    def __init__(
        self,
        schema: Schema,
        X: NDArray[Any],
        y: NDArray[Any],
        drift_positions: Sequence[int] = (),
    ) -> None:
        super().__init__(schema, len(y), drift_positions)
        self._X = X
        self._y = y

    def _open(self) -> Reader:
        return read_slices(self._block)

    def _block(self, rows: slice) -> Block:
        return self._X[rows].astype(np.float64), self._y[rows].copy()


def checked_codes(codes: NDArray[Any], n_labels: int, name: str = "y") -> NDArray[np.int64]:
    """Return codes of labels as int64; raise if they are none."""
    if codes.dtype.kind not in "biu":
        raise ValueError(f"{name} must hold codes where labels are given, got dtype {codes.dtype}")
    low, high = int(codes.min()), int(codes.max())
    if low < 0 or high >= n_labels:
        raise ValueError(f"{name} must hold codes from 0 to {n_labels - 1}, got {low} to {high}")
    return codes.astype(np.int64)


def _check_nominal(name: Any, column: NDArray[Any]) -> None:
    known = column[~np.isnan(column)]
    bad = known[~are_own_codes(known)]
    if bad.size:
        raise ValueError(
            f"nominal feature {name!r} must hold whole numbers from 0 to {MAX_OWN_CODE:,}, "
            f"got {bad[0]}"
        )
