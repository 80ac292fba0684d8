"""The value channel in one flat array: Page tests on the ranks of a value and of its distance.

Layout of a state, all float64: the head that every detector has, parameters, numbers, a ring of the
newest `gap + window_size` values, and a sorted copy of the reference: those values but the newest
`gap`. An update costs a few binary searches and O(window_size) moves, and allocates nothing.
"""

import math

from olearn.core.jit import njit
from olearn.detectors._state_detector import DECISION, HEADER, N_VALUES, State, decide
from olearn.detectors._windows import insert, n_below, replace

_GAP, _WINDOW, _N_REF, _SETTLE, _LIMIT = range(HEADER, HEADER + 5)
_Q, _UP, _DOWN, _HALF_UP, _HALF_DOWN = range(HEADER + 5, HEADER + 10)
_SKIP, _STORED, _HEAD, _N = range(HEADER + 10, HEADER + 14)
# log-likelihood ratios of the four tests, then how many values had been read when each was last 0
VALUE_LLR, _ONSETS = HEADER + 14, HEADER + 18
# the test with the largest ratio: its number if it fired (else -1), and its onset
VALUE_FIRED, VALUE_ONSET = HEADER + 22, HEADER + 23
_RING = HEADER + 24

# what a test looks for: higher values, lower ones, larger distances, smaller ones
VALUE_CHANNELS = ("level", "level", "spread up", "spread down")


def value_size(gap: int, window_size: int) -> int:
    """Return the length of a state."""
    return _RING + gap + 2 * window_size


def value_start(
    state: State,
    q: float,
    p1: float,
    arl0: float,
    window_size: int,
    gap: int,
    warm_up: int,
    n_ref: int,
    settle: int,
) -> None:
    """Make `state` a channel that has read nothing (unchecked; meaning as in `ValueChannel`)."""
    state[:] = 0.0
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


@njit
def value_update(state: State, x: float) -> int:
    """Read a finite value; return 1 for a drift, else 0.

    After a drift the ratios stay readable; the next update begins with an empty reference.
    """
    if state[DECISION] > 0.0:
        _restart(state)
    state[VALUE_FIRED] = -1.0
    if state[_SKIP] > 0.0:
        state[_SKIP] -= 1.0
        _wait(state)
        return decide(state, 0, False)
    _refer(state)
    if state[_N] >= state[_N_REF]:
        _test(state, x)
    else:
        _wait(state)
    length = state[_GAP] + state[_WINDOW]
    state[_RING + int(state[_HEAD])] = x
    state[_HEAD] = (state[_HEAD] + 1.0) % length
    state[_STORED] = min(state[_STORED] + 1.0, length)
    return _conclude(state)


@njit(forceinline=True)
def _restart(state: State) -> None:
    """Forget the reference and all evidence."""
    state[_SKIP] = state[_SETTLE]
    state[_STORED] = 0.0
    state[_HEAD] = 0.0
    state[_N] = 0.0
    state[VALUE_LLR : VALUE_LLR + 4] = 0.0


@njit(forceinline=True)
def _wait(state: State) -> None:
    state[_ONSETS : _ONSETS + 4] = state[N_VALUES] + 1.0
    state[VALUE_ONSET] = state[N_VALUES] + 1.0


@njit(forceinline=True)
def _refer(state: State) -> None:
    """Let the value that is now `gap` updates old enter the reference.

    A full reference gives up its oldest value: the one that the newest is about to overwrite.
    """
    gap = int(state[_GAP])
    if state[_STORED] < gap:
        return
    window = int(state[_WINDOW])
    length = gap + window
    table = _RING + length
    head = int(state[_HEAD])
    n = int(state[_N])
    entering = state[_RING + (head - gap + length) % length]
    if n < window:
        insert(state, table, n, entering)
        state[_N] += 1.0
    else:
        replace(state, table, n, state[_RING + head], entering)


@njit(forceinline=True)
def _center(state: State, table: int, n: int) -> float:
    """Return the mean of the middle half of the sorted numbers.

    Their median would jump between two levels with each value that comes and goes, in step with
    values that repeat; this moves little by little.
    """
    cut = n // 4
    share = 1.0 / (n - 2 * cut)  # multiplied first: a sum of huge values would overflow
    center = 0.0
    for i in range(table + cut, table + n - cut):
        center += share * state[i]
    return center


@njit(forceinline=True)
def _n_closer(state: State, table: int, n: int, center: float, distance: float) -> tuple[int, int]:
    """Count the sorted numbers closer to the center than `distance`, and just as close."""
    middle = n_below(state, table, n, center)
    low, high = 0, middle
    while low < high:  # the first number on the left that is closer
        i = (low + high) // 2
        if center - state[table + i] < distance:
            high = i
        else:
            low = i + 1
    first = low
    low, high = middle, n
    while low < high:  # the first one on the right that is not
        i = (low + high) // 2
        if state[table + i] - center < distance:
            low = i + 1
        else:
            high = i
    closer = low - first
    equal = 0
    while first > 0 and center - state[table + first - 1] <= distance:
        first -= 1
        equal += 1
    while low < n and state[table + low] - center <= distance:
        low += 1
        equal += 1
    return closer, equal


@njit(forceinline=True)
def _test(state: State, x: float) -> None:
    """Add the evidence of both ranks to the four log-likelihood ratios.

    Evidence is the expected indicator of "the randomised rank is in the tail", the newest number
    counted as one of the reference: its mean is the size of the tail, whatever the ties.
    """
    n = int(state[_N])
    table = _RING + int(state[_GAP] + state[_WINDOW])
    tail = state[_Q] * (n + 1)
    below = n_below(state, table, n, x)
    own = 1
    while below + own <= n and state[table + below + own - 1] == x:
        own += 1
    _add(state, 0, (tail - (n + 1 - below - own)) / own, state[_UP], state[_DOWN])
    _add(state, 1, (tail - below) / own, state[_UP], state[_DOWN])
    # all are as far from the center as it is now: it does not wander between them and the newest
    center = _center(state, table, n)
    below, equal = _n_closer(state, table, n, center, abs(x - center))
    own = equal + 1
    _add(state, 2, (tail - (n + 1 - below - own)) / own, state[_UP], state[_DOWN])
    half = 0.5 * (n + 1)
    _add(state, 3, (half - below) / own, state[_HALF_UP], state[_HALF_DOWN])


@njit(forceinline=True)
def _add(state: State, test: int, evidence: float, up: float, down: float) -> None:
    c = min(max(evidence, 0.0), 1.0)
    llr = max(state[VALUE_LLR + test] + c * up + (1.0 - c) * down, 0.0)
    state[VALUE_LLR + test] = llr
    if llr == 0.0:
        state[_ONSETS + test] = state[N_VALUES] + 1.0


@njit(forceinline=True)
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
