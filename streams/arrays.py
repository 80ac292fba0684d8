"""Arrays and data frames as a stream."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from olearn.core.categories import MAX_OWN_CODE, are_own_codes
from olearn.core.labels import code_labels
from olearn.core.tables import TIMES_REMEDY, Table, is_frame
from olearn.core.telling import tell
from olearn.core.tensors import as_array
from olearn.core.validate import check_choice, row_targets
from olearn.core.values import without_mask
from olearn.streams._columns import (
    MANY_CLASSES,
    NUMBERS_HINT,
    TARGETS,
    Chunk,
    Plan,
    Values,
    like_ids,
    sorted_labels,
)
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
from olearn.streams.iterables import as_column

__all__ = ["from_arrays", "from_frame"]


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
    """Make a stream of arrays, or of a frame and its labels; the first row is the oldest.

    Parameters
    ----------
    X
        Numbers, shape `(n, d)`, an array or a tensor of torch; NaN is a missing value. Nominal
        columns hold codes: whole numbers from 0 to 9,999. Kept, not copied. A frame is read by
        `from_frame`; it has names.
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
    if is_frame(X):
        for argument, value in (("names", names), ("labels", labels)):
            if value is not None:
                raise ValueError(f"{argument} must be None for a frame, got {value!r}")
        return _of_frame(X, y, target, nominal, drift_positions)
    X = np.ascontiguousarray(without_mask(as_array(X)))
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


def from_frame(
    frame: Any,
    y: Any,
    *,
    target: str = "classes",
    nominal: Collection[Any] = (),
    drift_positions: Sequence[int] = (),
) -> "ArrayStream":
    """Make a stream of a data frame; the first row is the oldest.

    What the types of its columns say holds: text, truth values and categories are nominal, numbers
    are numbers, and what each library calls missing is. The index of pandas is no column.

    Parameters
    ----------
    frame
        Of pandas, polars or Arrow, or any other eager one.
    y
        The column that holds the target, by its name, or the target itself, one value a row. None:
        the rows have no target.
    target
        What `y` is: `"classes"` or `"numbers"`.
    nominal
        Names of nominal columns that hold numbers.
    drift_positions
        Rows, counted from 0, at which the concept is known to change.

    Raises
    ------
    TypeError
        If `frame` is none, or a column of objects holds neither numbers nor text.
    ValueError
        If there are no rows, a column holds numbers and text, or a label is missing or real.

    Warns
    -----
    UserWarning
        If columns were left out: times, and lists and their like.

    Examples
    --------
    >>> import pandas as pd
    >>> from olearn import streams
    >>> frame = pd.DataFrame({"price": [1.5, None], "side": ["buy", "sell"], "up": [True, False]})
    >>> stream = streams.from_frame(frame, "up")
    >>> list(stream)
    [({'price': 1.5, 'side': 'buy'}, True), ({'price': nan, 'side': 'sell'}, False)]

    """
    return _of_frame(frame, y, target, nominal, drift_positions)


def _of_frame(
    frame: Any, y: Any, target: str, nominal: Collection[Any], drift_positions: Sequence[int]
) -> "ArrayStream":
    check_choice("target", target, TARGETS)
    source = _FrameSource(frame, y)
    for note in source.notes:
        tell(note)
    plan = Plan(source, nominal, numeric=target == "numbers" or y is None)
    X, values = plan.encode(source.chunk)
    schema = plan.schema
    for _, how in like_ids(plan, nominal):
        tell(f"{how}; leave it out of the frame, or make numbers of it if it holds times")
    if isinstance(schema.target, Classes):
        _tell_of_many(schema.labels)
    if y is None:
        schema, values = replace(schema, target=None), np.full(len(X), np.nan)
    return ArrayStream(schema, X, values, drift_positions)


class _FrameSource:
    """The columns of a frame and its target; an olearn.streams._columns.Source."""

    def __init__(self, native: Any, y: Any) -> None:
        table = Table(native)  # refuses what is no frame
        if not len(table):
            raise ValueError("frame must have at least one row, got none")
        frame = nw.from_native(native, eager_only=True)
        self.notes: list[str] = []
        given = y
        is_name = isinstance(y, str | int) or (isinstance(y, tuple) and y in table.names)
        if is_name:
            if y not in table.names:
                raise ValueError(f"y must be a column of {table.names!r} or the labels, got {y!r}")
            given = frame.get_column(y).to_native()
        columns: dict[Any, Values] = {}
        nominal = set(table.nominal)
        for name, values in zip(table.names, table.columns(), strict=True):
            if is_name and name == y:
                continue
            column = frame.get_column(name)
            why = _why_left_out(column.dtype)
            if why:
                self.notes.append(f"column {name!r} is left out: {why}")
                continue
            if _has_truth_values(column):
                nominal.add(name)
            columns[name] = as_column(name, values)
        if not columns:
            raise ValueError(f"frame must have at least one column of features, got {table.names}")
        self.names = tuple(columns)
        self.nominal = frozenset(nominal & set(columns))
        labels: list[Any] = [0.0] * len(table) if y is None else code_labels(given).tolist()
        if len(labels) != len(table):
            raise ValueError(f"y must have one value a row, got {len(labels)} for {len(table)}")
        self.chunk: Chunk = (list(columns.values()), labels)

    def labels(self, seen: Iterable[Any]) -> tuple[tuple[Any, ...], dict[Any, int]]:
        known = sorted_labels(seen, NUMBERS_HINT)[0]
        return known, {label: code for code, label in enumerate(known)}

    def chunks(self) -> Iterator[Chunk]:
        yield self.chunk


def _why_left_out(kind: Any) -> str:
    if kind.is_temporal():
        return f"it holds times; {TIMES_REMEDY}"
    if kind.is_nested():
        return f"it holds {kind}, no numbers, truth values or text"
    return ""


def _has_truth_values(column: Any) -> bool:
    """Tell whether a column is of truth values, also of objects with one among them."""
    if column.dtype == nw.Object:
        return any(isinstance(value, bool | np.bool_) for value in column.to_list())
    return bool(column.dtype == nw.Boolean)


def _tell_of_many(labels: Sequence[Any]) -> None:
    """Say of labels that look like a measurement that each is a class."""
    n = sum(isinstance(label, int) for label in labels)
    if n > MANY_CLASSES:
        tell(
            f"y has {n:,} different whole numbers, each a class of its own: a regressor learns "
            "numbers, of a stream with target='numbers'"
        )


def _target(
    y: ArrayLike | None, n: int, target: str, labels: Sequence[Any] | None
) -> tuple[Classes | Numbers | None, NDArray[Any]]:
    check_choice("target", target, TARGETS)
    y = as_array(y)
    if y is None:
        return None, np.full(n, np.nan)
    if target == "numbers":
        if labels is not None:
            raise ValueError(f"labels must be None for a target of numbers, got {labels!r}")
        return Numbers(), row_targets(y, n)
    given = np.asarray(y)
    if given.dtype.kind == "U" and isinstance(y, list | tuple):
        given = np.array([*y], dtype=object)  # else NumPy makes text of numbers beside text
    if isinstance(y, np.ma.MaskedArray) and np.ma.is_masked(y):
        given = np.array(
            [None if hidden else v for v, hidden in zip(given, np.ma.getmaskarray(y), strict=True)]
        )
    if given.shape != (n,):
        raise ValueError(f"y must have shape ({n},), one label a row, got {given.shape}")
    if labels is None:
        listed = given if given.dtype.kind in "biu" else given.tolist()
        distinct, codes = sorted_labels(listed, hint=NUMBERS_HINT)
        _tell_of_many(distinct)
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
