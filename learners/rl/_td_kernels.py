"""Prediction of discounted sums along a stream of rows; NaN is a missing value."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import numpy as np

from olearn.core.jit import njit
from olearn.core.kernel_arrays import borrowed
from olearn.learners.rl._agent_kernels import (
    CONF_SIZE,
    GAMMA,
    HAS_CURRENT,
    LAMBDA,
    NORMALISE,
    SCALE,
    TD_ERROR,
)
from olearn.learners.rl._network_kernels import L1, accumulate, apply, forward
from olearn.learners.rl._signal_kernels import (
    average_signal,
    copy_signal,
    count_reward,
    normalise_signal,
    reward_spread,
    td_error_of,
)

# `conf` as that of agents, and the decay of the exponential average of the rows, 0 without;
# in `counters`, STEPS of agents holds the discount with which the current row was reached
BETA, TD_CONF_SIZE = CONF_SIZE, CONF_SIZE + 1
LAST_GAMMA = 3


@njit
def _features(conf, signals, x, averaged, out):
    """Write what the network sees of a row, counting it; `averaged` is a buffer like `x`."""
    if conf[BETA] > 0.0:
        average_signal(signals, conf[BETA], x, averaged)
    else:
        averaged[:] = x
    if conf[NORMALISE] != 0.0:
        normalise_signal(signals, averaged, out)
    else:
        copy_signal(averaged, out)


@njit
def _spread(conf, reward):
    return reward_spread(reward, True) if conf[SCALE] != 0.0 else 1.0


@njit(nogil=True)
def predict_rows(net, state, X, out):
    """Value of each row in raw units, as if it came next; changes nothing."""
    net, state = borrowed(net), borrowed(state)
    cache = np.empty(net.cache.shape[2], net.cache.dtype)
    averaged = np.empty(X.shape[1])
    signals = np.empty(state.signals.shape[1:])
    for row in range(X.shape[0]):
        signals[:] = state.signals[0]
        _features(state.conf, signals, X[row], averaged, cache)
        forward(net.sizes, net.w[0], cache, True)
        out[row] = cache[-1] * _spread(state.conf, state.reward[0])


@njit(nogil=True)
def learn_rows(net, state, X, y, gammas):
    """TD(lambda): `y[i]` and `gammas[i]` belong to the step from the row before to row i."""
    net, state = borrowed(net), borrowed(state)
    conf, counters, reward = state.conf, state.counters[0], state.reward[0]
    cache, w, z, info = net.cache[0], net.w[0], net.z[0], net.info[0]
    n_in = X.shape[1]
    averaged = np.empty(n_in)
    net.scratch[1, 0] = 1
    for row in range(X.shape[0]):
        gamma = gammas[row]
        _features(conf, state.signals[0], X[row], averaged, cache[1])
        if counters[HAS_CURRENT] != 0.0:
            forward(net.sizes, w, cache[0], True)
            count_reward(reward, y[row], conf[GAMMA], gamma == 0.0)
            if gamma != 0.0:
                forward(net.sizes, w, cache[1], True)
            scaled = y[row] / _spread(conf, reward)
            td_error = td_error_of(scaled, gamma, cache[1, -1], cache[0, -1])
            info[L1] = accumulate(
                net.sizes, w, z, cache[0], net.scratch[1], net.scratch[0],
                counters[LAST_GAMMA] * conf[LAMBDA], True,
            )  # fmt: skip
            apply(net.rule, info, w, z, net.v[0], td_error, False)
            counters[TD_ERROR] = td_error
            counters[LAST_GAMMA] = gamma
        else:
            counters[LAST_GAMMA] = conf[GAMMA]
        counters[HAS_CURRENT] = 1.0
        cache[0, :n_in] = cache[1, :n_in]
