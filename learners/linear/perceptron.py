"""The perceptron."""

from collections.abc import Collection
from dataclasses import KW_ONLY
from typing import Annotated

from river import base
from river.base.typing import ClfTarget

from olearn.core.parameters import In, check_parameters, with_parameters
from olearn.learners.linear import layout as at
from olearn.learners.linear._classifier import TwoLabelClassifier, check_two
from olearn.learners.linear.settings import Penalty, check_initializer, conf_of

__all__ = ["Perceptron"]


@with_parameters
class Perceptron(TwoLabelClassifier):
    r"""Perceptron of two labels[^1]: rows on the wrong side are added to the weights.

    With labels $y \in \{-1, 1\}$, $w \leftarrow w + y x$ where $y (w^T x + b) \le 0$. It needs no
    learning rate and no scaled columns. Time per row: O(features).

    Parameters
    ----------
    l2
        Ridge that pulls the weights of a row's features towards 0; not negative.
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

    Notes
    -----
    Predictions equal those of `river.linear_model.Perceptron` bit for bit; what is said of rows
    and of `check_predict_proba_one_binary` at `LogisticRegression` holds here too. Probabilities
    are the sigmoid of the score, and so mostly near 0 and 1.

    Examples
    --------
    >>> from olearn import learners
    >>> model = learners.Perceptron()
    >>> for a, b, label in ((2, 1, True), (1, 2, False), (3, 1, True), (1, 3, False)):
    ...     model.learn_one({"a": a, "b": b}, label)
    >>> model.predict_one({"a": 5, "b": 2}), model.weights
    (True, {'a': 1.0, 'b': -1.0})

    References
    ----------
    [^1]: Rosenblatt, F. (1958). The perceptron: a probabilistic model for information storage and
        organization in the brain. Psychological Review 65(6), 386-408.

    """

    l2: Penalty = 0.0
    clip_gradient: Annotated[float, In(0.0, ends="(]")] = 1e12
    initializer: Annotated[base.Base, check_initializer] | None = None
    _: KW_ONLY
    classes: Annotated[Collection[ClfTarget], check_two] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        conf = conf_of(
            loss=[at.HINGE, 0.0],
            lr=1.0,
            intercept_lr=1.0,
            clip_gradient=self.clip_gradient,
            l2=self.l2,
        )
        self._start(conf, self.classes)
