"""From labels to codes, in order of first appearance."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river.utils import dataframe

from olearn.core.tables import is_frame
from olearn.core.telling import tell
from olearn.core.tensors import as_array, is_tensor
from olearn.core.types import Codes, Rows
from olearn.core.values import is_missing

_MOST_INTEGERS = 100_000  # labels from 0 to here are coded by a table, which has room for them all
_FEW_ROWS = 1000  # below, the table of the hash costs more than a look at each row
_FEW_CODES = 4  # which are looked for one by one
_SLOT_BITS = 16  # of the hash: a table of 512 kB, and rarely two labels in a slot
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: spreads small differences over all bits

__all__ = ["LabelIndex"]


class LabelIndex:
    """Maps labels to codes 0, 1, ... in order of first appearance.

    Parameters
    ----------
    labels
        Labels known in advance, in code order; `None` if there are none.

    Examples
    --------
    >>> from olearn.core.labels import LabelIndex
    >>> index = LabelIndex()
    >>> index.add("up"), index.add("down"), index.add("up")
    (0, 1, 0)
    >>> index.labels
    ['up', 'down']

    """

    def __init__(self, labels: Iterable[Any] | None = None) -> None:
        self.labels: list[Any] = []
        self._code: dict[Any, int] = {}
        for label in labels or ():
            self.add(label)

    def __len__(self) -> int:
        return len(self.labels)

    def get(self, label: Any) -> int:
        """Return the code of a label, or -1 if it is new; raise if it can be no label."""
        try:
            code = self._code.get(label, -1)
        except TypeError:
            raise TypeError(
                f"y must be a bool, int or str, got {label!r} of type {type(label).__name__}"
            ) from None
        if code < 0 and is_tensor(label):  # of which no two are equal keys
            raise TypeError(f"y must be a bool, int or str, got {label!r}: y.item() is one")
        if code < 0 and is_missing(label):
            raise ValueError(f"y must be a label, got {label!r}")
        if code < 0 and is_real(label):
            raise ValueError(
                f"y must be a bool, int or str, got the real number {label!r}; a regressor learns "
                "numbers"
            )
        return code

    def add(self, label: Any) -> int:
        """Return the code of a label, giving it the next one if it is new."""
        code = self.get(label)
        if code < 0:
            code = self._code[label] = len(self.labels)
            self.labels.append(whole(label))
        return code

    def with_new(self, labels: list[Any]) -> list[Any]:
        """Return all labels, in code order, once `labels` have been added."""
        return [*self.labels, *labels]

    def plan(self, y: Any) -> tuple[Codes, list[tuple[int, Any]]]:
        """Code many labels without adding any.

        Returns the codes, shape `(n,)`, and a `(row, label)` for each new label in order of
        appearance: their codes are those that `add` will give them in that order.
        """
        coded = y if isinstance(y, CodedLabels) else code_labels(y)
        given = coded.codes
        if not len(given):
            return given, []
        distinct = _occurring(given)
        labels = {code: coded.labels[code] for code in distinct}
        for code, label in labels.items():
            if is_missing(label):
                row = int(_first_rows(given, distinct[-1] + 1)[code])
                raise ValueError(f"y must be a label, got {label!r} in row {row}")
        known = {code: self.get(label) for code, label in labels.items()}
        table = np.full(distinct[-1] + 1, -1, np.int64)
        table[distinct] = list(known.values())
        unknown = [code for code in distinct if known[code] < 0]
        new: list[tuple[int, Any]] = []
        if unknown:  # in order of appearance
            first = _first_rows(given, distinct[-1] + 1)
            for code in sorted(unknown, key=first.__getitem__):
                table[code] = len(self) + len(new)
                new.append((int(first[code]), labels[code]))
        return table[given], new


def is_real(label: Any) -> bool:
    """Tell whether a label is a number with a fraction, which is a measurement and no class."""
    return isinstance(label, float | np.floating) and not label.is_integer()


def whole(label: Any) -> Any:
    """Return a label; of a whole float, the integer that it equals."""
    return int(label) if isinstance(label, float | np.floating) else label


def tell_of_mixed_kinds(labels: Sequence[Any]) -> None:
    """Say that the last label is the first text beside numbers, or the first number beside text."""
    *others, last = labels
    text = isinstance(last, str)
    if others and all(isinstance(other, str) != text for other in others):
        tell(
            f"labels of two kinds: {last!r} of type {type(last).__name__} beside {others[0]!r} of "
            f"type {type(others[0]).__name__}; they are different classes, also '1' and 1"
        )


@dataclass(frozen=True)
class CodedLabels:
    """Labels of rows as codes, which take no time to code again.

    Parameters
    ----------
    codes
        Shape `(n,)`, positions in `labels`; -1 is None.
    labels
        All different; some may not occur.

    """

    codes: Codes
    labels: Sequence[Any]

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def part(self, rows: slice | Codes) -> "CodedLabels":
        """Return some of the rows."""
        return CodedLabels(self.codes[rows], self.labels)

    def tolist(self) -> list[Any]:
        """Return the labels themselves."""
        known = [*self.labels, None]  # code -1 takes the last
        return [known[code] for code in self.codes.tolist()]

    def decoded(self) -> NDArray[Any]:
        """Return the labels as an array: of ints or bools if all are, else of objects."""
        known = self.labels
        plain = len({type(label) for label in known}) == 1 and isinstance(known[0], int)
        if plain and (self.codes.size == 0 or self.codes.min() >= 0):
            return np.array(known)[self.codes]
        return np.array([*known, None], dtype=object)[self.codes]


@dataclass(frozen=True)
class CodedProba:
    """Probabilities of rows as a matrix, which becomes dicts only where somebody asks for them.

    Parameters
    ----------
    proba
        Shape `(n, n_labels)`; NaN where a label was not known when the row was predicted.
    labels
        Those of the columns.

    """

    proba: Rows
    labels: Sequence[Any]

    def __len__(self) -> int:
        return len(self.proba)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def part(self, rows: slice | Codes) -> "CodedProba":
        """Return some of the rows."""
        return CodedProba(self.proba[rows], self.labels)

    def likeliest(self) -> CodedLabels:
        """Return the labels of the largest probabilities, the first of equals; None without any."""
        codes, largest = np.full(len(self), -1, np.int64), np.full(len(self), -1.0)
        for code, column in enumerate(self.proba.T):
            larger = column > largest  # NaN never is
            np.copyto(codes, code, where=larger)
            np.fmax(largest, column, out=largest)
        return CodedLabels(codes, self.labels)

    def tolist(self) -> list[dict[Any, float]]:
        """Return the dicts that `predict_proba_one` gives."""
        return [
            {label: p for label, p in zip(self.labels, row, strict=True) if p == p}
            for row in self.proba.tolist()
        ]


def code_labels(y: Any) -> CodedLabels:
    """Code an array, list or series of labels; equal labels are one, named as the first of them."""
    y = as_array(y)
    if not isinstance(y, np.ndarray | list | tuple):
        try:
            series = dataframe.into_series(y)
            # some kinds hand a gap over as another label: to_numpy of Arrow's dictionaries
            y = series.to_list() if series.null_count() else series.to_numpy()
        except TypeError:
            shown = "" if is_frame(y) else f"{y!r} of "
            raise TypeError(
                f"y must be an array, list or series of labels, got {shown}type {type(y).__name__}"
            ) from None
    if isinstance(y, np.ndarray):
        if y.ndim != 1:
            raise ValueError(f"y must be one label a row, got an array of shape {y.shape}")
        coded = None if np.ma.is_masked(y) else _code_array(y)
        if coded is not None:
            return coded
        y = y.tolist()
    if len(y) and isinstance(y[0], list | tuple | np.ndarray):
        raise ValueError(f"y must be one label a row, got {y[0]!r} for a row")
    codes = _CodesByAppearance()
    try:
        numbers = np.fromiter(map(codes.__getitem__, y), np.int64, len(y))
    except TypeError:  # one of them cannot be a key
        for label in y:
            LabelIndex().get(label)  # says which
        raise
    return CodedLabels(numbers, list(codes))


class _CodesByAppearance(dict[Any, int]):
    """Gives a key that is new the next code: one look-up a row, whatever comes."""

    def __missing__(self, label: Any) -> int:
        if isinstance(label, np.integer):  # of a list; an array of them has plain integers too
            return self[label.item()]
        code = self[label] = len(self)
        return code


def _code_array(values: NDArray[Any]) -> CodedLabels | None:
    """Code an array without looking at each row in Python, where that can be."""
    kind = values.dtype.kind
    if kind == "b":
        return CodedLabels(values.astype(np.int64), (False, True))
    if kind in "iu" and values.size and values.min() >= 0 and values.max() < _MOST_INTEGERS:
        codes = values.astype(np.int64, copy=False)
        return CodedLabels(codes, range(int(codes.max()) + 1))
    if kind == "U" and len(values) >= _FEW_ROWS:
        return _code_text(values)
    return None


def _code_text(values: NDArray[np.str_]) -> CodedLabels | None:
    """Code texts by a hash of their letters; None if two that differ have the same one."""
    n = len(values)
    letters = np.ascontiguousarray(values).view(np.uint32).reshape(n, -1)
    packed = letters.astype(np.uint8 if letters.max() < 256 else np.uint32).view(np.uint8)
    words = np.zeros((n, -(-packed.shape[1] // 8)), np.uint64)  # eight bytes each
    words.view(np.uint8)[:, : packed.shape[1]] = packed
    hashed = np.zeros(n, np.uint64)
    for column in words.T:
        hashed = (hashed ^ column) * _ODD
    slots = (hashed >> np.uint64(64 - _SLOT_BITS)).astype(np.int64)
    first = _first_rows(slots, 1 << _SLOT_BITS)
    taken = np.flatnonzero(np.bincount(slots, minlength=len(first)))
    table = np.empty(len(first), np.int64)
    table[taken] = np.arange(len(taken))
    codes, known = table[slots], first[taken]
    for column in words.T:
        if not np.array_equal(column[known][codes], column):
            return None
    return CodedLabels(codes, values[known].tolist())


def _occurring(codes: Codes) -> list[int]:
    """Return the codes that occur, which are not negative, in order."""
    n_codes = int(codes.max()) + 1
    if n_codes <= _FEW_CODES and codes.min() >= 0:  # a count takes far longer
        return [code for code in range(n_codes) if (codes == code).any()]
    return np.flatnonzero(np.bincount(codes)).tolist()


def _first_rows(codes: Codes, n_codes: int) -> Codes:
    """Return the row at which each code first appears; nothing sensible for those that do not."""
    if n_codes <= _FEW_CODES:
        return np.array([np.argmax(codes == code) for code in range(n_codes)])
    first = np.zeros(n_codes, np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)  # of equal codes the last one written
    return first
