"""The rank test in one flat array: a sequential test whose null distribution is known.

Layout of a state, all float64: the head that every detector has, then parameters, then numbers,
then the newest `gap` levels, and last the weighted counts of the levels 0..K of the reference.
`rank_size` says how long the array must be. An update costs O(K) and allocates nothing.
"""

import math

import numpy as np

from olearn.core.jit import njit
from olearn.detectors._state_detector import DECISION, HEADER, N_VALUES, State, decide

_LEVELS, _LOWER, _Q, _DECAY, _GAP, _N_REF, _SETTLE, _REFLECT = range(HEADER, HEADER + 8)
_UP, _DOWN, _UPPER_LIMIT, _LOWER_LIMIT = range(HEADER + 8, HEADER + 12)
# readable after each update: the evidence (NaN while undecided), the log-likelihood ratio, and how
# many values had been read when that ratio was last 0, which is the position of the next value
RANK_EVIDENCE, RANK_LLR, RANK_ONSET = range(HEADER + 12, HEADER + 15)
_SKIP, _N, _LENGTH, _HEAD = range(HEADER + 15, HEADER + 19)
_QUEUE = HEADER + 19


def rank_size(n_levels: int, gap: int) -> int:
    """Return the length of a state for levels 0..n_levels."""
    return _QUEUE + gap + n_levels + 1


def rank_start(
    state: State,
    n_levels: int,
    lower: bool,
    reflect: bool,
    q: float,
    p1: float,
    arl0: float,
    beta: float,
    half_life: float,
    gap: int,
    warm_up: int,
    n_ref: int,
    settle: int,
) -> None:
    """Make `state` a test that has read nothing (unchecked; meaning as in `RankTest`)."""
    state[:] = 0.0
    state[_LEVELS] = n_levels
    state[_LOWER] = lower
    state[_Q] = q
    state[_DECAY] = 0.5 ** (1.0 / half_life)
    state[_GAP] = gap
    state[_N_REF] = n_ref
    state[_SETTLE] = settle
    state[_REFLECT] = reflect
    state[_UP] = math.log(p1 / q)
    state[_DOWN] = math.log((1.0 - p1) / (1.0 - q))
    state[_UPPER_LIMIT] = math.log(arl0)
    state[_LOWER_LIMIT] = -math.inf if reflect else math.log(beta)
    state[_SKIP] = warm_up
    state[RANK_EVIDENCE] = np.nan


@njit
def rank_update(state: State, score: float) -> int:
    """Read a score in [0, 1]; return 1 for a drift, -1 for "no drift" (mode "both"), else 0.

    After a drift the evidence stays readable; the next update begins with an empty reference.
    """
    _restart(state)
    state[RANK_EVIDENCE] = np.nan
    if state[_SKIP] > 0.0:
        state[_SKIP] -= 1.0
        state[RANK_ONSET] = state[N_VALUES] + 1.0
        return decide(state, 0, False)
    gap = int(state[_GAP])
    counts = _QUEUE + gap
    level = int(state[_LEVELS] * score + 0.5)
    if state[_LENGTH] == gap:
        decay = state[_DECAY]
        for i in range(counts, state.size):
            state[i] *= decay
        state[counts + int(state[_QUEUE + int(state[_HEAD])])] += 1.0
        state[_N] += 1.0
    decision = 0
    if state[_N] >= state[_N_REF]:
        decision = _weigh(state, _evidence(state, counts, level))
    else:
        state[RANK_ONSET] = state[N_VALUES] + 1.0
    # the level leaves the queue `gap` updates from now: the queue is a ring, oldest at its head
    state[_QUEUE + int(state[_HEAD])] = level
    state[_HEAD] = (state[_HEAD] + 1.0) % gap
    state[_LENGTH] = min(state[_LENGTH] + 1.0, gap)
    return decide(state, decision, state[RANK_LLR] >= 0.5 * state[_UPPER_LIMIT])


@njit(forceinline=True)
def _restart(state: State) -> None:
    """Act on the last decision: forget the reference after a drift, the ratio after either."""
    if state[DECISION] == 0.0:
        return
    state[RANK_LLR] = 0.0
    state[RANK_ONSET] = state[N_VALUES]
    if state[DECISION] > 0.0:
        state[_SKIP] = state[_SETTLE]
        state[_N] = 0.0
        state[_LENGTH] = 0.0
        state[_HEAD] = 0.0
        state[_QUEUE + int(state[_GAP]) :] = 0.0


@njit(forceinline=True)
def _evidence(state: State, counts: int, level: int) -> float:
    """Return the expected indicator of "the randomised conformal p-value is below q".

    Its mean is exactly q while levels are exchangeable, whatever their ties.
    """
    below = 0.0
    for i in range(counts, counts + level):
        below += state[i]
    above = 0.0
    for i in range(counts + level + 1, state.size):
        above += state[i]
    own = state[counts + level] + 1.0
    tail = below if state[_LOWER] > 0.0 else above
    # (q - P(beyond)) / P(equal), where the newest level counts as one of the reference
    return min(max((state[_Q] * (below + own + above) - tail) / own, 0.0), 1.0)


@njit(forceinline=True)
def _weigh(state: State, evidence: float) -> int:
    """Add the evidence to the log-likelihood ratio; return the decision."""
    llr = state[RANK_LLR] + evidence * state[_UP] + (1.0 - evidence) * state[_DOWN]
    if state[_REFLECT] > 0.0:
        llr = max(llr, 0.0)
    state[RANK_EVIDENCE] = evidence
    state[RANK_LLR] = llr
    if llr <= 0.0:
        state[RANK_ONSET] = state[N_VALUES] + 1.0
    if llr >= state[_UPPER_LIMIT]:
        return 1
    return -1 if llr <= state[_LOWER_LIMIT] else 0
