"""Compiled Hoeffding adaptive tree: windows of errors at the nodes, alternate trees below them.

`t` is the tree pool, `a` what stands beside it; all arrays are changed in place.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import inner, njit
from olearn.core.kernel_arrays import borrowed
from olearn.core.rng import next_poisson
from olearn.detectors._adwin_kernels import adwin_estimation, adwin_reset, adwin_rose, adwin_width
from olearn.learners.trees import layout as at
from olearn.learners.trees.kernels import (
    bayes_code,
    child_at,
    code_at,
    free_tree,
    has_room,
    learn_at,
    proba_at,
    route,
)
from olearn.learners.trees.leaf import make_work
from olearn.learners.trees.lists import free_nodes, new_node

# entries of `tally`: alternate trees started, switched in, pruned, and growing now
STARTED, SWITCHED, PRUNED, GROWING = range(4)
# entries of `settings`: ADWIN's delta, fewest rows to compare, ln(2 / significance), bootstrap
DRIFT_DELTA, FEWEST, LOG_INVERSE, BOOTSTRAP = range(4)
# rows of `scratch`: tops of trees to learn, nodes of a path, nodes and tops of a tree to free
TODO, PATH, WALK, TOPS = range(4)

SPARE_TREES = 8  # room for nodes beyond those of alternate trees, which may begin at a row


class Beside(NamedTuple):
    """What an adaptive tree keeps beside its pool of n nodes."""

    windows: NDArray[np.float64]  # (n, size): ADWIN's state of a split or the top of a tree
    alternate: NDArray[np.int64]  # (n,): top of the tree grown in a node's stead, or -1
    scratch: NDArray[np.int64]  # (4, n)
    tally: NDArray[np.int64]
    settings: NDArray[np.float64]


@inner(forceinline=True)
def _write_path(t, top, x, path):
    """Write the nodes that `x` passes from `top` down; return their number."""
    length = 0
    node = top
    while node >= 0:
        path[length] = node
        length += 1
        node = child_at(t, node, x)
    return length


@inner
def _discard(t, a, top):
    """Free a tree, the alternate trees in it, theirs too, and empty the windows of their nodes."""
    walk, tops, alternate, node_i = a.scratch[WALK], a.scratch[TOPS], a.alternate, t.node_i
    walk[0] = top
    tops[0] = top
    n_walk = n_tops = 1
    while n_walk > 0:
        n_walk -= 1
        node = walk[n_walk]
        adwin_reset(a.windows[node])
        other = alternate[node]
        if other >= 0:
            walk[n_walk] = other
            tops[n_tops] = other
            n_walk += 1
            n_tops += 1
            alternate[node] = -1
            a.tally[GROWING] -= 1
        kind, left = node_i[node, at.KIND], node_i[node, at.LEFT]
        if kind == at.MULTIWAY:
            for code in range(t.child.shape[1]):
                child = t.child[left, code]
                if child >= 0:
                    walk[n_walk] = child
                    n_walk += 1
        elif kind != at.LEAF:
            walk[n_walk] = left
            walk[n_walk + 1] = node_i[node, at.RIGHT]
            n_walk += 2
    for i in range(n_tops):
        free_tree(t, tops[i])
    t.head[at.MAY_GROW] = 1  # where the memory bound had stopped all growth, there is room again


@inner
def _start(t, a, node):
    """Start an alternate tree at a split, in place of an older one, if there is room."""
    # what the alternate trees still to learn this row may need is not touched
    n_branches = t.child.shape[1] if t.child.shape[1] > 2 else 2
    if free_nodes(t) > (a.tally[GROWING] + 1) * (n_branches + 1):
        older = a.alternate[node]
        a.alternate[node] = new_node(t, t.node_i[node, at.DEPTH])
        a.tally[STARTED] += 1
        if older >= 0:
            _discard(t, a, older)
        else:
            a.tally[GROWING] += 1


@inner
def _swap_rows(array, i, j):
    for column in range(array.shape[1]):
        value = array[i, column]
        array[i, column] = array[j, column]
        array[j, column] = value


@inner
def _switch(t, a, node):
    """Put the alternate tree in place of the one below `node`, which stays the number of its top.

    The two tops change their contents; so nothing that points to `node` need be found.
    """
    alternate = a.alternate
    other = alternate[node]
    _swap_rows(t.node_f, node, other)
    _swap_rows(a.windows, node, other)
    _swap_rows(t.node_i, node, other)
    alternate[node] = alternate[other]
    alternate[other] = -1
    a.tally[GROWING] -= 1
    _discard(t, a, other)


@inner(forceinline=True)
def _watch(t, a, node, wrong):
    """Add an error bit at a split node and act on it; tell whether an alternate tree took over."""
    settings, window = a.settings, a.windows[node]
    if adwin_rose(window, wrong, settings[DRIFT_DELTA]):
        _start(t, a, node)
        return False
    other = a.alternate[node]
    if other < 0:
        return False
    n_rows, n_other = adwin_width(window), adwin_width(a.windows[other])
    if n_rows <= settings[FEWEST] or n_other <= settings[FEWEST]:
        return False
    return _compare(t, a, node)


@inner
def _compare(t, a, node):
    """Switch, prune or keep the alternate tree of a split; tell whether it took over."""
    settings, window, other = a.settings, a.windows[node], a.alternate[node]
    n_rows, n_other = adwin_width(window), adwin_width(a.windows[other])
    error = adwin_estimation(window)
    gain = error - adwin_estimation(a.windows[other])
    spread = 2.0 * error * (1.0 - error) * settings[LOG_INVERSE] * (1.0 / n_rows + 1.0 / n_other)
    bound = math.sqrt(spread) if spread > 0.0 else 0.0
    if gain > bound:
        _switch(t, a, node)
        a.tally[SWITCHED] += 1
        return True
    if -gain > bound:
        a.alternate[node] = -1
        _discard(t, a, other)
        a.tally[GROWING] -= 1
        a.tally[PRUNED] += 1
    return False


@inner(forceinline=True)
def _learn(t, a, root, x, y, w, work):
    """Learn a row in the tree and all alternate trees on its path; return the tree's code before.

    The caller has made sure of room for `SPARE_TREES` trees more than there are alternate trees.
    """
    todo, path, alternate = a.scratch[TODO], a.scratch[PATH], a.alternate
    todo[0] = root
    n_todo = 1
    answer = -1
    while n_todo > 0:
        n_todo -= 1
        top = todo[n_todo]
        length = _write_path(t, top, x, path)
        stop = path[length - 1]
        n_splits = length - 1 if t.node_i[stop, at.KIND] == at.LEAF else length
        k = 1
        if a.settings[BOOTSTRAP] > 0.0:
            drawn = next_poisson(t.rng, 1.0)
            k = drawn if drawn > 1 else 1
        by_bayes, _ = bayes_code(t, stop, x, work)
        code = learn_at(t, stop, x, y, k * w, by_bayes, work)
        if answer < 0:
            answer = code
        wrong = 0.0 if code == y else 1.0
        if n_splits == 0:
            adwin_rose(a.windows[top], wrong, a.settings[DRIFT_DELTA])
        for i in range(n_splits):
            node = path[i]
            before = alternate[node]
            if _watch(t, a, node, wrong):
                todo[n_todo] = node  # the tree that took over has not learnt the row yet
                n_todo += 1
                break
            if before >= 0 and alternate[node] == before:
                todo[n_todo] = before  # a tree that has just been started begins with the next row
                n_todo += 1
    return answer


# -- called from Python --------------------------------------------------------------------------


@njit(nogil=True)
def learn_many(
    handle, windows, alternate, scratch, tally, settings, root, X, y, w, out, proba, row
):
    """Predict, then learn each row from `row` on; return the first for which there is no room.

    The code predicted before learning goes to `out`, and probabilities to `proba` where that has a
    row for each. A row of negative weight is only predicted.
    """
    t, X, proba = at.pool_at(handle), borrowed(X), borrowed(proba)
    a = borrowed(Beside(windows, alternate, scratch, tally, settings))
    work = make_work(t)
    for i in range(row, X.shape[0]):
        x = X[i]
        if proba.shape[0] > 0:
            proba_at(t, route(t, root, x), x, proba[i], work)
            if w[i] < 0.0:
                continue
        if w[i] < 0.0:
            out[i] = code_at(t, route(t, root, x), x, work)
            continue
        if not has_room(t, SPARE_TREES + a.tally[GROWING], 1 + a.tally[GROWING]):
            return i
        out[i] = _learn(t, a, root, x, y[i], w[i], work)
    return X.shape[0]


@njit
def act(handle, windows, alternate, scratch, tally, settings, node, alarm):
    """Start an alternate tree at a split for which a detector in Python has given alarm.

    Without alarm compare the one there is; tell whether it took over.
    """
    t = at.pool_at(handle)
    a = borrowed(Beside(windows, alternate, scratch, tally, settings))
    if not alarm:
        return _compare(t, a, node)
    adwin_reset(a.windows[node])
    _start(t, a, node)
    return False
