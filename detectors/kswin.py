"""KSWIN: the Kolmogorov-Smirnov test on a sliding window."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import in_python, inner, njit
from olearn.core.parameters import (
    Fraction,
    In,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.detectors._mersenne import (
    N_WORDS,
    Words,
    draw_all,
    restart,
    takes_pool,
    twister,
)
from olearn.detectors._state_detector import DECISION, HEADER, State, StateDetector, decide
from olearn.detectors._values import finite_values
from olearn.detectors._windows import ks_p_value

__all__ = ["KSWIN"]

_WINDOW, _SAMPLE, _N_BITS, _STEPS, _POOLED, _RESEEDED = range(HEADER, HEADER + 6)
# values read, and stored; where the next one goes; the newest distance; how many draws are used
_N, _STORED, _PLACE, _DISTANCE, _USED = range(HEADER + 6, HEADER + 11)
_VALUES = HEADER + 11  # by place, then in order

Places = NDArray[np.uint32]  # those of the values in order, then room for draws
Parts = NDArray[np.int64]  # that of each place in the test: 1 if it is recent, -1 if drawn


@njit
def _update(state: State, places: Places, parts: Parts, words: Words, x: float) -> int:
    if state[DECISION] > 0.0:
        _restart(state, words)
    state[_N] += 1.0
    _slide(state, places, parts, x)
    if state[_STORED] < state[_WINDOW]:
        return decide(state, 0, False)
    window, sample = int(state[_WINDOW]), int(state[_SAMPLE])
    room = places[window:]
    if state[_POOLED] > 0.0:
        _draw_from_pool(state, room, parts, words)
    else:
        _draw_again(state, room, parts, words)
    distance = _distance(state[_VALUES + window :], places, parts, window)
    for i in range(sample):
        parts[room[i]] = 0
    state[_DISTANCE] = distance
    return decide(state, 1 if distance >= state[_STEPS] else 0, False)


@njit
def _scan(
    alarms: NDArray[np.int64],
    state: State,
    places: Places,
    parts: Parts,
    words: Words,
    xs: State,
) -> int:
    n_alarms = 0
    for i in range(xs.size):
        if _update(state, places, parts, words, xs[i]) > 0:
            alarms[n_alarms] = i
            n_alarms += 1
    return n_alarms


@inner
def _restart(state: State, words: Words) -> None:
    """Empty the window; a seed draws the same again, as river's does."""
    state[_N] = 0.0
    state[_STORED] = 0.0
    state[_PLACE] = 0.0
    state[_DISTANCE] = np.nan
    if state[_RESEEDED] > 0.0:
        restart(words)
        state[_USED] = N_WORDS


@inner
def _slide(state: State, places: Places, parts: Parts, x: float) -> None:
    """Put a value in place of the oldest; keep the values in order."""
    window, stored, place = int(state[_WINDOW]), int(state[_STORED]), int(state[_PLACE])
    values, ordered = state[_VALUES:], state[_VALUES + window :]
    # counted over all rather than searched: the processor compares four at a time, guesses none
    old, new, value = 0, 0, values[place]
    for i in range(stored):
        old += ordered[i] < value
        new += ordered[i] < x
    if stored == window:
        while places[old] != place:  # equal values
            old += 1
        new -= value < x
    else:
        old = stored
        state[_STORED] += 1.0
    _move(ordered, old, new)
    _move(places, old, new)
    ordered[new] = x
    places[new] = place
    values[place] = x
    parts[place] = 1
    ageing = place - int(state[_SAMPLE])
    parts[ageing + window if ageing < 0 else ageing] = 0
    state[_PLACE] = 0.0 if place + 1 == window else place + 1.0


@inner
def _move(array: NDArray[Any], old: int, new: int) -> None:
    """Close the gap at `old` and open one at `new`."""
    if old < new:
        part = array[old : new + 1]
        for i in range(new - old):
            part[i] = part[i + 1]
    else:
        part = array[new : old + 1]
        for i in range(old - new, 0, -1):
            part[i] = part[i - 1]


@inner
def _draw_from_pool(state: State, room: Places, parts: Parts, words: Words) -> None:
    """Draw places of older values as `Random.sample` does for few, each out of those left."""
    window, sample = int(state[_WINDOW]), int(state[_SAMPLE])
    oldest = int(state[_PLACE])
    n = window - sample
    picks, pool, draws = room, room[sample:], words[2]
    used = int(state[_USED])
    i = 0
    for n_bits in range(int(state[_N_BITS]), 0, -1):
        end = min(sample, n - (1 << (n_bits - 1)) + 1)  # then fewer bits will do
        while i < end:
            if used == N_WORDS:
                draw_all(words)
                used = 0
            pick = np.int64(draws[used]) >> (32 - n_bits)
            used += 1
            picks[i] = pick
            # one beyond the places left counts for nothing; the sign bit, since the processor would
            # guess a branch wrong every other time
            i -= int((pick - (n - i)) >> 63)
    state[_USED] = used
    for i in range(n):
        place = oldest + i
        pool[i] = place - window if place >= window else place
    for i in range(sample):
        at = picks[i]
        drawn = pool[at]
        picks[i] = drawn
        parts[drawn] = -1
        pool[at] = pool[n - i - 1]


@inner
def _draw_again(state: State, room: Places, parts: Parts, words: Words) -> None:
    """Draw places of older values as `Random.sample` does for many: again where one is drawn."""
    window, sample = int(state[_WINDOW]), int(state[_SAMPLE])
    oldest = int(state[_PLACE])
    n_bits = int(state[_N_BITS])
    i = 0
    while i < sample:
        if state[_USED] == N_WORDS:
            draw_all(words)
            state[_USED] = 0.0
        older = np.int64(words[2, int(state[_USED])]) >> (32 - n_bits)
        state[_USED] += 1.0
        place = (oldest + older) % window
        if older < window - sample and parts[place] == 0:
            parts[place] = -1
            room[i] = place
            i += 1


@inner
def _distance(ordered: State, places: Places, parts: Parts, window: int) -> int:
    """Return the largest difference between the counts up to a value."""
    balance, largest = 0, 0
    for i in range(window - 1):  # it is 0 at the last
        balance += parts[places[i]]
        if ordered[i] != ordered[i + 1]:
            largest = max(largest, abs(balance))
    return largest


def _check_values(name: str, value: Any) -> None:
    try:
        finite_values(np.array(list(value)))
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} must be a list of numbers: {error}") from None


@with_parameters
class KSWIN(StateDetector):
    r"""Kolmogorov-Smirnov test on a sliding window[^1].

    At each value, the newest `stat_size` values are tested against as many, drawn without
    replacement, of the older ones in the window: a drift is a p-value of at most `alpha` with a
    distance above 0.1. Time per update and memory: O(`window_size`); the window is kept in order.

    Parameters
    ----------
    alpha
        Level of each single test, in [0, 1]; best below 0.01.
    window_size
        Number of values in the window, at least 1 and at least twice `stat_size`. The first test is
        when it is full.
    stat_size
        Number of newest values, and of those drawn; at least 1 and at most `window_size`, of which
        it is half at most.
    seed
        Seed of the draws, which begin anew after each drift; None: drawn afresh.
    window
        Values that came before, to begin with; None: there are none. It stays as it was given.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is NaN or infinite.

    Notes
    -----
    Gives the alarms and p-values of `river.drift.KSWIN` with the same seed, row for row: the draws
    are those of Python's `random`. As there, the window is empty after a drift, and `p_value` 0
    before the first test. Windows that overlap from test to test give no control of the time
    between false alarms. There are no warnings.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> xs = np.concatenate([rng.normal(0.0, 1.0, 1000), rng.normal(3.0, 1.0, 1000)])
    >>> detectors.KSWIN(alpha=0.0001, seed=42).update_many(xs)
    array([1016])

    References
    ----------
    [^1]: Raab, C., Heusinger, M. and Schleif, F.-M. (2020). Reactive soft prototype computing for
        concept drift streams. Neurocomputing 416, 340-351.

    """

    alpha: Fraction = 0.005
    window_size: PositiveInt = 100
    stat_size: Annotated[int, In(1, "window_size")] = 30
    seed: Seed = None
    window: Annotated[Sequence[float], _check_values] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.window_size < 2 * self.stat_size:
            raise ValueError(
                f"window_size must be at least twice stat_size, {2 * self.stat_size}, "
                f"got {self.window_size}"
            )
        self._reset()

    def _new_state(self) -> State:
        window, sample = self.window_size, self.stat_size
        state = np.zeros(_VALUES + 2 * window)
        state[_WINDOW], state[_SAMPLE], state[_STEPS] = window, sample, self._least_steps()
        state[_N_BITS] = (window - sample).bit_length()
        state[_POOLED] = takes_pool(window - sample, sample)
        state[_RESEEDED] = self.seed is not None
        state[_DISTANCE], state[_USED] = np.nan, N_WORDS
        self._places = np.zeros(2 * window, dtype=np.uint32)
        self._parts = np.zeros(window, dtype=np.int64)
        self._words = twister(self.seed)
        if self.window is not None:
            for x in list(self.window)[-window:]:
                in_python(_slide)(state, self._places, self._parts, float(x))
        return state

    def _least_steps(self) -> int:
        """Return the least distance that is a drift, in steps of one value."""
        size, alpha = self.stat_size, self.alpha
        return bisect_left(
            range(size + 2),
            True,
            key=lambda steps: steps / size > 0.1 and ks_p_value(steps, size, "auto") <= alpha,
        )

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"alpha"}

    def _apply_parameters(self) -> None:
        self._state[_STEPS] = self._least_steps()

    def _step(self, x: float) -> None:
        _update(self._state, self._places, self._parts, self._words, x)

    def _scan(self, alarms: NDArray[np.int64], xs: State) -> int:
        arrays = self._state, self._places, self._parts, self._words
        found: int = _scan(alarms, *arrays, xs)
        return found

    @property
    def n(self) -> int:
        """Number of values read since the window began."""
        return int(self._state[_N])

    @property
    def p_value(self) -> float:
        """P-value of the newest test, 0 before there was one."""
        distance = self._state[_DISTANCE]
        return 0.0 if np.isnan(distance) else ks_p_value(int(distance), self.stat_size, "auto")
