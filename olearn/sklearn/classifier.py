"""Classifiers behind scikit-learn's interface."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from river import base
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import check_consistent_length, column_or_1d

from olearn.base import takes_blocks
from olearn.core.types import Codes, Rows
from olearn.sklearn._wrapper import SklearnWrapper

__all__ = ["SklearnClassifier"]


class SklearnClassifier(ClassifierMixin, SklearnWrapper):  # type: ignore[misc]
    """Gives a classifier scikit-learn's interface.

    Parameters
    ----------
    model
        Classifier of olearn, which learns whole arrays, or of river; it stays untrained.

    Attributes
    ----------
    model_
        The model that is trained, a copy of `model`; it sees the positions of labels in `classes_`.
    classes_
        Labels known, sorted.
    n_features_in_, feature_names_in_
        Of the rows that were learnt first, names where they came as a frame with names.

    Raises
    ------
    ValueError
        If features, labels or weights are not what they must be.
    TypeError
        If `model` is no learner.

    Notes
    -----
    `fit` forgets what was learnt and reads the rows once, in order; `partial_fit` goes on. Rows may
    have gaps (NaN), and columns of text in a frame. A label that `classes` did not announce raises.

    Examples
    --------
    >>> from olearn import learners
    >>> from olearn.sklearn import SklearnClassifier
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> X, y = load_iris(return_X_y=True)
    >>> model = SklearnClassifier(learners.HoeffdingTreeClassifier(grace_period=50))
    >>> round(float(cross_val_score(model, X, y, cv=5).mean()), 2)
    0.95
    >>> model.set_params(model__grace_period=20).get_params()["model__grace_period"]
    20

    """

    def __init__(self, model: base.Classifier) -> None:
        self.model = model

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn rows in order, once, after forgetting all that was learnt."""
        return self._learn_labelled(X, y, sample_weight, None, start=True)

    def partial_fit(
        self, X: Any, y: Any, classes: Sequence[Any] | None = None, sample_weight: Any = None
    ) -> Self:
        """Learn more rows; `classes` are all labels that will ever come, given the first time."""
        start = not hasattr(self, "model_")
        return self._learn_labelled(X, y, sample_weight, classes, start=start)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable labels, shape `(n,)`."""
        best = np.argmax(self.predict_proba(X), axis=1)
        return np.asarray(self.classes_[best])

    def predict_proba(self, X: Any) -> Rows:
        """Return the probabilities of `classes_`, shape `(n, n_classes)`."""
        rows = self._fitted_rows(X)
        out = np.zeros((len(rows), len(self.classes_)))
        if takes_blocks(self.model_):
            proba = np.asarray(self.model_.predict_proba_many(rows))
            out[:, [int(label) for label in self.model_.labels]] = proba
        else:
            for row, x in zip(out, self._dicts(rows), strict=True):
                for label, share in self.model_.predict_proba_one(x).items():
                    row[int(label)] = share
        none = out.sum(axis=1) == 0.0  # a model that knows nothing of a row
        out[none] = 1.0 / len(self.classes_)
        return out

    def _learn_labelled(
        self, X: Any, y: Any, sample_weight: Any, classes: Any, *, start: bool
    ) -> Self:
        rows = self._rows(X, reset=start)
        labels = column_or_1d(y, warn=True)
        check_consistent_length(rows, labels)
        check_classification_targets(labels)
        if start:
            self.classes_ = unique_labels(labels) if classes is None else unique_labels(classes)
            self.model_ = self._untrained()
        elif classes is not None and not np.array_equal(self.classes_, unique_labels(classes)):
            raise ValueError(
                f"classes must be those of the first call, {self.classes_}, got {classes}"
            )
        weights = self._weights(sample_weight, rows)
        self._learn(rows, self._codes(labels), weights)
        return self

    def _codes(self, labels: NDArray[Any]) -> Codes:
        new = np.setdiff1d(labels, self.classes_)
        if len(new):
            raise ValueError(
                f"y must hold labels of classes, {self.classes_}, got {new}; give the first "
                "partial_fit all of them"
            )
        codes: Codes = np.searchsorted(self.classes_, labels).astype(np.int64)
        return codes
