"""From raw columns (numbers or text) to codes, by the rule of `olearn.streams.base.Schema`."""

import contextlib
import math
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from olearn.core.features import are_own_codes
from olearn.core.validate import row_targets
from olearn.streams.base import Block, Classes, Numbers, Schema

Values = NDArray[np.float64] | list[str | None]  # numbers (NaN missing) or text (None missing)
Chunk = tuple[list[Values], list[Any]]  # the features' columns, and the labels

TARGETS = ("classes", "numbers")
NUMBERS_HINT = "; target='numbers' makes a stream of numbers"


class Source(Protocol):
    """What a file format or an iterable must offer: it can be read any number of times."""

    names: tuple[Any, ...]
    nominal: frozenset[Any]  # features that the source itself calls nominal
    labels: tuple[Any, ...] | None  # in the order that the source declares, if it does

    def chunks(self) -> Iterable[Chunk]:
        """Yield the rows in pieces, from the first."""


class Column:
    """One feature: first `look` at all its values, then `encode` them."""

    def __init__(self, name: Any, nominal: bool) -> None:
        self.name = name
        self._declared = nominal
        self._has_text = False
        self._has_numbers = False
        self._own = True  # all numbers so far are codes by themselves
        self._codes: dict[str, int] = {}

    @property
    def nominal(self) -> bool:
        """Tell whether the feature is nominal."""
        return self._declared or self._has_text

    @property
    def categories(self) -> tuple[str, ...] | None:
        """The text categories in code order; None if values are numbers or their own codes."""
        coded = self._has_text or (self._declared and not self._own)
        return tuple(self._codes) if coded else None

    def look(self, values: Values) -> None:
        """Take note of a piece of the column."""
        if isinstance(values, list):
            texts: Iterable[str] = [v for v in values if v is not None]
            self._has_text |= bool(texts)
        else:
            known = values[~np.isnan(values)]
            self._has_numbers |= known.size > 0
            texts = []
            if self._declared:
                self._own &= bool(are_own_codes(known).all())
                texts = _texts(known)
        for text in texts:
            self._codes.setdefault(text, len(self._codes))
        if self._has_text and self._has_numbers:
            raise ValueError(f"feature {self.name!r} must hold numbers or text, got both")

    def encode(self, values: Values) -> NDArray[np.float64]:
        """Return the numbers of a piece of the column."""
        if self.categories is None:
            if isinstance(values, list):  # nothing there but missing values
                return np.full(len(values), math.nan)
            return values
        texts = values if isinstance(values, list) else _texts(values)
        try:
            return np.array([math.nan if v is None else self._codes[v] for v in texts], np.float64)
        except KeyError as error:
            raise ValueError(
                f"feature {self.name!r} has the value {error.args[0]!r}, which was not there when "
                "the stream was first read"
            ) from None


class Plan:
    """How to turn a source into blocks: made by looking at all its rows once.

    Parameters
    ----------
    source
        Gives the rows.
    nominal
        Names of nominal features, beside those that the source itself calls so.
    numeric
        Whether the target is a number, not a class.
    hint
        What to do where a label is a real number.

    """

    def __init__(
        self, source: Source, nominal: Collection[Any], numeric: bool = False, hint: str = ""
    ) -> None:
        for name in nominal:
            if name not in source.names:
                listed = ", ".join(map(repr, source.names))
                raise ValueError(f"nominal must be among the features {listed}; got {name!r}")
        declared = {*nominal, *source.nominal}
        self.columns = [Column(name, name in declared) for name in source.names]
        self.n_samples = 0
        seen: dict[Any, None] = {}
        for values, labels in source.chunks():
            for column, piece in zip(self.columns, values, strict=True):
                column.look(piece)
            if numeric:
                row_targets(labels, len(labels))  # refuses what is no number
            else:
                seen.update(dict.fromkeys(labels))
            self.n_samples += len(labels)
        known: tuple[Any, ...] = ()
        if not numeric:
            known = source.labels if source.labels is not None else sorted_labels(seen, hint)[0]
        self._code = {label: code for code, label in enumerate(known)}
        self.schema = Schema(
            source.names,
            tuple(column.name for column in self.columns if column.nominal),
            Numbers() if numeric else Classes(tuple(known)),
            {c.name: c.categories for c in self.columns if c.categories is not None},
        )

    def encode(self, chunk: Chunk) -> Block:
        """Return a piece of the source as a block."""
        values, labels = chunk
        X = np.empty((len(labels), len(self.columns)))
        for j, (column, piece) in enumerate(zip(self.columns, values, strict=True)):
            X[:, j] = column.encode(piece)
        if isinstance(self.schema.target, Numbers):
            return X, row_targets(labels, len(labels))
        return X, encode_labels(labels, self._code)


def encode_labels(labels: Sequence[Any], code: Mapping[Any, int]) -> NDArray[np.int64]:
    """Return the codes of labels; a label without one raises ValueError."""
    try:
        return np.array([code[label] for label in labels], np.int64)
    except KeyError as error:
        raise ValueError(
            f"the label {error.args[0]!r} was not there when the stream was first read; "
            f"known are {', '.join(map(repr, code))}"
        ) from None


def sorted_labels(
    labels: Iterable[Hashable], hint: str = ""
) -> tuple[tuple[Any, ...], NDArray[np.int64]]:
    """Return the distinct labels, sorted where they can be, and the code of each.

    A label that is a real number is refused; `hint` says what to do then.
    """
    listed = list(labels)
    distinct: list[Any] = list(dict.fromkeys(listed))
    for label in distinct:
        if label is None or label != label:
            raise ValueError(f"y must hold a label in every row, got {label!r}")
        if isinstance(label, float) and not label.is_integer():
            raise ValueError(f"y must hold class labels, got the real number {label!r}{hint}")
    with contextlib.suppress(TypeError):  # mixed kinds stay in order of first appearance
        distinct.sort()
    code = {label: k for k, label in enumerate(distinct)}
    return tuple(distinct), encode_labels(listed, code)


def _texts(values: NDArray[np.float64]) -> list[str]:
    return [str(int(v)) if v == int(v) else repr(v) for v in values.tolist()]
