"""A one-class support vector machine by stochastic gradient descent."""

from typing import Annotated

import numpy as np
from river import base

from olearn.base import ArrayAnomalyDetector
from olearn.core.parameters import In, check_parameters, with_parameters
from olearn.core.types import Codes, Rows
from olearn.learners.linear import layout as at
from olearn.learners.linear._model import OneWeight, Scaled
from olearn.learners.linear.settings import (
    check_initializer,
    check_optimizer,
    check_rate,
    conf_of,
)
from olearn.learners.linear.state import LinearState

__all__ = ["OneClassSVM"]


@with_parameters
class OneClassSVM(Scaled, OneWeight, ArrayAnomalyDetector):
    r"""Linear one-class support vector machine[^1], river's floats in compiled code.

    The score of a row is $w^T x$. A row moves $w$ and $b$ by one step of the optimiser along the
    slope of $\max(0, 1 - w^T x - b) + \frac{\nu}{4} |w|^2 + \nu b$. Time per row: O(features).

    Parameters
    ----------
    nu
        Share of rows that may lie outside, in (0, 1]: the larger, the more is forgotten at each
        row.
    optimizer
        One of river's `optim.SGD`, `Momentum`, `AdaGrad`, `RMSProp`, `Adam` and `FTRLProximal`,
        fresh, its rate a number or a schedule; None: `SGD(0.01)`.
    intercept_lr
        Learning rate of the intercept, or a schedule of river's; 0 leaves it at 1.
    clip_gradient
        Largest absolute slope of the loss by the score; positive.
    initializer
        river's `optim.initializers.Zeros`, or None: weights start at 0.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature is infinite or text.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    Scores equal those of `river.anomaly.OneClassSVM` bit for bit for rows whose features come in
    the order of the columns. Features that a row lacks are neither read nor moved; NaN means
    missing. `learn_many` learns row by row, where river takes one step along the mean.

    As in river, the score *falls* the less a row is like the others, where these lie off the
    origin; behind a `StandardScaler` (`scaled()` makes both) rows far out on one side only have
    high scores. `HalfSpaceTrees` and `LODA` find anomalies on all sides.

    Examples
    --------
    >>> from olearn import learners
    >>> model = learners.OneClassSVM(nu=0.2)
    >>> for i in range(300):
    ...     model.learn_one({"a": i % 3 - 1.0, "b": 2.0 + i % 2})
    >>> round(model.score_one({"a": 0.0, "b": 2.5}), 2), round(model.score_one({"b": -9.0}), 2)
    (0.61, -2.18)

    References
    ----------
    [^1]: Schölkopf, B., Platt, J. C., Shawe-Taylor, J., Smola, A. J., Williamson, R. C. (2001).
        Estimating the support of a high-dimensional distribution. Neural Computation 13(7),
        1443-1471.

    """

    nu: Annotated[float, In(0.0, 1.0, "(]")] = 0.1
    optimizer: Annotated[base.Base, check_optimizer] | None = None
    intercept_lr: Annotated[float | base.Base, check_rate] = 0.01
    clip_gradient: Annotated[float, In(0.0, ends="(]")] = 1e12
    initializer: Annotated[base.Base, check_initializer] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start_encoding()
        conf = conf_of(
            loss=[at.ONE_CLASS, 1.0],
            optimizer=self.optimizer,
            intercept_lr=self.intercept_lr,
            clip_gradient=self.clip_gradient,
            l2=self.nu / 2,
        )
        self._state = LinearState(conf, 1.0)
        self._grow()

    # -- rows ------------------------------------------------------------------------------------

    def _grow(self) -> None:
        self._state.grow(len(self._features))

    def _learn_rows(self, X: Rows) -> None:
        self._state.learn(X, np.ones(len(X)), np.ones(len(X)))

    def _learn_row(self, row: Rows) -> None:
        self._state.learn_row(row, 1.0, 1.0)

    def _score_rows(self, X: Rows) -> Rows:
        return self._state.answer(X)

    def _score_row(self, row: Rows) -> float:
        return self._state.answer_row(row)

    def _stage_rows(self, A: Rows, B: Rows, upto: Codes) -> Rows:
        """Score rows as they were, with rows learnt in between; see `ArrayAnomalyDetector`."""
        return self._state.run(A, B, np.ones(len(B)), np.ones(len(B)), upto)
