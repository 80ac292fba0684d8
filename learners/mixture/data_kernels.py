"""Compiled loops of DriftMoE: experts on one tree pool, and the router that chooses among them.

`t` is the tree pool, `r` the router, `e` the experts. A row is: score, predict, note which experts
are right (the mask), queue row and mask for the router, train experts.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import inner, njit
from olearn.core.rng import next_poisson
from olearn.detectors._adwin_kernels import adwin_reset, adwin_rose
from olearn.learners.mixture.router_kernels import (
    forward,
    make_scratch,
    push_row,
    top_k,
    train_block,
)
from olearn.learners.trees import layout as at
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
from olearn.learners.trees.leaf import BESIDE, VOTES, bayes_votes, highest, make_work, weight_of
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
# found by trial on the synthetic streams, as all that makes the variant "plus"
_FADED_POWER = 8.0  # of the faded accuracy, as an expert's weight: the best few decide
_READOUT_DECAY = 0.998  # the accuracy of a read-out is that of about the last 500 rows
_LARGEST_EXPONENT = 700.0  # exp of more leaves float64


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


class Work(NamedTuple):
    """Scratch of a loop over rows, for K experts and c classes."""

    tree: NDArray[np.float64]  # `make_work` of the trees
    inputs: NDArray[np.float64]  # (d,): the router's
    hidden: NDArray[np.float32]  # `work` and `index` of the router's kernels
    index: NDArray[np.int64]  # type: ignore[assignment]  # hides the method of tuple
    logits: NDArray[np.float32]  # (K,)
    mask: NDArray[np.float32]  # (K,): who was right
    top: NDArray[np.int64]  # (k,): the router's choice
    nodes: NDArray[np.int64]  # (K,): where the row stops in each tree
    codes: NDArray[np.int64]  # (K,): what each expert predicts
    proba: NDArray[np.float64]  # (K, c)
    outs: NDArray[np.float64]  # (N_READOUTS, c)


@njit
def make_mixture_work(t, e, r, n_features):
    """Allocate the scratch."""
    n_experts, n_classes, kind = len(e.roots), t.head[at.N_CLASSES], r.params.dtype
    hidden, index = make_scratch(r.head, r.params)
    n_top = int(e.conf[TOP_K])
    return Work(
        make_work(t),
        np.empty(n_features),
        hidden,
        index,
        np.empty(n_experts, kind),
        np.empty(n_experts, kind),
        np.empty(n_top if n_top < n_experts else n_experts, np.int64),
        np.empty(n_experts, np.int64),
        np.empty(n_experts, np.int64),
        np.empty((n_experts, n_classes)),
        np.empty((N_READOUTS, n_classes)),
    )


@inner
def scaled(e, x, out):
    """Write the router's input: `x`, standardized where the setting says so."""
    standardizes, scale = e.conf[STANDARDIZE] != 0.0, e.scale
    for f in range(len(x)):
        value = x[f]
        if standardizes and scale[0, f] > 1.0:
            variance = scale[2, f] / (scale[0, f] - 1.0)
            value = (value - scale[1, f]) / math.sqrt(variance) if variance > 0.0 else 0.0
        out[f] = value


@inner
def _learn_scale(e, x):
    scale = e.scale
    for f in range(len(x)):
        value = x[f]
        if value == value:
            scale[0, f] += 1.0
            distance = value - scale[1, f]
            scale[1, f] += distance / scale[0, f]
            scale[2, f] += distance * (value - scale[1, f])


@inner
def gate_of(logit, bound):
    """Return the sigmoid of a logit clipped to +-`bound`."""
    z = 1.0 * logit
    if z > bound:
        z = bound
    if z < -bound:
        z = -bound
    return 1.0 / (1.0 + math.exp(-z))


@inner
def knows_nothing(t, root):
    """Tell whether a tree has not learnt a row yet."""
    return t.node_i[root, at.KIND] == at.LEAF and weight_of(t, root) == 0.0


@inner
def read_outs(t, e, work):
    """Write the class probabilities of each read-out."""
    n_classes, out, proba, top = t.head[at.N_CLASSES], work.outs, work.proba, work.top
    for j in range(N_READOUTS):
        for c in range(n_classes):
            out[j, c] = 0.0
    for k in range(len(e.roots)):
        gate = gate_of(work.logits[k], 30.0)
        faded = 0.0 if knows_nothing(t, e.roots[k]) else e.faded[k] ** _FADED_POWER
        for c in range(n_classes):
            out[FADED_MIX, c] += faded * proba[k, c]
            out[BOTH_MIX, c] += faded * gate * gate * proba[k, c]
    for i in range(len(top)):
        k = top[i]
        gate = gate_of(work.logits[k], 30.0)
        for c in range(n_classes):
            out[TOP_MIX, c] += gate * proba[k, c]
    for c in range(n_classes):
        out[ROUTER, c] = proba[top[0], c]


@inner
def choose(e, r, x, work):
    """Write the router's logits for a row, and its best experts."""
    scaled(e, x, work.inputs)
    forward(r.head, r.params, work.inputs, work.hidden, work.index, work.logits)
    top_k(work.logits, len(work.top), work.top)


@inner
def mixture_at(t, e, x, work):
    """Fill nodes, expert probabilities and read-outs for a row; return the read-out that counts."""
    for k in range(len(e.roots)):
        node = route(t, e.roots[k], x)
        work.nodes[k] = node
        proba_at(t, node, x, work.proba[k], work.tree)
    read_outs(t, e, work)
    return highest(e.readout, N_READOUTS)


@inner
def _credit(t, e, x, y, work):
    """Mark the expert with the largest vote for the true class as right: none else was."""
    best, best_vote = 0, -math.inf
    for k in range(len(e.roots)):
        node = work.nodes[k]
        if e.conf[BY_PROBA] != 0.0:
            out = work.tree[BESIDE]
            proba_at(t, node, x, out, work.tree)
            vote = out[y]
        elif uses_bayes(t, node):
            in_logs = bayes_votes(t, node, x, work.tree)
            vote = work.tree[VOTES, y]
            if in_logs:
                vote = math.exp(vote if vote < _LARGEST_EXPONENT else _LARGEST_EXPONENT)
        else:
            vote = t.node_f[node, at.COUNTS + y]
        if vote > best_vote:
            best, best_vote = k, vote
    work.mask[best] = 1.0


@inner
def _right(t, e, y, work):
    """Write the mask of the experts that predict `y`; return their number."""
    n_right = 0
    for k in range(len(e.roots)):
        right = work.codes[k] == y
        if right and e.conf[ABSTAIN] != 0.0 and knows_nothing(t, e.roots[k]):
            right = False
        work.mask[k] = 1.0 if right else 0.0
        n_right += right
    return n_right


@inner
def _replace(t, e, k, x, y, w, error, work):
    """Watch an expert's error: on a warning grow a background tree, on a drift let it take over."""
    spare, warning, drift = e.spare, e.adwin[k, WARNING], e.adwin[k, DRIFT]
    if spare[k] >= 0:
        learn_tree(t, spare[k], x, y, w, work.tree)
    if adwin_rose(warning, error, e.conf[WARNING_DELTA]):
        if spare[k] >= 0:
            free_tree(t, spare[k])
        spare[k] = new_node(t, 0)
        adwin_reset(warning)
    if adwin_rose(drift, error, e.conf[DRIFT_DELTA]):
        free_tree(t, e.roots[k])
        if spare[k] < 0:
            spare[k] = new_node(t, 0)
        e.roots[k] = spare[k]
        spare[k] = -1
        adwin_reset(warning)
        adwin_reset(drift)
        e.count[N_DRIFTS] += 1


@inner
def _train_experts(t, e, x, y, w, work):
    poisson = e.conf[LAMBDA] > 0.0
    n_drifts = e.count[N_DRIFTS]
    n_train = len(e.roots) if poisson else len(work.top)
    for i in range(n_train):
        k, weight = i, w
        if poisson:
            weight = w * next_poisson(t.rng, e.conf[LAMBDA])
        else:
            k = work.top[i]
        if weight > 0.0:
            node = work.nodes[k]
            by_bayes, _ = bayes_code(t, node, x, work.tree)
            learn_at(t, node, x, y, weight, by_bayes, work.tree)
        if len(e.adwin):
            _replace(t, e, k, x, y, weight, 1.0 if work.codes[k] != y else 0.0, work)
    if e.count[N_DRIFTS] > n_drifts:
        t.head[at.MAY_GROW] = 1  # freed trees made room; only here, where has_room looks next


@inner
def _predict(t, e, r, x, learns, work):
    """Predict a row; fill `work` with what learning it asks for, if it will be learnt."""
    n_experts, n_classes = len(e.roots), t.head[at.N_CLASSES]
    choose(e, r, x, work)
    if e.conf[MIXTURE] != 0.0:
        choice = mixture_at(t, e, x, work)
        for k in range(n_experts):
            work.codes[k] = highest(work.proba[k], n_classes)
        return highest(work.outs[choice], n_classes)
    for i in range(n_experts if learns else 1):
        k = i if learns else work.top[0]
        node = route(t, e.roots[k], x)
        work.nodes[k] = node
        work.codes[k] = code_at(t, node, x, work.tree)
    return work.codes[work.top[0]]


@inner
def _learn(t, e, r, x, y, w, work):
    """Learn a row that was predicted."""
    n_experts, decay = len(e.roots), e.conf[DECAY]
    e.usage[work.top[0]] += 1
    e.count[N_ROWS] += 1
    for k in range(n_experts):
        e.faded[k] += (1.0 - decay) * ((work.codes[k] == y) - e.faded[k])
    if _right(t, e, y, work) == 0:
        _credit(t, e, x, y, work)
    if push_row(r.head, r.block, work.inputs, work.mask):
        train_block(r.head, r.params, r.moments, r.block, e.conf[LR], 0.0, r.state)
    if e.conf[STANDARDIZE] != 0.0:
        _learn_scale(e, x)
    _train_experts(t, e, x, y, w, work)


@inner
def _score_readouts(t, e, y, work):
    n_classes = t.head[at.N_CLASSES]
    for j in range(N_READOUTS):
        right = highest(work.outs[j], n_classes) == y
        e.readout[j] += (1.0 - _READOUT_DECAY) * (right - e.readout[j])


@inner
def _odds(t, e, x, out, work):
    """Write the class probabilities of the row that was predicted."""
    if e.conf[MIXTURE] != 0.0:
        normalise(work.outs[highest(e.readout, N_READOUTS)], out)
    else:
        proba_at(t, work.nodes[work.top[0]], x, out, work.tree)


@inner
def _run(t, e, r, X, y, w, out, odds, row, work):
    n_trees = 2 * len(e.roots)  # experts and background trees
    for i in range(row, X.shape[0]):
        learns = w[i] >= 0.0
        if learns and not has_room(t, n_trees, n_trees):
            return i
        out[i] = _predict(t, e, r, X[i], learns, work)
        if len(odds):
            _odds(t, e, X[i], odds[i], work)
        if learns and e.conf[MIXTURE] != 0.0:
            _score_readouts(t, e, y[i], work)
        if w[i] > 0.0:
            _learn(t, e, r, X[i], y[i], w[i], work)
    return X.shape[0]


@njit(nogil=True)
def run_data(handle, experts, router, X, y, w, out, odds, row):
    """Predict, then learn each row from `row` on; return the first for which there is no room.

    The variant "data": every expert votes, the router chooses. A row of negative weight is only
    predicted. `out` gets the codes, `odds` the class probabilities unless it has no rows.
    """
    t = at.pool_at(handle)
    work = make_mixture_work(t, experts, router, X.shape[1])
    return _run(t, experts, router, X, y, w, out, odds, row, work)


@inner
def normalise(values, out):
    """Write `values` divided by their sum; uniform where that is 0."""
    total = 0.0
    for c in range(len(values)):
        total += values[c]
    for c in range(len(values)):
        out[c] = values[c] / total if total > 0.0 else 1.0 / len(values)
