"""ADWIN over one flat array: kernels for use inside compiled trees, and the river detector.

Layout of a state, all float64: four parameters, six numbers, then one row for each bucket size
2^0, 2^1, ...: how many buckets it holds, and the total and the centred sum of squares of each,
oldest first. `adwin_size` says how long the array must be. When the last row is full, its two
oldest buckets are forgotten without an alarm: the window holds at most
`max_buckets * (2**n_rows - 1)` values.
"""

import math
from array import array
from typing import Annotated, Any, Self

import numpy as np
from numba import carray  # type: ignore[attr-defined]
from numpy.typing import NDArray

from olearn.base import ArrayDetector
from olearn.core.jit import inner, njit
from olearn.core.kernel_arrays import pointer
from olearn.core.memory import memory_bytes
from olearn.core.parameters import (
    AtLeast,
    NonNegativeInt,
    OpenFraction,
    PositiveInt,
    check_parameters,
    with_parameters,
)
from olearn.detectors._values import finite_value, finite_values

__all__ = ["ADWIN"]

State = NDArray[np.float64]

_CLOCK, _MAX_BUCKETS, _MIN_LENGTH, _GRACE_PERIOD = range(4)
_WIDTH, _TOTAL, _M2, _TICKS, _N_DETECTIONS, _N_ROWS = range(4, 10)
_HEADER = 10


def adwin_size(max_buckets: int = 5, n_rows: int = 20) -> int:
    """Return the length a state must have exactly: 230 numbers for 5 million values by default."""
    return _HEADER + n_rows * (1 + 2 * max_buckets)


@njit
def adwin_start(
    state: State,
    clock: int = 32,
    max_buckets: int = 5,
    min_window_length: int = 5,
    grace_period: int = 10,
) -> None:
    """Make `state` an empty window with these parameters (unchecked; meaning as in `ADWIN`)."""
    state[_CLOCK] = clock
    state[_MAX_BUCKETS] = max_buckets
    state[_MIN_LENGTH] = min_window_length
    state[_GRACE_PERIOD] = grace_period
    state[_WIDTH:] = 0.0


@inner
def adwin_reset(state: State) -> None:
    """Empty the window and the clock in place; the parameters stay."""
    state[_WIDTH:] = 0.0


@inner
def adwin_width(state: State) -> float:
    """Return how many values the window holds."""
    return state[_WIDTH]


@inner
def adwin_total(state: State) -> float:
    """Return the sum of the window."""
    return state[_TOTAL]


@inner
def adwin_estimation(state: State) -> float:
    """Return the mean of the window, 0 if it is empty."""
    return state[_TOTAL] / state[_WIDTH] if state[_WIDTH] > 0.0 else 0.0


@inner
def adwin_update(state: State, x: float, delta: float) -> bool:
    """Add a finite value to the window in place; return whether the window was cut.

    After a cut the state keeps the newer part, as in the paper; `ADWIN` itself, as river's, begins
    afresh at the next value.
    """
    _insert(state, x)
    state[_TICKS] += 1.0
    return state[_TICKS] >= state[_CLOCK] and _cut(state, delta)


@inner
def _cut(state: State, delta: float) -> bool:
    """Cut the window where its parts differ, and start the clock; return whether any did."""
    state[_TICKS] = 0.0
    if state[_WIDTH] <= state[_GRACE_PERIOD] or delta == 0.0:
        return False
    drift = False
    while _has_cut(state, delta):
        _drop_oldest(state)
        drift = True
    if drift:
        state[_N_DETECTIONS] += 1.0
    return drift


@inner
def adwin_rose(state: State, x: float, delta: float) -> bool:
    """Add a value as `adwin_update` does; return whether the window was cut and its mean rose."""
    width, total = state[_WIDTH], state[_TOTAL]
    # multiplied, not divided: this runs for every row of every tree, and a cut is rare
    if not adwin_update(state, x, delta):
        return False
    return adwin_estimation(state) * width > total


@inner
def _insert(state: State, x: float) -> None:
    """Add a value to the window."""
    width = state[_WIDTH]
    if width > 0.0:
        gap = x - state[_TOTAL] / width
        state[_M2] += width * gap * gap / (width + 1.0)
    state[_WIDTH] = width + 1.0
    state[_TOTAL] += x
    _push(state, x)


@inner
def _insert_many(state: State, xs: State, begin: int, end: int) -> None:
    """Do as `_insert` for each value; sums that are not read back from memory are twice as fast."""
    width, total, m2 = state[_WIDTH], state[_TOTAL], state[_M2]
    for i in range(begin, end):
        x = xs[i]
        if width > 0.0:
            gap = x - total / width
            m2 += width * gap * gap / (width + 1.0)
        width += 1.0
        total += x
        state[_WIDTH], state[_TOTAL], state[_M2] = width, total, m2
        if _push(state, x):
            width, total, m2 = state[_WIDTH], state[_TOTAL], state[_M2]


@inner
def _push(state: State, x: float) -> bool:
    """Add a bucket of one value; a full row passes its two oldest buckets, merged, to the next.

    Return whether the last row was full, so that the oldest values were forgotten.
    """
    capacity = int(state[_MAX_BUCKETS])
    stride = 1 + 2 * capacity
    row = _HEADER
    n_row = 1.0
    total = x
    m2 = 0.0
    while state[row] == capacity:
        t0 = state[row + 1]
        m2_0 = state[row + 2]
        t1 = state[row + 3]
        m2_1 = state[row + 4]
        for i in range(row + 1, row + stride - 4):
            state[i] = state[i + 4]
        state[row + stride - 4] = total
        state[row + stride - 3] = m2
        state[row] = capacity - 1.0
        gap = t0 / n_row - t1 / n_row
        total = t0 + t1
        m2 = m2_0 + m2_1 + n_row * n_row * gap * gap / (n_row + n_row)
        row += stride
        n_row += n_row
        if row == state.size:  # full: the window slides
            _forget(state, n_row, total, m2)
            return True
    if state[row] == 0.0:
        n_rows = (row - _HEADER) // stride + 1.0
        if state[_N_ROWS] < n_rows:
            state[_N_ROWS] = n_rows
    end = row + 1 + 2 * int(state[row])
    state[end] = total
    state[end + 1] = m2
    state[row] += 1.0
    return False


@inner
def _forget(state: State, n: float, total: float, m2: float) -> None:
    """Take the oldest `n` values, whose statistics are given, out of those of the window."""
    state[_WIDTH] -= n
    state[_TOTAL] -= total
    gap = total / n - state[_TOTAL] / state[_WIDTH]
    state[_M2] -= m2 + n * state[_WIDTH] * gap * gap / (n + state[_WIDTH])


@inner
def _drop_oldest(state: State) -> None:
    """Remove the oldest bucket; the window holds more than this one."""
    stride = 1 + 2 * int(state[_MAX_BUCKETS])
    row = _HEADER + (int(state[_N_ROWS]) - 1) * stride
    _forget(state, 2.0 ** (state[_N_ROWS] - 1.0), state[row + 1], state[row + 2])
    state[row] -= 1.0
    for i in range(row + 1, row + 1 + 2 * int(state[row])):
        state[i] = state[i + 2]
    while state[row] == 0.0:
        state[_N_ROWS] -= 1.0
        row -= stride


@inner
def _has_cut(state: State, delta: float) -> bool:
    """Whether the means of some split of the window differ by more than the bound allows.

    The bound is the paper's one with the variance of the window, see `ADWIN`; each part's length
    is counted from `min_window_length` up, river's choice.
    """
    width = state[_WIDTH]
    shortest = state[_MIN_LENGTH]
    # rounding can leave the squares of a window of equal values below zero: nothing to cut there
    if width < 2.0 * shortest or state[_M2] < 0.0:
        return False
    stride = 1 + 2 * int(state[_MAX_BUCKETS])
    log_term = math.log(2.0 * math.log(width) / delta)
    scale = 2.0 * (state[_M2] / width)
    n0 = 0.0
    total0 = 0.0
    n1 = width
    total1 = state[_TOTAL]
    n_row = 2.0 ** (state[_N_ROWS] - 1.0)
    for row in range(_HEADER + (int(state[_N_ROWS]) - 1) * stride, 0, -stride):
        for i in range(row + 1, row + 1 + 2 * int(state[row]), 2):
            n0 += n_row
            n1 -= n_row
            total0 += state[i]
            total1 -= state[i]
            if n1 < shortest:
                return False
            if n0 >= shortest:
                inverse = 1.0 / (n0 - shortest + 1.0) + 1.0 / (n1 - shortest + 1.0)
                gap = math.fabs(total0 / n0 - total1 / n1)
                square = scale * inverse * log_term
                # far below the bound, which most splits are, no root is needed to know it
                if (
                    gap * gap >= 0.999 * square
                    and gap > math.sqrt(square) + 2.0 / 3.0 * log_term * inverse
                ):
                    return True
        n_row *= 0.5
    return False


@inner
def _update_block(state: State, xs: State, begin: int, end: int, delta: float) -> bool:
    """Add values of which only the last can be due for a test; return whether it cut."""
    _insert_many(state, xs, begin, end)
    state[_TICKS] += end - begin
    return state[_TICKS] >= state[_CLOCK] and _cut(state, delta)


@njit
def _update_waiting(state: State, address: int, begin: int, end: int, delta: float) -> int:
    """Do as `_update_block` with values from an address on; return how many may wait, 0: it cut."""
    xs = carray(pointer(address), (end,), np.float64)
    if _update_block(state, xs, begin, end, delta):
        return 0
    return max(int(state[_CLOCK] - state[_TICKS]), 1)


@njit
def _update_many(
    alarms: NDArray[np.int64], state: State, xs: State, delta: float, drifted: bool
) -> int:
    """Write the positions of the alarms, return their number; `drifted`: reset before the first."""
    n_alarms = 0
    begin = 0
    while begin < xs.size:
        if drifted:
            adwin_reset(state)
        room = int(state[_CLOCK] - state[_TICKS])
        end = min(begin + max(room, 1), xs.size)
        drifted = _update_block(state, xs, begin, end, delta)
        begin = end
        if drifted:
            alarms[n_alarms] = end - 1
            n_alarms += 1
    return n_alarms


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

    __slots__ = ("_at", "_begin", "_waiting")  # read and written at each update

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
        self._state = np.zeros(adwin_size(self.max_buckets, n_rows=32))
        adwin_start(
            self._state, self.clock, self.max_buckets, self.min_window_length, self.grace_period
        )
        self._waiting = array("d", bytes(8 * _MOST_WAITING))
        self._wait(self._room())

    def _wait(self, room: int) -> None:
        """Let `room` values wait until a test is due: calls of compiled code take longer than it.

        They stand at the end of `_waiting`, from `_begin` on; `_at`, counted from the end, is where
        the next one goes. The last is not let wait.
        """
        room = min(room, _MOST_WAITING)
        self._at, self._begin = -room, _MOST_WAITING - room

    def _room(self) -> int:
        return 1 if self._drift_detected else max(self.clock - int(self._state[_TICKS]), 1)

    def _read_waiting(self, end: int) -> int:
        """Read the values that wait before `end`; return how many may wait now, 0: it cut."""
        address, _ = self._waiting.buffer_info()
        begin, self._begin = self._begin, end
        room: int = _update_waiting(self._state, address, begin, end, self.__dict__["delta"])
        return room

    def _settle(self) -> State:
        """Return the state with all values in it."""
        end = _MOST_WAITING + self._at
        if self._begin < end:
            self._read_waiting(end)
        return self._state

    def clone(
        self, new_params: dict[str, Any] | None = None, include_attributes: bool = False
    ) -> Self:
        """Return a detector with the same parameters, and what it has read if asked for."""
        self._settle()
        twin = super().clone(new_params, include_attributes)
        twin._wait(twin._room())
        return twin

    def __getstate__(self) -> dict[str, Any]:
        self._settle()
        return vars(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._waiting = array("d", bytes(8 * _MOST_WAITING))
        self._wait(self._room())

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"delta", "clock", "min_window_length", "grace_period"}

    def _apply_parameters(self) -> None:
        self._state[_CLOCK] = self.clock
        self._state[_MIN_LENGTH] = self.min_window_length
        self._state[_GRACE_PERIOD] = self.grace_period
        self._wait(self._room())

    @property
    def width(self) -> int:
        """Number of values in the window."""
        return int(adwin_width(self._settle()))

    @property
    def total(self) -> float:
        """Sum of the window."""
        return float(self._settle()[_TOTAL])

    @property
    def variance(self) -> float:
        """Sum of the squared distances to the mean of the window, not divided, as river's."""
        return float(self._settle()[_M2])

    @property
    def estimation(self) -> float:
        """Mean of the window, 0 if it is empty."""
        return float(adwin_estimation(self._settle()))

    @property
    def n_detections(self) -> int:
        """Number of alarms since the window began afresh: 1 right after an alarm, as river's."""
        return int(self._settle()[_N_DETECTIONS])

    def update(self, x: int | float) -> None:
        """Read one finite number, such as the error of a prediction."""
        at = self._at
        try:
            if x - x == 0.0:  # finite
                self._waiting[at] = x
                if at < -1:
                    self._at = at + 1
                else:
                    self._read_all()
                return
        except (TypeError, OverflowError):
            pass  # refused below, in words
        finite_value(x)

    def _read_all(self) -> None:
        if self._drift_detected:
            x = self._waiting[-1]
            self._reset()
            at = self._at
            self._waiting[at] = x
            if at < -1:
                self._at = at + 1
                return
        room = self._read_waiting(_MOST_WAITING)
        self._drift_detected = room == 0
        self._wait(room or 1)

    def update_many(self, xs: Any) -> NDArray[np.int64]:
        """Read finite numbers, shape `(n,)`; return the positions of the alarms in them."""
        values = finite_values(xs)
        if not values.size:
            return np.empty(0, dtype=np.int64)
        state = self._settle()
        alarms = np.empty(values.size // self.clock + 1, dtype=np.int64)
        n_alarms = _update_many(alarms, state, values, self.delta, self._drift_detected)
        found = alarms[:n_alarms].copy()
        self._drift_detected = bool(n_alarms) and int(found[-1]) == values.size - 1
        self._wait(self._room())
        return found

    @property
    def _raw_memory_usage(self) -> int:
        return memory_bytes(vars(self))


_MOST_WAITING = 32
