"""Wald's test in one flat array, for four observation models, one- and two-sided.

Layout of a state, all float64: the head that every detector has, parameters, numbers. In all models
the step of a log-likelihood ratio is a t + b u: for zeros and ones t = x and u = 1 - x, else u = 1
and t = x - center, or its square for a variance.
"""

import math

import numpy as np

from olearn.core.jit import njit
from olearn.detectors._state_detector import DECISION, HEADER, State, decide

BERNOULLI, MEAN, VARIANCE, EXPONENTIAL = range(4)
BOTH, DRIFT, REFLECT = range(3)

MODEL, EFFECT, ALTERNATIVE, TWO_SIDED, RESTART, UPPER, LOWER, WARM_UP = range(HEADER, HEADER + 8)
# the reference: its parameter, and the standard deviation or the center that the model takes as
# known; NaN where they are to be estimated
GIVEN_NULL, GIVEN_OTHER, NULL, OTHER = range(HEADER + 8, HEADER + 12)
# of the values that estimate them
_N, _MEAN, _M2 = range(HEADER + 12, HEADER + 15)
_CENTER, _A1, _B1, _A2, _B2 = range(HEADER + 15, HEADER + 20)
LLR, LLR_OPPOSITE, N_TESTED, _CLOSED, _CLOSED_OPPOSITE = range(HEADER + 20, HEADER + 25)
SIZE = HEADER + 25

# keeps sums of steps finite; a step that large decides anyway
_STEP_LIMIT = 1e290


def sprt_start(
    state: State,
    model: int,
    null: float,
    other: float,
    effect: float,
    alternative: float,
    two_sided: bool,
    restart: int,
    alpha: float,
    beta: float,
    warm_up: int,
) -> None:
    """Make `state` a test that has read nothing (unchecked; meaning as in `SPRT`).

    `null` and `other`, the second parameter of the model or 0, are NaN to be estimated;
    `alternative` is NaN where the effect says it.
    """
    state[:] = 0.0
    state[MODEL] = model
    state[EFFECT] = effect
    state[ALTERNATIVE] = alternative
    state[TWO_SIDED] = two_sided
    state[RESTART] = restart
    level = alpha / 2.0 if two_sided else alpha  # each side has half of it
    state[UPPER] = math.log((1.0 - beta) / level)
    state[LOWER] = math.log(beta / (1.0 - level))
    state[WARM_UP] = warm_up
    state[GIVEN_NULL] = null
    state[GIVEN_OTHER] = other
    sprt_refer(state)


@njit
def sprt_refer(state: State) -> None:
    """Begin a reference: take what is given, and estimate the rest from the next values."""
    state[_N : _M2 + 1] = 0.0
    state[NULL] = state[GIVEN_NULL]
    state[OTHER] = state[GIVEN_OTHER]
    if not (np.isnan(state[NULL]) or np.isnan(state[OTHER])):
        _set_coefficients(state)


@njit
def _set_coefficients(state: State) -> None:
    """Compute center, a and b, for the alternative and for its mirror image."""
    model = int(state[MODEL])
    null, other, effect = state[NULL], state[OTHER], state[EFFECT]
    given = not np.isnan(state[ALTERNATIVE])
    state[_CENTER] = 0.0
    if model == MEAN:
        shift = state[ALTERNATIVE] - null if given else effect * other
        state[_CENTER] = null
        _set(state, shift / other / other, -0.5 * (shift / other) ** 2, 0)
        _set(state, -shift / other / other, -0.5 * (shift / other) ** 2, 1)
    elif model == BERNOULLI:  # the effect is a ratio of odds
        p1 = state[ALTERNATIVE] if given else effect * null / (1.0 - null + effect * null)
        mirror = null * null * (1.0 - p1)
        mirror /= mirror + (1.0 - null) * (1.0 - null) * p1
        _set(state, math.log(p1 / null), math.log((1.0 - p1) / (1.0 - null)), 0)
        _set(state, math.log(mirror / null), math.log((1.0 - mirror) / (1.0 - null)), 1)
    else:
        ratio = state[ALTERNATIVE] / null if given else effect
        for side in range(2):
            ratio = ratio if side == 0 else 1.0 / ratio
            if model == VARIANCE:
                state[_CENTER] = other
                _set(
                    state,
                    0.5 / null * ((1.0 - 1.0 / (ratio * ratio)) / null),
                    -math.log(ratio),
                    side,
                )
            else:
                _set(state, (1.0 - 1.0 / ratio) / null, -math.log(ratio), side)


@njit(forceinline=True)
def _set(state: State, a: float, b: float, side: int) -> None:
    state[_A1 + 2 * side] = a
    state[_B1 + 2 * side] = b


@njit
def _estimate(state: State, x: float) -> None:
    """Add a value to the estimate of the reference; fix the reference after the last one."""
    n = state[_N] + 1.0
    gap = min(max(x - state[_MEAN], -1.7e308), 1.7e308)
    state[_N] = n
    state[_MEAN] += gap / n
    state[_M2] += gap * (x - state[_MEAN])
    if n < state[WARM_UP]:
        return
    mean = state[_MEAN]
    model = int(state[MODEL])
    deviation = math.sqrt(state[_M2] / (n - 1.0))
    if model == VARIANCE and not np.isnan(state[GIVEN_OTHER]):
        deviation = math.sqrt(state[_M2] / n + (mean - state[GIVEN_OTHER]) ** 2)
    # of equal values the deviation would be 0, and any other value infinite evidence
    least = max(1e-9 * abs(mean), 1e-100)
    null, other = min(max(deviation, least), 1e150), mean
    if model == BERNOULLI:
        null = (mean * n + 0.5) / (n + 1.0)
    elif model == EXPONENTIAL:
        null = max(mean, 1e-100)
    elif model == MEAN:
        null, other = mean, null
    state[NULL] = null if np.isnan(state[GIVEN_NULL]) else state[GIVEN_NULL]
    state[OTHER] = other if np.isnan(state[GIVEN_OTHER]) else state[GIVEN_OTHER]
    _set_coefficients(state)
    if (model == VARIANCE and state[NULL] == least) or (
        model == EXPONENTIAL and state[NULL] == 1e-100
    ):
        # nothing is smaller than a spread or a mean of 0: that side always speaks for the null
        _set(state, 0.0, -1.0, 0 if state[_A1] < 0.0 else 1)


@njit
def sprt_update(state: State, x: float) -> int:
    """Read a value; return 1 for the alternative (a drift), -1 for the null, 0 while undecided."""
    if state[DECISION] != 0.0:
        _restart(state)
    if np.isnan(state[NULL]) or np.isnan(state[OTHER]):
        _estimate(state, x)
        return decide(state, 0, False)
    t = x - state[_CENTER]
    if state[MODEL] == VARIANCE:
        t *= t
    state[N_TESTED] += 1.0
    u = 1.0 - x if state[MODEL] == BERNOULLI else 1.0
    decision = _add(state, 0, t, u)
    if state[TWO_SIDED] > 0.0:
        opposite = _add(state, 1, t, u)
        # the null is accepted once it is against both alternatives
        decision = max(decision, opposite)
    llr = state[LLR]
    if state[TWO_SIDED] > 0.0:
        llr = max(llr, state[LLR_OPPOSITE])
    return decide(state, decision, llr >= 0.5 * state[UPPER])


@njit(forceinline=True)
def _add(state: State, side: int, t: float, u: float) -> int:
    """Add a step to the ratio of one side; return what that side now says."""
    if state[_CLOSED + side] > 0.0:
        return -1
    step = state[_A1 + 2 * side] * t + state[_B1 + 2 * side] * u
    llr = state[LLR + side] + min(max(step, -_STEP_LIMIT), _STEP_LIMIT)
    if state[RESTART] == REFLECT:
        llr = max(llr, 0.0)
    state[LLR + side] = llr
    if llr >= state[UPPER]:
        return 1
    if llr <= state[LOWER]:
        # a two-sided test waits for its other side, unless the ratio is to go on for ever
        state[_CLOSED + side] = 1.0 if state[RESTART] == BOTH else 0.0
        return -1
    return 0


@njit(forceinline=True)
def _restart(state: State) -> None:
    """Act on the last decision: the literal rule "drift" goes on after deciding for the null."""
    if state[DECISION] < 0.0 and state[RESTART] == DRIFT:
        return
    state[LLR : N_TESTED + 1] = 0.0
    state[_CLOSED] = 0.0
    state[_CLOSED_OPPOSITE] = 0.0
    if state[DECISION] > 0.0:
        sprt_refer(state)
