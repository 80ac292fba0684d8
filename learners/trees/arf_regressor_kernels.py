"""Compiled members of an adaptive random forest for numbers: answer, bag, watch, replace.

A member is a `ModelTreePool` (`t`) that holds its tree and perhaps a background tree, and rows of
the forest's arrays. It never looks at another member.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner, njit
from olearn.core.kernel_arrays import borrowed
from olearn.core.rng import next_poisson
from olearn.detectors._adwin_kernels import adwin_reset, adwin_update
from olearn.learners.trees import model_tree_layout as at
from olearn.learners.trees.ebst import SPLIT_SIZE
from olearn.learners.trees.model_tree_kernels import (
    answer_at_leaf,
    descend,
    has_room,
    learn_leaf,
    learn_tree,
)
from olearn.learners.trees.model_tree_split import N_ROWS, free_tree, new_leaf

# entries of a member's `status`; BACKGROUND is -1 where no such tree grows
TREE, BACKGROUND, N_WARNINGS, N_DRIFTS = range(4)
# entries of a member's `tally`: weight and mean squared error of its tree; number, mean and squares
# of the errors that its detectors have read
SEEN, ERROR, READ, CENTRE, SQUARES, TALLY_SIZE = range(6)
# rows of a member's `windows`, two ADWIN states
WARNING, DRIFT = range(2)
# entries of `settings`; a delta of 0 is a detector that never alarms
LAMBDA, WARNING_DELTA, DRIFT_DELTA = range(3)

_MAX = np.finfo(np.float64).max


@inner
def _discard(t, tree):
    free_tree(t, tree)
    t.head[at.MAY_GROW] = 1  # where the memory bound had stopped all growth, there is room again


@inner
def _warn(t, status, windows):
    """Start a background tree, in place of one there may be."""
    status[N_WARNINGS] += 1
    adwin_reset(windows[WARNING])
    if status[BACKGROUND] >= 0:
        _discard(t, status[BACKGROUND])
        status[BACKGROUND] = at.NONE
    if t.node_i.shape[0] - t.head[at.NODES_USED] + t.head[at.NODES_FREE] > 0:
        status[BACKGROUND] = new_leaf(t, at.NONE, 0)


@inner
def _replace(t, status, tally, windows):
    """Put the background tree, or an empty one, in the place of the member's tree."""
    status[N_DRIFTS] += 1
    adwin_reset(windows[WARNING])
    adwin_reset(windows[DRIFT])
    tally[SEEN] = 0.0
    tally[ERROR] = 0.0
    _discard(t, status[TREE])
    if status[BACKGROUND] < 0:
        status[BACKGROUND] = new_leaf(t, at.NONE, 0)
    status[TREE] = status[BACKGROUND]
    status[BACKGROUND] = at.NONE


@inner
def _place(tally, error):
    """Return where an error lies within three standard deviations of 0, as a share."""
    tally[READ] += 1.0
    before = tally[CENTRE]
    tally[CENTRE] += (error - before) / tally[READ]
    tally[SQUARES] = min(tally[SQUARES] + (error - before) * (error - tally[CENTRE]), _MAX)
    if tally[READ] == 1.0 or not tally[SQUARES] > 0.0:
        return 0.5
    range_of = 3.0 * math.sqrt(tally[SQUARES] / (tally[READ] - 1.0))
    return (error + range_of) / (2.0 * range_of)


@inner
def watch(t, status, tally, windows, settings, error):
    """Let the detectors of a member read an error, and do what they say."""
    share = _place(tally, error)
    warns, drifts = settings[WARNING_DELTA], settings[DRIFT_DELTA]
    if warns > 0.0 and adwin_update(windows[WARNING], share, warns):
        _warn(t, status, windows)
    if drifts > 0.0 and adwin_update(windows[DRIFT], share, drifts):
        _replace(t, status, tally, windows)


@njit(nogil=True)
def learn_many(handle, number, statuses, tallies, all_windows, settings, X, y, w, out, row):
    """Answer, then learn each row from `row` on; return the first for which there is no room.

    A row of weight 0 or less is only answered. The answer and the squared error so far go to `out`.
    """
    t, X = at.pool_at(handle), borrowed(X)
    status, tally = borrowed(statuses[number]), borrowed(tallies[number])
    windows = borrowed(all_windows[number])
    z = borrowed(np.empty((1, t.nominal.shape[0])))
    work = borrowed(np.empty((N_ROWS, max(SPLIT_SIZE, t.nominal.shape[0]))))
    for i in range(row, X.shape[0]):
        if w[i] > 0.0 and not has_room(t, 2):
            return i
        leaf, lost = descend(t, status[TREE], X, i, False)
        by_model, answer = answer_at_leaf(t, leaf, X, i, z)
        out[i, 0], out[i, 1] = answer, tally[ERROR]
        if not w[i] > 0.0:
            continue
        error = y[i] - answer
        tally[SEEN] += w[i]
        tally[ERROR] += w[i] / tally[SEEN] * (min(error * error, _MAX) - tally[ERROR])
        k = next_poisson(t.rng, settings[LAMBDA])
        if k == 0:
            continue
        if status[BACKGROUND] >= 0:
            learn_tree(t, status[BACKGROUND], X, i, y[i], k * w[i], z, work)
        if lost:
            learn_tree(t, status[TREE], X, i, y[i], k * w[i], z, work)
        else:
            learn_leaf(t, leaf, lost, X, i, y[i], k * w[i], z, by_model, work)
        watch(t, status, tally, windows, settings, error)
    return X.shape[0]
