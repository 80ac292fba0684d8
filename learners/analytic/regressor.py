"""Recursive ridge regression as a regressor."""

from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY, field
from typing import Annotated, Any, Self

import numpy as np
from river.base.typing import FeatureName

from olearn.base import ArrayRegressor
from olearn.core.features import FeatureIndex
from olearn.core.locked import locked
from olearn.core.memory import memory_bytes
from olearn.core.parameters import (
    Above,
    In,
    OneOf,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.core.tables import Names
from olearn.core.types import Rows
from olearn.core.validate import (
    check_names,
)
from olearn.learners.analytic._bounds import cut, warn_of_cut
from olearn.learners.analytic._centring import FirstRows
from olearn.learners.analytic._joining import adopt_lift, check_mergeable, joined_features
from olearn.learners.analytic.backends import BACKENDS, DTYPES
from olearn.learners.analytic.engine import RidgeEngine, RidgeSettings
from olearn.learners.analytic.ridge_core import FORMS

__all__ = ["AnalyticRidgeRegressor"]


@with_parameters
class AnalyticRidgeRegressor(ArrayRegressor):
    r"""Ridge regression, solved exactly at every row[^1].

    The weights solve $(\sum_i w_i \phi_i \phi_i^T + \gamma I) W = \sum_i w_i \phi_i y_i$ over all
    rows learnt, in any order and cut into any batches. $\phi$ is the row itself, or
    $\max(P x, 0)$ with a fixed random P. Time per row: O(n^2) for n features.

    Parameters
    ----------
    n_features
        Number of random features, at least 1; None: the features themselves.
    gamma
        Ridge; positive.
    forgetting
        Factor of the weight of all earlier rows at each row, in (0, 1]; 1 forgets nothing.
    form
        `"auto"`, `"information"`, `"covariance"` or `"sqrt"`, as of `AnalyticRidgeClassifier`.
    block
        Rows learnt at a time, at least 1; None: 64, or `n_features / 4` if that is more and the
        form keeps sums.
    refresh
        Where weights have to be solved for: rows until a prediction solves anew; at least 1.
    scale
        Random weights are uniform on [-scale, scale); positive. None: 1 / sqrt(number of features
        of the first row).
    nominal_attributes
        Names of the nominal features. A feature whose first value is a string is nominal too.
    backend
        `"numpy"` (LAPACK) or `"torch"`.
    device
        Device of the backend `"torch"`, such as `"cuda"`.
    dtype
        `"float64"` or `"float32"`; sums are float64 in any case.
    seed
        Seed of random features; None draws one. Results do not depend on the number of threads,
        below 2,000 features.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature or target is not finite.
    TypeError
        If a parameter, a feature or a target has the wrong type.

    Notes
    -----
    A missing value counts as 0, a category as an indicator of its own. There is no intercept: put
    `olearn.preprocessing.StandardScaler` in front and add a constant feature. It is said once where
    more than a tenth of the columns have a mean more than three deviations from 0 in the first 100
    rows.

    Examples
    --------
    >>> from olearn import learners
    >>> model = learners.AnalyticRidgeRegressor(gamma=1e-9)
    >>> for a, b in ((0, 1), (1, 0), (2, 1)):
    ...     model.learn_one({"a": a, "b": b}, 3 * a - 2 * b)
    >>> round(model.predict_one({"a": 10, "b": 10}), 6)
    10.0

    References
    ----------
    [^1]: Hoerl, A. E., Kennard, R. W. (1970). Ridge regression: biased estimation for nonorthogonal
        problems. Technometrics 12(1), 55-67.

    """

    n_features: PositiveInt | None = None
    gamma: Annotated[float, Above(0.0)] = 0.1
    forgetting: Annotated[float, In(0.0, 1.0, "(]")] = 1.0
    _: KW_ONLY
    form: Annotated[str, OneOf(*FORMS)] = "auto"
    block: PositiveInt | None = None
    refresh: PositiveInt = 1
    scale: Annotated[float, Above(0.0)] | None = None
    nominal_attributes: Annotated[Collection[FeatureName] | None, check_names] = None
    backend: Annotated[str, OneOf(*BACKENDS)] = "numpy"
    device: str = "cpu"
    dtype: Annotated[str, OneOf(*DTYPES)] = "float64"
    seed: Seed = None
    _features: FeatureIndex = field(init=False)
    _cut: frozenset[Any] = field(default=frozenset(), init=False)  # features said to be cut
    _first: FirstRows | None = field(default=None, init=False)  # None: judged

    def __post_init__(self) -> None:
        check_parameters(self)
        nominal = self.nominal_attributes
        self._features = FeatureIndex(None if nominal is None else [*nominal])
        self._engine = RidgeEngine(RidgeSettings.of(self, one_hot=False))
        self._first = FirstRows()
        self._grow()

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {}
        yield {"n_features": 32, "form": "covariance", "seed": 1}

    # -- rows --------------------------------------------------------------------------

    def _grow(self) -> None:
        self._engine.columns.follow(self._features)
        self._engine.grow(1, len(self._features))

    def _expanded(self, X: Rows) -> Rows:
        return cut(self._engine.columns.expand(self._features, X))

    def _learn_rows(self, X: Rows, y: Rows, w: Rows) -> None:
        whole = self._engine.columns.expand(self._features, X)
        rows = cut(whole)
        if rows is not whole:
            self._cut |= warn_of_cut(X, self._features.names, self._cut)
        if self._first is not None:
            lifted = self.n_features is not None
            self._first = self._first.look(rows[w > 0.0], self._engine.columns.keys, lifted)
        self._engine.learn_rows(rows, y, w)

    def _predict_rows(self, X: Rows) -> Rows:
        return self._engine.scores(self._expanded(X))[:, 0]

    # -- exact sums ------------------------------------------------------------------------------

    @locked
    def merge(self, other: Self) -> None:
        """Learn all that another learner has learnt; see `AnalyticRidgeClassifier.merge`."""
        check_mergeable(self, other)
        self._features = joined_features(self._features, other._features)
        adopt_lift(self._engine, other._engine)
        self._grow()
        self._engine.merge(other._engine, np.array([0]))

    @locked
    def __add__(self, other: Self) -> Self:
        """Return a learner that has learnt what both have."""
        both: Self = self.clone(include_attributes=True)
        both.merge(other)
        return both

    @locked
    def forget(self, X: Any, y: Any, w: Any = None, *, names: Names = None) -> None:
        """Unlearn rows that were learnt, exactly; `X`, `y`, `w`, `names` as in `learn_many`."""
        if self.forgetting != 1.0:
            raise ValueError(f"forgetting must be 1 to unlearn rows, got {self.forgetting}")
        table = self._features.check_many(X, names)
        targets, weights = self._check_learning(y, w, len(table))
        rows = self._expanded(self._features.encode_many(table))
        self._engine.forget_rows(rows, targets, weights)

    @property
    @locked
    def _raw_memory_usage(self) -> int:
        return memory_bytes(vars(self)) + self._engine.n_bytes
