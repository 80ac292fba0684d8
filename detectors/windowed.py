"""Detectors that compare two adjacent sliding windows, as the HTM + SPRT paper's rivals do."""

from bisect import bisect_left
from dataclasses import KW_ONLY
from typing import Annotated

import numpy as np
from scipy import stats

from olearn.core.parameters import (
    AtLeast,
    OpenFraction,
    PositiveFloat,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.detectors import _windowed_kernels as k
from olearn.detectors._state_detector import OneKernelDetector, State, optional, scan_of
from olearn.detectors._windows import ks_p_value

__all__ = ["WindowedKS", "WindowedPSI", "WindowedWasserstein"]


_scan = scan_of(k.windows_update)


class _WindowedDetector(OneKernelDetector):
    """Two adjacent windows and the distance between them; a subclass makes the state."""

    _update = staticmethod(k.windows_update)
    _scan_values = staticmethod(_scan)

    @property
    def statistic(self) -> float | None:
        """Distance between the windows; None while they are not full."""
        return optional(self._state[k.STATISTIC])


@with_parameters
class WindowedKS(_WindowedDetector):
    """Two-sample Kolmogorov-Smirnov test between two adjacent sliding windows[^1].

    At each value, the newest `window_size` values are tested against the `window_size` before them;
    an exact p-value below `alpha` is a drift. Time and memory per update: O(`window_size`).

    Parameters
    ----------
    window_size
        Number of values in each window; at least 2.
    alpha
        Level of each single test, in (0, 1).
    restart
        Begin with empty windows after a drift. If false, a drift is signalled at each value for as
        long as the windows differ.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is NaN or infinite.

    Notes
    -----
    Windows that overlap from test to test give no control of the time between false alarms: at
    level 0.05 about 35 of 1,000 tests on independent values are false alarms, and of values with a
    cycle most. There are no warnings.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> xs = np.concatenate([rng.normal(size=200), rng.normal(size=200) + 2.0])
    >>> detectors.WindowedKS(50, alpha=1e-4, restart=True).update_many(xs)
    array([223])

    References
    ----------
    [^1]: Bandyopadhyay, S., Bose, J. and Roy Chowdhury, S. (2025). A hybrid framework for real-time
        data drift and anomaly identification using hierarchical temporal memory and statistical
        tests. International Journal of Mathematical, Engineering and Management Sciences 10(3),
        777-796. The comparison's windows; the test is by Smirnov (1939).

    """

    window_size: Annotated[int, AtLeast(2)] = 25
    alpha: OpenFraction = 0.05
    restart: bool = False

    def __post_init__(self) -> None:
        check_parameters(self)
        self._reset()

    def _new_state(self) -> State:
        # the distance is a multiple of 1 / window_size: the least one whose p-value is too small
        size, alpha = self.window_size, self.alpha
        steps = bisect_left(
            range(size + 1), True, key=lambda steps: ks_p_value(steps, size) < alpha
        )
        state = np.empty(k.windows_size(self.window_size))
        threshold = (steps - 0.5) / self.window_size
        k.windows_start(state, k.KOLMOGOROV_SMIRNOV, self.window_size, threshold, self.restart)
        return state

    @property
    def p_value(self) -> float | None:
        """Exact p-value of the newest test; None while the windows are not full."""
        distance = self.statistic
        if distance is None:
            return None
        return ks_p_value(round(distance * self.window_size), self.window_size)


@with_parameters
class WindowedWasserstein(_WindowedDetector):
    """1-Wasserstein distance between two adjacent sliding windows[^1].

    At each value, the newest `window_size` values are compared with the `window_size` before them;
    a distance above the threshold is a drift. Time and memory per update: O(`window_size`).

    Parameters
    ----------
    window_size
        Number of values in each window; at least 2.
    threshold
        Distance that is a drift, in the unit of the values; positive. None: the paper's rule, the
        1 - `alpha` quantile of the distances of 500 pairs of standard normal samples.
    alpha
        Share of those distances above the threshold, in (0, 1).
    calibration_size
        Number of values in each of those samples; at least 2.
    restart
        Begin with empty windows after a drift. If false, a drift is signalled at each value for as
        long as the windows differ.
    seed
        Seed of those samples; a non-negative integer, or None for another threshold each time.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is NaN or infinite.

    Notes
    -----
    The paper's rule knows neither the scale of the values nor, its samples being of 50 values, the
    size of the windows: on standard normal values and windows of 25 about 225 of 1,000 values are
    false alarms, because distances of samples of n values shrink like 1 / sqrt(n). Give a
    threshold, or set `calibration_size` to `window_size` for values of deviation 1. There are no
    warnings.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> xs = np.concatenate([rng.normal(size=200), rng.normal(size=200) + 2.0])
    >>> detectors.WindowedWasserstein(50, threshold=1.0, restart=True).update_many(xs)
    array([223])

    References
    ----------
    [^1]: Bandyopadhyay, S., Bose, J. and Roy Chowdhury, S. (2025). A hybrid framework for real-time
        data drift and anomaly identification using hierarchical temporal memory and statistical
        tests. International Journal of Mathematical, Engineering and Management Sciences 10(3),
        777-796.

    """

    window_size: Annotated[int, AtLeast(2)] = 25
    threshold: PositiveFloat | None = None
    alpha: OpenFraction = 0.05
    _: KW_ONLY
    calibration_size: Annotated[int, AtLeast(2)] = 50
    restart: bool = False
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._reset()

    def _new_state(self) -> State:
        threshold = self.threshold
        if threshold is None:
            samples = np.random.default_rng(self.seed).normal(size=(500, 2, self.calibration_size))
            distances = [stats.wasserstein_distance(a, b) for a, b in samples]
            threshold = float(np.quantile(distances, 1.0 - self.alpha))
        state = np.empty(k.windows_size(self.window_size))
        k.windows_start(state, k.WASSERSTEIN, self.window_size, threshold, self.restart)
        return state

    @property
    def limit(self) -> float:
        """The threshold in use, given or simulated."""
        return float(self._state[k.THRESHOLD])


@with_parameters
class WindowedPSI(_WindowedDetector):
    r"""Population stability index between two adjacent sliding windows[^1].

    The quantiles of the `window_size` values before the newest `window_size` make bins; with $e_b$
    and $a_b$ the shares of the older and the newer values in bin $b$,

    $$\sum_b (a_b - e_b) \ln \frac{a_b}{e_b}$$

    above the threshold is a drift. Time and memory per update: O(`window_size`).

    Parameters
    ----------
    window_size
        Number of values in each window; at least `n_bins`.
    threshold
        Index that is a drift; positive. The custom is 0.25 for "changed", 0.1 for "changed a
        little".
    n_bins
        Number of bins; at least 2.
    restart
        Begin with empty windows after a drift. If false, a drift is signalled at each value for as
        long as the windows differ.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is NaN or infinite.

    Notes
    -----
    Without any drift the index is about $(B - 1) (1/n + 1/m)$ for $B$ bins and windows of $n$ and
    $m$ values: 0.72 for 10 bins and twice 25 values, so that about 970 of 1,000 values are false
    alarms at the threshold of 0.25. Windows of 250 values, or 3 bins, suit that threshold. A share
    of 0 counts as 0.0001. There are no warnings.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> xs = np.concatenate([rng.normal(size=600), rng.normal(size=600) + 1.0])
    >>> detectors.WindowedPSI(250, restart=True).update_many(xs)
    array([745])

    References
    ----------
    [^1]: Yurdakul, B. and Naranjo, J. (2020). Statistical properties of the population stability
        index. Journal of Risk Model Validation 14(4), 89-100.

    """

    window_size: Annotated[int, AtLeast("n_bins")] = 25
    threshold: PositiveFloat = 0.25
    n_bins: Annotated[int, AtLeast(2)] = 10
    _: KW_ONLY
    restart: bool = False

    def __post_init__(self) -> None:
        check_parameters(self)
        self._reset()

    def _new_state(self) -> State:
        state = np.empty(k.windows_size(self.window_size))
        k.windows_start(
            state, k.STABILITY, self.window_size, self.threshold, self.restart, self.n_bins
        )
        return state
