"""Logistic regression by stochastic gradient descent."""

from collections.abc import Collection
from dataclasses import KW_ONLY
from typing import Annotated

from river import base
from river.base.typing import ClfTarget

from olearn.core.parameters import FiniteFloat, In, check_parameters, with_parameters
from olearn.learners.linear import layout as at
from olearn.learners.linear._classifier import TwoLabelClassifier, check_two
from olearn.learners.linear._model import Scaled
from olearn.learners.linear.settings import (
    LARGEST_SCORE,
    Penalty,
    check_initializer,
    check_label_loss,
    check_optimizer,
    check_penalties,
    check_rate,
    conf_of,
    loss_of,
)

__all__ = ["LogisticRegression"]


@with_parameters
class LogisticRegression(Scaled, TwoLabelClassifier):
    r"""Logistic regression by stochastic gradient descent[^1], river's floats in compiled code.

    The probability of the positive label is $\sigma(w^T x + b)$. A row moves the weights of its
    features by one step of the optimiser along the slope of the loss, $(p - y) x$ for the
    logarithmic one. Time per row: O(features).

    Parameters
    ----------
    optimizer
        One of river's `optim.SGD`, `Momentum`, `AdaGrad`, `RMSProp`, `Adam` and `FTRLProximal`,
        fresh, its rate a number or a schedule; None: `SGD(0.01)`.
    loss
        One of river's `optim.losses.Log`, `Hinge` and `BinaryFocalLoss`; None: `Log()`.
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
    classes
        Two labels in code order, of which the second is the positive one; None: in order of first
        appearance. True and 1 are positive wherever they come.

    Raises
    ------
    ValueError
        If a parameter is outside its range, a third label comes, a feature is infinite or text.
    TypeError
        If a parameter or a feature has the wrong type.

    Warns
    -----
    UserWarning
        Once, if the score of a row passes 1,000,000: the columns are not scaled.

    Notes
    -----
    Predictions equal those of `river.linear_model.LogisticRegression` bit for bit for rows whose
    features come in the order of the columns. Features that a row lacks are neither read nor moved.
    Departures from river: any two labels; NaN means missing; what would make a weight infinite is
    not learnt; `learn_many` learns row by row, where river takes one step along the mean. Before a
    label is known there is no probability, where river has one for False and True; so
    `check_predict_proba_one_binary` is not for it. A weight of a row multiplies its slope: 0 moves
    nothing but the step counter, `l2` and moments.

    Examples
    --------
    >>> from olearn import learners
    >>> model = learners.LogisticRegression()
    >>> for a, label in ((1.0, "up"), (-1.0, "down"), (2.0, "up"), (-2.0, "down")):
    ...     model.learn_one({"a": a}, label)
    >>> model.predict_one({"a": 3.0})
    'up'
    >>> {label: round(p, 4) for label, p in model.predict_proba_one({"a": 3.0}).items()}
    {'up': 0.522, 'down': 0.478}

    References
    ----------
    [^1]: Bottou, L. (2012). Stochastic gradient descent tricks. Neural Networks: Tricks of the
        Trade, 421-436.

    """

    optimizer: Annotated[base.Base, check_optimizer] | None = None
    loss: Annotated[base.Base, check_label_loss] | None = None
    l2: Penalty = 0.0
    l1: Penalty = 0.0
    intercept_init: FiniteFloat = 0.0
    intercept_lr: Annotated[float | base.Base, check_rate] = 0.01
    clip_gradient: Annotated[float, In(0.0, ends="(]")] = 1e12
    initializer: Annotated[base.Base, check_initializer] | None = None
    _: KW_ONLY
    classes: Annotated[Collection[ClfTarget], check_two] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        check_penalties(self)
        conf = conf_of(
            loss=loss_of(self.loss, at.LOG),
            optimizer=self.optimizer,
            intercept_lr=self.intercept_lr,
            clip_gradient=self.clip_gradient,
            l2=self.l2,
            l1=self.l1,
            limit=LARGEST_SCORE,
        )
        self._start(conf, self.classes, self.intercept_init)
