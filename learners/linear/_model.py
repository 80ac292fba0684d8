"""What linear models share: a scaler in front, and one weight a feature."""

from typing import Any

from river.base.typing import FeatureName
from river.compose import Pipeline

from olearn.core.features import FeatureIndex
from olearn.learners.linear import layout as at
from olearn.learners.linear.state import LinearState
from olearn.preprocessing.standard_scaler import StandardScaler


class Scaled:
    """A model that most tables need behind a scaler."""

    @classmethod
    def scaled(cls, **parameters: Any) -> Pipeline:
        """Return a model of these parameters behind a `StandardScaler`, as most tables need it."""
        return StandardScaler() | cls(**parameters)


class OneWeight:
    """A linear model with one weight a feature."""

    _features: FeatureIndex
    _state: LinearState

    @property
    def weights(self) -> dict[FeatureName, float]:
        """The weight of each feature; of a classifier, towards the positive label if above 0."""
        names = self._features.names
        return dict(zip(names, self._state.weights(0, len(names)).tolist(), strict=True))

    @property
    def intercept(self) -> float:
        """The score of a row of zeros."""
        return float(self._state.heads[0, at.INTERCEPT])
