"""Passive-aggressive classification and regression."""

from collections.abc import Collection
from dataclasses import KW_ONLY
from typing import Annotated

from river.base.typing import ClfTarget

from olearn.core.parameters import AtLeast, In, PositiveFloat, check_parameters, with_parameters
from olearn.learners.linear import layout as at
from olearn.learners.linear._classifier import TwoLabelClassifier, check_two
from olearn.learners.linear._regressor import LinearRegressor
from olearn.learners.linear.settings import LARGEST_SCORE, conf_of

__all__ = ["PAClassifier", "PARegressor"]


@with_parameters
class PAClassifier(TwoLabelClassifier):
    r"""Passive-aggressive classifier of two labels[^1]: the smallest step that mends a margin.

    With labels $y \in \{-1, 1\}$ and the hinge loss $l = \max(0, 1 - y (w^T x + b))$,
    $w \leftarrow w + \tau y x$. It needs no learning rate. Time per row: O(features).

    Parameters
    ----------
    C
        Aggressiveness: larger steps for larger values; positive.
    mode
        0 to 2; 0: $\tau = l / |x|^2$; 1: the same, at most `C`; 2:
        $\tau = l / (|x|^2 + 1 / (2 C))$.
    learn_intercept
        Whether the intercept moves by $\tau y$ too.
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
    Equal to `river.linear_model.PAClassifier` within 1e-12, as that adds in another order; what is
    said of rows and of `check_predict_proba_one_binary` at `LogisticRegression` holds here too. A
    weight of a row multiplies its step.

    Examples
    --------
    >>> from olearn import learners
    >>> model = learners.PAClassifier(C=0.1)
    >>> for a, b, label in ((2, 1, True), (1, 2, False), (3, 1, True), (1, 3, False)):
    ...     model.learn_one({"a": a, "b": b}, label)
    >>> model.predict_one({"a": 5, "b": 2})
    True

    References
    ----------
    [^1]: Crammer, K., Dekel, O., Keshet, J., Shalev-Shwartz, S., Singer, Y. (2006). Online
        passive-aggressive algorithms. JMLR 7, 551-585.

    """

    C: PositiveFloat = 1.0
    mode: Annotated[int, In(0, 2)] = 1
    learn_intercept: bool = True
    _: KW_ONLY
    classes: Annotated[Collection[ClfTarget], check_two] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        loss = [at.PA_LABEL, self.C, self.mode]
        conf = conf_of(loss=loss, lr=1.0, intercept_lr=float(self.learn_intercept))
        self._start(conf, self.classes)


@with_parameters
class PARegressor(LinearRegressor):
    r"""Passive-aggressive regressor[^1]: the smallest step that brings a row's error to `eps`.

    With the loss $l = \max(0, |\hat y - y| - \epsilon)$,
    $w \leftarrow w + \tau \, \mathrm{sign}(y - \hat y) x$. Time per row: O(features).

    Parameters
    ----------
    C
        Aggressiveness: larger steps for larger values; positive.
    mode
        0 to 2; 0: $\tau = l / |x|^2$; 1: the same, at most `C`; 2:
        $\tau = l / (|x|^2 + 1 / (2 C))$.
    eps
        Error that is let pass; not negative.
    learn_intercept
        Whether the intercept moves by $\tau \, \mathrm{sign}(y - \hat y)$ too.

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
        Once, if the score of a row passes a million times the largest target (at least 1).

    Notes
    -----
    The loss is the published one. That of `river.linear_model.PARegressor` 0.26 is taken of the
    target $2 y - 1$, as if it were a label, and learns little: on a line without noise its mean
    absolute error is 1.7 where this one's is 0.03. NaN means missing. A weight of a row multiplies
    its step.

    Examples
    --------
    >>> from olearn import learners
    >>> model = learners.PARegressor(eps=0.01)
    >>> for i in range(300):
    ...     a, b = i % 3 - 1.0, i % 5 - 2.0
    ...     model.learn_one({"a": a, "b": b}, 3 * a - b + 1)
    >>> round(model.predict_one({"a": 2.0, "b": 1.0}), 1)
    6.0

    References
    ----------
    [^1]: Crammer, K., Dekel, O., Keshet, J., Shalev-Shwartz, S., Singer, Y. (2006). Online
        passive-aggressive algorithms. JMLR 7, 551-585.

    """

    C: PositiveFloat = 1.0
    mode: Annotated[int, In(0, 2)] = 1
    eps: Annotated[float, AtLeast(0.0)] = 0.1
    learn_intercept: bool = True

    def __post_init__(self) -> None:
        check_parameters(self)
        loss = [at.PA_NUMBER, self.C, self.mode]
        conf = conf_of(
            loss=loss, lr=1.0, intercept_lr=float(self.learn_intercept), limit=LARGEST_SCORE
        )
        conf[at.A] = self.eps
        self._start(conf)
