"""Kernels of `HTMSPRT`: a value through the whole pipeline and all tests, in one compiled loop."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import njit
from olearn.detectors._rank_kernels import RANK_LLR, RANK_ONSET, rank_update
from olearn.detectors._state_detector import (
    DECISION,
    HEADER,
    N_VALUES,
    WARNING,
    State,
    decide,
)
from olearn.detectors._value_kernels import VALUE_FIRED, VALUE_ONSET, value_update
from olearn.detectors.htm._encoder_kernels import WIDTH, encode_fields
from olearn.detectors.htm._pipeline import NO_ROOM, learn_bits
from olearn.detectors.htm.likelihood import log_likelihood, update_likelihood

# state of the detector, after the head that every detector has: settings, then readings
PAPER, CHANNEL, WARM_UP = range(HEADER, HEADER + 3)
WAITING, PREVIOUS, LOW, HIGH = range(HEADER + 3, HEADER + 7)  # WAITING: values held, -1 when begun
SCORE, LIKELIHOOD, ANOMALY, LLR, ONSET = range(HEADER + 7, HEADER + 12)
POSITION, KIND, EVENT_ONSET, EVENT_LLR = range(HEADER + 12, HEADER + 16)  # of the newest drift
N_ALARMS = HEADER + 16  # in this call
STATE_SIZE = HEADER + 17

# KIND of the newest drift: PATTERN, or 1 + the number of the value test that fired
NO_DRIFT, PATTERN = -1.0, 0.0

# state of the paper's test, after the same head; a decision without restart leaves the ratio be
_UP, _DOWN, _THRESHOLD, _UPPER, _LOWER, _RESTART, _SKIP = range(HEADER, HEADER + 7)
PAPER_LLR, PAPER_ONSET = HEADER + 7, HEADER + 8
_PAPER_SIZE = HEADER + 9

_STOP = 2  # the decision of a value that could not be read yet
_RED = 0.5  # of the log score: a likelihood of 0.99999
_OUTSIDE = 0.05  # NAB's rule: this share of the range so far beyond it is an anomaly in itself


def paper_state(
    threshold: float,
    p_null: float,
    p_alt: float,
    alpha: float,
    beta: float,
    restart_both: bool,
    warm_up: int,
) -> State:
    """Return the state of a paper's test that has read nothing."""
    state = np.zeros(_PAPER_SIZE)
    state[_UP] = math.log(p_alt / p_null)
    state[_DOWN] = math.log((1.0 - p_alt) / (1.0 - p_null))
    state[_THRESHOLD] = threshold
    state[_UPPER] = math.log((1.0 - beta) / alpha)
    state[_LOWER] = math.log(beta / (1.0 - alpha))
    state[_RESTART] = restart_both
    state[_SKIP] = warm_up
    return state


@njit
def paper_update(state, likelihood):
    """Read a likelihood as surprising or not; return 1 for a drift, -1 for "no drift", else 0.

    The ratio stays readable until the next update, which restarts it.
    """
    if state[DECISION] > 0.0 or (state[DECISION] < 0.0 and state[_RESTART] > 0.0):
        state[PAPER_LLR] = 0.0
        state[PAPER_ONSET] = state[N_VALUES]
    if state[_SKIP] > 0.0:
        state[_SKIP] -= 1.0
        state[PAPER_ONSET] = state[N_VALUES] + 1.0
        return decide(state, 0, False)
    llr = state[PAPER_LLR] + (state[_UP] if likelihood > state[_THRESHOLD] else state[_DOWN])
    state[PAPER_LLR] = llr
    if llr <= 0.0:
        state[PAPER_ONSET] = state[N_VALUES] + 1.0
    decision = 1 if llr > state[_UPPER] else -1 if llr < state[_LOWER] else 0
    return decide(state, decision, llr >= 0.5 * state[_UPPER])


@njit
def watch_many(alarms, state, pooler, memory, likely, test, channel, fields, waiting, xs, start):
    """Read values from `start` on; return where to go on: `len(xs)`, or where the owner must act.

    It must make the encoder of the waiting values, or room in the memory.
    """
    bits = np.empty(int(fields[:, WIDTH].sum()), np.int64)
    numbers = np.empty(len(fields))
    for i in range(start, xs.size):
        x = xs[i]
        if state[WAITING] == waiting.size:
            return i
        decision = 0
        if state[WAITING] < 0.0:
            decision = _watch(state, pooler, memory, likely, test, fields, bits, numbers, x)
            if decision == _STOP:
                return i
        else:
            waiting[int(state[WAITING])] = x
            state[WAITING] += 1.0
        _judge_value(state, x)
        if state[CHANNEL] > 0.0 and value_update(channel, x) > 0 and decision < 1:
            decision = 1
            state[KIND] = channel[VALUE_FIRED] + 1.0
            state[EVENT_ONSET] = channel[VALUE_ONSET]
        elif decision > 0:
            state[KIND] = PATTERN
            state[EVENT_ONSET] = state[ONSET]
        _conclude(state, test, channel, decision)
        if decision > 0:
            alarms[int(state[N_ALARMS])] = i
            state[N_ALARMS] += 1.0
    return xs.size


@njit
def catch_up(state, pooler, memory, likely, test, fields, waiting, start):
    """Learn the values that waited, from `start` on; return where room is needed, or the end."""
    bits = np.empty(int(fields[:, WIDTH].sum()), np.int64)
    numbers = np.empty(len(fields))
    for i in range(start, waiting.size):
        if _watch(state, pooler, memory, likely, test, fields, bits, numbers, waiting[i]) == _STOP:
            return i
    return waiting.size


@njit
def _watch(state, pooler, memory, likely, test, fields, bits, numbers, x):
    """Take a value through encoder, pooler, memory and pattern test; return its decision."""
    numbers[0] = x
    if numbers.size > 1:
        numbers[1] = x - state[PREVIOUS]
    score = learn_bits(pooler, memory, bits, encode_fields(bits, fields, numbers))
    if score == NO_ROOM:
        return _STOP
    state[PREVIOUS] = x
    state[SCORE] = score
    state[LIKELIHOOD] = update_likelihood(likely, score, x)
    if state[PAPER] > 0.0:
        decision = paper_update(test, state[LIKELIHOOD])
        state[LLR], state[ONSET] = test[PAPER_LLR], test[PAPER_ONSET]
    else:
        decision = rank_update(test, score)
        state[LLR], state[ONSET] = test[RANK_LLR], test[RANK_ONSET]
    return decision


@njit
def _judge_value(state, x):
    """Say whether a value is an anomaly: a red likelihood, or far outside the range so far."""
    low, high = state[LOW], state[HIGH]
    margin = _OUTSIDE * high - _OUTSIDE * low
    red = log_likelihood(state[LIKELIHOOD]) >= _RED
    late = state[N_VALUES] >= state[WARM_UP]
    outside = late and not low - margin <= x <= high + margin
    state[ANOMALY] = 1.0 if red or outside else 0.0
    state[LOW], state[HIGH] = min(low, x), max(high, x)


@njit
def _conclude(state, test, channel, decision):
    """Write the outcome; after a drift all tests restart, whichever of them fired."""
    warning = test[WARNING] > 0.0 or channel[WARNING] > 0.0
    decide(state, decision, warning)
    if decision > 0:
        test[DECISION] = 1.0
        channel[DECISION] = 1.0
        state[POSITION] = state[N_VALUES] - 1.0
        state[EVENT_LLR] = state[LLR]
