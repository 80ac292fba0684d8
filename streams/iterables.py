"""Iterables of `(dict, label)`, and river's data sets, as streams."""

import itertools
import math
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import numpy as np
from river import datasets
from river.datasets import base as river_base

from olearn.core.tables import TIMES_REMEDY
from olearn.core.telling import few, tell
from olearn.core.tensors import as_array
from olearn.core.validate import check_choice, suggestion
from olearn.core.values import as_floats, is_missing, is_number, is_time
from olearn.streams._columns import NUMBERS_HINT, TARGETS, Chunk, Plan, Values, sorted_labels
from olearn.streams.base import Reader, Stream, column_names, read_chunks

__all__ = ["from_iterable", "from_river"]

_CHUNK = 1000  # rows turned into columns at a time
_PEEK = 10_000  # rows that tell the schema of an endless data set

Rows = Iterable[tuple[dict[Any, Any], Any]]


def from_iterable(
    rows: Rows,
    *,
    target: str = "classes",
    nominal: Collection[Any] = (),
    drift_positions: Collection[int] = (),
) -> "IterableStream":
    """Make a stream of a finite iterable of `(dict, label)` or `(dict, number)`, such as a list.

    Batches `(X, y)` of arrays or tensors, as a `DataLoader` of torch yields them, are read as their
    rows; features are then `x0`, `x1`, ...

    The iterable is read once at once, for the features, categories and labels, and again at every
    pass; its rows are not kept. Features that are strings or bools are nominal; one that a row
    lacks, or that is None or NaN, is missing.

    Parameters
    ----------
    rows
        Can be iterated over and over, with the same rows; a generator cannot: give a list.
    target
        What stands beside the dicts: `"classes"` or `"numbers"`, which are finite.
    nominal
        Names of further nominal features.
    drift_positions
        Rows, counted from 0, at which the concept is known to change.

    Raises
    ------
    TypeError
        If `rows` can be iterated only once, or a value is neither number nor text.
    ValueError
        If there are no rows, a feature holds numbers and text, or a label is missing or real.

    Warns
    -----
    UserWarning
        If a feature that is not in `nominal` is text but holds numbers alone.

    Examples
    --------
    >>> from olearn import streams
    >>> stream = streams.from_iterable([({"a": 1, "b": "up"}, True), ({"b": "down"}, False)])
    >>> stream.schema.nominal, stream.schema.labels
    (('b',), (False, True))
    >>> list(stream)[1]
    ({'a': nan, 'b': 'down'}, False)

    """
    check_choice("target", target, TARGETS)
    if iter(rows) is not rows and _is_batch(next(iter(rows), None)):
        rows = _Unbatched(rows)
    source = _DictSource(rows, None)
    stream = IterableStream(source, nominal, drift_positions, numeric=target == "numbers")
    _warn_of_numbers_as_text(stream, nominal)
    return stream


def from_river(
    dataset: river_base.Dataset | str, *, nominal: Collection[Any] = ()
) -> "IterableStream":
    """Make a stream of a river data set, of classes or of numbers.

    Of an endless one (`river.datasets.synth`) the first 10,000 rows tell the features, categories
    and labels; labels 0, 1, ... below its number of classes are known in any case.

    Parameters
    ----------
    dataset
        An instance, or the name of a class in `river.datasets`, such as `"Shuttle"`.
    nominal
        Names of nominal features; strings and bools are nominal without.

    Raises
    ------
    ValueError
        If the name is unknown, or the data set has several outputs or no target.

    Warns
    -----
    UserWarning
        If a feature that is not in `nominal` is text but holds numbers alone.

    Examples
    --------
    >>> from river import datasets
    >>> from olearn import streams
    >>> stream = streams.from_river(datasets.Phishing())
    >>> stream.n_samples, stream.schema.n_features, stream.schema.labels
    (1250, 9, (False, True))

    """
    if isinstance(dataset, str):
        known = [name for name in datasets.__all__ if name[0].isupper()]
        if dataset not in known:
            raise ValueError(f"river.datasets has no {dataset!r}{suggestion(dataset, known)}")
        dataset = getattr(datasets, dataset)()
    found: Any = dataset
    name = type(found).__name__
    tasks = (river_base.BINARY_CLF, river_base.MULTI_CLF, river_base.REG)
    check_choice(f"the task of {name}", found.task, tasks)
    numeric = found.task == river_base.REG
    stream = IterableStream(_DictSource(found, found), nominal, numeric=numeric)
    _warn_of_numbers_as_text(stream, nominal)
    stream.title = f"{name} of river."
    return stream


class IterableStream(Stream):
    """Rows that something else yields.

    Parameters
    ----------
    source
        Yields columns of the rows.
    nominal
        Names of nominal features.
    drift_positions
        Rows at which the concept is known to change.
    numeric
        Whether the target is a number, not a class.

    """

    def __init__(
        self,
        source: "_DictSource",
        nominal: Collection[Any] = (),
        drift_positions: Collection[int] = (),
        *,
        numeric: bool = False,
    ) -> None:
        self._source = source
        head = _Head(source) if source.endless else source
        self._plan = Plan(head, nominal, numeric)
        n_samples = None if source.endless else self._plan.n_samples
        super().__init__(self._plan.schema, n_samples, drift_positions)
        self.title = "Rows of an iterable."

    def _open(self) -> Reader:
        chunks = self._source.chunks()
        return read_chunks(map(self._plan.encode, chunks), self.schema.n_features)

    @property
    def desc(self) -> str:
        """What the rows are."""
        return self.title


class _DictSource:
    """Reads `(dict, label)` in pieces of columns; an olearn.streams._columns.Source."""

    def __init__(self, rows: Rows, dataset: river_base.Dataset | None) -> None:
        if iter(rows) is rows:
            raise TypeError(
                f"rows must be iterable again and again, got a {type(rows).__name__}, which can "
                "be read only once: give a list"
            )
        self._rows = rows
        self.endless = dataset is not None and dataset.n_samples is None
        names: dict[Any, None] = {}
        booleans: set[Any] = set()
        seen: set[Any] = set()
        empty = True
        for x, y in itertools.islice(rows, _PEEK if self.endless else None):
            names.update(dict.fromkeys(x))
            booleans.update(name for name, value in x.items() if isinstance(value, bool | np.bool_))
            empty = False
            if self.endless:
                seen.add(y)
        if empty:
            raise ValueError("rows must be at least one, got none")
        self.names = tuple(names)
        self.nominal = frozenset(booleans)
        n_classes = 0 if dataset is None else dataset.n_classes or 0
        counted = self.endless and seen <= set(range(n_classes))
        self._declared = tuple(range(n_classes)) if counted else None

    def labels(self, seen: Iterable[Any]) -> tuple[tuple[Any, ...], dict[Any, int]]:
        known = self._declared or sorted_labels(seen, NUMBERS_HINT)[0]
        return known, {label: code for code, label in enumerate(known)}

    def chunks(self) -> Iterator[Chunk]:
        rows = iter(self._rows)
        while batch := list(itertools.islice(rows, _CHUNK)):
            known = set(self.names)
            for x, _ in batch:
                if not known.issuperset(x):
                    new = next(name for name in x if name not in known)
                    raise ValueError(
                        f"feature {new!r} was not there when the stream was first read"
                    )
            columns = [as_column(name, [x.get(name) for x, _ in batch]) for name in self.names]
            yield columns, [y for _, y in batch]


class _Unbatched:
    """The rows of batches of arrays or tensors, as dicts."""

    def __init__(self, batches: Iterable[Any]) -> None:
        self._batches = batches

    def __iter__(self) -> Iterator[tuple[dict[Any, Any], Any]]:
        for X, y in self._batches:
            rows, targets = np.asarray(as_array(X)), np.asarray(as_array(y))
            if rows.ndim != 2 or targets.shape != rows.shape[:1]:
                raise ValueError(
                    "batches must be of rows, shape (n, d), and one target a row, got shapes "
                    f"{rows.shape} and {targets.shape}"
                )
            names = column_names(rows.shape[1])
            for row, label in zip(rows.tolist(), targets.tolist(), strict=True):
                yield dict(zip(names, row, strict=True)), label


def _is_batch(first: Any) -> bool:
    """Tell whether what an iterable yields first is a pair of arrays or tensors."""
    if not isinstance(first, tuple | list) or len(first) != 2:
        return False
    return all(isinstance(as_array(part), np.ndarray) for part in first)


class _Head:
    """The first rows of an endless source, for its schema."""

    def __init__(self, source: _DictSource) -> None:
        self.names, self.nominal, self.labels = source.names, source.nominal, source.labels
        self._source = source

    def chunks(self) -> Iterator[Chunk]:
        return itertools.islice(self._source.chunks(), _PEEK // _CHUNK)


def _warn_of_numbers_as_text(stream: Stream, nominal: Collection[Any]) -> None:
    """Say which features are text though every one of their values is a number."""
    found = [
        name
        for name, categories in stream.schema.categories.items()
        if name not in nominal and all(map(_is_number, categories))
    ]
    if found:
        tell(
            f"numbers written as text are categories, in {len(found):,} features "
            f"({few(found, 8)}): turn them into numbers, or name them in nominal=; river's "
            "iter_arff(sparse=True) gives every value as text"
        )


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def as_column(name: Any, values: Any) -> Values:
    """Return the values of a feature as text or numbers, None and NaN where they are missing."""
    if isinstance(values, np.ndarray):
        return values
    present = [v for v in values if not is_missing(v)]
    if present and all(isinstance(v, str) for v in present):
        return [v if isinstance(v, str) else None for v in values]
    for value in present:
        if not is_number(value):
            if isinstance(value, str):
                raise ValueError(f"feature {name!r} must hold numbers or text, got both")
            remedy = f"; {TIMES_REMEDY}" if is_time(value) else ""
            raise TypeError(
                f"feature {name!r} must hold numbers or text, got {value!r} of type "
                f"{type(value).__name__}{remedy}"
            )
    return as_floats(values)
