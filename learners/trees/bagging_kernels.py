"""Compiled ensembles whose members learn a row one after the other: bagging and boosting.

A member is a `TreePool` of one tree. Row by row all members vote, then each draws how often it
learns the row; what happens to one may depend on those before it, and a drift replaces the worst.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import inner, njit
from olearn.core.kernel_arrays import borrowed
from olearn.core.rng import KernelState, next_below, next_double, next_gaussian, next_poisson
from olearn.detectors._adwin_kernels import adwin_estimation, adwin_reset, adwin_rose
from olearn.learners.trees import layout as at
from olearn.learners.trees.arf_kernels import N_DRIFTS, TREE
from olearn.learners.trees.kernels import (
    bayes_code,
    code_at,
    free_tree,
    has_room,
    learn_at,
    route,
    write_proba,
)
from olearn.learners.trees.leaf import make_work
from olearn.learners.trees.lists import new_node

# how often a member learns a row: a Poisson number; once where it was wrong and else as often as
# its odds of an error say; every second row; at least once; one row in 1.6, without repetition
POISSON, ERRORS, HALF, ALL, ONCE = range(5)
# entries of `settings`; BOOSTS is 1 where rows that members get wrong count more for those after
# them, and votes less the more often a member errs
DRAW, LAMBDA, DELTA, DETECTS, BOOSTS, N_SETTINGS = range(6)
# columns of `tallies`: weight that a member got right, and wrong; only boosting counts
RIGHT, WRONG = range(2)

_SMALL = 1e-16  # what an error is at least, as in river
_MANY = 30.0  # a Poisson number of a larger mean is taken as normal


class Ensemble(NamedTuple):
    """What an ensemble is beside its pools; a row a member."""

    status: NDArray[np.int64]  # as of a member of `arf_kernels`
    tallies: NDArray[np.float64]
    windows: NDArray[np.float64]
    settings: NDArray[np.float64]
    rng: KernelState


@inner
def _poisson(rng, mean):
    if mean <= _MANY:
        return np.float64(next_poisson(rng, mean))
    return max(0.0, math.floor(mean + math.sqrt(mean) * next_gaussian(rng) + 0.5))


@inner
def _times(e, m, share, is_wrong):
    """Draw how often member `m` learns a row; `share` is what boosting makes of its weight."""
    draw, mean, rng = e.settings[DRAW], e.settings[LAMBDA], e.rng
    if draw == POISSON:
        return _poisson(rng, mean * share)
    if draw == ERRORS:
        error = adwin_estimation(e.windows[m])
        return 1.0 if is_wrong or next_double(rng) * (1.0 - error) < error else 0.0
    if draw == HALF:
        return np.float64(next_below(rng, 2))
    if draw == ALL:
        return 1.0 + next_poisson(rng, 1.0)
    return 1.0 if next_poisson(rng, 1.0) > 0 else 0.0


@inner
def _vote_weight(e, m):
    """What the votes of a member count: in boosting the logarithm of its odds of being right."""
    if e.settings[BOOSTS] == 0.0:
        return 1.0
    right, wrong = e.tallies[m, RIGHT], e.tallies[m, WRONG]
    if right + wrong == 0.0:
        return 1.0  # all that have learnt nothing yet are alike
    error = (wrong + _SMALL) / (right + wrong + _SMALL)
    # what is no better than a coin speaks where all are so
    return math.log((1.0 - error) / error) if error < 0.5 else _SMALL


@inner
def _boost(e, m, share, is_wrong):
    """Count a row for a member; return what share of its weight the next one sees."""
    kind = WRONG if is_wrong else RIGHT
    e.tallies[m, kind] += share
    return share * (e.tallies[m, RIGHT] + e.tallies[m, WRONG]) / (2.0 * e.tallies[m, kind])


@inner
def _replace_worst(handles, e):
    """Let the member of the largest error begin anew."""
    worst = 0
    for m in range(1, len(handles)):
        if adwin_estimation(e.windows[m]) > adwin_estimation(e.windows[worst]):
            worst = m
    t = at.pool_at(handles[worst])
    free_tree(t, e.status[worst, TREE])
    t.head[at.MAY_GROW] = 1  # where the memory bound had stopped all growth, there is room again
    e.status[worst, TREE] = new_node(t, 0)
    adwin_reset(e.windows[worst])
    e.status[worst, N_DRIFTS] += 1


@inner
def _learn_member(t, e, m, x, y, w, share, node, by_bayes, work):
    """Learn a row in a member; return what boosting makes of its weight, and whether it drifts."""
    before = code_at(t, node, x, work) if e.settings[DRAW] == ERRORS else y
    times = _times(e, m, share, before != y)
    if times > 0.0:
        learn_at(t, node, x, y, times * w, by_bayes, work)
    if e.settings[DETECTS] == 0.0 and e.settings[BOOSTS] == 0.0:
        return share, False
    is_wrong = code_at(t, route(t, e.status[m, TREE], x), x, work) != y
    drifts = False
    if e.settings[DETECTS] != 0.0:
        drifts = adwin_rose(e.windows[m], 1.0 if is_wrong else 0.0, e.settings[DELTA])
    if e.settings[BOOSTS] != 0.0:
        share = _boost(e, m, share, is_wrong)
    return share, drifts


@inner
def _n_full(handles):
    """Number of members without room for one more row."""
    n = 0
    for m in range(len(handles)):
        n += 0 if has_room(at.pool_at(handles[m]), 1, 1) else 1
    return n


@njit(nogil=True)
def learn_many(handles, status, tallies, windows, settings, rng, X, y, w, out, row):
    """Let all members vote on and learn each row from `row` on.

    Returns the first for which there is no room. Where `out` has a row for each, the sum of the
    votes before learning goes there. A row of negative weight is only voted on.
    """
    handles, X, out = borrowed(handles), borrowed(X), borrowed(out)
    e = borrowed(Ensemble(status, tallies, windows, settings, rng))
    n_classes = at.pool_at(handles[0]).head[at.N_CLASSES]
    work, proba = make_work(at.pool_at(handles[0])), np.empty(n_classes)
    for i in range(row, X.shape[0]):
        learns = w[i] >= 0.0
        if learns and _n_full(handles) > 0:
            return i
        x, share, drift = X[i], 1.0, False
        if out.shape[0] > 0:
            out[i] = 0.0
        for m in range(len(handles)):
            t = at.pool_at(handles[m])
            node = route(t, e.status[m, TREE], x)
            by_bayes, in_logs = bayes_code(t, node, x, work)
            if out.shape[0] > 0:
                write_proba(t, node, by_bayes, in_logs, proba, work)
                weight = _vote_weight(e, m)
                for c in range(n_classes):
                    out[i, c] += weight * proba[c]
            if learns:
                share, rose = _learn_member(t, e, m, x, y[i], w[i], share, node, by_bayes, work)
                drift = drift or rose
        if drift:
            _replace_worst(handles, e)
    return X.shape[0]
