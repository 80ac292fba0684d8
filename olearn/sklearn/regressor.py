"""Regressors behind scikit-learn's interface."""

from typing import Any, Self

import numpy as np
from river import base
from sklearn.base import RegressorMixin
from sklearn.utils.validation import _check_y, check_consistent_length

from olearn.base import takes_blocks
from olearn.core.types import Rows
from olearn.sklearn._wrapper import SklearnWrapper

__all__ = ["SklearnRegressor"]


class SklearnRegressor(RegressorMixin, SklearnWrapper):  # type: ignore[misc]
    """Gives a regressor scikit-learn's interface.

    Parameters
    ----------
    model
        Regressor of olearn, which learns whole arrays, or of river; it stays untrained.

    Attributes
    ----------
    model_
        The model that is trained, a copy of `model`.
    n_features_in_, feature_names_in_
        Of the rows that were learnt first, names where they came as a frame with names.

    Raises
    ------
    ValueError
        If features, targets or weights are not what they must be.
    TypeError
        If `model` is no learner.

    Notes
    -----
    `fit` forgets what was learnt and reads the rows once, in order; `partial_fit` goes on. Rows may
    have gaps (NaN), and columns of text in a frame.

    Examples
    --------
    >>> from olearn import learners
    >>> from olearn.sklearn import SklearnRegressor
    >>> model = SklearnRegressor(learners.AnalyticRidgeRegressor())
    >>> model.fit([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0]).predict([[4.0]]).round(1)
    array([7.9])

    """

    def __init__(self, model: base.Regressor) -> None:
        self.model = model

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn rows in order, once, after forgetting all that was learnt."""
        return self._learn_numbers(X, y, sample_weight, start=True)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn more rows."""
        return self._learn_numbers(X, y, sample_weight, start=not hasattr(self, "model_"))

    def predict(self, X: Any) -> Rows:
        """Return the predictions, shape `(n,)`."""
        rows = self._fitted_rows(X)
        if takes_blocks(self.model_):
            return np.asarray(self.model_.predict_many(rows), np.float64)
        return np.array([self.model_.predict_one(x) for x in self._dicts(rows)])

    def _learn_numbers(self, X: Any, y: Any, sample_weight: Any, *, start: bool) -> Self:
        rows = self._rows(X, reset=start)
        targets = _check_y(y, y_numeric=True, estimator=self).astype(np.float64)
        check_consistent_length(rows, targets)
        if start:
            self.model_ = self._untrained()
        self._learn(rows, targets, self._weights(sample_weight, rows))
        return self
