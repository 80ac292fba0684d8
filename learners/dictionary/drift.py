"""A detector for the one number that says whether a dictionary still fits: its sparsity."""

import math
from typing import Annotated

from river import base

from olearn.core.parameters import Above, AtLeast, check_parameters, with_parameters
from olearn.core.validate import check_in_range

__all__ = ["SparsityDrift"]

_FAST, _SLOW = 0.2, 0.01  # weights of the newest value; the drift study used no others
_SHARE = math.sqrt(_FAST / (2.0 - _FAST))  # deviation of the fast mean in that of single values


@with_parameters
class SparsityDrift(base.DriftDetector):
    r"""Alarm when the codes of a dictionary become less sparse than they have been[^1].

    Reads the negative of `sparsity`, batch by batch, which rises as the dictionary stops fitting.
    A fast moving mean (weight 0.2) is compared with a slow one $m$ (weight 0.01): an alarm where
    it exceeds $m + w s$, with $s$ the deviation of the fast mean itself, a third of that of single
    values. Any rising loss will do as well. It
    does not see slow rotation, which the slow mean follows: that is what floors under the step
    sizes are for (`rho_min`). Time and memory per update: O(1).

    Parameters
    ----------
    width
        Distance $w$ in standard deviations of the fast mean, positive.
    warm_up
        Number of values read before the first alarm, at least 2.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or `update` receives a value that is not finite.

    Examples
    --------
    >>> from olearn.learners.dictionary import SparsityDrift

    >>> detector = SparsityDrift(warm_up=20)
    >>> for t in range(60):
    ...     detector.update((-0.5 if t < 40 else -0.3) + 0.01 * (-1) ** t)
    ...     if detector.drift_detected:
    ...         print(f"alarm at {t}")
    ...         break
    alarm at 40

    References
    ----------
    [^1]: Roberts, S. W. (1959). Control chart tests based on geometric moving averages.
        Technometrics 1(3), 239-250. The statistic and the two weights are ours.

    """

    width: Annotated[float, Above(0.0)] = 5.0
    warm_up: Annotated[int, AtLeast(2)] = 100

    def __post_init__(self) -> None:
        check_parameters(self)
        self._reset()

    def _reset(self) -> None:
        super()._reset()
        self._n = 0
        self._fast = 0.0
        self._mean = 0.0
        self._variance = 0.0

    def update(self, x: float) -> None:
        """Read the negative sparsity of a batch."""
        check_in_range("x", x)
        if math.isinf(x):
            raise ValueError(f"x must be finite, got {x}")
        if self.drift_detected:
            self._reset()
        self._n += 1
        if self._n == 1:
            self._fast = self._mean = x
            return
        self._fast += _FAST * (x - self._fast)
        limit = self._mean + self.width * _SHARE * math.sqrt(self._variance)
        self._drift_detected = self._n > self.warm_up and self._fast > limit
        weight = max(_SLOW, 1.0 / self._n)  # a plain mean until it has seen enough
        step = x - self._mean
        self._mean += weight * step
        self._variance = (1.0 - weight) * (self._variance + weight * step * step)
