"""Aggregates of the target by groups of rows, and their kernels."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from river import base, stats
from river.base.typing import FeatureName

from olearn.base.chain import Chain
from olearn.base.transformer import ArrayTransformer, ColumnsOut
from olearn.core.features import FeatureIndex
from olearn.core.jit import inner, njit
from olearn.core.parameters import check_parameters, with_parameters
from olearn.core.tables import Names
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_in_range, check_kind, check_names, one_number, row_targets
from olearn.preprocessing._codes import ColumnCodes

__all__ = ["TargetAgg"]

N, MEAN = range(2)  # columns of the state
_MAX_GROUPS = 100_000
_MISSING = -2.0  # NaN is no key


@with_parameters
class TargetAgg(ArrayTransformer, base.SupervisedTransformer):
    """Emits the mean target of the rows of the same group: a target encoding.

    A supervised step: a row is turned with what was learnt of the rows before it, in learning too,
    so that no target leaks into its own row. Answers are river's bit for bit. The one feature
    emitted is `y_mean_by_place`, or `y_bayes_mean_by_place_and_country`. Time per row: O(1).

    Parameters
    ----------
    by
        Name of the feature that says which group a row is of, or a list of names; None: one group.
    how
        `stats.BayesianMean(prior, prior_weight)`, which few rows move but little, or
        `stats.Mean()`, which None is.
    target_name
        What the target is called in the name of the feature.

    Raises
    ------
    TypeError
        If `how` is another statistic, or a feature or a target has the wrong type.
    ValueError
        If a feature or a target is infinite, or a target missing.

    Notes
    -----
    Targets are numbers, as are the labels of a classifier behind it; True counts as 1. Rows in
    which a feature of `by` is missing are a group of their own, where river's raises `KeyError` if
    it is absent. At most 100,000 groups are kept, and of a feature 10,000 values; rows of others
    get the value of an empty group.

    Examples
    --------
    >>> from olearn import preprocessing
    >>> from river import base, stats
    >>> agg = preprocessing.TargetAgg(by="place", how=stats.BayesianMean(3, 1))
    >>> for place, y in (("Taco Bell", 42), ("Burger King", 16), ("Burger King", 24)):
    ...     print(agg.transform_one({"place": place}))
    ...     agg.learn_one({"place": place}, y)
    {'y_bayes_mean_by_place': 3.0}
    {'y_bayes_mean_by_place': 3.0}
    {'y_bayes_mean_by_place': 9.5}

    """

    by: FeatureName | Sequence[FeatureName] | None = None
    how: stats.Mean | stats.BayesianMean | None = None
    target_name: str = "y"

    def __post_init__(self) -> None:
        check_parameters(self)
        how = stats.Mean() if self.how is None else self.how
        if type(how) not in (stats.Mean, stats.BayesianMean):
            raise TypeError(
                f"how must be stats.Mean() or stats.BayesianMean(...), got {how!r}; "
                "river's own TargetAgg takes any statistic"
            )
        check_kind("target_name", self.target_name, str, "a text")
        given = self.by if isinstance(self.by, list) else [] if self.by is None else [self.by]
        check_names("by", given)
        self._by = list(given)
        self._features = FeatureIndex(self._by)
        self._features.named_by = "by"
        self._codes = ColumnCodes()
        self._group: dict[tuple[float, ...], int] = {}  # codes of `by` -> row of the state
        self._state = np.zeros((0, 2))
        prior = [how.prior, how.prior_weight] if isinstance(how, stats.BayesianMean) else [0, 0]
        self._prior = np.array(prior, np.float64)
        self._is_bayesian = isinstance(how, stats.BayesianMean)
        self._name = f"{self.target_name}_{how.name}"
        if self._by:
            self._name += f"_by_{'_and_'.join(map(str, self._by))}"

    @classmethod
    def _unit_test_params(cls) -> Any:
        yield {}
        yield {"by": ["a", "ordinal_date"], "how": stats.BayesianMean(0.5, 2.0)}

    @property
    def _target_is_number(self) -> bool:
        return True

    @property
    def _supervised(self) -> bool:
        return True

    @property
    def _columns_out(self) -> ColumnsOut:
        return [self._name], [None]

    def _room(self, n_categories: int) -> int:
        return 0  # nothing here grows with the categories

    def _grow(self) -> None:
        """Do nothing: groups come with the rows that are learnt."""

    # -- doors with a target ---------------------------------------------------------------------

    def learn_one(self, x: Mapping[FeatureName, Any], y: Any) -> None:  # type: ignore[override]
        """Learn one row with its target."""
        with self._lock:
            target = one_number("y", y)
            check_in_range("y", target, -sys.float_info.max, sys.float_info.max)
            row = self._features.quick(x)
            if row is None:
                row = self._features.learn_one(x)
            self._learn_row(row, target, 1.0)

    def learn_many(  # type: ignore[override]
        self, X: Any, y: Any, *, names: Names = None
    ) -> None:
        """Learn rows in order, as a loop of `learn_one` would."""
        with self._lock:
            table = self._features.check_many(X, names)
            targets = row_targets(np.asarray(y, np.float64), len(table))
            Chain(self).learn(table, targets, np.ones(len(table)))

    # -- rows ------------------------------------------------------------------------------------

    def _learn_rows(self, X: Rows, y: Any, w: Rows) -> None:
        learn_groups(self._groups(X, learn=True), _numbers(y), self._state)

    def _transform_rows(self, X: Rows) -> Rows:
        out = np.empty((len(X), 1))
        groups = self._groups(X, learn=False)
        read_groups(groups, self._state, self._prior, self._is_bayesian, out)
        return out

    def _stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        targets = _numbers(y)
        learnt = self._groups(B, learn=True)
        asked = self._groups(A, learn=False)
        A2, B2 = np.empty((len(A), 1)), np.empty((len(B), 1))
        state, prior = self._state, self._prior
        stage_groups(asked, learnt, targets, upto, state, prior, self._is_bayesian, A2, B2)
        return A2, B2

    def _groups(self, X: Rows, learn: bool) -> Codes:
        """Return the row of the state of each row's group, -1 for a group that is not known."""
        index = self._features
        rows = self._codes.coded(index, X, learn)
        columns = [[_MISSING] * len(X) for _ in self._by]
        for place, name in enumerate(self._by):
            column = index.names.index(name) if name in index.names else X.shape[1]
            if column < X.shape[1]:
                columns[place] = [v if v == v else _MISSING for v in rows[:, column].tolist()]
        keys = list(zip(*columns, strict=True)) if columns else [()] * len(X)
        for key in dict.fromkeys(keys) if learn else ():
            if key not in self._group and len(self._group) < _MAX_GROUPS:
                self._group[key] = len(self._group)
        if learn and len(self._group) > len(self._state):
            more = max(len(self._group), 2 * len(self._state)) - len(self._state)
            self._state = np.pad(self._state, ((0, more), (0, 0)))
        return np.array([self._group.get(key, -1) for key in keys], np.int64)


def _numbers(y: Any) -> Rows:
    """Return targets as they are; codes of labels, which are no numbers, raise."""
    if np.asarray(y).dtype.kind in "iu":
        raise ValueError(
            "TargetAgg needs a target of numbers, got codes of labels: put it before a regressor, "
            "or learn it by itself, with learn_one(x, y)"
        )
    return np.asarray(y, np.float64)


@inner
def _learn(group, y, state):
    """Learn a target of a group."""
    if group >= 0:
        state[group, N] += 1.0
        state[group, MEAN] += (1.0 / state[group, N]) * (y - state[group, MEAN])


@inner
def _read(group, state, prior, is_bayesian):
    """Return the mean of a group, drawn to the prior as if that were so many rows."""
    n, mean = (state[group, N], state[group, MEAN]) if group >= 0 else (0.0, 0.0)
    if not is_bayesian:
        return mean
    return (mean * n + prior[0] * prior[1]) / (n + prior[1])


@njit(nogil=True)
def learn_groups(groups, y, state):
    """Learn the targets of rows; `state` is `(groups, 2)`."""
    for t in range(len(groups)):
        _learn(groups[t], y[t], state)


@njit(nogil=True)
def read_groups(groups, state, prior, is_bayesian, out):
    """Write the means of the rows' groups to `out`, `(n, 1)`."""
    for t in range(len(groups)):
        out[t, 0] = _read(groups[t], state, prior, is_bayesian)


@njit(nogil=True)
def stage_groups(asked, learnt, y, upto, state, prior, is_bayesian, A2, B2):
    """Read the means of rows as predicted and as learnt, the latter before their target is."""
    q = 0
    for t in range(len(asked)):
        A2[t, 0] = _read(asked[t], state, prior, is_bayesian)
        while q < upto[t]:
            B2[q, 0] = _read(learnt[q], state, prior, is_bayesian)
            _learn(learnt[q], y[q], state)
            q += 1
