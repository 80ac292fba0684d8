"""Agents that act and learn, several at once: each has its own weights, statistics and numbers.

Arrays of `Net`, `AgentState` and `Exchange` have one row an agent; a handle leads to them, and
`like` is an array of the networks' type of numbers. An observation that equals the current one of
an agent is not counted again; any other begins an episode.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import njit
from olearn.core.kernel_arrays import borrowed
from olearn.core.rng import next_below, next_double, next_gaussian
from olearn.learners.rl._agent_layout import (
    choices_at,
    draws_at,
    exchange_at,
    net_at,
    state_at,
)
from olearn.learners.rl._network_kernels import L1, accumulate, apply, forward
from olearn.learners.rl._policy_kernels import (
    argmax,
    slopes_discrete,
    slopes_gaussian,
    softmax,
    softplus,
)
from olearn.learners.rl._signal_kernels import (
    RAW,
    copy_signal,
    count_reward,
    normalise_signal,
    reward_spread,
    td_error_of,
)

# entries of `conf`; METHOD, CUT, LIMIT = steps of the time feature, 0 without; REFERENCE = with the
# habits of the authors' program; BARE = without layer norm
(
    GAMMA,
    LAMBDA,
    NORMALISE,
    SCALE,
    LIMIT,
    EPS_FIRST,
    EPS_LAST,
    EPS_STEPS,
    METHOD,
    CUT,
    ENTROPY,
    REFERENCE,
    BARE,
    CONF_SIZE,
) = range(14)
Q, SARSA, ACTOR_CRITIC = range(3)
AFTER, BEFORE, NEVER = range(3)
# entries of `counters`: whether there is a current observation, whether its forward pass is done,
# the action chosen for it (-1 = none), steps of the episode, choices made, the last TD error
HAS_CURRENT, FRESH, PENDING, STEPS, CHOICES, TD_ERROR, COUNTERS_SIZE = range(7)


@njit
def _features(conf, counters, signals, x, out):
    """Write what the networks see of an observation, counting it."""
    if conf[NORMALISE] != 0.0:
        normalise_signal(signals, x, out)
    else:
        copy_signal(x, out)
    if conf[LIMIT] > 0.0:
        out[x.size] = -0.5 + max(counters[STEPS] - 1.0, 0.0) / conf[LIMIT]


@njit
def _make_current(conf, counters, signals, x, out):
    """Begin an episode unless `x` is current; returns whether one was left before its end."""
    if counters[HAS_CURRENT] != 0.0:
        same = True
        for i in range(x.size):
            same &= signals[RAW, i] == x[i]
        if same:
            return False
    left = counters[HAS_CURRENT] != 0.0
    counters[STEPS] = 0.0
    _features(conf, counters, signals, x, out)
    signals[RAW] = x
    counters[HAS_CURRENT] = 1.0
    counters[FRESH] = 0.0
    if left or conf[REFERENCE] == 0.0:
        counters[PENDING] = -1.0
    return left


@njit
def _move_on(counters, signals, x, cache, n_in, over):
    """The next observation, whose features stand in `cache[1]`, becomes the one in state."""
    counters[FRESH] = 0.0
    if over:
        counters[HAS_CURRENT] = 0.0
        return
    signals[RAW] = x
    cache[0, :n_in] = cache[1, :n_in]


@njit
def _scaled_reward(conf, stats, value, over):
    if conf[SCALE] == 0.0:
        return value
    count_reward(stats, value, conf[GAMMA], over)
    return value / reward_spread(stats, True)


@njit
def _choose(conf, counters, rng, values):
    """Epsilon-greedy."""
    counters[CHOICES] += 1.0
    first, last = conf[EPS_FIRST], conf[EPS_LAST]
    epsilon = max(first + counters[CHOICES] * (last - first) / conf[EPS_STEPS], last)
    if next_double(rng) < epsilon:
        return next_below(rng, values.size)
    return argmax(values)


@njit(forceinline=True)
def _look(net, state, b, x):
    """Make `x` the current observation and run the network on it, unless that is done."""
    counters, cache = state.counters[b], net.cache[b]
    left = _make_current(state.conf, counters, state.signals[b], x, cache[0])
    if left:
        net.z[b][:] = 0
    if counters[FRESH] == 0.0:
        forward(net.sizes, net.w[b], cache[0], state.conf[BARE] == 0.0)
        counters[FRESH] = 1.0
    return left


@njit(forceinline=True)
def _update(net, b, decay, td_error, reset, norm):
    """Add the gradient of the outputs, weighted by `scratch[1]`, to the trace; move along it."""
    w, z, info = net.w[b], net.z[b], net.info[b]
    info[L1] = accumulate(
        net.sizes, w, z, net.cache[b, 0], net.scratch[1], net.scratch[0], decay, norm
    )
    apply(net.rule, info, w, z, net.v[b], td_error, reset)


@njit
def _all_finite(X):
    for b in range(X.shape[0]):
        for i in range(X.shape[1]):
            if not math.isfinite(X[b, i]):
                return False
    return True


@njit(nogil=True)
def act_values(handle, like):
    """Choose actions by their values, epsilon-greedily; False where `X` is not finite."""
    net, state, actions = net_at(handle, 0, like), state_at(handle), choices_at(handle)
    X = exchange_at(handle, actions).X
    if not _all_finite(X):
        return False
    n_actions = net.sizes[-1]
    for b in range(X.shape[0]):
        counters = state.counters[b]
        _look(net, state, b, X[b])
        if counters[PENDING] < 0.0:
            action = _choose(state.conf, counters, state.rng[b], net.cache[b, 0, -n_actions:])
            if state.conf[METHOD] == SARSA:
                counters[PENDING] = action
            actions[b] = action
        else:
            actions[b] = int(counters[PENDING])
    return True


@njit
def _next_value(conf, counters, rng, values, given, terminated, over):
    """Value of the next observation; SARSA draws the action that will be taken there."""
    if conf[METHOD] == Q:
        return np.float64(values[argmax(values)])
    counters[PENDING] = -1.0
    if terminated and conf[REFERENCE] == 0.0:
        return 0.0
    action = given if given >= 0 else _choose(conf, counters, rng, values)
    if not over or conf[REFERENCE] != 0.0:
        counters[PENDING] = action
    return np.float64(values[action])


@njit(nogil=True)
def learn_values(handle, like):
    """Q(lambda) or SARSA(lambda); False, with nothing learnt, if an observation is not finite."""
    net, state, actions = net_at(handle, 0, like), state_at(handle), choices_at(handle)
    exchange = exchange_at(handle, actions)
    X, X2, rewards, ends, given = (
        exchange.X,
        exchange.X2,
        exchange.rewards,
        exchange.ends,
        exchange.given,
    )
    if not (_all_finite(X) and _all_finite(X2)):
        return False
    conf, n_actions = state.conf, net.sizes[-1]
    norm = conf[BARE] == 0.0
    slopes = net.scratch[1]
    for b in range(X.shape[0]):
        if ends[b] < 0:
            continue
        counters, cache = state.counters[b], net.cache[b]
        _look(net, state, b, X[b])
        values = cache[0, -n_actions:]
        action = actions[b]
        explored = action != argmax(values)
        value = np.float64(values[action])
        over = ends[b] != 0
        stop = ends[b] == 1 or (over and conf[REFERENCE] != 0.0)
        reward = _scaled_reward(conf, state.reward[b], rewards[b], over)
        counters[STEPS] += 1.0
        _features(conf, counters, state.signals[b], X2[b], cache[1])
        forward(net.sizes, net.w[b], cache[1], norm)
        following = _next_value(
            conf, counters, state.rng[b], cache[1, -n_actions:], given[b], ends[b] == 1, over
        )
        td_error = td_error_of(reward, 0.0 if stop else conf[GAMMA], following, value)
        cut = explored and conf[METHOD] == Q
        if cut and conf[CUT] == BEFORE:
            net.z[b][:] = 0
        slopes[:n_actions] = 0
        slopes[action] = 1
        reset = over or (cut and conf[CUT] == AFTER)
        _update(net, b, conf[GAMMA] * conf[LAMBDA], td_error, reset, norm)
        counters[TD_ERROR] = td_error
        _move_on(counters, state.signals[b], X2[b], cache, net.sizes[0], over)
    return True


@njit(nogil=True)
def act_policy(handle, like):
    """Draw actions: `(b, 1)` numbers of actions, or `(b, k)` clipped; False as `act_values`."""
    actor, critic = net_at(handle, 0, like), net_at(handle, 1, like)
    state, actions = state_at(handle), draws_at(handle)
    X = exchange_at(handle, actions).X
    if not _all_finite(X):
        return False
    n_out = actor.sizes[-1]
    slopes = actor.scratch[1]
    for b in range(X.shape[0]):
        if _look(actor, state, b, X[b]):
            critic.z[b][:] = 0
        out, rng = actor.cache[b, 0, -n_out:], state.rng[b]
        k = state.low.size
        if k == 0:
            softmax(out, slopes[:n_out])
            left = next_double(rng)
            action = 0
            while action < n_out - 1 and left >= slopes[action]:
                left -= slopes[action]
                action += 1
            actions[b, 0] = action
            continue
        for i in range(k):
            drawn = out[i] + softplus(np.float64(out[k + i])) * next_gaussian(rng)
            state.draws[b, i] = drawn
            actions[b, i] = min(max(drawn, state.low[i]), state.high[i])
    return True


@njit
def _recall_draw(drawn_before, low, high, action):
    """Replace a clipped action by what was drawn, where it is what the agent drew."""
    for i in range(low.size):
        if min(max(drawn_before[i], low[i]), high[i]) != action[i]:
            drawn_before[:] = action
            return


@njit(nogil=True)
def learn_policy(handle, like):
    """Actor-critic; one TD error, of the weights before the step, drives both networks.

    The answer is that of `learn_values`.
    """
    actor, critic = net_at(handle, 0, like), net_at(handle, 1, like)
    state, actions = state_at(handle), draws_at(handle)
    exchange = exchange_at(handle, actions)
    X, X2, rewards, ends = exchange.X, exchange.X2, exchange.rewards, exchange.ends
    if not (_all_finite(X) and _all_finite(X2)):
        return False
    conf, n_in, n_out = state.conf, critic.sizes[0], actor.sizes[-1]
    decay, norm = conf[GAMMA] * conf[LAMBDA], conf[BARE] == 0.0
    slopes = actor.scratch[1]
    for b in range(X.shape[0]):
        if ends[b] < 0:
            continue
        counters, cache = state.counters[b], critic.cache[b]
        if _look(actor, state, b, X[b]):
            critic.z[b][:] = 0
        cache[0, :n_in] = actor.cache[b, 0, :n_in]
        forward(critic.sizes, critic.w[b], cache[0], norm)
        over = ends[b] != 0
        stop = ends[b] == 1 or (over and conf[REFERENCE] != 0.0)
        reward = _scaled_reward(conf, state.reward[b], rewards[b], over)
        counters[STEPS] += 1.0
        _features(conf, counters, state.signals[b], X2[b], cache[1])
        forward(critic.sizes, critic.w[b], cache[1], norm)
        discount = 0.0 if stop else conf[GAMMA]
        td_error = td_error_of(reward, discount, cache[1, -1], cache[0, -1])
        weight = conf[ENTROPY] * np.sign(td_error)
        out = actor.cache[b, 0, -n_out:]
        if state.low.size == 0:
            slopes_discrete(out, int(actions[b, 0]), weight, slopes[:n_out])
        else:
            _recall_draw(state.draws[b], state.low, state.high, actions[b])
            slopes_gaussian(out, state.draws[b], weight, slopes[:n_out])
        critic.scratch[1, 0] = 1
        _update(actor, b, decay, td_error, over, norm)
        _update(critic, b, decay, td_error, over, norm)
        counters[TD_ERROR] = td_error
        actor.cache[b, 1, :n_in] = cache[1, :n_in]
        _move_on(counters, state.signals[b], X2[b], actor.cache[b], n_in, over)
    return True


@njit(nogil=True)
def outputs_of(net, state, X, out):
    """Run the network as it stands on any observations, changing nothing; False as above."""
    if not _all_finite(X):
        return False
    net, state = borrowed(net), borrowed(state)
    cache = np.empty(net.cache.shape[2], net.cache.dtype)
    for b in range(X.shape[0]):
        signals, counters = state.signals[b].copy(), state.counters[b].copy()
        same = counters[HAS_CURRENT] != 0.0
        for i in range(X.shape[1]):
            same &= signals[RAW, i] == X[b, i]
        if same:
            cache[: net.sizes[0]] = net.cache[b, 0, : net.sizes[0]]
        else:
            counters[STEPS] = 0.0
            _features(state.conf, counters, signals, X[b], cache)
        forward(net.sizes, net.w[b], cache, state.conf[BARE] == 0.0)
        out[b] = cache[-net.sizes[-1] :]
    return True
