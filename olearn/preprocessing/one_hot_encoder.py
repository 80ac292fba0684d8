"""One-hot encoding, and its kernels."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import numbers
from collections.abc import Collection, Hashable, Mapping
from itertools import islice
from typing import Any

import numpy as np
from river.base.typing import FeatureName

from olearn.base.transformer import ArrayTransformer, ColumnsOut
from olearn.core.jit import inner, njit
from olearn.core.parameters import check_parameters, with_parameters
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_kind, check_names
from olearn.preprocessing._codes import CategoricalIndex, with_room

__all__ = ["OneHotEncoder"]


@with_parameters
class OneHotEncoder(ArrayTransformer):
    """Turns each value of each feature into a feature of its own, 1 where it is there.

    A value `v` of a feature `f` becomes `f_v`: 1 in the rows that have it, and 0 in all others once
    it has been learnt. A value that has not been learnt is emitted too, as in river's. Numbers are
    categories as text is: take some features with `Select` before. New ones come last. Time per
    row: O(values emitted).

    Parameters
    ----------
    categories
        Values by feature that are encoded, all others being left out; None: those that come.
    drop_zeros
        Whether only ones are emitted. A learner then sees a missing value instead of a 0.

    Raises
    ------
    TypeError
        If a parameter or a feature has the wrong type.
    ValueError
        If a feature is infinite.

    Notes
    -----
    The numbers 1, 1.0 and True are one category, `f_1`, where river's names it as it was written
    first. A missing value (None, NaN, no key) is no category: all its features are 0. Of a feature
    at most 10,000 values get a column. Two columns of one name, as of a value `b_c` of `a` and `c`
    of `a_b`, are kept apart: the second is named by a pair. There is no `drop_first`, which leaves
    out one column of all in river's, not one a feature. What a dict leaves out, a frame or an
    array has NaN for, where river's frames have 0 and `check_transform_many_matches_transform_one`
    expects it.

    Examples
    --------
    >>> from olearn import preprocessing
    >>> encoder = preprocessing.OneHotEncoder()
    >>> for x in ({"day": "mon"}, {"day": "tue"}):
    ...     encoder.learn_one(x)
    ...     print(encoder.transform_one(x))
    {'day_mon': 1.0}
    {'day_mon': 0.0, 'day_tue': 1.0}
    >>> encoder.transform_one({"day": "sun"})
    {'day_mon': 0.0, 'day_tue': 0.0, 'day_sun': 1.0}

    """

    categories: Mapping[FeatureName, Collection[Hashable]] | None = None
    drop_zeros: bool = False

    def __post_init__(self) -> None:
        check_parameters(self)
        self._features = CategoricalIndex()
        self._seen: dict[int, int] = {}  # categories of each column that have their places
        self._uncoded = np.zeros(0, np.int64)  # columns whose values are not codes
        self._places = np.full((0, 0), -1, np.int64)  # of the columns of codes, -1 for none
        self._names: list[Any] = []  # of the columns that are emitted
        self._encoded: list[tuple[Any, Any]] = []  # feature and value of these
        self._taken: set[Any] = set()  # names, to be looked up
        self._n_learnt = 0  # of these
        self._fixed: dict[Any, int] = {}  # columns of the values that are encoded, if only some
        if self.categories is not None:
            check_kind("categories", self.categories, Mapping, "a dict of lists by feature")
            for name, values in self.categories.items():
                check_names(f"categories[{name!r}]", values)
                for value in sorted(values, key=repr) if isinstance(values, set) else values:
                    if (name, value) not in self._fixed:
                        self._fixed[name, value] = self._add_name(name, value)
            self._n_learnt = len(self._names)

    def _unit_test_skips(self) -> set[str]:
        return {"check_transform_many_matches_transform_one"}

    @property
    def _columns_out(self) -> ColumnsOut:
        return self._names, [None] * len(self._names)

    @property
    def values(self) -> dict[FeatureName, list[Any]]:
        """Values of each feature that are encoded."""
        found: dict[FeatureName, list[Any]] = {}
        for name, value in self._encoded:
            found.setdefault(name, []).append(value)
        return found

    def _room(self, n_categories: int) -> Any:
        return object()  # arrays are cut at each new category, lest columns come in another order

    def _grow(self) -> None:
        index = self._features
        kinds = index.categories
        self._uncoded = np.array([j for j, each in enumerate(kinds) if each is None], np.int64)
        self._places = with_room(self._places, [each.size if each else 0 for each in kinds])
        for column, (name, each) in enumerate(zip(index.names, kinds, strict=True)):
            if each is None:
                continue
            for value, code in islice(each.codes.items(), self._seen.get(column, 0), None):
                place = self._place_of(name, value)
                self._places[column, int(code)] = place
            self._seen[column] = len(each.codes)

    def _place_of(self, name: FeatureName, value: Any) -> int:
        if self.categories is not None:
            return self._fixed.get((name, value), -1)
        return self._add_name(name, value)

    def _check_codes(self, X: Rows) -> None:
        """Raise if a step before hands on numbers that it did not code."""
        for column in self._uncoded.tolist() if len(self._uncoded) else ():
            if not np.isnan(X[:, column]).all():
                raise ValueError(
                    f"feature {self._features.names[column]!r} comes as numbers from the step "
                    "before: put OneHotEncoder first"
                )

    def _learn_rows(self, X: Rows, y: Any, w: Rows) -> None:
        self._check_codes(X)
        self._n_learnt = learn_places(X, self._places, self._n_learnt)

    def _transform_rows(self, X: Rows) -> Rows:
        self._check_codes(X)
        out = np.empty((len(X), len(self._names)))
        encode_rows(X, self._places, self._n_learnt, np.nan if self.drop_zeros else 0.0, out)
        return out

    def _stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        self._check_codes(A)
        self._check_codes(B)
        width = len(self._names)
        A2, B2 = np.empty((len(A), width)), np.empty((len(B), width))
        absent = np.nan if self.drop_zeros else 0.0
        self._n_learnt = encode_stage(A, B, upto, self._places, self._n_learnt, absent, A2, B2)
        return A2, B2

    def _add_name(self, name: FeatureName, value: Any) -> int:
        """Add a column, and return its place."""
        self._encoded.append((name, value))
        if isinstance(value, numbers.Real):
            number = float(value)
            value = int(number) if number.is_integer() else number
        column = f"{name}_{value}"
        self._names.append((name, value) if column in self._taken else column)
        self._taken.add(column)
        return len(self._names) - 1


@inner
def _place(X, t, j, places):
    """Return the place of a code, -1 for none."""
    code = X[t, j]
    if not (0.0 <= code < places.shape[1]) or j >= places.shape[0]:
        return -1
    return places[j, int(code)]


@inner
def _encode(X, t, places, n_learnt, absent, limit, out):
    """Write a row of ones where it has the value, up to a limit, and else `absent`, or NaN."""
    for k in range(out.shape[1]):
        out[t, k] = absent if k < n_learnt else np.nan
    for j in range(X.shape[1]):
        place = _place(X, t, j, places)
        if 0 <= place < limit:
            out[t, place] = 1.0


@inner
def _learn(X, t, places, n_learnt):
    """Return how many columns have been learnt after a row; they are in the order of learning."""
    for j in range(X.shape[1]):
        n_learnt = max(n_learnt, _place(X, t, j, places) + 1)
    return n_learnt


@njit(nogil=True)
def learn_places(X, places, n_learnt):
    """Learn rows of codes, `(n, d)`; return how many columns have been learnt."""
    for t in range(len(X)):
        n_learnt = _learn(X, t, places, n_learnt)
    return n_learnt


@njit(nogil=True)
def encode_rows(X, places, n_learnt, absent, out):
    """Encode rows of codes, `(n, d)`, of which `n_learnt` columns have been learnt."""
    for t in range(len(X)):
        _encode(X, t, places, n_learnt, absent, out.shape[1], out)


@njit(nogil=True)
def encode_stage(A, B, upto, places, n_learnt, absent, A2, B2):
    """Encode rows as predicted, `A`, and as learnt, `B`; `upto[t]` are learnt after row t."""
    q = 0
    for t in range(len(A)):
        _encode(A, t, places, n_learnt, absent, n_learnt, A2)
        while q < upto[t]:
            n_learnt = _learn(B, q, places, n_learnt)
            _encode(B, q, places, n_learnt, absent, n_learnt, B2)
            q += 1
    return n_learnt
