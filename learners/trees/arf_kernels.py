"""Compiled members of an adaptive random forest: vote, bag, watch the error, replace the tree.

A member is a `TreePool` that holds its tree, perhaps a background tree, and the random generator;
and three small arrays, all changed in place. It never looks at another member.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import numpy as np

from olearn.core.jit import njit
from olearn.core.kernel_arrays import borrowed
from olearn.core.rng import next_poisson
from olearn.detectors.adwin import adwin_reset, adwin_rose
from olearn.learners.trees.kernels import (
    bayes_code,
    free_tree,
    has_room,
    learn_at,
    learn_tree,
    proba_at,
    route,
    write_proba,
)
from olearn.learners.trees.layout import MAY_GROW, N_CLASSES, pool_at
from olearn.learners.trees.lists import free_nodes, new_node

# entries of a member's `status`; BACKGROUND is -1 where no such tree grows
TREE, BACKGROUND, N_WARNINGS, N_DRIFTS = range(4)
# entries of a member's `tally`: weight of the rows seen, and of those answered right, by its tree
SEEN, RIGHT = range(2)
# rows of a member's `windows`, two ADWIN states
WARNING, DRIFT = range(2)
# entries of `settings`
LAMBDA, WARNING_DELTA, DRIFT_DELTA, WEIGHTED = range(4)

_UNPROVEN = 0.01  # weight of a tree that has not been right yet, as in MOA


@njit(forceinline=True)
def _weigh(t, tally, weighted, out):
    """Multiply the class probabilities of a tree by its weight."""
    if weighted:
        weight = tally[RIGHT] / tally[SEEN] if tally[RIGHT] > 0.0 else _UNPROVEN
        for c in range(t.head[N_CLASSES]):
            out[c] *= weight


@njit
def _discard(t, tree):
    free_tree(t, tree)
    t.head[MAY_GROW] = 1  # where the memory bound had stopped all growth, there is room again


@njit(forceinline=True)
def _watch(t, status, tally, windows, settings, wrong):
    """Tell the detectors of an error or a success, and act on a warning or a drift."""
    if adwin_rose(windows[WARNING], wrong, settings[WARNING_DELTA]):
        status[N_WARNINGS] += 1
        adwin_reset(windows[WARNING])
        if status[BACKGROUND] >= 0:
            _discard(t, status[BACKGROUND])
            status[BACKGROUND] = -1
        if free_nodes(t) > 0:
            status[BACKGROUND] = new_node(t, 0)
    if adwin_rose(windows[DRIFT], wrong, settings[DRIFT_DELTA]):
        status[N_DRIFTS] += 1
        adwin_reset(windows[WARNING])
        adwin_reset(windows[DRIFT])
        tally[:] = 0.0
        _discard(t, status[TREE])
        status[TREE] = status[BACKGROUND] if status[BACKGROUND] >= 0 else new_node(t, 0)
        status[BACKGROUND] = -1


@njit(forceinline=True)
def _learn(t, status, tally, windows, settings, lam, x, y, w, node, by_bayes, votes, product):
    """Learn one row in a member; the caller has made sure of room for two trees.

    `node` is where the row stops in the member's tree, and `by_bayes` the code of `bayes_code`.
    """
    k = next_poisson(t.rng, lam)
    if k > 0 and status[BACKGROUND] >= 0:
        learn_tree(t, status[BACKGROUND], x, y, k * w, votes, product)
    code = learn_at(t, node, x, y, k * w, by_bayes)
    tally[SEEN] += w
    if code == y:
        tally[RIGHT] += w
    if k > 0:
        _watch(t, status, tally, windows, settings, 0.0 if code == y else 1.0)


# -- one member, called from Python --------------------------------------------------------------


@njit(nogil=True)
def vote_many(handle, status, tally, settings, X, out):
    """Write the member's weighted votes for each row."""
    t, X, out = pool_at(handle), borrowed(X), borrowed(out)
    product = np.empty(t.head[N_CLASSES])
    for i in range(len(X)):
        proba_at(t, route(t, status[TREE], X[i]), X[i], out[i], product)
        _weigh(t, tally, settings[WEIGHTED] > 0.0, out[i])


@njit(nogil=True)
def learn_many(handle, status, tally, windows, settings, X, y, w, out, row):
    """Learn each row from `row` on; return the first for which there is no room.

    Where `out` has a row for each, the member's votes before learning go there.
    """
    t, X, out, windows = pool_at(handle), borrowed(X), borrowed(out), borrowed(windows)
    votes, product = np.empty(t.head[N_CLASSES]), np.empty(t.head[N_CLASSES])
    lam = settings[LAMBDA]
    for i in range(row, len(X)):
        if not has_room(t, 2):
            return i
        x = X[i]
        node = route(t, status[TREE], x)
        by_bayes, in_logs = bayes_code(t, node, x, votes, product)
        if len(out) > 0:
            write_proba(t, node, by_bayes, in_logs, votes, out[i])
            _weigh(t, tally, settings[WEIGHTED] > 0.0, out[i])
        _learn(
            t, status, tally, windows, settings, lam, x, y[i], w[i], node, by_bayes, votes, product
        )  # fmt: skip
    return len(X)
