"""Rows weighted by their label, around any classifier."""

import inspect
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from river import base
from river.base.typing import ClfTarget, FeatureName

from olearn.base.pipeline import last_step
from olearn.core.labels import CodedLabels, code_labels
from olearn.core.locked import locked
from olearn.core.parameters import Above, In, check_parameters, with_parameters
from olearn.core.tables import Names
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_in_range, row_weights
from olearn.learners.imbalance import kernels
from olearn.learners.imbalance.wrapped import WrappedClassifier

__all__ = ["ClassWeightClassifier"]


def check_class_weight(name: str, value: Any) -> None:
    """Raise unless `value` is "balanced" or numbers by label."""
    if isinstance(value, Mapping):
        for label, weight in value.items():
            check_in_range(f"{name}[{label!r}]", weight, 0.0)
    elif value != "balanced":
        raise ValueError(f"{name} must be 'balanced' or a dict of a weight by label, got {value!r}")


@with_parameters
class ClassWeightClassifier(WrappedClassifier):
    r"""Gives rows of rare labels more weight, around any classifier that takes weights.

    With `"balanced"` a row of label $c$ weighs $n / (k\,n_c)$: $n$ rows so far, $k$ labels, $n_c$
    rows of this one, the row itself included, so that all labels weigh the same together[^1]. The
    counts fade. Time per row: that of the classifier, and O(labels).

    Parameters
    ----------
    classifier
        A classifier of olearn or river whose `learn_one` takes a weight `w`, or a pipeline that
        ends in one.
    class_weight
        `"balanced"`, or weights by label, not negative; a label without one has 1.
    fading_factor
        What earlier rows count beside the next one, in (0, 1]; 1: all alike. The rate of a label
        may change.
    limit
        Largest weight of a balanced row, positive: the first row of a rare label would else weigh
        as much as half of all before.

    Raises
    ------
    TypeError
        If `classifier` is none.
    ValueError
        If a parameter is outside its range.

    Notes
    -----
    A weight given to `learn_one` is multiplied. Trees count weight as evidence: with large weights
    they split on few rows of a rare label. Probabilities are those of labels made equally frequent;
    `ThresholdClassifier` chooses among them without that. river's samplers, `river.imblearn`, leave
    rows out or repeat them instead.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("sea", seed=1).blocks(20_000))
    >>> rare = (y == 1) & (X[:, 0] < 1.0)
    >>> tree = learners.HoeffdingTreeClassifier()
    >>> for model in (tree.clone(), learners.ClassWeightClassifier(tree)):
    ...     said = model.test_then_train_many(X, rare) == True
    ...     print(f"{said.sum()} said, {(said & rare).sum()} of {rare.sum()} found")
    492 said, 402 of 608 found
    2019 said, 588 of 608 found

    References
    ----------
    [^1]: King, G., Zeng, L. (2001). Logistic regression in rare events data. Political Analysis
        9(2), 137-163. Section 4.2.

    """

    classifier: base.Classifier
    class_weight: Annotated[str | dict[ClfTarget, float], check_class_weight] = "balanced"
    fading_factor: Annotated[float, In(0.0, 1.0, "(]")] = 0.9999
    limit: Annotated[float, Above(0.0)] = 100.0

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start()
        learner = last_step(self.classifier)
        if "w" not in inspect.signature(learner.learn_one).parameters:
            raise ValueError(
                f"classifier must be one whose learn_one takes a weight w, got {learner!r}"
            )
        self._counts: dict[ClfTarget, float] = {}

    # -- one row ---------------------------------------------------------------------------------

    def learn_one(
        self, x: dict[FeatureName, Any], y: ClfTarget, w: float = 1.0, **params: Any
    ) -> None:
        """Learn one row; `w` is its weight beside that of its label."""
        with self._lock:
            weights, counts = self._weigh(code_labels([y]))
            model: Any = self.classifier
            model.learn_one(x, y, w=w * float(weights[0]), **params)
            self._counts = counts

    def predict_one(self, x: dict[FeatureName, Any], **params: Any) -> ClfTarget | None:
        """Return the most probable label."""
        with self._lock:
            label: ClfTarget | None = self.classifier.predict_one(x, **params)
            return label

    # -- many rows -------------------------------------------------------------------------------

    @locked
    def learn_many(self, X: Any, y: Any, w: Any = None, *, names: Names = None) -> None:
        """Learn rows in order, as a loop of `learn_one` would; `w` holds one weight a row."""
        coded = code_labels(y)
        weights, counts = self._weigh(coded)
        given = row_weights(w, len(coded))
        model: Any = self.classifier
        model.learn_many(X, y, w=weights * given, names=names)
        self._counts = counts

    @locked
    def _run_schedule(self, A: Any, B: Any, y: Any, upto: Codes | None = None, **how: Any) -> Any:
        """Predict the rows of `A`, learning those of `B` in between; see `olearn.base.stages`."""
        coded = y if isinstance(y, CodedLabels) else code_labels(y)
        weights, counts = self._weigh(coded)
        model: Any = self.classifier
        answers = model._run_schedule(A, B, y, upto, w=weights, **how)
        self._counts = counts
        return answers

    def _weigh(self, y: CodedLabels) -> tuple[Rows, dict[ClfTarget, float]]:
        """Return the weight of each row, and what the counts are then."""
        if not isinstance(self.class_weight, str):
            table = np.array([self.class_weight.get(label, 1.0) for label in y.labels])
            return table[y.codes], self._counts
        known = list(self._counts)
        place = {label: code for code, label in enumerate(known)}
        for label in y.labels:
            place.setdefault(label, len(place))
        counts = np.array([self._counts.get(label, 0.0) for label in place])
        codes = np.array([place[label] for label in y.labels], np.int64)[y.codes]
        out = np.empty(len(codes))
        kernels.balance(codes, counts, self.fading_factor, self.limit, out)
        pairs = zip(place, counts.tolist(), strict=True)
        return out, {label: count for label, count in pairs if count > 0.0}
