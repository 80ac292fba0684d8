"""What wrappers of any classifier share."""

from collections.abc import Iterator
from typing import Any

from river import base
from river.base.typing import ClfTarget, FeatureName

from olearn.base import Stage, takes_blocks
from olearn.core.parameters import Settable
from olearn.core.tables import ColumnKinds, Names
from olearn.core.validate import check_kind
from olearn.learners.trees.hoeffding_tree import HoeffdingTreeClassifier


class WrappedClassifier(Stage, Settable, base.Wrapper[Any], base.Classifier):
    """A classifier around another, or around a pipeline that ends in one."""

    classifier: Any

    def _start(self) -> None:
        kind = "a classifier of river or olearn"
        check_kind("classifier", self.classifier, base.Classifier, kind)
        self._features: Any = None  # it encodes nothing: its classifier does

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"classifier": HoeffdingTreeClassifier()}

    @property
    def _wrapped_model(self) -> Any:
        return self.classifier

    @property
    def _multiclass(self) -> bool:
        multiclass: bool = self.classifier._multiclass
        return multiclass

    @property
    def takes_blocks(self) -> bool:  # type: ignore[override]  # here it depends on the classifier
        """Whether whole arrays can be given, with the `names` of their columns."""
        model = self.classifier
        return takes_blocks(model) and issubclass(type(model), Stage)

    @property
    def labels(self) -> list[ClfTarget]:
        """Labels known so far, in code order."""
        labels: list[ClfTarget] = self.classifier.labels
        return labels

    def expect_columns(self, kinds: ColumnKinds) -> None:
        """Take over what a stream knows of its columns, before the first row."""
        if self.takes_blocks:
            self.classifier.expect_columns(kinds)

    def predict_proba_one(self, x: dict[FeatureName, Any], **params: Any) -> dict[ClfTarget, float]:
        """Return the probability of each known label, as the classifier gives it."""
        with self._lock:
            proba: dict[ClfTarget, float] = self.classifier.predict_proba_one(x, **params)
            return proba

    def test_then_train_many(self, X: Any, y: Any, *, names: Names = None) -> Any:
        """Predict each row, then learn it; return the labels predicted, shape `(n,)`."""
        return self._run_schedule(X, X, y, names=names).decoded()

    def _run_schedule(self, A: Any, B: Any, y: Any, upto: Any = None, **how: Any) -> Any:
        raise NotImplementedError
