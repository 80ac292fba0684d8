"""Kernels of ADWIN over one flat array, for its class and inside of compiled trees.

Layout of a state, all float64: four parameters, six numbers, then one row for each bucket size
2^0, 2^1, ...: how many buckets it holds, and the total and the centred sum of squares of each,
oldest first. `adwin_size` says how long the array must be. When the last row is full, its two
oldest buckets are forgotten without an alarm: the window holds at most
`max_buckets * (2**n_rows - 1)` values.
"""

import math

import numpy as np
from numba import carray  # type: ignore[attr-defined]
from numpy.typing import NDArray

from olearn.core.jit import inner, njit
from olearn.core.kernel_arrays import pointer

State = NDArray[np.float64]

CLOCK, MAX_BUCKETS, MIN_LENGTH, GRACE_PERIOD = range(4)
WIDTH, TOTAL, M2, TICKS, N_DETECTIONS, N_ROWS = range(4, 10)
HEADER = 10


def adwin_size(max_buckets: int = 5, n_rows: int = 20) -> int:
    """Return the length a state must have exactly: 230 numbers for 5 million values by default."""
    return HEADER + n_rows * (1 + 2 * max_buckets)


@njit
def adwin_start(
    state: State,
    clock: int = 32,
    max_buckets: int = 5,
    min_window_length: int = 5,
    grace_period: int = 10,
) -> None:
    """Make `state` an empty window with these parameters (unchecked; meaning as in `ADWIN`)."""
    state[CLOCK] = clock
    state[MAX_BUCKETS] = max_buckets
    state[MIN_LENGTH] = min_window_length
    state[GRACE_PERIOD] = grace_period
    state[WIDTH:] = 0.0


@inner
def adwin_reset(state: State) -> None:
    """Empty the window and the clock in place; the parameters stay."""
    state[WIDTH:] = 0.0


@inner
def adwin_width(state: State) -> float:
    """Return how many values the window holds."""
    return state[WIDTH]


@inner
def adwin_total(state: State) -> float:
    """Return the sum of the window."""
    return state[TOTAL]


@inner
def adwin_estimation(state: State) -> float:
    """Return the mean of the window, 0 if it is empty."""
    return state[TOTAL] / state[WIDTH] if state[WIDTH] > 0.0 else 0.0


@inner
def adwin_update(state: State, x: float, delta: float) -> bool:
    """Add a finite value to the window in place; return whether the window was cut.

    After a cut the state keeps the newer part, as in the paper; `ADWIN` itself, as river's, begins
    afresh at the next value.
    """
    _insert(state, x)
    state[TICKS] += 1.0
    return state[TICKS] >= state[CLOCK] and _cut(state, delta)


@inner
def _cut(state: State, delta: float) -> bool:
    """Cut the window where its parts differ, and start the clock; return whether any did."""
    state[TICKS] = 0.0
    if state[WIDTH] <= state[GRACE_PERIOD] or delta == 0.0:
        return False
    drift = False
    while _has_cut(state, delta):
        _drop_oldest(state)
        drift = True
    if drift:
        state[N_DETECTIONS] += 1.0
    return drift


@inner
def adwin_rose(state: State, x: float, delta: float) -> bool:
    """Add a value as `adwin_update` does; return whether the window was cut and its mean rose."""
    width, total = state[WIDTH], state[TOTAL]
    # multiplied, not divided: this runs for every row of every tree, and a cut is rare
    if not adwin_update(state, x, delta):
        return False
    return adwin_estimation(state) * width > total


@inner
def _insert(state: State, x: float) -> None:
    """Add a value to the window."""
    width = state[WIDTH]
    if width > 0.0:
        gap = x - state[TOTAL] / width
        state[M2] += width * gap * gap / (width + 1.0)
    state[WIDTH] = width + 1.0
    state[TOTAL] += x
    _push(state, x)


@inner
def _insert_many(state: State, xs: State, begin: int, end: int) -> None:
    """Do as `_insert` for each value; sums that are not read back from memory are twice as fast."""
    width, total, m2 = state[WIDTH], state[TOTAL], state[M2]
    for x in xs[begin:end]:
        if width > 0.0:
            gap = x - total / width
            m2 += width * gap * gap / (width + 1.0)
        width += 1.0
        total += x
        state[WIDTH], state[TOTAL], state[M2] = width, total, m2
        if _push(state, x):
            width, total, m2 = state[WIDTH], state[TOTAL], state[M2]


@inner
def _push(state: State, x: float) -> bool:
    """Add a bucket of one value; a full row passes its two oldest buckets, merged, to the next.

    Return whether the last row was full, so that the oldest values were forgotten.
    """
    capacity = int(state[MAX_BUCKETS])
    stride = 1 + 2 * capacity
    row = HEADER
    n_row, share = 1.0, 1.0  # a power of two and its inverse: as exact as a division, and faster
    total = x
    m2 = 0.0
    part = state[row : row + stride]  # whose small indices need no check for negative ones
    while part[0] == capacity:
        t0, m2_0, t1, m2_1 = part[1], part[2], part[3], part[4]
        if capacity == 5:  # the default; a loop takes longer to begin
            part[1], part[2], part[3] = part[5], part[6], part[7]
            part[4], part[5], part[6] = part[8], part[9], part[10]
        else:
            for i in range(1, stride - 4):
                part[i] = part[i + 4]
        part[stride - 4] = total
        part[stride - 3] = m2
        part[0] = capacity - 1.0
        gap = t0 * share - t1 * share
        share *= 0.5
        total = t0 + t1
        m2 = m2_0 + m2_1 + n_row * n_row * gap * gap * share
        row += stride
        n_row += n_row
        if row == state.size:  # full: the window slides
            _forget(state, n_row, total, m2)
            return True
        part = state[row : row + stride]
    if part[0] == 0.0:
        n_rows = (row - HEADER) // stride + 1.0
        if state[N_ROWS] < n_rows:
            state[N_ROWS] = n_rows
    end = 1 + 2 * int(part[0])
    part[end] = total
    part[end + 1] = m2
    part[0] += 1.0
    return False


@inner
def _forget(state: State, n: float, total: float, m2: float) -> None:
    """Take the oldest `n` values, whose statistics are given, out of those of the window."""
    state[WIDTH] -= n
    state[TOTAL] -= total
    gap = total / n - state[TOTAL] / state[WIDTH]
    state[M2] -= m2 + n * state[WIDTH] * gap * gap / (n + state[WIDTH])


@inner
def _drop_oldest(state: State) -> None:
    """Remove the oldest bucket; the window holds more than this one."""
    stride = 1 + 2 * int(state[MAX_BUCKETS])
    row = HEADER + (int(state[N_ROWS]) - 1) * stride
    _forget(state, 2.0 ** (state[N_ROWS] - 1.0), state[row + 1], state[row + 2])
    state[row] -= 1.0
    for i in range(row + 1, row + 1 + 2 * int(state[row])):
        state[i] = state[i + 2]
    while state[row] == 0.0:
        state[N_ROWS] -= 1.0
        row -= stride


@inner
def _has_cut(state: State, delta: float) -> bool:
    """Whether the means of some split of the window differ by more than the bound allows.

    The bound is the paper's one with the variance of the window, see `ADWIN`; each part's length
    is counted from `min_window_length` up, river's choice.
    """
    width = state[WIDTH]
    shortest = state[MIN_LENGTH]
    # rounding can leave the squares of a window of equal values below zero: nothing to cut there
    if width < 2.0 * shortest or state[M2] < 0.0:
        return False
    stride = 1 + 2 * int(state[MAX_BUCKETS])
    log_term = math.log(2.0 * math.log(width) / delta)
    scale = 2.0 * (state[M2] / width)
    n0 = 0.0
    total0 = 0.0
    n1 = width
    total1 = state[TOTAL]
    n_row = 2.0 ** (state[N_ROWS] - 1.0)
    for row in range(HEADER + (int(state[N_ROWS]) - 1) * stride, 0, -stride):
        part = state[row : row + stride]
        for i in range(1, 1 + 2 * int(part[0]), 2):
            n0 += n_row
            n1 -= n_row
            total0 += part[i]
            total1 -= part[i]
            if n1 < shortest:
                return False
            if n0 >= shortest and not _is_far_below(
                total0, n0, total1, n1, shortest, scale * log_term
            ):
                inverse = 1.0 / (n0 - shortest + 1.0) + 1.0 / (n1 - shortest + 1.0)
                gap = math.fabs(total0 / n0 - total1 / n1)
                bound = math.sqrt(scale * inverse * log_term) + 2.0 / 3.0 * log_term * inverse
                if gap > bound:
                    return True
        n_row *= 0.5
    return False


@inner
def _is_far_below(
    total0: float, n0: float, total1: float, n1: float, shortest: float, square: float
) -> bool:
    """Whether a gap is below the bound by far, as most are: what that takes has no division.

    The gap is taken larger by more than any rounding, here or in the exact test, can make it.
    """
    cross0, cross1 = total0 * n1, total1 * n0
    gap = math.fabs(cross0 - cross1) + 1e-15 * (math.fabs(cross0) + math.fabs(cross1))
    m0, m1 = n0 - shortest + 1.0, n1 - shortest + 1.0
    n = n0 * n1
    return gap * gap * (m0 * m1) < 0.999 * square * (m0 + m1) * n * n


@inner
def _update_block(state: State, xs: State, begin: int, end: int, delta: float) -> bool:
    """Add values of which only the last can be due for a test; return whether it cut."""
    _insert_many(state, xs, begin, end)
    state[TICKS] += end - begin
    return state[TICKS] >= state[CLOCK] and _cut(state, delta)


@njit
def update_waiting(state: State, address: int, delta: float, begin: int, end: int) -> int:
    """Do as `_update_block` with values from an address on; return how many may wait, 0: it cut.

    No more wait than there are from the address to `end`.
    """
    xs = carray(pointer(address), (end,), np.float64)
    if _update_block(state, xs, begin, end, delta):
        return 0
    return min(max(int(state[CLOCK] - state[TICKS]), 1), end)


@njit
def update_many(
    alarms: NDArray[np.int64], state: State, xs: State, delta: float, drifted: bool
) -> int:
    """Write the positions of the alarms, return their number; `drifted`: reset before the first."""
    n_alarms = 0
    begin = 0
    while begin < xs.size:
        if drifted:
            adwin_reset(state)
        room = int(state[CLOCK] - state[TICKS])
        end = min(begin + max(room, 1), xs.size)
        drifted = _update_block(state, xs, begin, end, delta)
        begin = end
        if drifted:
            alarms[n_alarms] = end - 1
            n_alarms += 1
    return n_alarms
