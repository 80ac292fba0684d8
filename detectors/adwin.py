"""ADWIN, the detector: see `_adwin_kernels` for its window."""

import functools
from array import array
from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray

from olearn.base import ArrayDetector
from olearn.core.jit import direct
from olearn.core.memory import memory_bytes
from olearn.core.parameters import (
    AtLeast,
    NonNegativeInt,
    OpenFraction,
    PositiveInt,
    check_parameters,
    with_parameters,
)
from olearn.detectors import _adwin_kernels as at
from olearn.detectors._values import finite_value, finite_values

__all__ = ["ADWIN"]

_MOST_WAITING = 32
_LAST = _MOST_WAITING - 1


@functools.cache
def _kernel() -> Callable[..., int]:
    return direct(at.update_waiting, np.empty(1), 0, 0.5, 0, 0)


@with_parameters
class ADWIN(ArrayDetector):
    r"""Adaptive windowing: a window as long as its mean stays the same[^1].

    Keeps the newest values in buckets of $1, 2, 4, \dots$ values and drops the oldest bucket while
    some split of the window into an older part of $n_0$ values and a newer one of $n_1$ has means
    further apart than

    $$\sqrt{\tfrac{2}{m} \sigma^2 \ln \tfrac{2}{\delta'}} + \tfrac{2}{3 m} \ln \tfrac{2}{\delta'},
    \quad \frac{1}{m} = \frac{1}{n_0 - l + 1} + \frac{1}{n_1 - l + 1},
    \quad \delta' = \frac{\delta}{\ln(n_0 + n_1)},$$

    where $l$ is `min_window_length` and $\sigma^2$ the variance of the window. Dropping is the
    alarm. Time per update: amortised O(1), and O(log n) once every `clock` updates.

    Parameters
    ----------
    delta
        Confidence, in (0, 1): the smaller, the fewer false alarms and the later the true ones.
    clock
        Number of updates from one test to the next; at least 1.
    max_buckets
        Number of buckets of each size; at least 2. More of them test more splits.
    min_window_length
        Fewest values in either part of a split; at least 1.
    grace_period
        No test before the window holds more values than this; at least 0.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is NaN or infinite.

    Notes
    -----
    Gives the alarms and numbers of `river.drift.ADWIN` bit for bit, its first step after an alarm
    included: the cut window stays readable until the next update, which begins afresh. (The paper
    goes on with the cut window; `adwin_update`, which trees call, does too.) Unlike river's, it
    refuses `max_buckets` below 2 and `min_window_length` below 1, with which river's can fail.

    The window holds at most `max_buckets * (2**32 - 1)` values; beyond, the oldest are forgotten.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> errors = np.repeat([0.0, 1.0, 0.0, 1.0, 1.0], 100)
    >>> detector = detectors.ADWIN()
    >>> detector.update_many(errors)
    array([127, 223, 319])

    >>> detector = detectors.ADWIN()
    >>> for t, x in enumerate(errors):
    ...     detector.update(x)
    ...     if detector.drift_detected:
    ...         print(f"alarm at {t}, {detector.width} values left, mean {detector.estimation:.2f}")
    alarm at 127, 56 values left, mean 0.50
    alarm at 223, 56 values left, mean 0.57
    alarm at 319, 64 values left, mean 0.31

    References
    ----------
    [^1]: Bifet, A. and Gavalda, R. (2007). Learning from time-changing data with adaptive
        windowing. SIAM International Conference on Data Mining, 443-448.

    """

    # read and written at each update, and in a dict slower
    __slots__ = ("_at", "_begin", "_drift_detected", "_given", "_kernel", "_waiting")

    delta: OpenFraction = 0.002
    clock: PositiveInt = 32
    max_buckets: Annotated[int, AtLeast(2)] = 5
    min_window_length: PositiveInt = 5
    grace_period: NonNegativeInt = 10

    def __post_init__(self) -> None:
        check_parameters(self)
        self._reset()

    def _reset(self) -> None:
        super()._reset()
        self._state = np.zeros(at.adwin_size(self.max_buckets, n_rows=32))
        at.adwin_start(
            self._state, self.clock, self.max_buckets, self.min_window_length, self.grace_period
        )
        self._start_waiting()

    def _start_waiting(self) -> None:
        self._waiting = array("d", bytes(8 * _MOST_WAITING))
        address, _ = self._waiting.buffer_info()
        self._given = self._state, address, float(self.delta)  # what the kernel is always given
        self._kernel: Callable[..., int] | None = None  # until it is needed: it may be compiled
        self._wait(self._room())

    def _wait(self, room: int) -> None:
        """Let `room` values wait until a test is due: calls of compiled code take longer than it.

        They stand at the end of `_waiting`, from `_begin` on; `_at` is where the next one goes. The
        last is not let wait.
        """
        self._at = self._begin = _MOST_WAITING - min(room, _MOST_WAITING)

    def _room(self) -> int:
        return 1 if self._drift_detected else max(self.clock - int(self._state[at.TICKS]), 1)

    def _settle(self) -> at.State:
        """Return the state with all values in it."""
        if self._begin < self._at:
            _kernel()(*self._given, self._begin, self._at)
            self._begin = self._at
        return self._state

    def clone(
        self, new_params: dict[str, Any] | None = None, include_attributes: bool = False
    ) -> Self:
        """Return a detector with the same parameters, and what it has read if asked for."""
        self._settle()
        twin = super().clone(new_params, include_attributes)
        if include_attributes:
            twin._drift_detected = self._drift_detected
        twin._start_waiting()
        return twin

    def __getstate__(self) -> dict[str, Any]:
        self._settle()
        return vars(self) | {"_drift_detected": self._drift_detected}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._drift_detected = vars(self).pop("_drift_detected")
        self._start_waiting()

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"delta", "clock", "min_window_length", "grace_period"}

    def _apply_parameters(self) -> None:
        self._settle()
        self._state[at.CLOCK] = self.clock
        self._state[at.MIN_LENGTH] = self.min_window_length
        self._state[at.GRACE_PERIOD] = self.grace_period
        self._start_waiting()

    # river's, but that its getter is no function of Python
    drift_detected = property(
        attrgetter("_drift_detected"), doc="Whether the last value was a drift."
    )

    @property
    def width(self) -> int:
        """Number of values in the window."""
        return int(at.adwin_width(self._settle()))

    @property
    def total(self) -> float:
        """Sum of the window."""
        return float(self._settle()[at.TOTAL])

    @property
    def variance(self) -> float:
        """Sum of the squared distances to the mean of the window, not divided, as river's."""
        return float(self._settle()[at.M2])

    @property
    def estimation(self) -> float:
        """Mean of the window, 0 if it is empty."""
        return float(at.adwin_estimation(self._settle()))

    @property
    def n_detections(self) -> int:
        """Number of alarms since the window began afresh: 1 right after an alarm, as river's."""
        return int(self._settle()[at.N_DETECTIONS])

    def update(self, x: int | float) -> None:
        """Read one finite number, such as the error of a prediction."""
        try:
            if x - x == 0.0:  # finite
                at = self._at
                self._waiting[at] = x
                if at < 31:  # _LAST; a global takes longer
                    self._at = at + 1
                else:
                    self._read_all()
                return
        except (TypeError, OverflowError):
            pass  # refused below, in words
        finite_value(x)

    def _read_all(self) -> None:
        if self._drift_detected:
            x = self._waiting[_LAST]
            self._drift_detected = False
            self._state[at.WIDTH :] = 0.0
            self._wait(self.clock)
            self._waiting[self._at] = x
            if self._at < _LAST:
                self._at += 1
                return
        kernel = self._kernel
        if kernel is None:
            kernel = self._kernel = _kernel()
        state, address, delta = self._given
        room = kernel(state, address, delta, self._begin, _MOST_WAITING)
        self._drift_detected = room == 0
        self._at = self._begin = _MOST_WAITING - (room or 1)

    def update_many(self, xs: Any) -> NDArray[np.int64]:
        """Read finite numbers, shape `(n,)`; return the positions of the alarms in them."""
        values = finite_values(xs)
        if not values.size:
            return np.empty(0, dtype=np.int64)
        state = self._settle()
        alarms = np.empty(values.size // self.clock + 1, dtype=np.int64)
        n_alarms = at.update_many(alarms, state, values, self.delta, self._drift_detected)
        found = alarms[:n_alarms].copy()
        self._drift_detected = bool(n_alarms) and int(found[-1]) == values.size - 1
        self._wait(self._room())
        return found

    @property
    def _raw_memory_usage(self) -> int:
        return memory_bytes(vars(self))
