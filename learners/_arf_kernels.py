"""Compiled members of an adaptive random forest: vote, bag, watch the error, replace the tree.

A member is a `TreePool` that holds its tree and perhaps a background tree, the state of a random
generator, and three small arrays, all changed in place. It never looks at another member.
"""

import numpy as np
from numba import njit

from olearn.detectors.adwin import adwin_reset, adwin_rose
from olearn.learners._tree_kernels import code_at, free_tree, has_room, learn_at, proba_at, route
from olearn.learners._tree_pool import MAY_GROW, N_CLASSES, NODES_FREE, NODES_USED, Pool
from olearn.learners._tree_split import new_node
from olearn.rng import next_poisson

# entries of a member's `status`; BACKGROUND is -1 where no such tree grows
TREE, BACKGROUND, N_WARNINGS, N_DRIFTS = range(4)
# entries of a member's `tally`: weight of the rows seen, and of those answered right, by its tree
SEEN, RIGHT = range(2)
# rows of a member's `windows`, two ADWIN states
WARNING, DRIFT = range(2)
# entries of `settings`
LAMBDA, WARNING_DELTA, DRIFT_DELTA, WEIGHTED = range(4)

_UNPROVEN = 0.01  # weight of a tree that has not been right yet, as in MOA


@njit(cache=True)
def _vote(t, tree, tally, weighted, x, out, product):
    """Write the class probabilities of a tree times its weight."""
    proba_at(t, route(t, tree, x), x, out, product)
    if weighted:
        weight = tally[RIGHT] / tally[SEEN] if tally[RIGHT] > 0.0 else _UNPROVEN
        for c in range(t.head[N_CLASSES]):
            out[c] *= weight


@njit(cache=True)
def _discard(t, tree):
    free_tree(t, tree)
    t.head[MAY_GROW] = 1  # where the memory bound had stopped all growth, there is room again


@njit(cache=True)
def _watch(t, status, tally, windows, settings, wrong):
    """Tell the detectors of an error or a success, and act on a warning or a drift."""
    if adwin_rose(windows[WARNING], wrong, settings[WARNING_DELTA]):
        status[N_WARNINGS] += 1
        adwin_reset(windows[WARNING])
        if status[BACKGROUND] >= 0:
            _discard(t, status[BACKGROUND])
            status[BACKGROUND] = -1
        if t.node_i.shape[0] - t.head[NODES_USED] + t.head[NODES_FREE] > 0:
            status[BACKGROUND] = new_node(t, 0)
    if adwin_rose(windows[DRIFT], wrong, settings[DRIFT_DELTA]):
        status[N_DRIFTS] += 1
        adwin_reset(windows[WARNING])
        adwin_reset(windows[DRIFT])
        tally[:] = 0.0
        _discard(t, status[TREE])
        status[TREE] = status[BACKGROUND] if status[BACKGROUND] >= 0 else new_node(t, 0)
        status[BACKGROUND] = -1


@njit(cache=True)
def _learn(t, rng, status, tally, windows, settings, x, y, w, votes, product):
    """Learn one row in a member; the caller has made sure of room for two trees."""
    node = route(t, status[TREE], x)
    k = next_poisson(rng, settings[LAMBDA])
    if k > 0:
        if status[BACKGROUND] >= 0:
            below = route(t, status[BACKGROUND], x)
            learn_at(t, below, x, y, k * w, rng, votes, product)
        code = learn_at(t, node, x, y, k * w, rng, votes, product)
    else:
        code = code_at(t, node, x, votes, product)
    tally[SEEN] += w
    if code == y:
        tally[RIGHT] += w
    if k > 0:
        _watch(t, status, tally, windows, settings, 0.0 if code == y else 1.0)


# -- one member, called from Python --------------------------------------------------------------


@njit(cache=True, nogil=True)
def vote_many(
    node_i, node_f, stats, seen, feat, child, head, conf, status, tally, settings, X, out
):
    """Write the member's weighted votes for each row."""
    t = Pool(node_i, node_f, stats, seen, feat, child, head, conf)
    product = np.empty(head[N_CLASSES])
    for i in range(len(X)):
        _vote(t, status[TREE], tally, settings[WEIGHTED] > 0.0, X[i], out[i], product)


@njit(cache=True, nogil=True)
def learn_many(
    node_i, node_f, stats, seen, feat, child, head, conf,
    rng, status, tally, windows, settings, X, y, w, out, row,
):  # fmt: skip
    """Learn each row from `row` on; return the first for which there is no room.

    Where `out` has a row for each, the member's votes before learning go there.
    """
    t = Pool(node_i, node_f, stats, seen, feat, child, head, conf)
    votes, product = np.empty(head[N_CLASSES]), np.empty(head[N_CLASSES])
    for i in range(row, len(X)):
        if not has_room(t, 2):
            return i
        if len(out) > 0:
            _vote(t, status[TREE], tally, settings[WEIGHTED] > 0.0, X[i], out[i], product)
        _learn(t, rng, status, tally, windows, settings, X[i], y[i], w[i], votes, product)
    return len(X)
