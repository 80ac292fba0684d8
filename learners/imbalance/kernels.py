"""Kernels for rare labels: weights by counts, and thresholds of a window of scores."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner, njit

# entries of a threshold's `state`: rows in the window, where the next one goes, rows since the
# threshold was set, and the threshold
N, PLACE, SINCE, THRESHOLD, N_STATE = range(5)
# entries of its `settings`: the aim, and its number; rows from one choice to the next
AIM, NUMBER, EVERY, N_SETTINGS = range(4)
F_BETA, BUDGET, COST = range(3)
# rows of a window
SCORE, IS_POSITIVE = range(2)


@njit(nogil=True)
def balance(codes, counts, fading, limit, out):
    """Write the weight of each row; `counts` are faded ones of each label, the row's included."""
    for i in range(len(codes)):
        total, n_labels = 0.0, 0
        for c in range(len(counts)):
            counts[c] *= fading
            if c == codes[i]:
                counts[c] += 1.0
            total += counts[c]
            n_labels += 1 if counts[c] > 0.0 else 0
        out[i] = min(total / (n_labels * counts[codes[i]]), limit)


@inner
def _gain(settings, hits, said, n_positive):
    """What a threshold is worth that says yes to `said` rows, `hits` of them rightly."""
    number = settings[NUMBER]
    if settings[AIM] == F_BETA:
        square = number * number
        below = square * n_positive + said
        return (1.0 + square) * hits / below if below > 0.0 else 0.0
    return -((said - hits) + number * (n_positive - hits))


@njit
def best_threshold(window, n, settings):
    """Return the least score that is to be called positive, by the first `n` rows of a window."""
    order = np.argsort(-window[SCORE, :n], kind="mergesort")
    n_positive = 0.0
    for i in range(n):
        n_positive += window[IS_POSITIVE, i]
    best, hits = math.inf, 0.0
    most = _gain(settings, 0.0, 0.0, n_positive)  # of saying no to all
    for k in range(n):
        score = window[SCORE, order[k]]
        hits += window[IS_POSITIVE, order[k]]
        if k + 1 < n and window[SCORE, order[k + 1]] == score:
            continue  # rows of one score are told alike
        if settings[AIM] == BUDGET:
            if k + 1.0 > settings[NUMBER] * n:
                return best
            best = score
            continue
        gain = _gain(settings, hits, k + 1.0, n_positive)
        if gain > most:
            best, most = score, gain
    return best


@inner
def _learn(window, state, settings, score, is_positive):
    place = int(state[PLACE])
    window[SCORE, place] = score
    window[IS_POSITIVE, place] = is_positive
    state[PLACE] = (place + 1) % window.shape[1]
    state[N] = min(state[N] + 1.0, window.shape[1])
    state[SINCE] += 1.0
    if state[SINCE] >= settings[EVERY]:
        state[SINCE] = 0.0
        state[THRESHOLD] = best_threshold(window, int(state[N]), settings)


@njit(nogil=True)
def run(window, state, settings, upto, scores, are_positive, out):
    """Write the threshold of each row; `upto[t]` scores are learnt once row t has its own."""
    learnt = 0
    for t in range(len(out)):
        out[t] = state[THRESHOLD]
        while learnt < upto[t]:
            _learn(window, state, settings, scores[learnt], are_positive[learnt])
            learnt += 1
