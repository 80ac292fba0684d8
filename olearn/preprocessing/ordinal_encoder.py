"""Numbers in the place of categories, and the kernels."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from river.base.typing import FeatureName

from olearn.base.transformer import ArrayTransformer, ColumnsOut
from olearn.core.jit import inner, njit
from olearn.core.parameters import check_parameters, with_parameters
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_integer, check_kind
from olearn.preprocessing._codes import CategoricalIndex, ColumnCodes, room_for, with_room

__all__ = ["OrdinalEncoder"]


@with_parameters
class OrdinalEncoder(ArrayTransformer):
    """Puts a whole number in the place of each value of each feature.

    The values of a feature get 0, 1, 2, ... in the order in which they are learnt, but for the two
    numbers that stand for unknown and missing values. Numbers are categories as text is: take some
    features with `Select` before. Answers are river's. Time per row: O(features).

    Parameters
    ----------
    categories
        Numbers by value by feature, which are kept; None: those that come.
    unknown_value
        Whole number for values that have not been learnt; None leaves them out.
    none_value
        Whole number for missing values; None leaves them out.

    Raises
    ------
    TypeError
        If a parameter or a feature has the wrong type.
    ValueError
        If a feature is infinite.

    Notes
    -----
    A feature that is not in the row is missing, as None and NaN are; river's leaves it out. A
    feature of which no value has been learnt has no number for missing values yet. Of a feature at
    most 10,000 values get a number, the rest is unknown.

    Examples
    --------
    >>> from olearn import preprocessing
    >>> encoder = preprocessing.OrdinalEncoder()
    >>> for day in ("mon", "tue", "mon"):
    ...     encoder.learn_one({"day": day})
    ...     print(encoder.transform_one({"day": day}))
    {'day': 1.0}
    {'day': 2.0}
    {'day': 1.0}
    >>> encoder.transform_one({"day": "sun"}), encoder.transform_one({"day": None})
    ({'day': 0.0}, {'day': -1.0})

    """

    categories: Mapping[FeatureName, Mapping[Hashable, int]] | None = None
    unknown_value: int | None = 0
    none_value: int | None = -1

    def __post_init__(self) -> None:
        check_parameters(self)
        self._features = CategoricalIndex()
        self._codes = ColumnCodes()
        self._numbers = np.full((0, 0), -1, np.int64)  # of the columns of codes, -1 for none
        self._next = np.zeros(0, np.int64)  # number of each column
        special = (self.unknown_value, self.none_value)
        self._special = np.array([np.nan if v is None else v for v in special], np.float64)
        if self.categories is not None:
            check_kind("categories", self.categories, Mapping, "a dict of dicts by feature")
            for name, values in self.categories.items():
                check_kind(f"categories[{name!r}]", values, Mapping, "a dict of whole numbers")
                for value, number in values.items():
                    check_integer(f"categories[{name!r}][{value!r}]", number, 0)

    @property
    def values(self) -> dict[FeatureName, dict[Any, int]]:
        """Number of each value of each feature."""
        if self.categories is not None:
            return {name: dict(values) for name, values in self.categories.items()}
        kinds = self._codes.categories(self._features)
        pairs = zip(self._features.names, kinds, self._numbers.tolist(), strict=False)
        found = {}
        for name, known, numbers in pairs:
            numbered = [(numbers[int(code)], value) for value, code in known.codes.items()]
            learnt = sorted((n, k) for k, (n, _) in enumerate(numbered) if n >= 0)
            found[name] = {numbered[k][1]: n for n, k in learnt}
        return found

    @property
    def _columns_out(self) -> ColumnsOut:
        names = self._features.names
        return names, [None] * len(names)

    def _room(self, n_categories: int) -> int:
        return room_for(n_categories)

    def _grow(self) -> None:
        kinds = self._codes.categories(self._features)
        self._numbers = with_room(self._numbers, [each.size for each in kinds])
        more = len(kinds) - len(self._next)
        if more > 0:
            self._next = np.pad(self._next, (0, more))
        if self.categories is not None:
            for column, (name, known) in enumerate(zip(self._features.names, kinds, strict=True)):
                given = self.categories.get(name, {})
                self._next[column] = len(given)
                for value, code in known.codes.items():
                    self._numbers[column, int(code)] = given.get(value, -1)

    def _learn_rows(self, X: Rows, y: Any, w: Rows) -> None:
        rows = self._codes_of(X, learn=True)
        if self.categories is None:
            learn_numbers(rows, self._special, self._numbers, self._next)

    def _transform_rows(self, X: Rows) -> Rows:
        out = np.empty_like(X)
        rows = self._codes_of(X, learn=False)
        number_rows(rows, self._special, self._numbers, self._next, out)
        return out

    def _stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        B = self._codes_of(B, learn=True)
        A = self._codes_of(A, learn=False)  # in which new numbers now have codes of their own
        A2, B2 = np.empty_like(A), np.empty_like(B)
        learns = self.categories is None
        number_stage(A, B, upto, self._special, learns, self._numbers, self._next, A2, B2)
        return A2, B2

    def _codes_of(self, X: Rows, learn: bool) -> Rows:
        rows = self._codes.coded(self._features, X, learn)
        if rows is not X and learn:
            self._grow()
        return rows


@inner
def _learn(X, t, special, numbers, following):
    """Give the values of a row that have none the next numbers, but for the special ones."""
    for j in range(X.shape[1]):
        code = X[t, j]
        if not (0.0 <= code < numbers.shape[1]) or numbers[j, int(code)] >= 0:
            continue
        while following[j] == special[0] or following[j] == special[1]:
            following[j] += 1
        numbers[j, int(code)] = following[j]
        following[j] += 1


@inner
def _number(X, t, special, numbers, following, out):
    """Write the numbers of a row to `out`; `special` are those of unknown and missing values."""
    for j in range(X.shape[1]):
        code = X[t, j]
        if code != code:
            out[t, j] = special[1] if following[j] > 0 else np.nan
        elif 0.0 <= code < numbers.shape[1] and numbers[j, int(code)] >= 0:
            out[t, j] = numbers[j, int(code)]
        else:
            out[t, j] = special[0]


@njit(nogil=True)
def learn_numbers(X, special, numbers, following):
    """Learn rows of codes, `(n, d)`, in order; `numbers` is `(d, codes)`, `following` `(d,)`."""
    for t in range(len(X)):
        _learn(X, t, special, numbers, following)


@njit(nogil=True)
def number_rows(X, special, numbers, following, out):
    """Write the numbers of rows to `out`, `(n, d)`."""
    for t in range(len(X)):
        _number(X, t, special, numbers, following, out)


@njit(nogil=True)
def number_stage(A, B, upto, special, learns, numbers, following, A2, B2):
    """Number rows as predicted, `A`, and as learnt, `B`; `upto[t]` are learnt after row t."""
    q = 0
    for t in range(len(A)):
        _number(A, t, special, numbers, following, A2)
        while q < upto[t]:
            if learns:
                _learn(B, q, special, numbers, following)
            _number(B, q, special, numbers, following, B2)
            q += 1
