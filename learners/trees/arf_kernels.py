"""Compiled members of an adaptive random forest: vote, bag, watch the error, replace the tree.

A member is a `TreePool` (`t`) that holds its tree, perhaps a background tree, and the random
generator; and a `Member` (`m`), changed in place. It never looks at another member.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import inner, njit
from olearn.core.kernel_arrays import borrowed
from olearn.core.rng import next_poisson
from olearn.detectors._adwin_kernels import adwin_reset, adwin_rose
from olearn.learners.trees import layout as at
from olearn.learners.trees.kernels import (
    bayes_code,
    free_tree,
    has_room,
    learn_at,
    learn_tree,
    route,
    write_proba,
)
from olearn.learners.trees.leaf import make_work
from olearn.learners.trees.lists import free_nodes, new_node

# entries of a member's `status`; BACKGROUND is -1 where no such tree grows
TREE, BACKGROUND, N_WARNINGS, N_DRIFTS = range(4)
# entries of a member's `tally`: weight of the rows seen, and of those answered right, by its tree
SEEN, RIGHT = range(2)
# rows of a member's `windows`, two ADWIN states
WARNING, DRIFT = range(2)
# entries of `settings`
LAMBDA, WARNING_DELTA, DRIFT_DELTA, WEIGHTED = range(4)

UNPROVEN = 0.01  # weight of a tree that has not been right yet, as in MOA


class Member(NamedTuple):
    """What a member of a forest is beside its pool."""

    status: NDArray[np.int64]
    tally: NDArray[np.float64]
    windows: NDArray[np.float64]
    settings: NDArray[np.float64]  # of the forest


@inner(forceinline=True)
def weigh(t, m, out):
    """Multiply the class probabilities of a tree by its weight."""
    if m.settings[WEIGHTED] > 0.0:
        right = m.tally[RIGHT]
        weight = right / m.tally[SEEN] if right > 0.0 else UNPROVEN
        for c in range(t.head[at.N_CLASSES]):
            out[c] *= weight


@inner
def _discard(t, tree):
    free_tree(t, tree)
    t.head[at.MAY_GROW] = 1  # where the memory bound had stopped all growth, there is room again


@inner
def _warn(t, m):
    """Start a background tree, in place of one there may be."""
    status = m.status
    status[N_WARNINGS] += 1
    adwin_reset(m.windows[WARNING])
    if status[BACKGROUND] >= 0:
        _discard(t, status[BACKGROUND])
        status[BACKGROUND] = -1
    if free_nodes(t) > 0:
        status[BACKGROUND] = new_node(t, 0)


@inner
def _replace(t, m):
    """Put the background tree, or an empty one, in the place of the member's tree."""
    status = m.status
    status[N_DRIFTS] += 1
    adwin_reset(m.windows[WARNING])
    adwin_reset(m.windows[DRIFT])
    m.tally[SEEN] = 0.0
    m.tally[RIGHT] = 0.0
    _discard(t, status[TREE])
    if status[BACKGROUND] < 0:
        status[BACKGROUND] = new_node(t, 0)
    status[TREE] = status[BACKGROUND]
    status[BACKGROUND] = -1


@inner(forceinline=True)
def _watch(t, m, wrong):
    """Tell the detectors of an error or a success, and act on a warning or a drift."""
    settings = m.settings
    if adwin_rose(m.windows[WARNING], wrong, settings[WARNING_DELTA]):
        _warn(t, m)
    if adwin_rose(m.windows[DRIFT], wrong, settings[DRIFT_DELTA]):
        _replace(t, m)


@inner(forceinline=True)
def _learn(t, m, x, y, w, node, by_bayes, work):
    """Learn one row in a member; the caller has made sure of room for two trees.

    `node` is where the row stops in the member's tree, and `by_bayes` the code of `bayes_code`.
    """
    k = next_poisson(t.rng, m.settings[LAMBDA])
    if k > 0 and m.status[BACKGROUND] >= 0:
        # overwrites the votes in `work`, which are not asked for again
        learn_tree(t, m.status[BACKGROUND], x, y, k * w, work)
    code = learn_at(t, node, x, y, k * w, by_bayes, work)
    m.tally[SEEN] += w
    if code == y:
        m.tally[RIGHT] += w
    if k > 0:
        _watch(t, m, 0.0 if code == y else 1.0)


# -- one member, called from Python --------------------------------------------------------------


@njit(nogil=True)
def learn_many(handle, number, statuses, tallies, windows, settings, X, y, w, out, row):
    """Learn each row from `row` on in a member; return the first for which there is no room.

    Where `out` has a row for each, the member's votes before learning go there. A row of negative
    weight is only voted on.
    """
    t, X, out = at.pool_at(handle), borrowed(X), borrowed(out)
    m = borrowed(Member(statuses[number], tallies[number], windows[number], settings))
    work = make_work(t)
    for i in range(row, X.shape[0]):
        learns = w[i] >= 0.0
        if learns and not has_room(t, 2, 2):
            return i
        x = X[i]
        node = route(t, m.status[TREE], x)
        by_bayes, in_logs = bayes_code(t, node, x, work)
        if out.shape[0] > 0:
            write_proba(t, node, by_bayes, in_logs, out[i], work)
            weigh(t, m, out[i])
        if learns:
            _learn(t, m, x, y[i], w[i], node, by_bayes, work)
    return X.shape[0]


@njit
def act(handle, status, tally, windows, settings, row):
    """Act on a warning or a drift that a detector in Python has found; `row` says which."""
    t = at.pool_at(handle)
    m = borrowed(Member(status, tally, windows, settings))
    if row == WARNING:
        _warn(t, m)
    else:
        _replace(t, m)
