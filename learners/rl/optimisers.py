"""Update rules for streaming RL: how far one TD error may move the weights along their trace."""

from dataclasses import KW_ONLY
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from river import base

from olearn.core.parameters import Above, OpenFraction, check_parameters, with_parameters
from olearn.core.validate import check_in_range, check_number
from olearn.learners.rl._network_kernels import (
    ADAPTIVE,
    BOUND,
    INFO_SIZE,
    L1,
    OBGD,
    PLAIN,
    STEP,
    apply,
    trace_norm,
)

__all__ = ["AdaptiveObGD", "ObGD", "PlainSGD"]

Weights = NDArray[Any]


class Step(NamedTuple):
    """What one update did: L1 norm of the trace, M of the bound (0 without one), step size."""

    trace_l1: float
    bound: float
    step_size: float


class Memory:
    """What an update rule keeps for one vector of weights: trace, second moments, counts.

    Parameters
    ----------
    like
        The weights, `(n,)`, float32 or float64.
    moments
        Whether second moments are kept.

    """

    def __init__(self, like: Weights, moments: bool) -> None:
        self.trace = np.zeros_like(like)
        self.moments = np.zeros(like.size if moments else 0, like.dtype)
        self.info = np.zeros(INFO_SIZE)


class Optimiser(base.Base):
    """An update rule; it is only settings, and what it has to remember is a `Memory`."""

    @property
    def rule(self) -> NDArray[np.float64]:
        """Settings as the kernels read them: rule, alpha, kappa, beta2, epsilon."""
        raise NotImplementedError

    def start(self, weights: Weights) -> Memory:
        """Return an empty memory for these weights."""
        return Memory(weights, moments=self.rule[0] == ADAPTIVE)

    def step(
        self,
        weights: Weights,
        gradient: Weights,
        td_error: float,
        memory: Memory,
        *,
        decay: float,
        reset: bool = False,
    ) -> Step:
        """Add the gradient to the trace, move the weights in place, and zero the trace if `reset`.

        Parameters
        ----------
        weights
            `(n,)`, changed in place.
        gradient
            `(n,)`, of what is to grow where the TD error is positive, such as v(s).
        td_error
            Finite.
        memory
            Of `start`, changed in place.
        decay
            Factor of the trace, gamma * lambda, in [0, 1].
        reset
            Whether an episode ends here, or its trace is cut.

        """
        check_in_range("decay", decay, 0.0, 1.0)
        check_number("td_error", td_error)
        if gradient.shape != weights.shape:
            raise ValueError(f"gradient must have shape {weights.shape}, got {gradient.shape}")
        if not (np.isfinite(td_error) and np.isfinite(gradient).all()):
            raise ValueError("td_error and gradient must be finite")
        memory.trace *= decay
        memory.trace += gradient
        info = memory.info
        info[L1] = trace_norm(memory.trace)
        apply(self.rule, info, weights, memory.trace, memory.moments, float(td_error), reset)
        return Step(float(info[L1]), float(info[BOUND]), float(info[STEP]))


@with_parameters
class ObGD(Optimiser):
    r"""Gradient descent with a bound against overshooting[^1].

    $w \leftarrow w + \frac{\alpha}{\max(1, M)} \delta z$ with
    $M = \alpha \kappa \max(|\delta|, 1) \lVert z \rVert_1$: no update removes more than
    $1 / \kappa$ of its own TD error where the value is linear and features are at most 1, and no
    update moves the weights by more than $\min(|\delta|, 1) / \kappa$ in L1. Time: O(weights).

    Parameters
    ----------
    alpha
        Step size where the bound does not act; positive.
    kappa
        How much smaller than the overshooting step; positive.

    Raises
    ------
    ValueError
        If a parameter is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.rl import ObGD
    >>> rule = ObGD(kappa=2.0)
    >>> weights = np.zeros(2)
    >>> memory = rule.start(weights)
    >>> step = rule.step(weights, np.array([3.0, 1.0]), 5.0, memory, decay=0.8)
    >>> weights, step.bound
    (array([0.375, 0.125]), 40.0)

    References
    ----------
    [^1]: Elsayed, M., Vasan, G., Mahmood, A. R. (2024). Streaming deep reinforcement learning
        finally works. arXiv 2410.14606, Algorithm 3.

    """

    alpha: Annotated[float, Above(0.0)] = 1.0
    kappa: Annotated[float, Above(0.0)] = 2.0

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def rule(self) -> NDArray[np.float64]:
        """Settings as the kernels read them."""
        return np.array([OBGD, self.alpha, self.kappa, 0.0, 0.0])


@with_parameters
class AdaptiveObGD(Optimiser):
    r"""ObGD on a trace divided by the root mean square of $\delta z$, coordinate by coordinate[^1].

    $v \leftarrow \beta_2 v + (1 - \beta_2)(\delta z)^2$, $q = z / \sqrt{\hat v + \epsilon}$, and q
    takes the place of z in ObGD; $\hat v$ is v without the bias of its start. The count behind it
    is never reset.

    Parameters
    ----------
    alpha
        Step size where the bound does not act; positive.
    kappa
        How much smaller than the overshooting step; positive.
    beta2
        Decay of the second moments, in (0, 1).
    epsilon
        Added under the root; positive.

    Raises
    ------
    ValueError
        If a parameter is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.rl import AdaptiveObGD
    >>> rule = AdaptiveObGD()
    >>> weights = np.zeros(2)
    >>> step = rule.step(weights, np.array([3.0, 1.0]), 5.0, rule.start(weights), decay=0.8)
    >>> weights.round(6)
    array([0.25, 0.25])

    References
    ----------
    [^1]: Elsayed, M., Vasan, G., Mahmood, A. R. (2024). Streaming deep reinforcement learning
        finally works. arXiv 2410.14606, Appendix B.

    """

    alpha: Annotated[float, Above(0.0)] = 1.0
    kappa: Annotated[float, Above(0.0)] = 2.0
    beta2: OpenFraction = 0.999
    _: KW_ONLY
    epsilon: Annotated[float, Above(0.0)] = 1e-8

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def rule(self) -> NDArray[np.float64]:
        """Settings as the kernels read them."""
        return np.array([ADAPTIVE, self.alpha, self.kappa, self.beta2, self.epsilon])


@with_parameters
class PlainSGD(Optimiser):
    r"""Plain step along the trace, $w \leftarrow w + \alpha \delta z$: what ObGD is compared with.

    Parameters
    ----------
    alpha
        Step size; positive.

    Raises
    ------
    ValueError
        If the step size is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.rl import PlainSGD
    >>> rule = PlainSGD(alpha=0.01)
    >>> weights = np.zeros(2)
    >>> step = rule.step(weights, np.array([3.0, 1.0]), 5.0, rule.start(weights), decay=0.8)
    >>> weights
    array([0.15, 0.05])

    References
    ----------
    [^1]: Sutton, R. S., Barto, A. G. (2018). Reinforcement learning: an introduction, 2nd edition.
        MIT Press. Section 12.2.

    """

    alpha: Annotated[float, Above(0.0)] = 0.001

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def rule(self) -> NDArray[np.float64]:
        """Settings as the kernels read them."""
        return np.array([PLAIN, self.alpha, 0.0, 0.0, 0.0])


def check_optimiser(name: str, value: Any) -> None:
    """Raise TypeError unless `value` is an update rule or None."""
    if value is not None and not isinstance(value, Optimiser):
        raise TypeError(f"{name} must be an Optimiser such as ObGD(), got {value!r}")
