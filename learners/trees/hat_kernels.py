"""Compiled Hoeffding adaptive tree: windows of errors at the nodes, alternate trees below them.

Beside the arrays of a `TreePool` there are, one entry a node: `windows`, an ADWIN state each, empty
but where the node is a split or has been the top of a tree; `alternate`, the top of the tree grown
in the node's stead, or -1; and `scratch`, four rows of work space. All are changed in place.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import njit
from olearn.core.kernel_arrays import borrowed
from olearn.core.rng import next_poisson
from olearn.detectors.adwin import adwin_estimation, adwin_reset, adwin_rose, adwin_width
from olearn.learners.trees.kernels import bayes_code, child_at, free_tree, has_room, learn_at
from olearn.learners.trees.layout import (
    DEPTH,
    EQUALS,
    KIND,
    LEAF,
    LEFT,
    MAY_GROW,
    MULTIWAY,
    N_CLASSES,
    NUMERIC,
    RIGHT,
    pool_at,
)
from olearn.learners.trees.lists import free_nodes, new_node

# entries of `tally`: alternate trees started, switched in, pruned, and growing now
STARTED, SWITCHED, PRUNED, GROWING = range(4)
# entries of `settings`: ADWIN's delta, fewest rows to compare, ln(2 / significance), bootstrap
DRIFT_DELTA, FEWEST, LOG_INVERSE, BOOTSTRAP = range(4)
# rows of `scratch`: tops of trees to learn, nodes of a path, nodes and tops of a tree to free
TODO, PATH, WALK, TOPS = range(4)

SPARE_TREES = 8  # room beyond that of the trees that learn a row, for alternate trees to begin


@njit(forceinline=True)
def _write_path(t, top, x, path):
    """Write the nodes that `x` passes from `top` down; return their number."""
    length = 0
    node = top
    while node >= 0:
        path[length] = node
        length += 1
        node = child_at(t, node, x)
    return length


@njit
def _discard(t, windows, alternate, scratch, tally, top):
    """Free a tree, the alternate trees in it, theirs too, and empty the windows of their nodes."""
    walk, tops = scratch[WALK], scratch[TOPS]
    walk[0] = tops[0] = top
    n_walk = n_tops = 1
    while n_walk > 0:
        n_walk -= 1
        node = walk[n_walk]
        adwin_reset(windows[node])
        if alternate[node] >= 0:
            walk[n_walk] = tops[n_tops] = alternate[node]
            n_walk += 1
            n_tops += 1
            alternate[node] = -1
            tally[GROWING] -= 1
        kind = t.node_i[node, KIND]
        if kind in (NUMERIC, EQUALS):
            walk[n_walk] = t.node_i[node, LEFT]
            walk[n_walk + 1] = t.node_i[node, RIGHT]
            n_walk += 2
        elif kind == MULTIWAY:
            for child in t.child[t.node_i[node, LEFT]]:
                if child >= 0:
                    walk[n_walk] = child
                    n_walk += 1
    for i in range(n_tops):
        free_tree(t, tops[i])
    t.head[MAY_GROW] = 1  # where the memory bound had stopped all growth, there is room again


@njit
def _start(t, windows, alternate, scratch, tally, node):
    """Start an alternate tree at a split, in place of an older one, if there is room."""
    # what the alternate trees still to learn this row may need is not touched
    if free_nodes(t) > (tally[GROWING] + 1) * (max(2, t.child.shape[1]) + 1):
        older = alternate[node]
        alternate[node] = new_node(t, t.node_i[node, DEPTH])
        tally[STARTED] += 1
        if older >= 0:
            _discard(t, windows, alternate, scratch, tally, older)
        else:
            tally[GROWING] += 1


@njit
def _switch(t, windows, alternate, scratch, tally, node):
    """Put the alternate tree in place of the one below `node`, which stays the number of its top.

    The two tops change their contents; so nothing that points to `node` need be found.
    """
    other = alternate[node]
    for array in (t.node_f, windows):
        for i in range(array.shape[1]):
            array[node, i], array[other, i] = array[other, i], array[node, i]
    for i in range(t.node_i.shape[1]):
        t.node_i[node, i], t.node_i[other, i] = t.node_i[other, i], t.node_i[node, i]
    alternate[node], alternate[other] = alternate[other], -1
    tally[GROWING] -= 1
    _discard(t, windows, alternate, scratch, tally, other)


@njit(forceinline=True)
def _watch(t, windows, alternate, scratch, tally, settings, node, wrong):
    """Add an error bit at a split node and act on it; tell whether an alternate tree took over."""
    if adwin_rose(windows[node], wrong, settings[DRIFT_DELTA]):
        _start(t, windows, alternate, scratch, tally, node)
        return False
    other = alternate[node]
    if other < 0:
        return False
    n_rows, n_other = adwin_width(windows[node]), adwin_width(windows[other])
    if n_rows <= settings[FEWEST] or n_other <= settings[FEWEST]:
        return False
    error = adwin_estimation(windows[node])
    gain = error - adwin_estimation(windows[other])
    spread = 2.0 * error * (1.0 - error) * settings[LOG_INVERSE] * (1.0 / n_rows + 1.0 / n_other)
    bound = math.sqrt(max(0.0, spread))
    if gain > bound:
        _switch(t, windows, alternate, scratch, tally, node)
        tally[SWITCHED] += 1
        return True
    if -gain > bound:
        alternate[node] = -1
        _discard(t, windows, alternate, scratch, tally, other)
        tally[GROWING] -= 1
        tally[PRUNED] += 1
    return False


@njit(forceinline=True)
def _learn(t, windows, alternate, scratch, tally, settings, root, x, y, w, votes, product):
    """Learn a row in the tree and all alternate trees on its path; return the tree's code before.

    The caller has made sure of room for `SPARE_TREES` trees more than there are alternate trees.
    """
    todo, path = scratch[TODO], scratch[PATH]
    todo[0] = root
    n_todo = 1
    answer = -1
    while n_todo > 0:
        n_todo -= 1
        top = todo[n_todo]
        length = _write_path(t, top, x, path)
        stop = path[length - 1]
        n_splits = length - 1 if t.node_i[stop, KIND] == LEAF else length
        k = max(1, next_poisson(t.rng, 1.0)) if settings[BOOTSTRAP] > 0.0 else 1
        by_bayes, _ = bayes_code(t, stop, x, votes, product)
        code = learn_at(t, stop, x, y, k * w, by_bayes)
        if answer < 0:
            answer = code
        wrong = 0.0 if code == y else 1.0
        if n_splits == 0:
            adwin_rose(windows[top], wrong, settings[DRIFT_DELTA])
        for i in range(n_splits):
            before = alternate[path[i]]
            if _watch(t, windows, alternate, scratch, tally, settings, path[i], wrong):
                todo[n_todo] = path[i]  # the tree that took over has not learnt the row yet
                n_todo += 1
                break
            if before >= 0 and alternate[path[i]] == before:
                todo[n_todo] = before  # a tree that has just been started begins with the next row
                n_todo += 1
    return answer


# -- called from Python --------------------------------------------------------------------------


@njit(nogil=True)
def learn_many(handle, windows, alternate, scratch, tally, settings, root, X, y, w, out, row):
    """Predict, then learn each row from `row` on; return the first for which there is no room.

    The code predicted before learning goes to `out`.
    """
    t, windows, scratch, X = pool_at(handle), borrowed(windows), borrowed(scratch), borrowed(X)
    votes, product = np.empty(t.head[N_CLASSES]), np.empty(t.head[N_CLASSES])
    for i in range(row, len(X)):
        if not has_room(t, SPARE_TREES + tally[GROWING]):
            return i
        out[i] = _learn(
            t, windows, alternate, scratch, tally, settings, root, X[i], y[i], w[i], votes, product
        )
    return len(X)
