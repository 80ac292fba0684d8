"""The value channel in one flat array: Page tests on the ranks of a value and of its distance.

Layout of a state, all float64: the head that every detector has, parameters, numbers, then for the
values and for the distances a ring of the newest `gap + window_size` numbers, then for both a
sorted copy of the reference: those numbers but the newest `gap`. An update costs O(window_size)
moves of one number and allocates nothing.
"""

import math

from numba import njit

from olearn.detectors._state_detector import DECISION, HEADER, N_VALUES, State, decide

_RATE, _GAP, _WINDOW, _N_REF, _SETTLE, _LIMIT = range(HEADER, HEADER + 6)
_Q, _UP, _DOWN, _HALF_UP, _HALF_DOWN = range(HEADER + 6, HEADER + 11)
_SKIP, _MEAN, _STORED, _HEAD, _N = range(HEADER + 11, HEADER + 16)
# log-likelihood ratios of the four tests, then how many values had been read when each was last 0
VALUE_LLR, _ONSETS = HEADER + 16, HEADER + 20
# the test with the largest ratio: its number if it fired (else -1), and its onset
VALUE_FIRED, VALUE_ONSET = HEADER + 24, HEADER + 25
_RINGS = HEADER + 26

# what a test looks for: higher values, lower ones, larger distances, smaller ones
VALUE_CHANNELS = ("level", "level", "spread up", "spread down")


def value_size(gap: int, window_size: int) -> int:
    """Return the length of a state."""
    return _RINGS + 2 * (gap + window_size) + 2 * window_size


def value_start(
    state: State,
    q: float,
    p1: float,
    arl0: float,
    rate: float,
    window_size: int,
    gap: int,
    warm_up: int,
    n_ref: int,
    settle: int,
) -> None:
    """Make `state` a channel that has read nothing (unchecked; meaning as in `ValueChannel`)."""
    state[:] = 0.0
    state[_RATE] = rate
    state[_GAP] = gap
    state[_WINDOW] = window_size
    state[_N_REF] = n_ref
    state[_SETTLE] = settle
    state[_LIMIT] = math.log(4.0 * arl0)  # a union of four tests
    state[_Q] = q
    state[_UP] = math.log(p1 / q)
    state[_DOWN] = math.log((1.0 - p1) / (1.0 - q))
    # a tail of one tenth says nothing about a shrinking spread: half against three quarters
    state[_HALF_UP] = math.log(0.75 / 0.5)
    state[_HALF_DOWN] = math.log(0.25 / 0.5)
    state[_SKIP] = warm_up
    state[VALUE_FIRED] = -1.0


@njit(cache=True)
def value_update(state: State, x: float) -> int:
    """Read a finite value; return 1 for a drift, else 0.

    After a drift the ratios stay readable; the next update begins with an empty reference.
    """
    if state[DECISION] > 0.0:
        _restart(state)
    mean = state[_MEAN] if state[N_VALUES] > 0.0 else x
    gap_to_mean = min(max(x - mean, -1.7e308), 1.7e308)  # infinite only for values near the limit
    state[_MEAN] = mean + state[_RATE] * gap_to_mean
    state[VALUE_FIRED] = -1.0
    if state[_SKIP] > 0.0:
        state[_SKIP] -= 1.0
        _wait(state)
        return decide(state, 0, False)
    distance = abs(gap_to_mean)
    _refer(state)
    if state[_N] >= state[_N_REF]:
        _test(state, x, distance)
    else:
        _wait(state)
    length = int(state[_GAP] + state[_WINDOW])
    head = int(state[_HEAD])
    state[_RINGS + head] = x
    state[_RINGS + length + head] = distance
    state[_HEAD] = (head + 1) % length
    state[_STORED] = min(state[_STORED] + 1.0, length)
    return _conclude(state)


@njit(cache=True, forceinline=True)
def _restart(state: State) -> None:
    """Forget the reference and all evidence; the running mean goes on."""
    state[_SKIP] = state[_SETTLE]
    state[_STORED] = 0.0
    state[_HEAD] = 0.0
    state[_N] = 0.0
    state[VALUE_LLR : VALUE_LLR + 4] = 0.0


@njit(cache=True, forceinline=True)
def _wait(state: State) -> None:
    state[_ONSETS : _ONSETS + 4] = state[N_VALUES] + 1.0
    state[VALUE_ONSET] = state[N_VALUES] + 1.0


@njit(cache=True, forceinline=True)
def _refer(state: State) -> None:
    """Move the values that are now `gap` updates old from the ring's newest part to the reference.

    A full reference gives up its oldest value: the one that the newest is about to overwrite.
    """
    gap = int(state[_GAP])
    if state[_STORED] < gap:
        return
    window = int(state[_WINDOW])
    length = gap + window
    head = int(state[_HEAD])
    n = int(state[_N])
    for k in range(2):
        ring = _RINGS + k * length
        table = _RINGS + 2 * length + k * window
        entering = state[ring + (head - gap + length) % length]
        if n < window:
            _insert(state, table, n, entering)
        else:
            _replace(state, table, n, state[ring + head], entering)
    if n < window:
        state[_N] += 1.0


@njit(cache=True, forceinline=True)
def _n_below(state: State, table: int, n: int, value: float) -> int:
    """Count the sorted numbers smaller than `value`."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if state[table + middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, forceinline=True)
def _insert(state: State, table: int, n: int, value: float) -> None:
    i = n
    while i > 0 and state[table + i - 1] > value:
        state[table + i] = state[table + i - 1]
        i -= 1
    state[table + i] = value


@njit(cache=True, forceinline=True)
def _replace(state: State, table: int, n: int, old: float, new: float) -> None:
    """Take `old` out of the sorted numbers and put `new` in: one shift of those between them."""
    i = table + _n_below(state, table, n, old)
    last = table + n - 1
    while i < last and state[i + 1] < new:
        state[i] = state[i + 1]
        i += 1
    while i > table and state[i - 1] > new:
        state[i] = state[i - 1]
        i -= 1
    state[i] = new


@njit(cache=True, forceinline=True)
def _test(state: State, x: float, distance: float) -> None:
    """Add the evidence of both ranks to the four log-likelihood ratios.

    Evidence is the expected indicator of "the randomised rank is in the tail", the newest number
    counted as one of the reference: its mean is the size of the tail, whatever the ties.
    """
    n = int(state[_N])
    window = int(state[_WINDOW])
    table = _RINGS + 2 * (int(state[_GAP]) + window)
    for k in range(2):
        value = x if k == 0 else distance
        below = _n_below(state, table, n, value)
        own = below
        while own < n and state[table + own] == value:
            own += 1
        own += 1 - below
        above = n + 1 - below - own
        tail = state[_Q] * (n + 1)
        _add(state, 2 * k, (tail - above) / own, state[_UP], state[_DOWN])
        if k == 0:
            _add(state, 1, (tail - below) / own, state[_UP], state[_DOWN])
        else:
            half = 0.5 * (n + 1)
            _add(state, 3, (half - below) / own, state[_HALF_UP], state[_HALF_DOWN])
        table += window


@njit(cache=True, forceinline=True)
def _add(state: State, test: int, evidence: float, up: float, down: float) -> None:
    c = min(max(evidence, 0.0), 1.0)
    llr = max(state[VALUE_LLR + test] + c * up + (1.0 - c) * down, 0.0)
    state[VALUE_LLR + test] = llr
    if llr == 0.0:
        state[_ONSETS + test] = state[N_VALUES] + 1.0


@njit(cache=True, forceinline=True)
def _conclude(state: State) -> int:
    """Decide by the largest ratio; all four have one threshold."""
    best = 0
    for test in range(1, 4):
        if state[VALUE_LLR + test] > state[VALUE_LLR + best]:
            best = test
    llr = state[VALUE_LLR + best]
    state[VALUE_ONSET] = state[_ONSETS + best]
    if llr >= state[_LIMIT]:
        state[VALUE_FIRED] = best
        return decide(state, 1, False)
    return decide(state, 0, llr >= 0.5 * state[_LIMIT])
