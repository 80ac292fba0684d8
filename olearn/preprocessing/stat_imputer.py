"""A statistic in the place of a missing value, and its kernels."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from river import stats
from river.base.typing import FeatureName

from olearn.base.transformer import ArrayTransformer
from olearn.core.jit import inner, njit
from olearn.core.parameters import with_parameters
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_names
from olearn.core.values import as_float, is_missing, is_number

__all__ = ["StatImputer"]

KIND, N, VALUE = range(3)  # rows of the state
NONE, CONSTANT, MEAN, LEAST, LARGEST, OTHER = range(6)  # kinds
_COMPILED = {stats.Mean: MEAN, stats.Min: LEAST, stats.Max: LARGEST}


@with_parameters
class StatImputer(ArrayTransformer):
    """Puts a statistic of the values learnt, or a constant, in the place of a missing value.

    Answers are river's. `stats.Mean`, `stats.Min`, `stats.Max` and constants are compiled, and take
    O(features) a row; any other statistic of river, such as `stats.Mode` for text, is updated value
    by value.

    Parameters
    ----------
    imputers
        Any number of pairs, each of the name of a feature and of a `river.stats` statistic, or of a
        number or a text that is put in as it is; a feature that is given a text has categories,
        its numbers too.

    Raises
    ------
    ValueError
        If a feature is named twice or infinite, a mean is to be put among texts, or a text among
        the numbers that a step before makes.
    TypeError
        If an imputer is no such pair, or a feature has the wrong type.

    Notes
    -----
    None, NaN and a feature that is not in the row are missing alike, where river's looks for None
    and raises `KeyError` where a feature is not in the row. A statistic that is infinite or None,
    as that of a least value before there is one, leaves the value missing.

    Examples
    --------
    >>> from olearn import preprocessing
    >>> from river import stats
    >>> imputer = preprocessing.StatImputer(("heat", stats.Mean()), ("sky", "unknown"))
    >>> for x in ({"heat": 1.0, "sky": "blue"}, {"heat": 8.0}, {"sky": "grey"}):
    ...     imputer.learn_one(x)
    ...     print(imputer.transform_one(x))
    {'heat': 1.0, 'sky': 'blue'}
    {'heat': 8.0, 'sky': 'unknown'}
    {'heat': 4.5, 'sky': 'grey'}

    """

    def __init__(self, *imputers: tuple[FeatureName, Any]) -> None:
        self.imputers: Sequence[tuple[FeatureName, Any]] = (
            imputers or []
        )  # a clone looks at the first of a tuple
        self._how: dict[FeatureName, Any] = {}
        for pair in self.imputers:
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise TypeError(f"imputers must be pairs of a name and a statistic, got {pair!r}")
            name, how = pair
            check_names("imputers", [name])
            if not isinstance(how, stats.base.Univariate | str) and not is_number(how):
                raise TypeError(
                    f"imputers must hold statistics of river, numbers or texts, got {how!r} for "
                    f"{name!r}"
                )
            if name in self._how:
                raise ValueError(f"imputers must name a feature once, got {name!r} again")
            self._how[name] = how
        self._start_encoding()
        self._features.declare([name for name, how in self._how.items() if isinstance(how, str)])
        self._state = np.zeros((3, 0))
        self._others: dict[int, Any] = {}  # statistics that are not compiled, by column

    # -- columns ---------------------------------------------------------------------------------

    def _grow(self) -> None:
        index = self._features
        late = {name: None for name in self._how if name not in index.names}
        if late:
            index.learn_one(late)  # a feature that is not there is missing from the first row on
        start = self._state.shape[1]
        if len(index) > start:
            self._state = np.pad(self._state, ((0, 0), (0, len(index) - start)))
            self._state[VALUE, start:] = np.nan
            for column, name in enumerate(index.names[start:], start):
                if name in self._how:
                    self._start(column, self._how[name])
        self._set_texts()

    def _start(self, column: int, how: Any) -> None:
        if isinstance(how, stats.base.Univariate):
            kind = _COMPILED.get(type(how), OTHER)
            if kind == OTHER:
                self._others[column] = copy.deepcopy(how)
            elif isinstance(how, stats.Mean):
                self._state[N, column], self._state[VALUE, column] = how.n, how.get()
            else:
                value: Any = how.get()
                self._state[VALUE, column] = value if math.isfinite(value) else np.nan
            self._state[KIND, column] = kind
        else:
            self._state[KIND, column] = CONSTANT
            if not isinstance(how, str):
                self._state[VALUE, column] = as_float(how)

    def _set_texts(self) -> None:
        """Give texts that are put in codes, once their features are known to be nominal."""
        index = self._features
        for column, (name, known) in enumerate(zip(index.names, index.categories, strict=True)):
            how, kind = self._how.get(name), self._state[KIND, column]
            if kind == CONSTANT and known is not None:
                self._state[VALUE, column] = known.add(how)
            elif isinstance(how, str) and index.is_typed(name):
                raise ValueError(f"imputers must hold a number for {name!r}, got {how!r}")
            elif known is not None and kind in (MEAN, LEAST, LARGEST):
                raise ValueError(
                    f"imputers must hold a text or stats.Mode for {name!r}, which is nominal, got "
                    f"{how!r} of type {type(how).__name__}"
                )

    # -- rows ------------------------------------------------------------------------------------

    def _room(self, n_categories: int) -> int:
        return 0  # nothing here grows with the categories

    def _hands_on(self, name: Any) -> bool:
        return True

    def _learn_rows(self, X: Rows, y: Any, w: Rows) -> None:
        X = self._whole(X)
        learn_statistics(X, self._state)
        for row in X if self._others else ():
            self._learn_others(row)

    def _transform_rows(self, X: Rows) -> Rows:
        X = self._whole(X)
        out = np.empty_like(X)
        impute_rows(X, self._with_others() if self._others else self._state, out)
        return out

    def _stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        if self._others:
            return super()._stage_rows(A, B, y, w, upto)
        A, B = self._whole(A), self._whole(B)
        A2, B2 = np.empty_like(A), np.empty_like(B)
        impute_stage(A, B, upto, self._state, A2, B2)
        return A2, B2

    def _whole(self, X: Rows) -> Rows:
        """Return rows with the columns that came after they were encoded."""
        more = self._state.shape[1] - X.shape[1]
        return np.pad(X, ((0, 0), (0, more)), constant_values=np.nan) if more > 0 else X

    def _learn_others(self, row: Rows) -> None:
        for column, statistic in self._others.items():
            value, known = float(row[column]), self._features.categories[column]
            if value == value:
                statistic.update(value if known is None else known.values().get(value))

    def _with_others(self) -> Any:
        """Return the state with what the statistics say that are not compiled."""
        state = self._state.copy()
        for column, statistic in self._others.items():
            value, known = statistic.get(), self._features.categories[column]
            if is_missing(value):
                state[VALUE, column] = np.nan
            elif known is not None:
                state[VALUE, column] = known.get(value)
            else:
                number = as_float(value)
                state[VALUE, column] = number if math.isfinite(number) else np.nan
        return state


@inner
def _learn(X, t, state):
    """Learn the values of a row that are there."""
    for j in range(X.shape[1]):
        x, kind = X[t, j], state[KIND, j]
        if x != x or kind < MEAN:
            continue
        if kind == MEAN:
            state[N, j] += 1.0
            state[VALUE, j] += (1.0 / state[N, j]) * (x - state[VALUE, j])
        elif (kind == LEAST and not x >= state[VALUE, j]) or (
            kind == LARGEST and not x <= state[VALUE, j]
        ):
            state[VALUE, j] = x


@inner
def _impute(X, t, state, out):
    """Write a row to `out`, statistics in its gaps."""
    for j in range(X.shape[1]):
        out[t, j] = X[t, j] if X[t, j] == X[t, j] else state[VALUE, j]


@njit(nogil=True)
def learn_statistics(X, state):
    """Learn rows, `(n, d)`, in order; `state` is `(3, d)`."""
    for t in range(len(X)):
        _learn(X, t, state)


@njit(nogil=True)
def impute_rows(X, state, out):
    """Fill the gaps of rows, `(n, d)`."""
    for t in range(len(X)):
        _impute(X, t, state, out)


@njit(nogil=True)
def impute_stage(A, B, upto, state, A2, B2):
    """Fill rows as predicted, `A`, and as learnt, `B`; `upto[t]` are learnt after row t."""
    q = 0
    for t in range(len(A)):
        _impute(A, t, state, A2)
        while q < upto[t]:
            _learn(B, q, state)
            _impute(B, q, state, B2)
            q += 1
