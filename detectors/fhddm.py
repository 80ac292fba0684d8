"""The fast Hoeffding drift detection method."""

import math
from typing import Annotated

from olearn.core.jit import njit
from olearn.core.parameters import In, OneOf, OpenFraction, PositiveInt, with_parameters
from olearn.detectors._state_detector import DECISION, HEADER, ErrorDetector, State, decide, scan_of

__all__ = ["FHDDM"]

_WINDOW, _BOUND, _SHORT, _SHORT_BOUND, _UP = range(HEADER, HEADER + 5)
_N, _ONES, _LARGEST, _SHORT_ONES, _LARGEST_SHORT = range(HEADER + 5, HEADER + 10)
_RING = HEADER + 10


@njit
def _update(state: State, x: float) -> int:
    if state[DECISION] > 0.0:
        _restart(state)
    if state[_UP] > 0.0:
        x = 1.0 - x
    n, window, short = int(state[_N]), int(state[_WINDOW]), int(state[_SHORT])
    state[_ONES] += x
    state[_SHORT_ONES] += x
    if n >= window:
        state[_ONES] -= state[_RING + n % window]
    if n >= short:
        state[_SHORT_ONES] -= state[_RING + (n - short) % window]
    state[_RING + n % window] = x
    state[_N] += 1.0
    if n + 1 < window:
        return decide(state, 0, False)
    share = state[_ONES] / window
    state[_LARGEST] = max(state[_LARGEST], share)
    drift = state[_LARGEST] - share > state[_BOUND]
    if short < window:
        share = state[_SHORT_ONES] / short
        state[_LARGEST_SHORT] = max(state[_LARGEST_SHORT], share)
        drift = drift or state[_LARGEST_SHORT] - share > state[_SHORT_BOUND]
    return decide(state, 1 if drift else 0, False)


@njit(forceinline=True)
def _restart(state: State) -> None:
    state[_N:_RING] = 0.0


_scan = scan_of(_update)


@with_parameters
class FHDDM(ErrorDetector):
    r"""Fast Hoeffding drift detection: a sliding window whose share of ones falls[^1].

    Signals when the share of ones in the newest $n$ values is below the largest one so far by more
    than $\sqrt{\tfrac{1}{2 n} \ln \tfrac{1}{\delta}}$. With a short window besides, the same of its
    share is a drift too (stacking FHDDM[^2]). Time per update: O(1), memory: O(window).

    Parameters
    ----------
    sliding_window_size
        $n$, at least 1; no alarm before as many values.
    confidence_level
        $\delta$, in (0, 1).
    short_window_size
        Size of the short window, at least 1 and at most `sliding_window_size`. None: there is none.
    mode
        "down" looks for a fall of the share of ones, as river's does: ones must then be right
        predictions. "up" looks for a rise, as the paper does and MOA, where ones are errors.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is neither 0 nor 1.

    Notes
    -----
    Gives the alarms of `river.drift.binary.FHDDM`, row for row. Mind that river's reads errors as
    ones too, and so alarms when a model gets better: to watch errors, give `mode="up"`, as the
    command line does. There are no warnings.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> errors = rng.random(2000) < np.repeat([0.1, 0.5], 1000)
    >>> detectors.FHDDM(mode="up").update_many(errors)
    array([1053])
    >>> detectors.FHDDM().update_many(errors)
    array([], dtype=int64)

    References
    ----------
    [^1]: Pesaranghader, A. and Viktor, H. L. (2016). Fast Hoeffding drift detection method for
        evolving data streams. ECML PKDD, 96-111.
    [^2]: Pesaranghader, A., Viktor, H. L. and Paquet, E. (2018). Reservoir of diverse adaptive
        learners and stacking fast Hoeffding drift detection methods for evolving data streams.
        Machine Learning 107(11), 1711-1743.

    """

    sliding_window_size: PositiveInt = 100
    confidence_level: OpenFraction = 0.000001
    short_window_size: Annotated[int, In(1, "sliding_window_size")] | None = None
    mode: Annotated[str, OneOf("down", "up")] = "down"

    _update = staticmethod(_update)
    _scan_values = staticmethod(_scan)
    _restart = staticmethod(_restart)
    _fixed = frozenset({"sliding_window_size", "short_window_size", "mode"})

    def _settings(self) -> tuple[float, ...]:
        window = self.sliding_window_size
        short = window if self.short_window_size is None else self.short_window_size
        log = math.log(1.0 / self.confidence_level)
        bounds = (math.sqrt(log / (2 * size)) for size in (window, short))
        return window, next(bounds), short, next(bounds), self.mode == "up"

    def _length(self) -> int:
        return _RING + self.sliding_window_size
