"""Codes of the values of one nominal feature, in order of first appearance."""

import copy
import math
import numbers
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.values import is_missing

UNSEEN = -1.0  # the code of a new category where no more codes are given out

# A nominal value that is a whole number is its own code, so that arrays of codes and dicts mean the
# same without a table; up to here, because trees keep room for every code up to the highest one.
# Streams code by the same rule (`are_own_codes`).
MAX_OWN_CODE = 9_999
_MAX_CATEGORIES = MAX_OWN_CODE + 1

Floats = NDArray[np.float64]


class CategoryIndex:
    """Codes of one nominal feature's values.

    A whole number from 0 to 9,999 is its own code, so that arrays of codes and dicts of numbers
    mean the same; every other value gets the next free code. At most 10,000 codes are given out:
    later values stay `UNSEEN`, which bounds the memory.
    """

    def __init__(self) -> None:
        self.size = 0  # one more than the highest code
        self.codes: dict[Any, float] = {}
        self._all_own = True
        self._taken: set[int] = set()
        self._value_of: dict[float, Any] = {}  # made of `codes` when it is asked for

    def get(self, value: Any) -> float:
        """Return the code of `value`: the one that `add` would give it, if it has none yet."""
        code = self.codes.get(value)
        if code is not None:
            return code
        if is_full(self.codes):
            return UNSEEN
        own = _own_code(value)
        return float(self.size if own is None or own in self._taken else own)

    def add(self, value: Any) -> float:
        """Return the code of `value`, giving it one if it has none."""
        code = self.get(value)
        if code != UNSEEN and value not in self.codes:
            self.codes[value] = code
            self._taken.add(int(code))
            self._all_own &= _own_code(value) == code
            self.size = max(self.size, int(code) + 1)
        return code

    @property
    def all_own(self) -> bool:
        """Whether each value is its own code."""
        return self._all_own

    def values(self) -> dict[float, Any]:
        """Return the value of each code."""
        if len(self._value_of) != len(self.codes):
            self._value_of = {code: value for value, code in self.codes.items()}
        return self._value_of

    def codes_of(self, column: Floats, distinct: Sequence[int] | None, learn: bool) -> Floats:
        """Code a column of numbers, NaN staying NaN; `learn` gives codes to new values.

        `distinct` are the column's `distinct_own_codes`.
        """
        if self._all_own and distinct is not None:
            for value in distinct if learn else ():
                self.add(value)
            return column
        code = self.add if learn else self.get
        return np.array([v if math.isnan(v) else code(v) for v in column.tolist()])

    def codes_of_texts(self, column: Floats, texts: Sequence[str], learn: bool) -> Floats:
        """Code a column of positions in `texts`, NaN staying NaN; `learn` as above."""
        code = self.add if learn else self.get
        table = np.full(len(texts) + 1, np.nan)  # NaN takes the last
        for k, _ in _first_rows(column):
            table[int(k)] = code(texts[int(k)])
        return table[np.where(np.isnan(column), len(texts), column).astype(np.int64)]

    def arrivals(
        self, values: Any, texts: Sequence[str] | None, distinct: Any, room: Callable[[int], int]
    ) -> list[int]:
        """Return the rows at which `room(size)` changes as a loop adds one value after another.

        Parameters
        ----------
        values
            Of a column: an array of numbers, or of positions in `texts`, or a list.
        texts
            None where the values are meant themselves.
        distinct
            The column's `distinct_own_codes` where they are known, else None.
        room
            Of a size, the number of categories for which there will be room.

        """
        if distinct is not None and texts is None and self.codes.keys() >= set(distinct):
            return []
        new = [(v, row) for v, row in _first_values(values, texts) if v not in self.codes]
        if not new:
            return []
        rows, later = [], self._copy()
        for value, row in new[: max(_MAX_CATEGORIES - len(self.codes), 0)]:
            before = room(later.size)
            later.add(value)
            if room(later.size) != before:
                rows.append(row)
        return rows

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_value_of"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._value_of = {}

    def _copy(self) -> "CategoryIndex":
        other = copy.copy(self)
        other.codes, other._taken = self.codes.copy(), self._taken.copy()
        return other


def is_full(codes: Mapping[Any, float]) -> bool:
    """Tell whether a feature has so many categories that no more codes are given out."""
    return len(codes) >= _MAX_CATEGORIES


def _own_code(value: Any) -> int | None:
    if not isinstance(value, numbers.Real):
        return None
    number = float(value)
    return int(number) if 0 <= number <= MAX_OWN_CODE and number.is_integer() else None


def are_own_codes(values: Floats) -> NDArray[np.bool_]:
    """Tell of each number whether, as a nominal value, it is its own code."""
    own: NDArray[np.bool_] = (values >= 0) & (values <= MAX_OWN_CODE) & (values == np.floor(values))
    return own


def distinct_own_codes(column: Floats) -> list[int] | None:
    """Return the distinct values of a column, None if one is not its own code; NaN is left out."""
    known = column[~np.isnan(column)]
    if not known.size:
        return []
    if known.min() < 0 or known.max() > MAX_OWN_CODE:
        return None
    codes = known.astype(np.int64)
    if not np.array_equal(codes, known):
        return None
    found: list[int] = np.flatnonzero(np.bincount(codes)).tolist()
    return found


def _first_rows(column: Floats) -> Iterator[tuple[float, int]]:
    """Yield each distinct number of a column and its first row, in order of the rows."""
    known = np.flatnonzero(~np.isnan(column))
    values, at = np.unique(column[known], return_index=True)
    for i in np.argsort(at).tolist():
        yield float(values[i]), int(known[at[i]])


def _first_values(values: Any, texts: Sequence[str] | None) -> Iterable[tuple[Any, int]]:
    """Return each distinct value of a column and its first row, in order of the rows."""
    if isinstance(values, np.ndarray):
        found = _first_rows(values)
        return found if texts is None else ((texts[int(k)], row) for k, row in found)
    first: dict[Any, int] = {}
    for row, value in enumerate(values):
        if value not in first:
            first[value] = row
    return [(value, row) for value, row in first.items() if not is_missing(value)]
