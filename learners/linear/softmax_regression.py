"""Softmax regression by stochastic gradient descent."""

from collections.abc import Collection
from dataclasses import KW_ONLY
from typing import Annotated, Any, cast

import numpy as np
from river import base
from river.base.typing import ClfTarget, FeatureName

from olearn.base import ArrayClassifier
from olearn.core.features import FeatureIndex
from olearn.core.labels import LabelIndex
from olearn.core.parameters import check_parameters, with_parameters
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_names
from olearn.learners.linear import layout as at
from olearn.learners.linear._model import Scaled
from olearn.learners.linear.settings import (
    LARGEST_SCORE,
    Penalty,
    check_cross_entropy,
    check_optimizer,
    conf_of,
)
from olearn.learners.linear.state import LinearState

__all__ = ["SoftmaxRegression"]

_NO_CODES, _NO_WEIGHTS = np.empty(0, np.int64), np.empty(0)


@with_parameters
class SoftmaxRegression(Scaled, ArrayClassifier):
    r"""Softmax regression, also called multinomial logistic regression, of any number of labels.

    The probability of a label is $e^{w_c^T x} / \sum_k e^{w_k^T x}$. A row moves the weights of
    all labels known along the slope of the cross entropy, $(p_c - [y = c]) x$, with one optimiser
    a label[^1]. Time per row: O(labels x features).

    Parameters
    ----------
    optimizer
        One of river's `optim.SGD`, `Momentum`, `AdaGrad`, `RMSProp`, `Adam` and `FTRLProximal`,
        fresh, its rate a number or a schedule; None: `SGD(0.01)`.
    loss
        river's `optim.losses.CrossEntropy`, which can weight labels; None: unweighted.
    l2
        Ridge that pulls the weights of a row's features towards 0; not negative.
    classes
        Labels known in advance, in code order; None: in order of first appearance. The lowest
        code wins ties.

    Raises
    ------
    ValueError
        If a parameter is outside its range, a feature is infinite or text.
    TypeError
        If a parameter or a feature has the wrong type.

    Warns
    -----
    UserWarning
        Once, if the score of a row passes 1,000,000: the columns are not scaled.

    Notes
    -----
    Equal to `river.linear_model.SoftmaxRegression` within 1e-12, as that adds in another order.
    There is no intercept: add a constant feature. The weights of a label start when it is first
    learnt; before, its probability is 0. A weight of a row multiplies its slopes, which river
    cannot. NaN means missing, and what would make a weight infinite is not learnt.

    Examples
    --------
    >>> from olearn import learners
    >>> model = learners.SoftmaxRegression()
    >>> for a, b, label in ((1, 0, "low"), (0, 1, "mid"), (-1, 0, "high"), (1, 0, "low")):
    ...     model.learn_one({"a": a, "b": b}, label)
    >>> model.predict_one({"a": 2.0, "b": 0.5})
    'low'

    References
    ----------
    [^1]: Bishop, C. M. (2006). Pattern Recognition and Machine Learning. Section 4.3.4.

    """

    optimizer: Annotated[base.Base, check_optimizer] | None = None
    loss: Annotated[base.Base, check_cross_entropy] | None = None
    l2: Penalty = 0.0
    _: KW_ONLY
    classes: Collection[ClfTarget] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        check_names("classes", self.classes)
        conf = conf_of(
            loss=[at.CROSS_ENTROPY], optimizer=self.optimizer, l2=self.l2, limit=LARGEST_SCORE
        )
        self._features = FeatureIndex(only_numbers=True)
        self._labels = LabelIndex(self.classes)
        self._state = LinearState(conf)
        self._grow(len(self._labels))

    @property
    def weights(self) -> dict[ClfTarget, dict[FeatureName, float]]:
        """The weight of each feature, by label."""
        names, labels = self._features.names, self._labels.labels
        return {
            label: dict(zip(names, self._state.weights(c, len(names)).tolist(), strict=True))
            for c, label in enumerate(labels)
        }

    # -- rows ------------------------------------------------------------------------------------

    def _grow(self, n_classes: int) -> None:
        before = len(self._state.heads)
        self._state.grow(len(self._features), n_classes)
        if self.loss is not None:
            weights = cast(Any, self.loss).class_weight
            for code in range(before, n_classes):
                given = weights.get(self._labels.labels[code], 1.0)
                self._state.heads[code, at.CLASS_WEIGHT] = given

    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        self._run(X[:1], X, y, w, np.array([len(X)]))

    def _proba_rows(self, X: Rows) -> Rows:
        return self._run(X, X[:0], _NO_CODES, _NO_WEIGHTS, np.zeros(len(X), np.int64))

    def _stage_rows(self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, proba: bool) -> Any:
        """Predict rows as they were, with rows learnt in between; see `ArrayClassifier`."""
        answers = self._run(A, B, y, w, upto)
        return answers if proba else np.argmax(answers, axis=1)

    def _run(self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes) -> Rows:
        return self._state.run_softmax(A, B, y, w, upto, len(self._labels))
