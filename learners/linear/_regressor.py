"""What linear regressors share."""

from olearn.base import ArrayRegressor
from olearn.core.features import FeatureIndex
from olearn.core.types import Codes, Rows
from olearn.learners.linear._model import OneWeight
from olearn.learners.linear.state import LinearState


class LinearRegressor(OneWeight, ArrayRegressor):
    """A regressor by one weight a feature; a subclass calls `_start` in `__post_init__`."""

    _features: FeatureIndex
    _state: LinearState

    def _start(self, conf: Rows, intercept: float = 0.0) -> None:
        self._features = FeatureIndex(only_numbers=True)
        self._state = LinearState(conf, intercept)
        self._grow()

    # -- rows ------------------------------------------------------------------------------------

    def _grow(self) -> None:
        self._state.grow(len(self._features))

    def _learn_rows(self, X: Rows, y: Rows, w: Rows) -> None:
        self._state.learn(X, y, w)

    def _learn_row(self, row: Rows, y: float, w: float) -> None:
        self._state.learn_row(row, y, w)

    def _predict_rows(self, X: Rows) -> Rows:
        return self._state.answer(X)

    def _predict_row(self, row: Rows) -> float:
        return self._state.answer_row(row)

    def _stage_rows(self, A: Rows, B: Rows, y: Rows, w: Rows, upto: Codes) -> Rows:
        """Predict rows as they were, with rows learnt in between; see `ArrayRegressor`."""
        return self._state.run(A, B, y, w, upto)
