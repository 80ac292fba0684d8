"""Features hashed into a fixed number of columns, and the kernel of the hash."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river.base.typing import FeatureName

from olearn.base.transformer import ColumnsOut, StatelessTransformer
from olearn.core.categories import CategoryIndex
from olearn.core.features import FeatureIndex
from olearn.core.jit import njit
from olearn.core.parameters import NonNegativeInt, PositiveInt, check_parameters, with_parameters
from olearn.core.tables import ColumnKinds, Table
from olearn.core.types import Codes, Floats, Rows
from olearn.core.validate import check_names
from olearn.core.values import as_float, is_missing, is_number

__all__ = ["FeatureHasher"]

_LARGEST = sys.float_info.max
_MOST_KNOWN = 10_000  # tokens whose columns are remembered


@with_parameters
class FeatureHasher(StatelessTransformer):
    """Hashes features into a fixed number of columns, however many values they have.

    A text `v` of a feature `f` adds 1 to the column in which `f=v` falls, a number adds itself to
    that of `f`[^1]. The columns are named 0, 1, ...; those in which nothing falls are left out.
    Nothing is learnt or kept, so memory is bounded whatever the ids that come, and a token falls
    into the same column in every process. Answers are river's, of the same seed. Time per row:
    O(features + columns).

    Parameters
    ----------
    n_features
        Number of columns, at least 1. Rows of a block hold them all.
    seed
        Sets which token falls where.
    alternate_sign
        Whether the hash also says whether to add or to subtract, so that tokens that share a column
        cancel out on average.
    nominal_attributes
        Features whose numbers are ids: 7 is hashed as the text "7" is. None leaves it to what the
        stream knows.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature is infinite.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    MurmurHash3, 32 bits. Where other steps stand before it, it sees the at most 10,000 values of a
    feature that they tell apart: put it first for more. river's has 1,048,576 columns by default,
    and a `seed` of None, which draws one. What a dict leaves out, a frame or an array has NaN for,
    which `check_transform_many_matches_transform_one` takes for a fault.

    Examples
    --------
    >>> from olearn import preprocessing
    >>> hasher = preprocessing.FeatureHasher(n_features=10, seed=42)
    >>> hasher.transform_one({"dog": 1, "cat": 2, "elephant": 4})
    {5: -3.0, 7: 2.0}
    >>> hasher.transform_one({"user": "u-8b1f"})
    {6: 1.0}

    References
    ----------
    [^1]: Weinberger, K. et al. (2009). Feature hashing for large scale multitask learning. ICML.

    """

    n_features: PositiveInt = 256
    seed: NonNegativeInt = 0
    alternate_sign: bool = True
    nominal_attributes: Iterable[FeatureName] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        check_names("nominal_attributes", self.nominal_attributes)
        # river draws the seed of the hash from this one
        start = int(np.random.RandomState(self.seed).randint(0, 2**32, dtype=np.uint32))
        buckets = Buckets(self.n_features, start, bool(self.alternate_sign))
        nominal = self.nominal_attributes
        self._features = HashedIndex(buckets, None if nominal is None else [*nominal])

    def _unit_test_skips(self) -> set[str]:
        return {"check_transform_many_matches_transform_one"}

    @property
    def _columns_out(self) -> ColumnsOut:
        return range(self.n_features), [None] * self.n_features

    def _transform_rows(self, X: Rows) -> Rows:
        assert isinstance(self._features, HashedIndex)
        return self._features.hashed_rows(X)

    def _transform_row(self, row: Rows) -> Rows:
        assert isinstance(self._features, HashedIndex)
        return row if self._features.hashes else self._transform_rows(row[None])[0]


class Buckets:
    """Which column a token falls into, and with which sign."""

    def __init__(self, n: int, seed: int, alternate_sign: bool) -> None:
        self.n = n
        self.seed = seed
        self.alternate_sign = alternate_sign
        self.known: dict[str, tuple[int, float]] = {}  # of the tokens of single rows

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"known": {}}  # it follows from the tokens

    def learn(self, token: str) -> tuple[int, float]:
        """Return the column and the sign of a token, and remember it for a while."""
        if len(self.known) >= _MOST_KNOWN:
            self.known.clear()
        (place,), (sign,) = self.of([token])
        self.known[token] = int(place), float(sign)
        return self.known[token]

    def of(self, tokens: Sequence[str]) -> tuple[Codes, Floats]:
        """Return the columns and the signs of tokens."""
        parts = [token.encode() for token in tokens]
        ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
        data = np.frombuffer(b"".join(parts) or b"\0", np.uint8)
        hashes = np.empty(len(parts), np.int64)
        hash_tokens(data.copy(), ends, self.seed, hashes)
        signs = np.where(hashes < 0, -1.0, 1.0) if self.alternate_sign else np.ones(len(parts))
        return hashes % self.n, signs


class HashedIndex(FeatureIndex):
    """Encodes rows as their hashed columns; it has nothing to remember of them.

    Where another step stands before, rows come encoded by it, and `hashed_rows` does the rest.
    """

    def __init__(self, buckets: Buckets, nominal: list[Any] | None) -> None:
        super().__init__(nominal)
        self.names = list(range(buckets.n))
        self._buckets = buckets
        self._before: tuple[list[Any], list[CategoryIndex | None]] | None = None

    @property
    def hashes(self) -> bool:
        """Whether the rows that are encoded here are hashed; those of a step before are not."""
        return self._before is None

    def has(self, names: Iterable[Any]) -> bool:
        """Tell that all features are known."""
        return True

    def knows(self, x: Mapping[Any, Any]) -> bool:
        """Tell that no row brings anything."""
        return True

    def knows_many(self, table: Table) -> bool:
        """Tell that no table brings anything."""
        return True

    def expect(self, kinds: ColumnKinds) -> None:
        """Take over which features are nominal: the numbers of a dict do not say it."""
        if self._open:
            self._declared = self._declared.union(kinds.nominal)

    def follow(self, names: Sequence[Any], categories: Sequence[CategoryIndex | None]) -> None:
        """Take over the columns of what comes before."""
        self._before = list(names), list(categories)
        self.names = list(names)
        self._column = {name: column for column, name in enumerate(names)}

    def quick(self, x: Mapping[Any, Any]) -> Rows | None:
        """Check and encode a row; one that comes twice in succession is encoded once."""
        if not isinstance(x, Mapping):
            self.check_one(x)  # says what is wrong
        given = list(x.items())
        last = self._last
        if given == last[0]:
            return last[1]
        known, declared, may_keep = self._buckets.known, self._declared, True
        sums: dict[int, float] = {}
        for name, value in given:
            kind = type(value)
            if kind is str:
                token, amount = f"{name}={value}", 1.0
            elif kind is float and -_LARGEST <= value <= _LARGEST and name not in declared:
                token, amount = str(name), value
            else:
                may_keep = False  # what is spelt in two ways may be equal
                self.check_one({name: value})
                if is_missing(value):
                    continue
                is_id = isinstance(value, str) or name in declared
                token = f"{name}={_spelt(value)}" if is_id else str(name)
                amount = 1.0 if is_id else as_float(value)
            place, sign = known.get(token) or self._buckets.learn(token)
            sums[place] = sums.get(place, 0.0) + sign * amount
        row = np.full(self._buckets.n, np.nan)
        row[list(sums)] = list(sums.values())
        if may_keep:
            self._last = given, row
        return row

    def learn_one(self, x: Mapping[Any, Any]) -> Rows:
        """Check and encode a row."""
        return self.encode_one(x)

    def arrivals(self, table: Table, room: Callable[[int], int]) -> list[int]:
        """Return no row: none brings anything."""
        return []

    def learn_many(self, table: Table) -> Rows:
        """Encode a checked table."""
        self.expect(table)
        return self.encode_many(table)

    def encode_many(self, table: Table) -> Rows:
        """Encode a checked table; changes nothing."""
        nominal = {*self._declared, *(table.nominal if self._open else ())}
        sums = _Sums(len(table), self._buckets)
        for name, values in zip(table.names, table.columns(), strict=True):
            texts = table.categories.get(name)
            if texts is not None:
                sums.add_codes(name, values, texts)
            elif not isinstance(values, np.ndarray) or name in nominal:
                given = values.tolist() if isinstance(values, np.ndarray) else values
                sums.add_mixed(name, given, name in nominal)
            else:
                sums.add_numbers(name, values)
        return sums.rows()

    def hashed_rows(self, X: Rows) -> Rows:
        """Return encoded rows hashed: as they are, or where another step encoded them, anew."""
        if self._before is None:
            return X.copy()
        sums = _Sums(len(X), self._buckets)
        for name, kinds, values in zip(*self._before, X.T, strict=True):
            if kinds is None:
                sums.add_numbers(name, values)
            else:
                known = kinds.values()
                sums.add_ids(name, [known.get(code) for code in values.tolist()])
        return sums.rows()

    def _is_nominal(self, name: Any, has_text: bool, declared: frozenset[Any]) -> bool:
        return True  # numbers and text may come in any feature


class _Sums:
    """What falls into each column, row by row."""

    def __init__(self, n_rows: int, buckets: Buckets) -> None:
        self._buckets = buckets
        self._sums = np.zeros((n_rows, buckets.n))
        self._is_hit = np.zeros((n_rows, buckets.n), np.bool_)

    def rows(self) -> Rows:
        """Return the sums, NaN where nothing fell."""
        return np.where(self._is_hit, self._sums, np.nan)

    def add_numbers(self, name: Any, values: NDArray[Any]) -> None:
        """Add a column of numbers."""
        known = np.flatnonzero(values == values)
        (place,), (sign,) = self._buckets.of([str(name)])
        self._sums[known, place] += sign * values[known]
        self._is_hit[known, place] = True

    def add_codes(self, name: Any, codes: NDArray[Any], texts: Sequence[str]) -> None:
        """Add a column of positions in texts, NaN being missing; each text is hashed once."""
        known = np.flatnonzero(codes == codes)
        which = codes[known].astype(np.int64)
        used = np.flatnonzero(np.bincount(which, minlength=len(texts)))
        if len(used):
            places, signs = np.empty(len(texts), np.int64), np.empty(len(texts))
            found = self._buckets.of([f"{name}={_spelt(texts[k])}" for k in used.tolist()])
            places[used], signs[used] = found
            self._sums[known, places[which]] += signs[which]
            self._is_hit[known, places[which]] = True

    def add_ids(self, name: Any, values: Sequence[Any]) -> None:
        """Add a column of texts and ids, None or NaN being missing."""
        known = [row for row, value in enumerate(values) if not is_missing(value)]
        tokens = [f"{name}={_spelt(values[row])}" for row in known]
        code = {token: k for k, token in enumerate(dict.fromkeys(tokens))}
        if code:
            places, signs = self._buckets.of(list(code))
            which = np.array([code[token] for token in tokens])
            self._sums[known, places[which]] += signs[which]
            self._is_hit[known, places[which]] = True

    def add_mixed(self, name: Any, values: Sequence[Any], are_ids: bool) -> None:
        """Add a column of texts and of numbers, which may be ids."""
        ids = [v if are_ids or isinstance(v, str) else None for v in values]
        self.add_ids(name, ids)
        if not are_ids:
            numbers = [as_float(v) if is_number(v) else math.nan for v in values]
            self.add_numbers(name, np.array(numbers))


def _spelt(value: Any) -> str:
    """Return an id as text; of a number that is whole without a point, as arrays hold floats."""
    if is_number(value) and abs(value) < sys.maxsize and float(value).is_integer():
        return str(int(value))
    return str(value)


@njit(nogil=True)
def hash_tokens(data, ends, seed, out):
    """Write the signed MurmurHash3 of each token to `out`; token k ends before `data[ends[k]]`."""
    start = 0
    for k in range(len(ends)):
        size = ends[k] - start
        h = int(seed)
        for i in range(0, size - size % 4, 4):
            at = start + i
            word = int(data[at]) | int(data[at + 1]) << 8 | int(data[at + 2]) << 16
            word |= int(data[at + 3]) << 24
            word = (word * 0xCC9E2D51) & 0xFFFFFFFF
            word = (word << 15 | word >> 17) & 0xFFFFFFFF
            h ^= (word * 0x1B873593) & 0xFFFFFFFF
            h = (h << 13 | h >> 19) & 0xFFFFFFFF
            h = (h * 5 + 0xE6546B64) & 0xFFFFFFFF
        word = 0
        for i in range(size % 4):
            word |= int(data[ends[k] - size % 4 + i]) << 8 * i
        word = (word * 0xCC9E2D51) & 0xFFFFFFFF
        word = (word << 15 | word >> 17) & 0xFFFFFFFF
        h ^= (word * 0x1B873593) & 0xFFFFFFFF
        h ^= size
        h ^= h >> 16
        h = (h * 0x85EBCA6B) & 0xFFFFFFFF
        h ^= h >> 13
        h = (h * 0xC2B2AE35) & 0xFFFFFFFF
        h ^= h >> 16
        out[k] = h - 0x100000000 if h >= 0x80000000 else h
        start = ends[k]
