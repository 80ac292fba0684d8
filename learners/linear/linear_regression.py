"""Linear regression by stochastic gradient descent."""

from typing import Annotated

from river import base

from olearn.core.parameters import FiniteFloat, In, check_parameters, with_parameters
from olearn.learners.linear import layout as at
from olearn.learners.linear._model import Scaled
from olearn.learners.linear._regressor import LinearRegressor
from olearn.learners.linear.settings import (
    LARGEST_SCORE,
    Penalty,
    check_initializer,
    check_number_loss,
    check_optimizer,
    check_penalties,
    check_rate,
    conf_of,
    loss_of,
)

__all__ = ["LinearRegression"]


@with_parameters
class LinearRegression(Scaled, LinearRegressor):
    r"""Linear regression by stochastic gradient descent[^1], river's floats in compiled code.

    Predicts $w^T x + b$. A row moves the weights of its features by one step of the optimiser along
    the slope of the loss, $2 (\hat y - y) x$ for the squared one. Time per row: O(features).

    Parameters
    ----------
    optimizer
        One of river's `optim.SGD`, `Momentum`, `AdaGrad`, `RMSProp`, `Adam` and `FTRLProximal`,
        fresh, its rate a number or a schedule; None: `SGD(0.01)`.
    loss
        One of river's `optim.losses.Squared`, `Absolute`, `Huber`, `Quantile`, `Cauchy`,
        `EpsilonInsensitiveHinge` and `Poisson`, which predicts $e^{w^T x + b}$; None: `Squared()`.
    l2
        Ridge that pulls the weights of a row's features towards 0; not negative.
    l1
        Penalty that keeps weights at 0, cumulative; not negative, and not with `l2`.
    intercept_init
        Where the intercept starts; finite.
    intercept_lr
        Learning rate of the intercept, or a schedule of river's; 0 leaves it where it is.
    clip_gradient
        Largest absolute slope of the loss by the score; positive.
    initializer
        river's `optim.initializers.Zeros`, or None: weights start at 0.

    Raises
    ------
    ValueError
        If a parameter is outside its range, a target is not finite, a feature is infinite or
        text.
    TypeError
        If a parameter, a feature or a target has the wrong type.

    Warns
    -----
    UserWarning
        Once, if the score of a row passes a million times the largest target (at least 1): the
        model diverges.

    Notes
    -----
    Predictions equal those of `river.linear_model.LinearRegression` bit for bit for rows whose
    features come in the order of the columns. Features that a row lacks are neither read nor moved.
    Departures from river: NaN means missing; what would make a weight infinite is not learnt;
    `learn_many` learns row by row, where river takes one step along the mean; the
    epsilon-insensitive loss is that of the target, which river maps to 2 y - 1 as if it were a
    label.

    Examples
    --------
    >>> from olearn import learners
    >>> model = learners.LinearRegression(intercept_lr=0.1)
    >>> for i in range(2000):
    ...     a, b = i % 3 - 1.0, i % 5 - 2.0
    ...     model.learn_one({"a": a, "b": b}, 3 * a - b + 1)
    >>> round(model.predict_one({"a": 2.0, "b": 1.0}), 2)
    6.0

    References
    ----------
    [^1]: Bottou, L. (2012). Stochastic gradient descent tricks. Neural Networks: Tricks of the
        Trade, 421-436.

    """

    optimizer: Annotated[base.Base, check_optimizer] | None = None
    loss: Annotated[base.Base, check_number_loss] | None = None
    l2: Penalty = 0.0
    l1: Penalty = 0.0
    intercept_init: FiniteFloat = 0.0
    intercept_lr: Annotated[float | base.Base, check_rate] = 0.01
    clip_gradient: Annotated[float, In(0.0, ends="(]")] = 1e12
    initializer: Annotated[base.Base, check_initializer] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        check_penalties(self)
        conf = conf_of(
            loss=loss_of(self.loss, at.SQUARED),
            optimizer=self.optimizer,
            intercept_lr=self.intercept_lr,
            clip_gradient=self.clip_gradient,
            l2=self.l2,
            l1=self.l1,
            limit=LARGEST_SCORE,
        )
        self._start(conf, self.intercept_init)
