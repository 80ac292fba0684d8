"""Made from the `__all__` of the files by `make readme`."""

from olearn.sklearn.classifier import SklearnClassifier as SklearnClassifier
from olearn.sklearn.regressor import SklearnRegressor as SklearnRegressor
