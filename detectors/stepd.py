"""The statistical test of equal proportions."""

import math
from statistics import NormalDist

from olearn.core.jit import njit
from olearn.core.parameters import OpenFraction, PositiveInt, with_parameters
from olearn.detectors._state_detector import DECISION, HEADER, ErrorDetector, State, decide, scan_of

__all__ = ["STEPD"]

_WINDOW, _DRIFT_AT, _WARNING_AT = range(HEADER, HEADER + 3)
_N, _OLD_ERRORS, _ERRORS = range(HEADER + 3, HEADER + 6)
_RING = HEADER + 6


@njit
def _update(state: State, x: float) -> int:
    if state[DECISION] > 0.0:
        _restart(state)
    n, window = int(state[_N]), int(state[_WINDOW])
    place = _RING + n % window
    if n >= window:
        state[_OLD_ERRORS] += state[place]
        state[_ERRORS] -= state[place]
    state[place] = x
    state[_ERRORS] += x
    state[_N] += 1.0
    if n + 1 < 2 * window:
        return decide(state, 0, False)
    z = _statistic(n + 1 - window, window, state[_OLD_ERRORS], state[_ERRORS])
    return decide(state, 1 if z > state[_DRIFT_AT] else 0, z > state[_WARNING_AT])


@njit(forceinline=True)
def _statistic(n_old: int, n_new: int, old_errors: float, new_errors: float) -> float:
    """Return by how many deviations the two rates differ, corrected for continuity."""
    shares = 1.0 / n_old + 1.0 / n_new
    p = (n_old - old_errors + (n_new - new_errors)) / (n_old + n_new)
    gap = abs((n_old - old_errors) / n_old - (n_new - new_errors) / n_new) - shares / 2.0
    if gap <= 0.0:  # no difference that could be seen, nor where all are equal and p is 0 or 1
        return 0.0
    return gap / math.sqrt(p * (1.0 - p) * shares)


@njit(forceinline=True)
def _restart(state: State) -> None:
    state[_N:_RING] = 0.0


_scan = scan_of(_update)


@with_parameters
class STEPD(ErrorDetector):
    r"""Statistical test of equal proportions: the newest errors against all before[^1].

    With the shares of right predictions $r_o$ among the $n_o$ older and $r_n$ among the newest
    `window_size` $n_n$, and $p$ among all, it signals when

    $$\frac{|r_o - r_n| - \tfrac12 (\tfrac{1}{n_o} + \tfrac{1}{n_n})}
    {\sqrt{p (1 - p) (\tfrac{1}{n_o} + \tfrac{1}{n_n})}}$$

    is beyond the two-sided normal quantile of the level. Time per update: O(1), memory: O(window).

    Parameters
    ----------
    window_size
        Number of newest predictions; at least 1. The first test is after twice as many.
    alpha_drift
        Level of a drift, in (0, 1).
    alpha_warning
        Level of a warning, in (0, 1); larger than that of a drift.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is neither 0 nor 1.

    Notes
    -----
    Follows MOA's `STEPD`, in its parameters too: a fall of the error rate is a drift as well. One
    thing is mended: where the difference is smaller than the correction for continuity, MOA takes
    the absolute value of a negative number, so that 60 right predictions in a row are a drift; here
    there is no difference then.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> errors = rng.random(2000) < np.repeat([0.1, 0.5], 1000)
    >>> detectors.STEPD().update_many(errors)
    array([1009])

    References
    ----------
    [^1]: Nishida, K. and Yamauchi, K. (2007). Detecting concept drift using statistical testing.
        Discovery Science, 264-269.

    """

    window_size: PositiveInt = 30
    alpha_drift: OpenFraction = 0.003
    alpha_warning: OpenFraction = 0.05

    _update = staticmethod(_update)
    _scan_values = staticmethod(_scan)
    _restart = staticmethod(_restart)
    _fixed = frozenset({"window_size"})

    def _settings(self) -> tuple[float, ...]:
        quantile = NormalDist().inv_cdf
        levels = (self.alpha_drift, self.alpha_warning)
        return (self.window_size, *(-quantile(level / 2.0) for level in levels))

    def _length(self) -> int:
        return _RING + self.window_size
