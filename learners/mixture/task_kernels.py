"""Compiled loops of DriftMoE's variants "task" (a tree a class) and "task_mlp" (no trees)."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import njit
from olearn.core.kernel_arrays import borrowed
from olearn.learners.mixture.data_kernels import DROPOUT, LR, N_ROWS, gate_of, normalise
from olearn.learners.mixture.router_kernels import (
    N_OUTPUTS,
    forward,
    forward_dropout,
    make_scratch,
    push_row,
    train_block,
)
from olearn.learners.trees.kernels import bayes_code, has_room, learn_at, proba_at, route
from olearn.learners.trees.layout import pool_at
from olearn.learners.trees.leaf import highest


@njit(nogil=True)
def run_task(handle, experts, router, X, y, w, out, row):
    """Do as `run_data` for "task": expert c is a binary tree for the class of code c."""
    t, e, r, X = pool_at(handle), borrowed(experts), borrowed(router), borrowed(X)
    n_experts = len(e.roots)
    votes, product = np.empty(2), np.empty(2)
    score, nodes = np.empty(n_experts), np.empty(n_experts, np.int64)
    logits, mask = np.empty(n_experts, r.params.dtype), np.empty(n_experts, r.params.dtype)
    work, index = make_scratch(r.head, r.params)
    for i in range(row, len(X)):
        if not has_room(t, n_experts):
            return i
        out[i] = _score_task(t, e, r, X[i], nodes, logits, score, work, index, votes, product)
        if w[i] <= 0.0:
            continue
        e.usage[out[i]] += 1
        e.count[N_ROWS] += 1
        for k in range(n_experts):
            by_bayes, _ = bayes_code(t, nodes[k], X[i], votes, product)
            code = learn_at(t, nodes[k], X[i], int(k == y[i]), w[i], by_bayes)
            mask[k] = 1.0 if code == (k == y[i]) else 0.0
        if push_row(r.head, r.block, X[i], mask):
            train_block(r.head, r.params, r.moments, r.block, e.conf[LR], 0.0, r.state)
    return len(X)


@njit(forceinline=True)
def _score_task(t, e, r, x, nodes, logits, score, work, index, votes, product):
    """Score each class by gate times P(1 | x) of its expert; return the best code."""
    forward(r.head, r.params, x, work, index, logits)
    for k in range(len(e.roots)):
        nodes[k] = route(t, e.roots[k], x)
        proba_at(t, nodes[k], x, votes, product)
        score[k] = votes[1] * gate_of(logits[k], 500.0)
    return highest(score, len(score))


@njit
def predict_task(handle, experts, router, X, out, codes):
    """Do as `predict_data` for the variant "task"."""
    t, e, r, X = pool_at(handle), borrowed(experts), borrowed(router), borrowed(X)
    n_experts = len(e.roots)
    votes, product, nodes = np.empty(2), np.empty(2), np.empty(n_experts, np.int64)
    logits, score = np.empty(r.head[N_OUTPUTS], r.params.dtype), np.empty(n_experts)
    work, index = make_scratch(r.head, r.params)
    for i in range(len(X)):
        codes[i] = _score_task(t, e, r, X[i], nodes, logits, score, work, index, votes, product)
        normalise(score, out[i])


@njit(nogil=True)
def run_mlp(handle, experts, router, X, y, w, out, row):
    """Do as `run_data` for the variant "task_mlp": the router alone, one step a row."""
    e, r, X = borrowed(experts), borrowed(router), borrowed(X)
    logits, mask = np.empty(len(e.usage), r.params.dtype), np.empty(len(e.usage), r.params.dtype)
    work, index = make_scratch(r.head, r.params)
    for i in range(row, len(X)):
        forward_dropout(
            r.head, r.params, X[i], e.conf[DROPOUT], r.state.copy(), work, index, logits
        )
        out[i] = highest(logits, len(logits))
        if w[i] <= 0.0:
            continue
        e.usage[out[i]] += 1
        e.count[N_ROWS] += 1
        mask[:] = 0.0
        mask[y[i]] = 1.0
        push_row(r.head, r.block, X[i], mask)
        train_block(r.head, r.params, r.moments, r.block, e.conf[LR], e.conf[DROPOUT], r.state)
    return len(X)


@njit
def predict_mlp(handle, experts, router, X, out, codes):
    """Do as `predict_data` for the variant "task_mlp"; dropout acts, as in the reference."""
    e, r, X = borrowed(experts), borrowed(router), borrowed(X)
    logits = np.empty(len(e.usage), r.params.dtype)
    work, index = make_scratch(r.head, r.params)
    for i in range(len(X)):
        forward_dropout(
            r.head, r.params, X[i], e.conf[DROPOUT], r.state.copy(), work, index, logits
        )
        codes[i] = highest(logits, len(logits))
        for c in range(len(logits)):
            out[i, c] = math.exp(logits[c] - logits[codes[i]])
        normalise(out[i].copy(), out[i])
