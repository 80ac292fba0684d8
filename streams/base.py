"""What a stream is: a `Schema`, rows as dicts, and the same rows as blocks of arrays."""

import abc
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river.datasets import base as river_base

from olearn.core.tasks import CLASSIFICATION, NO_TASK, REGRESSION
from olearn.core.telling import few
from olearn.core.validate import check_integer, check_kind

__all__ = ["Classes", "Numbers", "Schema", "Stream"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Block = tuple[Floats, NDArray[Any]]  # features, and the codes of labels or the numbers
Reader = Callable[[int], Block]  # the next n rows; fewer only at the end of the stream

_SHOWN = 6  # names, labels or categories in a repr
_ROWS_PER_READ = 1000  # of the dict iterator: large enough to hide the cost of a call


@dataclass(frozen=True)
class Classes:
    """A target of class labels.

    Parameters
    ----------
    labels
        In code order; at least one, no two equal.

    """

    labels: tuple[Any, ...]

    def __post_init__(self) -> None:
        _check_distinct("labels", self.labels)

    def __repr__(self) -> str:
        return f"Classes({_few(self.labels)})"


@dataclass(frozen=True)
class Numbers:
    """A target of finite numbers."""


@dataclass(frozen=True)
class Schema:
    """The columns and the target of a stream.

    Nominal features follow one rule. Where all values are whole numbers from 0 to 9,999 a value is
    its own code, in blocks (as float64) and in dicts (as int). Any other nominal feature has text
    `categories`: dicts hold the text, blocks its code, numbered in order of first appearance in
    the stream. A missing value is NaN, but a missing text is None in a dict, which river's trees
    pass over.

    A learner of olearn that is given a block with `names=schema` learns what it learns of the
    dicts: nominal columns are nominal, and codes mean their texts. `olearn.evaluate` hands it over.

    Parameters
    ----------
    names
        Names of the features, in column order; no two equal.
    nominal
        Names of the features that are nominal.
    target
        `Classes(labels)`, for which the tuple of labels may stand, `Numbers()`, or None where rows
        have no target.
    categories
        Text categories in code order, by name of the nominal feature.

    Raises
    ------
    ValueError
        If names or labels repeat, or `nominal` or `categories` name something unknown.
    TypeError
        If the target is of no such kind.

    Examples
    --------
    >>> from olearn.streams.base import Schema
    >>> schema = Schema(names=("price", "day"), nominal=("day",), target=("DOWN", "UP"))
    >>> schema.n_features, schema.n_classes, schema.column("day")
    (2, 2, 1)

    """

    names: tuple[Any, ...]
    nominal: tuple[Any, ...]
    target: Classes | Numbers | tuple[Any, ...] | None
    categories: Mapping[Any, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        _check_distinct("names", self.names)
        if isinstance(self.target, tuple):
            object.__setattr__(self, "target", Classes(self.target))
        check_kind(
            "target", self.target, Classes | Numbers | None, "Classes(labels), Numbers() or None"
        )
        _check_known("nominal", self.nominal, self.names)
        _check_known("categories", self.categories, self.nominal)

    def __repr__(self) -> str:
        shown = [
            f"{n!r}: {_few(words)}"
            for n, words in itertools.islice(self.categories.items(), _SHOWN)
        ]
        if len(self.categories) > _SHOWN:
            shown.append(f"... {len(self.categories) - _SHOWN:,} more")
        return (
            f"Schema(names={_few(self.names)}, nominal={_few(self.nominal)}, "
            f"target={self.target!r}, categories={{{', '.join(shown)}}})"
        )

    @property
    def n_features(self) -> int:
        """Number of columns of a block."""
        return len(self.names)

    @property
    def task(self) -> str:
        """What a learner is to predict: `"classification"`, `"regression"`, or `"none"`."""
        if self.target is None:
            return NO_TASK
        return CLASSIFICATION if isinstance(self.target, Classes) else REGRESSION

    @property
    def labels(self) -> tuple[Any, ...]:
        """Class labels in code order; raises ValueError where the target is none of classes."""
        if not isinstance(self.target, Classes):
            raise ValueError(f"the target must be classes, which have labels, got {self.target!r}")
        return self.target.labels

    @property
    def n_classes(self) -> int:
        """Number of class labels; 0 where the target is none of classes."""
        return len(self.labels) if isinstance(self.target, Classes) else 0

    def empty_target(self, n: int) -> NDArray[Any]:
        """Return an array for the `y` of `n` rows, to be filled."""
        return np.empty(n, np.int64 if isinstance(self.target, Classes) else np.float64)

    def to_values(self, y: NDArray[Any]) -> list[Any]:
        """Return the targets of a block as plain Python values: labels, floats or None."""
        if isinstance(self.target, Classes):
            return [self.labels[code] for code in y.tolist()]
        return y.tolist() if self.target is not None else [None] * len(y)

    def column(self, name: Any) -> int:
        """Return the column of a feature."""
        _check_known("name", (name,), self.names)
        return self.names.index(name)

    def to_dicts(self, X: Floats) -> Iterator[dict[Any, Any]]:
        """Yield the rows of a block as dicts of plain Python values."""
        columns = [X[:, j].tolist() for j in range(X.shape[1])]
        nominal = set(self.nominal)
        for j, name in enumerate(self.names):
            if name in nominal:
                columns[j] = _decode(columns[j], self.categories.get(name))
        for values in zip(*columns, strict=True):
            yield dict(zip(self.names, values, strict=True))


class Stream(river_base.Dataset, abc.ABC):
    """A data set of rows, mostly labelled, that can also hand out blocks of arrays.

    A subclass says what its columns are (the arguments below) and how its rows come (`_open`);
    all else is here. Iterating and `blocks` start from row 0 every time and give the same rows,
    whatever the block size. No position is kept in the object, so a stream pickles and copies.

    Parameters
    ----------
    schema
        Columns and target.
    n_samples
        Number of rows, at least 0; `None` means endless.
    drift_positions
        Rows, counted from 0, at which the concept is known to change; empty if unknown.
        Those past the end are left out.

    """

    title = ""  # what results call it, where it has a name

    def __init__(
        self,
        schema: Schema,
        n_samples: int | None = None,
        drift_positions: Iterable[int] = (),
    ) -> None:
        if n_samples is not None:
            check_integer("n_samples", n_samples, 0)
        super().__init__(  # type: ignore[no-untyped-call]
            task=_task(schema),
            n_features=schema.n_features,
            n_samples=n_samples,
            n_classes=schema.n_classes or None,
            n_outputs=1,
        )
        self.schema = schema
        last = math.inf if n_samples is None else n_samples
        self.drift_positions = tuple(sorted(int(p) for p in drift_positions if p < last))

    @abc.abstractmethod
    def _open(self) -> Reader:
        """Start from row 0: return a function that gives the next `n` rows at each call.

        The arrays it returns are the caller's to keep and to change. It may give fewer than `n`
        rows only where the stream ends. Which rows come must not depend on how they are asked for.
        """

    def blocks(self, size: int = 1000) -> Iterator[Block]:
        """Yield `(X, y)`: float64 features `(n, d)` and int64 codes of `schema.labels` `(n,)`.

        A target of numbers is float64; where there is none, `y` holds NaN.
        Every block has `size` rows, at least 1, but for the last one, which may have fewer.
        """
        check_integer("size", size, 1)
        return self._blocks(int(size))

    def __iter__(self) -> Iterator[tuple[dict[Any, Any], Any]]:
        for X, y in self._blocks(_ROWS_PER_READ):
            yield from zip(self._items(X), self.schema.to_values(y), strict=True)

    def take(self, k: int) -> Iterator[tuple[dict[Any, Any], Any]]:
        """Iterate over the first `k` rows, at least 0."""
        check_integer("k", k, 0)
        return itertools.islice(self, k)

    def _items(self, X: Floats) -> Iterator[Any]:
        """Yield the rows of a block as they come one by one."""
        return self.schema.to_dicts(X)

    def _blocks(self, size: int) -> Iterator[Block]:
        read = self._open()
        left = math.inf if self.n_samples is None else self.n_samples
        while left > 0:
            wanted = int(min(size, left))
            X, y = read(wanted)
            if len(y):
                yield X, y
            if len(y) < wanted:
                return
            left -= wanted

    def __repr__(self) -> str:
        width = max(map(len, self._repr_content))
        facts = [f"{name:>{width}}  {value}" for name, value in self._repr_content.items()]
        return "\n".join([self.desc.split("\n\n")[0], "", *facts])

    @property
    def desc(self) -> str:
        """What it is, by the first words of its docstring, without marks of references."""
        return re.sub(r"\[\^\d+\]", "", str(super().desc))

    @property
    def _repr_content(self) -> dict[str, str]:
        content: dict[str, str] = dict(super()._repr_content)  # river's table of facts
        if self.n_samples is None:
            content["Samples"] = "∞"
        if self.drift_positions:
            content["Drifts at"] = ", ".join(f"{p:,}" for p in self.drift_positions)
        return content


def column_names(n_features: int) -> tuple[str, ...]:
    """Return `x0`, `x1`, ...: the names of features that have none of their own."""
    return tuple(f"x{j}" for j in range(n_features))


def read_slices(block: Callable[[slice], Block]) -> Reader:
    """Turn a function of a slice of the rows into a reader that goes through them."""
    position = 0

    def read(n: int) -> Block:
        nonlocal position
        part = slice(position, position + n)
        position += n
        return block(part)

    return read


def read_chunks(chunks: Iterator[Block], n_features: int) -> Reader:
    """Turn blocks of any sizes into a reader of as many rows as asked for."""
    X: Floats = np.empty((0, n_features))
    y: NDArray[Any] = np.empty(0, np.int64)
    position = 0

    def read(n: int) -> Block:
        nonlocal X, y, position
        parts: list[Block] = []
        while n > 0:
            if position == len(y):
                chunk = next(chunks, None)
                if chunk is None:
                    break
                (X, y), position = chunk, 0
            part = slice(position, position + n)
            parts.append((X[part], y[part]))
            n -= len(y[part])
            position += len(y[part])
        if len(parts) == 1:
            return parts[0][0].copy(), parts[0][1].copy()
        if not parts:
            return np.empty((0, n_features)), np.empty(0, y.dtype)
        return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])

    return read


def _task(schema: Schema) -> str:
    """Return river's word for what a stream is for."""
    if isinstance(schema.target, Classes):
        return river_base.BINARY_CLF if schema.n_classes == 2 else river_base.MULTI_CLF
    return river_base.REG if schema.target is not None else "No target"


def _few(values: Sequence[Any]) -> str:
    """Return a tuple as text, the first of many."""
    shown = [repr(value) for value in values[:_SHOWN]]
    if len(values) > _SHOWN:
        shown.append(f"... {len(values) - _SHOWN:,} more")
    return f"({', '.join(shown)}{',' if len(values) == 1 else ''})"


def _check_distinct(what: str, values: Sequence[Any]) -> None:
    if not values or len(set(values)) != len(values):
        raise ValueError(f"{what} must be at least one and all different, got {values!r}")


def _decode(codes: list[float], categories: tuple[str, ...] | None) -> list[Any]:
    if categories is None:
        return [code if code != code else int(code) for code in codes]
    return [None if code != code else categories[int(code)] for code in codes]


def _check_known(argument: str, given: Iterable[Any], known: tuple[Any, ...]) -> None:
    names = set(known)
    for name in given:
        if name not in names:
            shown = few(known, 20)
            raise ValueError(f"{argument} must be among the features {shown}; got {name!r}")
