"""Values of earlier rows as features."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from river import base
from river.base.typing import FeatureName

from olearn.base.chain import Chain
from olearn.base.transformer import ArrayTransformer, ColumnsOut
from olearn.core.categories import CategoryIndex
from olearn.core.parameters import check_parameters, with_parameters
from olearn.core.tables import Names
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_integer, check_names, row_targets

__all__ = ["Lags"]


@with_parameters
class Lags(ArrayTransformer, base.SupervisedTransformer):
    """Adds what features, or the target, were some rows before, for series.

    A row leaves with all that it came with and, for each feature `a`, `a_lag1` for its value in the
    row learnt last, and so on. A supervised step, as `TargetAgg` is: a row is turned before it is
    learnt, in learning too, so that it never sees its own target. A lag counts rows that have been
    learnt: where labels come late, the newest of them. What is not known yet, or was missing, is
    missing. Time per row: O(features x lags).

    Parameters
    ----------
    lags
        How many rows before, each at least 1.
    features
        Names of the features whose earlier values are added; None means all.
    of_target
        Whether the target's earlier values are added too, as `y_lag1` and so on; it must be a
        number then.

    Raises
    ------
    TypeError
        If a parameter, a feature or a target has the wrong type.
    ValueError
        If a lag is below 1 or given twice, a feature is infinite, or a target is no finite number.

    Examples
    --------
    >>> from olearn import preprocessing
    >>> lags = preprocessing.Lags([1, 2], of_target=True)
    >>> for x, y in (({"load": 5.0}, 20.0), ({"load": 6.0}, 22.0)):
    ...     lags.learn_one(x, y)
    >>> lags.transform_one({"load": 7.0})
    {'y_lag1': 22.0, 'y_lag2': 20.0, 'load': 7.0, 'load_lag1': 6.0, 'load_lag2': 5.0}

    """

    lags: Sequence[int] = (1,)
    features: Sequence[FeatureName] | None = None
    of_target: bool = False

    def __post_init__(self) -> None:
        check_parameters(self)
        check_names("features", self.features)
        if isinstance(self.lags, str) or not isinstance(self.lags, Sequence):
            raise TypeError(f"lags must be a list of whole numbers, got {self.lags!r}")
        given = list(self.lags)
        for lag in given:
            check_integer("lags", lag, 1)
        if not given or len({*given}) < len(given):
            raise ValueError(f"lags must be at least one, and all different, got {self.lags!r}")
        self._lags = given
        self._start_encoding()
        self._past = np.full(
            (max(given), 1), np.nan
        )  # rows learnt, the last one last; target first
        self._names: list[Any] = [self._lagged("y", lag) for lag in given if self.of_target]
        self._columns: list[tuple[int, int]] = [(0, lag) for lag in given if self.of_target]

    @classmethod
    def _unit_test_params(cls) -> Any:
        yield {"lags": [1, 3]}

    @property
    def _target_is_number(self) -> bool:
        return self.of_target

    @property
    def _supervised(self) -> bool:
        return True

    @property
    def _columns_out(self) -> ColumnsOut:
        kinds: list[CategoryIndex | None] = [None, *self._features.categories]
        return self._names, [kinds[column] for column, _ in self._columns]

    def _hands_on(self, name: Any) -> bool:
        return True

    def _lagged(self, name: Any, lag: int) -> str:
        return f"{name}_lag{lag}"

    def _grow(self) -> None:
        """Add the columns of features that are new: the value itself, then its lags."""
        names = self._features.names
        for j in range(self._past.shape[1] - 1, len(names)):
            name = names[j]
            chosen = self.features is None or name in self.features
            made = [self._lagged(name, lag) for lag in self._lags if chosen]
            if clash := {name, *made} & {*self._names}:
                raise ValueError(f"a feature must not be called as a lag is, got {clash.pop()!r}")
            self._names += [name, *made]
            self._columns += [(j + 1, 0), *((j + 1, lag) for lag in self._lags if chosen)]
        more = len(names) + 1 - self._past.shape[1]
        if more > 0:
            self._past = np.pad(self._past, ((0, 0), (0, more)), constant_values=np.nan)

    # -- doors with a target ---------------------------------------------------------------------

    def learn_one(self, x: Mapping[FeatureName, Any], y: Any = None) -> None:
        """Learn one row with its target, which is read for its lags only."""
        with self._lock:
            target = row_targets([y], 1) if self.of_target else None
            row = self._features.quick(x)
            if row is None:
                row = self._features.learn_one(x)
                self._grow()
            self._learn_rows(row[None], target, np.ones(1))

    def learn_many(self, X: Any, y: Any = None, *, names: Names = None) -> None:
        """Learn rows in order, as a loop of `learn_one` would."""
        with self._lock:
            table = self._features.check_many(X, names)
            targets = row_targets(y, len(table)) if self.of_target else np.zeros(len(table))
            Chain(self).learn(table, targets, np.ones(len(table)))

    # -- rows ------------------------------------------------------------------------------------

    def _learn_rows(self, X: Rows, y: Any, w: Rows) -> None:
        self._past = self._with(X, y)[len(X) :]

    def _transform_rows(self, X: Rows) -> Rows:
        return self._turned(X, self._past, np.full(len(X), len(self._past)))

    def _stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        n, past = len(self._past), self._with(B, y)
        before = np.concatenate([[0], upto[:-1]])[: len(A)]  # rows learnt before each prediction
        self._past = past[len(B) :]
        return self._turned(A, past, n + before), self._turned(B, past, n + np.arange(len(B)))

    def _with(self, X: Rows, y: Any) -> Rows:
        """Return the rows kept, followed by those to learn."""
        new = np.empty((len(X), self._past.shape[1]))
        new[:, 0] = self._numbers(y) if self.of_target else np.nan
        new[:, 1:] = X
        return np.concatenate([self._past, new])

    def _numbers(self, y: Any) -> Rows:
        if np.asarray(y).dtype.kind in "iu":
            raise ValueError(
                "of_target needs a target of numbers, got codes of labels: put Lags before a "
                "regressor, or leave of_target out"
            )
        return np.asarray(y, np.float64)

    def _turned(self, X: Rows, past: Rows, ends: Codes) -> Rows:
        """Return rows with their lags; `ends` says where the past of each row ends."""
        out = np.empty((len(X), len(self._columns)))
        for k, (column, lag) in enumerate(self._columns):
            out[:, k] = past[ends - lag, column] if lag else X[:, column - 1]
        return out
