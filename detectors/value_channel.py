"""The value channel: Page tests on the ranks of values, for changes of level and of spread."""

from dataclasses import KW_ONLY
from typing import Annotated

import numpy as np

from olearn.core.parameters import (
    AtLeast,
    In,
    NonNegativeInt,
    OpenFraction,
    PositiveInt,
    check_parameters,
    with_parameters,
)
from olearn.detectors._state_detector import OneKernelDetector, State, scan_of
from olearn.detectors._value_kernels import (
    VALUE_CHANNELS,
    VALUE_FIRED,
    VALUE_LLR,
    VALUE_ONSET,
    value_size,
    value_start,
    value_update,
)

__all__ = ["ValueChannel"]


_scan = scan_of(value_update)


@with_parameters
class ValueChannel(OneKernelDetector):
    r"""Four sequential rank tests on a value, for changes of its level and of its spread.

    The tests watch the rank of $x_t$ among the newest `window_size` values but the last `gap`, for
    a higher and for a lower level, and the rank of its distance to the mean of their middle half,
    for a larger and for a smaller spread. Each is Page's test[^1] of the rate of ranks in a tail:
    $q$ against $p_1$, and the lower half against three quarters for a smaller spread. A
    log-likelihood ratio of $\ln(4 \cdot$ `arl0`$)$ is a drift. No assumption on the distribution;
    time and memory per update: O(`gap` + `window_size`).

    Parameters
    ----------
    q
        Fraction of the reference that counts as extreme, in (0, 1).
    p1
        Rate of extreme values that the tests look for, in (q, 1).
    arl0
        Least mean number of updates between false alarms of the four tests together, if values are
        exchangeable; more than 1.
    window_size
        Number of values in the reference; at least 2.
    gap
        Newest values that are not yet part of the reference; at least 1.
    warm_up
        Number of values skipped at the beginning; at least 0.
    n_ref
        Fewest values in the reference before the tests begin, in [1, window_size].
    settle
        Number of values skipped after a drift, when the reference begins anew; at least 0.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is NaN or infinite.

    Notes
    -----
    Distances are taken to one center, for the reference and the newest value alike: to a running
    mean, which wanders between them, skewed or discrete values raise many false alarms.
    Ties share their rank by expectation, as in `RankTest`, so that the rate under no change is the
    tail's for discrete values too. Values that depend on their predecessors are not exchangeable: a
    slow cycle, longer than about 100 values, raises false alarms. A warning is a ratio of at least
    half the threshold.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> sigma = np.repeat([1.0, 2.0, 0.5], 1000)
    >>> channel = detectors.ValueChannel()
    >>> for t, x in enumerate(rng.normal(size=3000) * sigma):
    ...     channel.update(x)
    ...     if channel.drift_detected:
    ...         print(f"alarm at {t}: {channel.channel}, since {channel.onset}")
    alarm at 1055: spread up, since 1010
    alarm at 2013: spread down, since 1958

    References
    ----------
    [^1]: Page, E. S. (1954). Continuous inspection schemes. Biometrika 41(1/2), 100-115.

    """

    q: OpenFraction = 0.1
    p1: Annotated[float, In("q", 1.0, "()")] = 0.3
    arl0: Annotated[float, In(1.0, ends="()")] = 1e4
    _: KW_ONLY
    window_size: Annotated[int, AtLeast(2)] = 400
    gap: PositiveInt = 50
    warm_up: NonNegativeInt = 100
    n_ref: Annotated[int, In(1, "window_size")] = 200
    settle: NonNegativeInt = 100

    _update = staticmethod(value_update)
    _scan_values = staticmethod(_scan)

    def __post_init__(self) -> None:
        check_parameters(self)
        self._reset()

    def _new_state(self) -> State:
        state = np.empty(value_size(self.gap, self.window_size))
        value_start(
            state,
            self.q,
            self.p1,
            self.arl0,
            self.window_size,
            self.gap,
            self.warm_up,
            self.n_ref,
            self.settle,
        )
        return state

    @property
    def channel(self) -> str | None:
        """What drifted at the newest value: "level", "spread up", "spread down"; else None."""
        fired = int(self._state[VALUE_FIRED])
        return None if fired < 0 else VALUE_CHANNELS[fired]

    @property
    def llr(self) -> float:
        """Largest of the four log-likelihood ratios after the newest value."""
        return float(self._state[VALUE_LLR : VALUE_LLR + 4].max())

    @property
    def onset(self) -> int:
        """Position, from 0, of the first value since the largest ratio was last 0."""
        return int(self._state[VALUE_ONSET])
