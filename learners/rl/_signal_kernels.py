"""Signals kept in range, one at a time: observations by channel, rewards by their return.

All statistics are Welford's, in float64; the variance is that of a sample, and 1 before the second
value.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import njit

SIGNAL_EPS = 1e-8  # added to variances
# rows of the statistics of observations: the last raw values, count, mean, centred squares, and
# the exponential average of the channel with its own count
RAW, COUNT, MEAN, M2, AVERAGE, N_AVERAGED, SIGNAL_ROWS = range(7)
# entries of the statistics of a reward: discounted sum, then its count, mean, centred squares
RETURN, R_COUNT, R_MEAN, R_M2, REWARD_SIZE = range(5)


@njit
def variance(count, m2):
    """Sample variance; 1 before the second value."""
    return 1.0 if count < 2.0 else m2 / (count - 1.0)


@njit
def normalise_signal(stats, x, out):
    """Count one observation and write `(x - mean) / deviation`; a missing value gives 0."""
    for i in range(x.size):
        value = x[i]
        if math.isnan(value):
            out[i] = 0
            continue
        stats[COUNT, i] += 1.0
        count = stats[COUNT, i]
        if count == 1.0:
            stats[MEAN, i] = value
        before = value - stats[MEAN, i]
        stats[MEAN, i] += before / count
        stats[M2, i] += before * (value - stats[MEAN, i])
        spread = math.sqrt(variance(count, stats[M2, i]) + SIGNAL_EPS)
        out[i] = (value - stats[MEAN, i]) / spread


@njit
def copy_signal(x, out):
    """Write an observation as it is; a missing value gives 0."""
    for i in range(x.size):
        out[i] = 0.0 if math.isnan(x[i]) else x[i]


@njit
def average_signal(stats, beta, x, out):
    """Exponential average of each channel, without the bias of its start; gaps stay NaN."""
    for i in range(x.size):
        if math.isnan(x[i]):
            out[i] = np.nan
            continue
        stats[N_AVERAGED, i] += 1.0
        stats[AVERAGE, i] = beta * stats[AVERAGE, i] + (1.0 - beta) * x[i]
        out[i] = stats[AVERAGE, i] / (1.0 - beta ** stats[N_AVERAGED, i])


@njit
def reward_spread(reward, center):
    """Standard deviation of the discounted sum (`center`), or its root mean square."""
    if reward[R_COUNT] < 2.0:
        return math.sqrt(1.0 + SIGNAL_EPS)
    if center:
        return math.sqrt(variance(reward[R_COUNT], reward[R_M2]) + SIGNAL_EPS)
    square = reward[R_M2] / reward[R_COUNT] + reward[R_MEAN] * reward[R_MEAN]
    return math.sqrt(square + SIGNAL_EPS)


@njit
def count_reward(reward, value, gamma, ended):
    """Count one reward; where an episode ends the sum starts from it, and goes on in the next."""
    reward[RETURN] = value if ended else gamma * reward[RETURN] + value
    total = reward[RETURN]
    reward[R_COUNT] += 1.0
    if reward[R_COUNT] == 1.0:
        reward[R_MEAN] = total
    before = total - reward[R_MEAN]
    reward[R_MEAN] += before / reward[R_COUNT]
    reward[R_M2] += before * (total - reward[R_MEAN])


@njit(forceinline=True)
def td_error_of(r_t, discount_t, v_t, v_tm1):
    """Temporal-difference error `r_t + discount_t v_t - v_tm1` (Sutton and Barto 2018, eq. 6.5).

    `v_t` is not looked at where `discount_t` is 0: there the sequence ends.
    """
    error = r_t - v_tm1
    return error + discount_t * v_t if discount_t != 0.0 else error
