"""Kernels of adaptive conformal intervals: the scores of a window, sorted, and their quantile.

`scores` is `(2, window)`: in order of arrival, as a ring, and sorted. `state` holds what follows.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

from olearn.core.jit import inner, njit

N, PLACE, ALPHA = range(3)  # scores held, where the next one goes, and the rate aimed at by now
N_STATE = 3
RATE, STEP = range(2)  # settings: the rate of misses that is asked for, and the step towards it
BY_ARRIVAL, SORTED = range(2)
_DOUBLING = 10.0  # misses in succession, beyond the largest score, after which the width doubles


@inner
def half_width(scores, state, settings):
    """Return the half width of an interval now; infinite while there is no score."""
    n, alpha = int(state[N]), state[ALPHA]
    if n == 0:
        return math.inf
    if alpha >= 1.0:
        return 0.0
    place = math.ceil((n + 1) * (1.0 - alpha))
    if place <= n:
        return scores[SORTED, place - 1] if place > 0 else 0.0
    largest = scores[SORTED, n - 1]
    if alpha >= 0.0:
        return largest
    # the whole line would be right: wider with each further miss instead
    return largest * 2.0 ** (-alpha / (_DOUBLING * settings[STEP] * (1.0 - settings[RATE])))


@inner
def _insert(values, n, score):
    """Insert a score into the first n sorted ones."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if values[SORTED, middle] < score:
            low = middle + 1
        else:
            high = middle
    for i in range(n, low, -1):
        values[SORTED, i] = values[SORTED, i - 1]
    values[SORTED, low] = score


@inner
def _remove(values, n, score):
    """Remove a score, which is there, from the first n sorted ones."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if values[SORTED, middle] < score:
            low = middle + 1
        else:
            high = middle
    for i in range(low, n - 1):
        values[SORTED, i] = values[SORTED, i + 1]


@inner
def _learn(scores, state, settings, error):
    """Take in the absolute error of a prediction that was made before its row was learnt."""
    miss = 1.0 if error > half_width(scores, state, settings) else 0.0
    state[ALPHA] += settings[STEP] * (settings[RATE] - miss)
    n, place = int(state[N]), int(state[PLACE])
    if n == scores.shape[1]:
        n -= 1
        _remove(scores, n + 1, scores[BY_ARRIVAL, place])
    scores[BY_ARRIVAL, place] = error
    _insert(scores, n, error)
    state[N] = n + 1.0
    state[PLACE] = (place + 1) % scores.shape[1]


@njit(nogil=True)
def run(scores, state, settings, upto, errors, out):
    """Write the half width of each row to `out`; `upto[t]` errors are learnt once row t has one."""
    learnt = 0
    for t in range(len(out)):
        out[t] = half_width(scores, state, settings)
        while learnt < upto[t]:
            _learn(scores, state, settings, errors[learnt])
            learnt += 1
