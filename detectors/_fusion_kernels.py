"""A small neural network trained online, for the fusion of anomaly scores.

One hidden layer of rectified units and a softmax. Rows of the inputs may hold NaN, which counts as
the mean. `memory` keeps a reservoir of rows for each class, `(n_classes, size, n_inputs)`, so that
rare classes are rehearsed as often as common ones.
"""

import math

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import njit
from olearn.core.rng import KernelState, next_below
from olearn.core.types import Floats

Counts = NDArray[np.int64]

_LEAST_DEVIATION = 1e-6
_FARTHEST = 10.0  # of a standardised input
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8  # Kingma and Ba (2015)
_LARGEST_WEIGHT = 20.0  # of a sample of a rare class
_LARGEST_NORM = 5.0  # of a gradient


@njit
def observe_inputs(moments: Floats, row: Floats) -> None:
    """Let a row enter the running count, mean and squared deviations, `(3, n_inputs)`."""
    for i in range(row.size):
        if not np.isnan(row[i]):
            moments[0, i] += 1.0
            gap = row[i] - moments[1, i]
            moments[1, i] += gap / moments[0, i]
            moments[2, i] += gap * (row[i] - moments[1, i])


@njit
def _standardise(out: Floats, moments: Floats, row: Floats) -> None:
    for i in range(row.size):
        out[i] = 0.0
        if moments[0, i] >= 2.0 and not np.isnan(row[i]):
            deviation = math.sqrt(moments[2, i] / moments[0, i])
            z = (row[i] - moments[1, i]) / max(deviation, _LEAST_DEVIATION)
            out[i] = min(max(z, -_FARTHEST), _FARTHEST)


@njit
def predict_proba(
    proba: Floats,
    hidden: Floats,
    inputs: Floats,
    w1: Floats,
    w2: Floats,
    moments: Floats,
    row: Floats,
) -> None:
    """Write standardised inputs, hidden units and class probabilities of a row.

    `w1` is `(n_hidden, n_inputs + 1)`, `w2` `(n_classes, n_hidden + 1)`; the last column of each
    is the bias.
    """
    _standardise(inputs, moments, row)
    n_inputs, n_hidden = inputs.size, hidden.size
    for h in range(n_hidden):
        total = w1[h, n_inputs]
        for i in range(n_inputs):
            total += w1[h, i] * inputs[i]
        hidden[h] = max(total, 0.0)
    largest = -np.inf
    for c in range(proba.size):
        total = w2[c, n_hidden]
        for h in range(n_hidden):
            total += w2[c, h] * hidden[h]
        proba[c] = total
        largest = max(largest, total)
    total = 0.0
    for c in range(proba.size):
        proba[c] = math.exp(proba[c] - largest)
        total += proba[c]
    for c in range(proba.size):
        proba[c] /= total


@njit
def train(
    w1: Floats,
    w2: Floats,
    adam1: Floats,
    adam2: Floats,
    moments: Floats,
    memory: Floats,
    seen: Counts,
    rng: KernelState,
    row: Floats,
    code: int,
    weight: float,
    conf: Floats,
) -> None:
    """Take one Adam step on a labelled row and on rows of the memory, then store the row.

    `seen` counts the rows of each class; each row has been one step. `adam1`, `adam2` are
    `(2, *w.shape)`, the moments of the gradients. `conf` holds the rate, the decay and the number
    of rehearsed rows.
    """
    n_classes, n_hidden = w2.shape[0], w1.shape[0]
    n_inputs = row.size
    proba, hidden, inputs = np.empty(n_classes), np.empty(n_hidden), np.empty(n_inputs)
    g1, g2 = np.zeros(w1.shape), np.zeros(w2.shape)
    n_rehearsed = int(conf[2])
    known = np.flatnonzero(seen)
    if known.size == 0:
        n_rehearsed = 0
    common = max(seen.max(), seen[code] + 1)
    weight *= min(_LARGEST_WEIGHT, common / (seen[code] + 1))
    for k in range(n_rehearsed + 1):
        if k == 0:
            sample, c, w = row, code, weight
        else:  # classes are drawn alike, hence not weighted again
            c = known[next_below(rng, known.size)]
            sample = memory[c, next_below(rng, min(seen[c], memory.shape[1]))]
            w = 1.0
        predict_proba(proba, hidden, inputs, w1, w2, moments, sample)
        _add_gradient(g1, g2, proba, hidden, inputs, w2, c, w / (n_rehearsed + 1))
    _descend(w1, w2, g1, g2, adam1, adam2, seen.sum() + 1, conf)
    _store(memory, seen, rng, row, code)


@njit
def _add_gradient(
    g1: Floats,
    g2: Floats,
    proba: Floats,
    hidden: Floats,
    inputs: Floats,
    w2: Floats,
    code: int,
    weight: float,
) -> None:
    """Add the gradient of `weight` times the cross-entropy; `proba` becomes that of the logits."""
    n_inputs, n_hidden = inputs.size, hidden.size
    proba[code] -= 1.0
    for c in range(proba.size):
        proba[c] *= weight
        g2[c, n_hidden] += proba[c]
        for h in range(n_hidden):
            g2[c, h] += proba[c] * hidden[h]
    for h in range(n_hidden):
        if hidden[h] > 0.0:
            back = 0.0
            for c in range(proba.size):
                back += proba[c] * w2[c, h]
            for i in range(n_inputs):
                g1[h, i] += back * inputs[i]
            g1[h, n_inputs] += back


@njit
def _descend(
    w1: Floats,
    w2: Floats,
    g1: Floats,
    g2: Floats,
    adam1: Floats,
    adam2: Floats,
    step: int,
    conf: Floats,
) -> None:
    """Take a step of Adam with the gradient clipped in norm and decayed weights."""
    norm = math.sqrt(np.sum(g1 * g1) + np.sum(g2 * g2))
    scale = min(1.0, _LARGEST_NORM / norm) if norm > 0.0 else 1.0
    rate = conf[0] * math.sqrt(1.0 - _BETA_2**step) / (1.0 - _BETA_1**step)
    for w, g, adam in ((w1, g1, adam1), (w2, g2, adam2)):
        bias = w.shape[1] - 1
        for r in range(w.shape[0]):
            for i in range(bias + 1):
                slope = g[r, i] * scale + (conf[1] * w[r, i] if i < bias else 0.0)
                adam[0, r, i] += (1.0 - _BETA_1) * (slope - adam[0, r, i])
                adam[1, r, i] += (1.0 - _BETA_2) * (slope * slope - adam[1, r, i])
                w[r, i] -= rate * adam[0, r, i] / (math.sqrt(adam[1, r, i]) + _EPSILON)


@njit
def _store(memory: Floats, seen: Counts, rng: KernelState, row: Floats, code: int) -> None:
    """Keep a uniform sample of the rows of each class (Vitter's algorithm R)."""
    size = memory.shape[1]
    place = seen[code] if seen[code] < size else next_below(rng, seen[code] + 1)
    if place < size:
        memory[code, place] = row
    seen[code] += 1
