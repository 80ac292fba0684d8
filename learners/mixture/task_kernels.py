"""Compiled loops of DriftMoE's variants "task" (a tree a class) and "task_mlp" (no trees)."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner, njit
from olearn.core.kernel_arrays import borrowed
from olearn.learners.mixture.data_kernels import (
    DROPOUT,
    LR,
    N_ROWS,
    gate_of,
    make_mixture_work,
    normalise,
)
from olearn.learners.mixture.router_kernels import (
    forward,
    forward_dropout,
    make_scratch,
    push_row,
    train_block,
)
from olearn.learners.trees import layout as at
from olearn.learners.trees.kernels import bayes_code, has_room, learn_at, proba_at, route
from olearn.learners.trees.leaf import highest


@inner
def _score_task(t, e, r, x, score, work):
    """Score each class by gate times P(1 | x) of its expert; return the best code."""
    forward(r.head, r.params, x, work.hidden, work.index, work.logits)
    for k in range(len(e.roots)):
        node = route(t, e.roots[k], x)
        work.nodes[k] = node
        proba_at(t, node, x, work.proba[k], work.tree)
        score[k] = work.proba[k, 1] * gate_of(work.logits[k], 500.0)
    return highest(score, len(score))


@inner
def _learn(t, e, r, x, y, w, work):
    """Learn a row that was scored: yes for the tree of its class, no for the others."""
    e.count[N_ROWS] += 1
    for k in range(len(e.roots)):
        node, wanted = work.nodes[k], 1 if k == y else 0
        by_bayes, _ = bayes_code(t, node, x, work.tree)
        code = learn_at(t, node, x, wanted, w, by_bayes, work.tree)
        work.mask[k] = 1.0 if code == wanted else 0.0
    if push_row(r.head, r.block, x, work.mask):
        train_block(r.head, r.params, r.moments, r.block, e.conf[LR], 0.0, r.state)


@inner
def _run(t, e, r, X, y, w, out, odds, row, score, work):
    for i in range(row, X.shape[0]):
        if w[i] >= 0.0 and not has_room(t, len(e.roots), len(e.roots)):
            return i
        code = _score_task(t, e, r, X[i], score, work)
        out[i] = code
        if len(odds):
            normalise(score, odds[i])
        if w[i] > 0.0:
            e.usage[code] += 1
            _learn(t, e, r, X[i], y[i], w[i], work)
    return X.shape[0]


@njit(nogil=True)
def run_task(handle, experts, router, X, y, w, out, odds, row):
    """Do as `run_data` for "task": expert c is a binary tree for the class of code c."""
    t = at.pool_at(handle)
    work = make_mixture_work(t, experts, router, X.shape[1])
    score = np.empty(len(experts.roots))
    return _run(t, experts, router, X, y, w, out, odds, row, score, work)


@inner
def _odds(logits, best, out):
    """Write what the probabilities of logits are proportional to."""
    for c in range(len(logits)):
        out[c] = math.exp(logits[c] - logits[best])


@njit(nogil=True)
def run_mlp(handle, experts, router, X, y, w, out, odds, row):
    """Do as `run_data` for the variant "task_mlp": the router alone, one step a row.

    Dropout acts also where a row is predicted, as in the reference.
    """
    e, r, X, odds = borrowed(experts), borrowed(router), borrowed(X), borrowed(odds)
    logits, mask = np.empty(len(e.usage), r.params.dtype), np.empty(len(e.usage), r.params.dtype)
    work, index = make_scratch(r.head, r.params)
    votes = np.empty(len(e.usage))
    for i in range(row, len(X)):
        forward_dropout(
            r.head, r.params, X[i], e.conf[DROPOUT], r.state.copy(), work, index, logits
        )
        out[i] = highest(logits, len(logits))
        if len(odds):
            _odds(logits, out[i], votes)
            normalise(votes, odds[i])
        if w[i] <= 0.0:
            continue
        e.usage[out[i]] += 1
        e.count[N_ROWS] += 1
        for c in range(len(mask)):
            mask[c] = 1.0 if c == y[i] else 0.0
        push_row(r.head, r.block, X[i], mask)
        train_block(r.head, r.params, r.moments, r.block, e.conf[LR], e.conf[DROPOUT], r.state)
    return len(X)
