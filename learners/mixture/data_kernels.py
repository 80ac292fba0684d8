"""Compiled loops of DriftMoE: experts on one tree pool, and the router that chooses among them.

`t` is the tree pool, `r` the router, `e` the experts. A row is: score, predict, note which experts
are right (the mask), queue row and mask for the router, train experts.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import njit
from olearn.core.kernel_arrays import borrowed
from olearn.core.rng import next_poisson
from olearn.detectors.adwin import adwin_reset, adwin_rose
from olearn.learners.mixture.router_kernels import (
    forward,
    make_scratch,
    push_row,
    top_k,
    train_block,
)
from olearn.learners.trees.kernels import (
    bayes_code,
    code_at,
    free_tree,
    has_room,
    learn_at,
    learn_tree,
    proba_at,
    route,
    uses_bayes,
)
from olearn.learners.trees.layout import COUNTS, KIND, LEAF, MAY_GROW, N_CLASSES, pool_at
from olearn.learners.trees.leaf import bayes_votes, highest, weight_of
from olearn.learners.trees.lists import new_node

# entries of `conf`
(
    TOP_K,
    LR,
    BY_PROBA,
    ABSTAIN,
    MIXTURE,
    LAMBDA,
    WARNING_DELTA,
    DRIFT_DELTA,
    DECAY,
    STANDARDIZE,
    DROPOUT,
    CONF_SIZE,
) = range(12)
# read-outs of a mixture: the router's expert, its top k, all by faded accuracy, all by both
ROUTER, TOP_MIX, FADED_MIX, BOTH_MIX, N_READOUTS = range(5)
N_ROWS, N_DRIFTS = range(2)  # entries of `count`
WARNING, DRIFT = range(2)  # an expert's two detectors
_FADED_POWER = 8.0
_READOUT_DECAY = 0.998


class Experts(NamedTuple):
    """State of K experts beside their trees; arrays of length 0 where a setting is not used."""

    roots: NDArray[np.int64]  # (K,)
    spare: NDArray[np.int64]  # (K,): root of the background tree, -1 = none
    usage: NDArray[np.int64]  # (K,): how often each gave the prediction
    faded: NDArray[np.float64]  # (K,): faded accuracy
    readout: NDArray[np.float64]  # (N_READOUTS,): faded accuracy of each read-out
    adwin: NDArray[np.float64]  # (K, 2, size)
    scale: NDArray[np.float64]  # (3, d): count, mean, M2 of each feature
    count: NDArray[np.int64]  # type: ignore[assignment]  # hides the method of tuple
    conf: NDArray[np.float64]


class RouterArrays(NamedTuple):
    """The arrays of `router.Router`."""

    head: NDArray[np.int64]
    params: NDArray[np.float32]
    moments: NDArray[np.float32]
    block: NDArray[np.float32]
    state: NDArray[np.uint64]


@njit(forceinline=True)
def scaled(e, x, out):
    """Write the router's input: `x`, standardized where the setting says so."""
    for f in range(len(x)):
        out[f] = x[f]
        if e.conf[STANDARDIZE] and e.scale[0, f] > 1.0:
            variance = e.scale[2, f] / (e.scale[0, f] - 1.0)
            distance = x[f] - e.scale[1, f]
            out[f] = distance / math.sqrt(variance) if variance > 0.0 else 0.0


@njit(forceinline=True)
def _learn_scale(e, x):
    for f in range(len(x)):
        if x[f] == x[f]:
            e.scale[0, f] += 1.0
            distance = x[f] - e.scale[1, f]
            e.scale[1, f] += distance / e.scale[0, f]
            e.scale[2, f] += distance * (x[f] - e.scale[1, f])


@njit(forceinline=True)
def gate_of(logit, bound):
    """Return the sigmoid of a logit clipped to +-`bound`."""
    return 1.0 / (1.0 + math.exp(-max(min(logit, bound), -bound)))


@njit
def knows_nothing(t, root):
    """Tell whether a tree has not learnt a row yet."""
    return t.node_i[root, KIND] == LEAF and weight_of(t, root) == 0.0


@njit(forceinline=True)
def read_outs(t, e, logits, top, proba, out):
    """Write the class probabilities of each read-out, shape (N_READOUTS, n_classes)."""
    n_experts, n_classes = len(e.roots), t.head[N_CLASSES]
    out[:] = 0.0
    for k in range(n_experts):
        gate = gate_of(logits[k], 30.0)
        faded = 0.0 if knows_nothing(t, e.roots[k]) else e.faded[k] ** _FADED_POWER
        for c in range(n_classes):
            out[FADED_MIX, c] += faded * proba[k, c]
            out[BOTH_MIX, c] += faded * gate * gate * proba[k, c]
    for i in range(len(top)):
        k = top[i]
        gate = gate_of(logits[k], 30.0)
        for c in range(n_classes):
            out[TOP_MIX, c] += gate * proba[k, c]
    out[ROUTER, :n_classes] = proba[top[0], :n_classes]


@njit(forceinline=True)
def mixture_at(t, e, r, x, X_in, nodes, proba, outs, logits, top, work, index, product):
    """Fill nodes, expert probabilities, logits and read-outs for a row; return the read-out."""
    proba, outs = borrowed(proba), borrowed(outs)
    scaled(e, x, X_in)
    forward(r.head, r.params, X_in, work, index, logits)
    top_k(logits, len(top), top)
    for k in range(len(e.roots)):
        nodes[k] = route(t, e.roots[k], x)
        proba_at(t, nodes[k], x, proba[k], product)
    read_outs(t, e, logits, top, proba, outs)
    return highest(e.readout, N_READOUTS)


@njit(forceinline=True)
def _credit(t, e, nodes, x, y, mask, votes, product):
    """Mark the expert with the largest vote for the true class as right: none else was."""
    best, best_vote = 0, -np.inf
    for k in range(len(nodes)):
        if e.conf[BY_PROBA]:
            proba_at(t, nodes[k], x, votes, product)
            vote = votes[y]
        elif uses_bayes(t, nodes[k]):
            in_logs = bayes_votes(t, nodes[k], x, votes, product)
            vote = math.exp(min(votes[y], 700.0)) if in_logs else votes[y]
        else:
            vote = t.node_f[nodes[k], COUNTS + y]
        if vote > best_vote:
            best, best_vote = k, vote
    mask[best] = 1.0


@njit(forceinline=True)
def _right(t, e, codes, y, mask):
    """Write the mask of the experts that predict `y`; return their number."""
    n_right = 0
    for k in range(len(codes)):
        mask[k] = 1.0 if codes[k] == y else 0.0
        if e.conf[ABSTAIN] and knows_nothing(t, e.roots[k]):
            mask[k] = 0.0
        n_right += mask[k] > 0.0
    return n_right


@njit(forceinline=True)
def _replace(t, e, k, x, y, w, error, votes, product):
    """Watch an expert's error: on a warning grow a background tree, on a drift let it take over."""
    if e.spare[k] >= 0:
        learn_tree(t, e.spare[k], x, y, w, votes, product)
    if adwin_rose(e.adwin[k, WARNING], error, e.conf[WARNING_DELTA]):
        if e.spare[k] >= 0:
            free_tree(t, e.spare[k])
        e.spare[k] = new_node(t, 0)
        adwin_reset(e.adwin[k, WARNING])
    if adwin_rose(e.adwin[k, DRIFT], error, e.conf[DRIFT_DELTA]):
        free_tree(t, e.roots[k])
        e.roots[k] = e.spare[k] if e.spare[k] >= 0 else new_node(t, 0)
        e.spare[k] = -1
        adwin_reset(e.adwin[k, WARNING])
        adwin_reset(e.adwin[k, DRIFT])
        e.count[N_DRIFTS] += 1


@njit(forceinline=True)
def _train_experts(t, e, top, nodes, codes, x, y, w, votes, product):
    poisson = e.conf[LAMBDA] > 0.0
    n_train = len(e.roots) if poisson else len(top)
    for i in range(n_train):
        k = i if poisson else top[i]
        weight = w * next_poisson(t.rng, e.conf[LAMBDA]) if poisson else w
        if weight > 0.0:
            by_bayes, _ = bayes_code(t, nodes[k], x, votes, product)
            learn_at(t, nodes[k], x, y, weight, by_bayes)
        if len(e.adwin):
            _replace(t, e, k, x, y, weight, 1.0 if codes[k] != y else 0.0, votes, product)


@njit(nogil=True)
def run_data(handle, experts, router, X, y, w, out, row):
    """Predict, then learn each row from `row` on; return the first for which there is no room.

    The variant "data": every expert votes, the router chooses.
    """
    t, e, r, X = pool_at(handle), borrowed(experts), borrowed(router), borrowed(X)
    n_experts, n_classes = len(e.roots), t.head[N_CLASSES]
    votes, product = np.empty(n_classes), np.empty(n_classes)
    proba, outs = np.empty((n_experts, n_classes)), np.empty((N_READOUTS, n_classes))
    nodes, codes = np.empty(n_experts, np.int64), np.empty(n_experts, np.int64)
    top = np.empty(min(int(e.conf[TOP_K]), n_experts), np.int64)
    logits, mask = np.empty(n_experts, r.params.dtype), np.empty(n_experts, r.params.dtype)
    inputs = np.empty(X.shape[1])
    work, index = make_scratch(r.head, r.params)
    for i in range(row, len(X)):
        if not has_room(t, 2 * n_experts):  # experts and background trees
            return i
        x = X[i]
        if e.conf[MIXTURE]:
            choice = mixture_at(
                t, e, r, x, inputs, nodes, proba, outs, logits, top, work, index, product
            )
            for k in range(n_experts):
                codes[k] = highest(proba[k], n_classes)
            out[i] = highest(outs[choice], n_classes)
            _score_readouts(e, outs, y[i], n_classes)
        else:
            scaled(e, x, inputs)
            forward(r.head, r.params, inputs, work, index, logits)
            top_k(logits, len(top), top)
            for k in range(n_experts):
                nodes[k] = route(t, e.roots[k], x)
                codes[k] = code_at(t, nodes[k], x, votes, product)
            out[i] = codes[top[0]]
        if w[i] <= 0.0:
            continue
        e.usage[top[0]] += 1
        e.count[N_ROWS] += 1
        for k in range(n_experts):
            e.faded[k] += (1.0 - e.conf[DECAY]) * ((codes[k] == y[i]) - e.faded[k])
        if _right(t, e, codes, y[i], mask) == 0:
            _credit(t, e, nodes, x, y[i], mask, votes, product)
        if push_row(r.head, r.block, inputs, mask):
            train_block(r.head, r.params, r.moments, r.block, e.conf[LR], 0.0, r.state)
        if e.conf[STANDARDIZE]:
            _learn_scale(e, x)
        n_drifts = e.count[N_DRIFTS]
        _train_experts(t, e, top, nodes, codes, x, y[i], w[i], votes, product)
        if e.count[N_DRIFTS] > n_drifts:
            t.head[MAY_GROW] = 1  # freed trees made room; only here, where has_room looks next
    return len(X)


@njit(forceinline=True)
def _score_readouts(e, outs, y, n_classes):
    for j in range(N_READOUTS):
        right = highest(outs[j], n_classes) == y
        e.readout[j] += (1.0 - _READOUT_DECAY) * (right - e.readout[j])


@njit
def predict_data(handle, experts, router, X, out, codes):
    """Write the class probabilities, shape (n_rows, n_classes), and the code of each row."""
    t, e, r, X = pool_at(handle), borrowed(experts), borrowed(router), borrowed(X)
    n_experts, n_classes = len(e.roots), t.head[N_CLASSES]
    product = np.empty(n_classes)
    proba, outs = np.empty((n_experts, n_classes)), np.empty((N_READOUTS, n_classes))
    nodes = np.empty(n_experts, np.int64)
    top = np.empty(min(int(e.conf[TOP_K]), n_experts), np.int64)
    logits = np.empty(n_experts, r.params.dtype)
    inputs = np.empty(X.shape[1])
    work, index = make_scratch(r.head, r.params)
    for i in range(len(X)):
        if e.conf[MIXTURE]:
            choice = mixture_at(
                t, e, r, X[i], inputs, nodes, proba, outs, logits, top, work, index, product
            )
            codes[i] = highest(outs[choice], n_classes)
            normalise(outs[choice], out[i])
            continue
        scaled(e, X[i], inputs)
        forward(r.head, r.params, inputs, work, index, logits)
        top_k(logits, 1, top)
        node = route(t, e.roots[top[0]], X[i])
        codes[i] = code_at(t, node, X[i], out[i], product)
        proba_at(t, node, X[i], out[i], product)


@njit(forceinline=True)
def normalise(values, out):
    """Write `values` divided by their sum; uniform where that is 0."""
    total = values.sum()
    for c in range(len(values)):
        out[c] = values[c] / total if total > 0.0 else 1.0 / len(values)
