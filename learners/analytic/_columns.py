"""From encoded rows to the columns of a linear model: missing is 0, a category is an indicator."""

import hashlib
import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.features import FeatureIndex
from olearn.core.types import Rows

_STEP = 16  # widths grow by so many columns, so that a new column rarely moves arrays


def capacity(n: int, step: int = _STEP) -> int:
    """Round up to a multiple of `step`."""
    return -(-n // step) * step


class Columns:
    """The columns that the features of a `FeatureIndex` become.

    A numeric feature is one column, its missing values 0. A nominal feature is one indicator a
    category; a missing or unknown category is all zeros. Each column has a key, `(name, None)` or
    `(name, category)`, which means the same in another learner.

    Examples
    --------
    >>> from olearn.core.features import FeatureIndex
    >>> from olearn.learners.analytic._columns import Columns
    >>> index, columns = FeatureIndex(), Columns()
    >>> table = __import__("numpy").array([["a", "x"], ["b", "y"]])
    >>> rows = index.learn_many(index.check_many(table))
    >>> columns.follow(index)
    >>> columns.keys
    [(0, 'a'), (0, 'b'), (1, 'x'), (1, 'y')]

    """

    def __init__(self) -> None:
        self.keys: list[tuple[Any, Any]] = []
        self._of: dict[tuple[int, float], int] = {}  # (column of the row, code) -> column here
        self._places = np.zeros(0, np.int64)  # of the columns of a row, where all are numeric
        self._followed: dict[int, int] = {}  # categories known of a column of the row

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def width(self) -> int:
        """Columns of an expanded row: `len(self)` rounded up, the rest zero."""
        return capacity(max(len(self), 1))

    def follow(self, index: FeatureIndex) -> None:
        """Add what is new in the index, sorted by name: a first row may come in any order."""
        new: list[tuple[tuple[Any, Any], tuple[int, float]]] = []
        pairs = zip(index.names, index.categories, strict=True)
        for column, (name, categories) in enumerate(pairs):
            if categories is None:
                if (column, -1.0) not in self._of:
                    new.append(((name, None), (column, -1.0)))
            elif self._followed.get(column) != len(categories.codes):
                self._followed[column] = len(categories.codes)
                sources = [(column, code) for code in categories.codes.values()]
                # True, 1 and 1.0 are one category; arrays hold floats
                values = [float(v) if isinstance(v, numbers.Real) else v for v in categories.codes]
                named = zip(values, sources, strict=True)
                new += [((name, v), source) for v, source in named if source not in self._of]
        if not new:
            return
        for key, source in sorted(new, key=lambda pair: repr(pair[0])):
            self._of[source] = len(self.keys)
            self.keys.append(key)
        if not self._followed:
            self._places = np.array([self._of[column, -1.0] for column in range(len(self))])

    def sources(self, index: FeatureIndex) -> tuple[NDArray[np.int64], Rows]:
        """Return for each column the column of the row and the category's code, NaN if numeric.

        The code is -2, which no value has, for a feature that came without a value, as numeric,
        and turned out to be nominal.
        """
        pairs = sorted(self._of, key=self._of.__getitem__)
        columns = np.array([column for column, _ in pairs], np.int64)
        odd = [-2.0 if index.categories[column] is not None else np.nan for column, _ in pairs]
        codes = [other if code < 0 else code for (_, code), other in zip(pairs, odd, strict=True)]
        return columns, np.array(codes, np.float64)

    def expand(self, index: FeatureIndex, rows: Rows) -> Rows:
        """Return rows of `width` columns, without NaN; shape `(n, width)`."""
        out = np.zeros((len(rows), self.width))
        if not self._followed and len(index.names) == len(self):
            out[:, self._places] = np.where(rows == rows, rows, 0.0)
            return out
        for (column, code), place in self._of.items():
            values = rows[:, column]
            if code < 0:
                if index.categories[column] is not None:
                    continue  # it had no value before, and turned out to be nominal
                np.copyto(out[:, place], values, where=values == values)
            else:
                out[:, place] = values == code
        return out


def uniform_row(seed: int, key: tuple[Any, Any], n: int) -> Rows:
    """Draw `n` numbers uniform on [-1, 1) for one column, whatever columns came before it."""
    digest = hashlib.blake2b(repr(key).encode(), digest_size=16).digest()
    words = np.frombuffer(digest, np.uint32).tolist()
    return np.random.default_rng([seed, *words]).uniform(-1.0, 1.0, n)
