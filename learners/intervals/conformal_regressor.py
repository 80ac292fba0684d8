"""Intervals that keep their coverage under drift, around any regressor."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, overload

import numpy as np
from river import base, linear_model, preprocessing
from river.base.typing import FeatureName
from river.conf.interval import Interval

from olearn.base import Stage, takes_blocks
from olearn.base.stages import Schedule, answered
from olearn.core.locked import locked
from olearn.core.parameters import (
    In,
    OpenFraction,
    PositiveInt,
    Settable,
    check_parameters,
    with_parameters,
)
from olearn.core.tables import ColumnKinds, Names
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_kind, row_targets
from olearn.learners.intervals import kernels

__all__ = ["ConformalRegressor"]

_NO_ERRORS = np.empty(0)
_NONE, _ONE = np.zeros(1, np.int64), np.ones(1, np.int64)


@with_parameters
class ConformalRegressor(Stage, Settable, base.Wrapper[Any], base.Regressor):
    r"""Adaptive conformal prediction intervals around the numbers of any regressor[^1].

    The interval of a row is the prediction plus and minus a quantile of the last absolute errors,
    each of a prediction made before its row was learnt. The quantile's level follows the misses:
    after each row $\alpha \mathrel{+}= \gamma\,(\alpha_0 - [\text{missed}])$, where $\alpha_0$ is 1
    - `coverage`. So the share of rows inside stays near `coverage` under any drift: over $T$ rows
    the two differ by $(1 + 2 \gamma) / (\gamma T)$ at most while $\alpha$ stays within [0, 1].
    Predictions are those of the regressor. Time per row: that of one more prediction, and O(log
    window_size) beside moving part of a window.

    Parameters
    ----------
    regressor
        A regressor of olearn or river, or a pipeline that ends in one.
    coverage
        Share of rows that the intervals are to hold, in (0, 1).
    step
        $\gamma$: how fast the level follows the misses, in (0, 1]. More makes the coverage of short
        spans exact, and the widths uneven.
    window_size
        Number of the last errors that count, at least 1.

    Raises
    ------
    TypeError
        If `regressor` is none.
    ValueError
        If a parameter is outside its range.

    Notes
    -----
    The first interval is infinite: there is no error yet. Where the level has fallen below 0, for
    which the published interval is the whole line, the largest error is doubled with every ten
    further misses. Whole blocks run compiled where the regressor takes them; labels may be late: an
    error is then that of the model which has not learnt the row yet, when its label comes.

    Examples
    --------
    >>> from olearn import learners, preprocessing, streams
    >>> stream = streams.Friedman(seed=1)
    >>> model = learners.ConformalRegressor(
    ...     preprocessing.StandardScaler() | learners.LinearRegression(), coverage=0.9
    ... )
    >>> inside = 0
    >>> for x, y in stream.take(2000):
    ...     inside += y in model.predict_one(x, with_interval=True)
    ...     model.learn_one(x, y)
    >>> inside / 2000
    0.9

    References
    ----------
    [^1]: Gibbs, I., Candès, E. (2021). Adaptive conformal inference under distribution shift.
        NeurIPS 2021. arXiv 2106.00170.

    """

    regressor: base.Regressor
    coverage: OpenFraction = 0.9
    step: Annotated[float, In(0.0, 1.0, "(]")] = 0.02
    window_size: PositiveInt = 1000

    def __post_init__(self) -> None:
        check_parameters(self)
        check_kind("regressor", self.regressor, base.Regressor, "a regressor of river or olearn")
        self._settings = np.array([1.0 - self.coverage, self.step])
        self._state = np.zeros(kernels.N_STATE)
        self._state[kernels.ALPHA] = 1.0 - self.coverage
        self._scores = np.zeros((2, self.window_size))
        self._features: Any = None  # it encodes nothing: its regressor does

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"regressor": preprocessing.StandardScaler() | linear_model.LinearRegression()}

    @property
    def _wrapped_model(self) -> base.Regressor:
        return self.regressor

    @property
    def takes_blocks(self) -> bool:  # type: ignore[override]  # here it depends on the regressor
        """Whether whole arrays can be given, with the `names` of their columns."""
        model = self.regressor
        return takes_blocks(model) and issubclass(type(model), Stage)

    def expect_columns(self, kinds: ColumnKinds) -> None:
        """Take over what a stream knows of its columns, before the first row."""
        if self.takes_blocks:
            self.regressor.expect_columns(kinds)  # type: ignore[attr-defined]

    # -- one row ---------------------------------------------------------------------------------

    def learn_one(self, x: dict[FeatureName, Any], y: float, **params: Any) -> None:
        """Learn one row; a weight `w` is the regressor's."""
        with self._lock:
            (target,) = row_targets([y], 1)
            number = self.regressor.predict_one(x)
            self.regressor.learn_one(x, y, **params)
            if number is not None and (error := abs(target - number)) < np.inf:
                self._run(_ONE, np.array([error]))

    @overload
    def predict_one(
        self, x: dict[FeatureName, Any], with_interval: Literal[False] = False, **params: Any
    ) -> float: ...
    @overload
    def predict_one(self, x: dict[FeatureName, Any], with_interval: Literal[True]) -> Interval: ...
    def predict_one(
        self, x: dict[FeatureName, Any], with_interval: bool = False, **params: Any
    ) -> float | Interval:
        """Return the prediction or, `with_interval`, an object with `lower` and `upper`."""
        with self._lock:
            number: float = self.regressor.predict_one(x, **params)
            if not with_interval or number is None:  # some of river's know nothing at first
                return number
            half = float(self._run(_NONE, _NO_ERRORS)[0])
            return Interval(number - half, number + half)

    # -- many rows -------------------------------------------------------------------------------

    def test_then_train_many(self, X: Any, y: Any, *, names: Names = None) -> Rows:
        """Predict each row, then learn it; return the predictions, shape `(n,)`."""
        return self._run_schedule(X, X, y, names=names)

    def test_then_train_intervals(self, X: Any, y: Any, *, names: Names = None) -> Rows:
        """Do as `test_then_train_many`; return predictions, lower and upper ends, `(n, 3)`."""
        return self._run_schedule(X, X, y, names=names, intervals=True)

    @locked
    def _run_schedule(
        self,
        A: Any,
        B: Any,
        y: Any,
        upto: Codes | None = None,
        *,
        names: Names = None,
        intervals: bool = False,
    ) -> Rows:
        """Predict the rows of `A`, learning those of `B` in between; see `olearn.base.stages`.

        With `intervals`, a row of the answer is a prediction and the ends of its interval.
        """
        targets = row_targets(y, len(B))
        upto = Schedule.at_once(len(B)).upto if upto is None else upto
        model: Any = self.regressor

        def run(rows: Any, learnt: Any, plan: Codes) -> Rows:
            numbers: Rows = model._run_schedule(rows, learnt, targets, plan, names=names)
            return numbers

        asked, learnt, numbers = answered(run, A, B, upto)
        half = self._run(upto, np.abs(targets - numbers[learnt]))
        answers = numbers[asked]
        return np.stack([answers, answers - half, answers + half], axis=1) if intervals else answers

    def _run(self, upto: Codes, errors: Rows) -> Rows:
        out = np.empty(len(upto))
        kernels.run(self._scores, self._state, self._settings, upto, errors, out)
        return out
