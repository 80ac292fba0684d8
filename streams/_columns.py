"""From raw columns (numbers or text) to codes, by the rule of `olearn.streams.base.Schema`."""

import math
import re
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from olearn.core.categories import are_own_codes
from olearn.core.labels import is_real, tell_of_mixed_kinds, whole
from olearn.core.validate import row_targets
from olearn.core.values import is_missing
from olearn.streams.base import Block, Classes, Numbers, Schema


@dataclass(frozen=True)
class Coded:
    """A piece of a column by its different values.

    Parameters
    ----------
    values
        Text or whole numbers, in order of appearance, all different, none missing.
    codes
        Which of them each row has, from 0; -1 is missing.

    """

    values: Sequence[Any]
    codes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, numbers: Sequence[float]) -> NDArray[np.float64]:
        """Return a number for each row, given those of the values; NaN where missing."""
        return np.array([*numbers, math.nan])[self.codes]


# numbers (NaN missing), text (None missing), either of them by its different values; or times, of
# which features are made before they are looked at
Values = NDArray[Any] | list[str | None] | Coded
Chunk = tuple[list[Values], list[Any] | Coded]  # the features' columns, and the labels

_LARGEST_EXACT = 2**53  # beyond it neighbouring whole numbers are the same float
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+\Z", re.ASCII)
_CODE = re.compile(r"[+-]?0\d|[+-]?\d{17,}\Z", re.ASCII)  # a leading zero, or too many digits

ID_ROWS = 100  # a column is like an id if more than half of at least so many rows differ
MANY_CLASSES = 100  # numbers as labels: more look like a measurement
TARGETS = ("classes", "numbers")
NUMBERS_HINT = "; target='numbers' makes a stream of numbers"


class Source(Protocol):
    """What a file format or an iterable must offer: it can be read any number of times."""

    names: tuple[Any, ...]
    nominal: frozenset[Any]  # features that the source itself calls nominal

    def labels(self, seen: Iterable[Any]) -> tuple[tuple[Any, ...], dict[Any, int]]:
        """Return the labels in code order, and the code of each label as `chunks` gives it."""

    def chunks(self) -> Iterable[Chunk]:
        """Yield the rows in pieces, from the first."""


class Column:
    """One feature: first `look` at all its values, then `encode` them.

    Parameters
    ----------
    name
        For messages.
    nominal
        Whether it is said to be nominal; text is in any case.

    """

    def __init__(self, name: Any, nominal: bool) -> None:
        self.name = name
        self.n_missing = 0
        self._declared = nominal
        self._has_text = False
        self._has_numbers = False
        self._own = True  # all numbers so far are codes by themselves
        self._codes: dict[str, int] = {}
        self._seen: dict[Any, None] = {}  # the values of coded pieces
        self._numbers: Mapping[Any, float] | None = None  # what those stand for, if for numbers

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
        if isinstance(values, Coded):
            self.n_missing += int((values.codes < 0).sum())
            self._seen.update(dict.fromkeys(values.values))
            return
        if isinstance(values, list):
            texts = [v for v in values if v is not None]
            self.n_missing += len(values) - len(texts)
        else:
            known = values[~np.isnan(values)]
            self.n_missing += len(values) - len(known)
            self._look_at_numbers(known)
            texts = []
        self._look_at_texts(texts)

    def settle(self) -> None:
        """Decide what the values of coded pieces are, when all were seen: numbers or text."""
        if not self._seen:
            return
        numbers = numbers_of(self._seen)
        inexact = numbers is not None and max(map(abs, numbers.values())) > _LARGEST_EXACT
        self._numbers = None if self._declared and inexact else numbers
        if self._numbers is None:
            self._look_at_texts(self._seen)
        else:
            self._look_at_numbers(np.array(list(self._numbers.values()), np.float64))

    def encode(self, values: Values) -> NDArray[np.float64]:
        """Return the numbers of a piece of the column."""
        try:
            return self._encode(values)
        except KeyError as error:
            raise ValueError(
                f"feature {self.name!r} has the value {error.args[0]!r}, which was not there when "
                "the stream was first read"
            ) from None

    def _encode(self, values: Values) -> NDArray[np.float64]:
        coded = self.categories is not None
        if isinstance(values, Coded):
            own: Sequence[Any] = values.values
            if self._numbers is not None:
                own = [self._numbers[v] for v in own]
                if coded:
                    own = _texts(own)
            return values.take([self._codes[v] for v in own] if coded else own)
        if not coded:
            if isinstance(values, list):  # nothing there but missing values
                return np.full(len(values), math.nan)
            return values
        texts = values if isinstance(values, list) else _texts(values.tolist())
        return np.array([math.nan if v is None else self._codes[v] for v in texts], np.float64)

    def _look_at_numbers(self, known: NDArray[np.float64]) -> None:
        self._has_numbers |= known.size > 0
        if self._declared:
            self._own &= bool(are_own_codes(known).all())
            for text in _texts(known.tolist()):
                self._codes.setdefault(text, len(self._codes))
        self._check_one_kind()

    def _look_at_texts(self, texts: Collection[str]) -> None:
        self._has_text |= bool(texts)
        for text in texts:
            self._codes.setdefault(text, len(self._codes))
        self._check_one_kind()

    def _check_one_kind(self) -> None:
        if self._has_text and self._has_numbers:
            raise ValueError(f"feature {self.name!r} must hold numbers or text, got both")


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

    """

    def __init__(self, source: Source, nominal: Collection[Any], numeric: bool = False) -> None:
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
                seen.update(dict.fromkeys(labels.values if isinstance(labels, Coded) else labels))
            self.n_samples += len(labels)
        for column in self.columns:
            column.settle()
        known, self._code = ((), {}) if numeric else source.labels(seen)
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


def like_ids(plan: Plan, known: Collection[Any]) -> Iterator[tuple[Any, str]]:
    """Yield columns of text that are like ids, but for the known ones, and how so."""
    n = plan.n_samples
    for column in plan.columns:
        n_categories = len(column.categories or ())
        if n >= ID_ROWS and 2 * n_categories > n and column.name not in known:
            yield (
                column.name,
                f"column {column.name!r} is like an id, with {n_categories:,} categories in "
                f"{n:,} rows",
            )


def encode_labels(labels: Sequence[Any] | Coded, code: Mapping[Any, int]) -> NDArray[np.int64]:
    """Return the codes of labels; a label without one raises ValueError."""
    try:
        if isinstance(labels, Coded):
            return np.array([code[label] for label in labels.values], np.int64)[labels.codes]
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

    A label that is a real number is refused; `hint` says what to do then. Arrays of integers and of
    truth values need no look at each.
    """
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "biu":
        values, codes = np.unique(labels, return_inverse=True)
        return tuple(values.tolist()), codes.astype(np.int64, copy=False)
    listed = list(labels)
    distinct: list[Any] = list(dict.fromkeys(listed))
    for label in distinct:
        if is_missing(label):
            raise ValueError(f"y must hold a label in every row, got {label!r}")
        if is_real(label):
            raise ValueError(f"y must hold class labels, got the real number {label!r}{hint}")
    distinct = [*map(whole, distinct)]
    try:
        distinct.sort()
    except TypeError:  # mixed kinds stay in order of first appearance
        kinds = [isinstance(label, str) for label in distinct]
        if len({*kinds}) == 2:
            tell_of_mixed_kinds(distinct[: kinds.index(not kinds[0]) + 1])
    code = {label: k for k, label in enumerate(distinct)}
    return tuple(distinct), encode_labels(listed, code)


def numbers_of(texts: Iterable[str]) -> Mapping[str, Any] | None:
    """Return the numbers that texts stand for, or None where they are text.

    They are numbers if each is one, none is a code (a leading zero, an underscore, 17 digits), and
    no two are the same number but by a plus sign or a fraction of zeros.
    """
    found: dict[str, Any] = {}
    written: dict[Any, str] = {}
    for text in texts:
        if _CODE.match(text) or not _PLAIN.match(text):
            return None
        whole = text.rstrip("0").rstrip(".") if "." in text and "e" not in text.lower() else text
        value: Any = int(whole) if _WHOLE.match(whole) else float(text)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if written.setdefault(value, whole.lstrip("+")) != whole.lstrip("+"):
            return None
        found[text] = value
    return found


def _texts(values: Iterable[float]) -> list[str]:
    return [str(int(v)) if v == int(v) else repr(v) for v in values]
