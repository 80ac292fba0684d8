"""Compiled members of an ensemble of random patches: a tree, perhaps one in the background.

Each tree has a pool of its own, whose leaves all look at the same features. What replaces a tree is
made in Python, which is rare; a kernel stops after the row that asks for it.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

from olearn.core.jit import inner, njit
from olearn.core.kernel_arrays import borrowed
from olearn.core.rng import next_poisson
from olearn.detectors._adwin_kernels import adwin_rose
from olearn.learners.trees import layout as at
from olearn.learners.trees.arf_kernels import (
    DRIFT,
    DRIFT_DELTA,
    LAMBDA,
    RIGHT,
    SEEN,
    TREE,
    WARNING,
    WARNING_DELTA,
    Member,
    weigh,
)
from olearn.learners.trees.kernels import (
    bayes_code,
    code_at,
    has_room,
    learn_at,
    learn_tree,
    route,
    write_proba,
)
from olearn.learners.trees.leaf import make_work

# why a kernel stopped: all rows are done, memory is short, or, added up, what the detectors found
DONE, NO_ROOM, WARNS, DRIFTS = 0, 1, 2, 4


@inner
def _learn(t, b, m, rng, has_background, x, y, w, node, by_bayes, work):
    """Learn one row in a member; return what its detectors find."""
    mean = m.settings[LAMBDA]
    k = next_poisson(rng, mean) if mean > 0.0 else 1  # no mean: each row once
    if k > 0 and has_background:
        learn_tree(b, 0, x, y, k * w, work)  # overwrites votes that are not asked for again
    code = learn_at(t, node, x, y, k * w, by_bayes, work)
    m.tally[SEEN] += w
    if code == y:
        m.tally[RIGHT] += w
    if k == 0:
        return DONE
    wrong = 0.0 if code_at(t, route(t, m.status[TREE], x), x, work) == y else 1.0
    found = WARNS if adwin_rose(m.windows[WARNING], wrong, m.settings[WARNING_DELTA]) else DONE
    if adwin_rose(m.windows[DRIFT], wrong, m.settings[DRIFT_DELTA]):
        found += DRIFTS
    return found


@njit(nogil=True)
def learn_many(handle, background, has_background, state, rng, X, y, w, out, row):
    """Vote on, then learn each row from `row` on; return the first that is not done, and why.

    `state` are the arrays of a `Member`. Where `out` has a row for each, the member's votes before
    learning go there. A row of negative weight is only voted on.
    """
    t, b, X, out = at.pool_at(handle), at.pool_at(background), borrowed(X), borrowed(out)
    status, tally, windows, settings = state
    m = borrowed(Member(status, tally, windows, settings))
    work = make_work(t)
    for i in range(row, X.shape[0]):
        learns = w[i] >= 0.0
        if learns and not (has_room(t, 1, 1) and has_room(b, 1, 1)):
            return i, NO_ROOM
        x = X[i]
        node = route(t, m.status[TREE], x)
        by_bayes, in_logs = bayes_code(t, node, x, work)
        if out.shape[0] > 0:
            write_proba(t, node, by_bayes, in_logs, out[i], work)
            weigh(t, m, out[i])
        if learns:
            found = _learn(t, b, m, rng, has_background, x, y[i], w[i], node, by_bayes, work)
            if found != DONE:
                return i + 1, found
    return X.shape[0], DONE
