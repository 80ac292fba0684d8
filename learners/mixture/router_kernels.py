"""Kernels of DriftMoE's router: forward pass, training on blocks, the best experts.

The layers are inputs -> ReLU(first) -> [dropout] -> ReLU(second) -> one logit an expert. All
parameters lie in one flat array, weights as (in, out): a layer is then a sum of weight rows, in
which the rows of zero inputs (half of them, after a ReLU) are left out. Every sum runs in the
order of its terms, so neither the call nor the width of the machine's vectors changes a float.

A compiled loop over rows owns the work space and uses the kernels like this:

    work, index = make_scratch(head, params)
    for row in X:
        forward(head, params, row, work, index, logits)
        ...                                             # experts vote; `mask` says who was right
        if push_row(head, block, row, mask):
            loss = train_block(head, params, moments, block, lr, dropout, state)

`head`, `params`, `moments`, `block`, `state` are those of `router.Router`. The kernels are
generic in the float type of `params`, which is also that of `logits`, `work` and `block`; rows and
numbers given as scalars are float64.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import inner, njit
from olearn.core.kernel_arrays import borrowed, matrix_at
from olearn.core.rng import KernelState, next_double

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Layers = tuple[Floats, Floats, Floats, Floats, Floats, Floats]

# entries of `head`: sizes of the layers, rows that wait in the block, steps of Adam so far
N_INPUTS, HIDDEN_1, HIDDEN_2, N_OUTPUTS, N_ROWS, N_STEPS, HEAD_SIZE = range(7)

_BETA_1, _BETA_2, _EPS = 0.9, 0.999, 1e-8  # Kingma, Ba (2015), defaults of their algorithm 1
_LARGEST_INPUT = 1e15  # squares of gradients stay finite in float32
_TINY = 1e-30  # a moment below acts like 0; without a floor it would decay into slow subnormals
_TILE = 32  # rows whose activations are held at once: they fit the first-level cache


class RouterArrays(NamedTuple):
    """The arrays of `router.Router`."""

    head: Ints
    params: Floats
    moments: Floats
    block: Floats
    state: KernelState


@inner
def _layers(head: Ints, flat: Floats) -> Layers:
    """Views (w1, b1, w2, b2, w3, b3) of a flat array of parameters, gradients or moments."""
    d, h1, h2, k = head[N_INPUTS], head[HIDDEN_1], head[HIDDEN_2], head[N_OUTPUTS]
    b1 = d * h1
    w2 = b1 + h1
    b2 = w2 + h1 * h2
    w3 = b2 + h2
    b3 = w3 + h2 * k
    return (
        matrix_at(flat, 0, d, h1),
        borrowed(flat[b1:w2]),
        matrix_at(flat, w2, h1, h2),
        borrowed(flat[b2:w3]),
        matrix_at(flat, w3, h2, k),
        borrowed(flat[b3:]),
    )


@njit
def make_scratch(head: Ints, params: Floats) -> tuple[Floats, Ints]:
    """Allocate the work space `work`, `index` of `forward`, for as long as the sizes stay."""
    d, h1, h2, k = head[N_INPUTS], head[HIDDEN_1], head[HIDDEN_2], head[N_OUTPUTS]
    work = np.empty(d + h1 + h2, params.dtype)
    size = _TILE
    for n in (d, h1, h2, k):
        if size < n:
            size = n
    index = np.empty(size, np.int64)
    return work, index


@inner
def forward(
    head: Ints, params: Floats, x: Floats, work: Floats, index: Ints, logits: Floats
) -> None:
    """Write the logit of each expert for the float64 row `x` into `logits`, shape (n_outputs,).

    A missing value (NaN) and an infinite one count as 0; others are clipped to +-1e15.
    """
    _clean(x, work[: head[N_INPUTS]])
    _hidden(head, params, work, index)
    _output(head, params, work, index, logits)


@inner
def forward_dropout(
    head: Ints,
    params: Floats,
    x: Floats,
    dropout: float,
    state: KernelState,
    work: Floats,
    index: Ints,
    logits: Floats,
) -> None:
    """Do as `forward` with each unit of the first hidden layer dropped with that probability.

    Advances `state` by one number a unit, as `train_block` does for each row.
    """
    _clean(x, work[: head[N_INPUTS]])
    _hidden(head, params, work, index)
    _drop(head, dropout, state, work)
    _output(head, params, work, index, logits)


@inner
def push_row(head: Ints, block: Floats, x: Floats, mask: Floats) -> bool:
    """Append the row `x` and its target `mask`, shape (n_outputs,), to the block; is it full now?

    A full block must be trained before the next row.
    """
    d = head[N_INPUTS]
    row = block[head[N_ROWS]]
    _clean(x, row[:d])
    for e in range(head[N_OUTPUTS]):
        row[d + e] = mask[e]
    head[N_ROWS] += 1
    return head[N_ROWS] == block.shape[0]


@njit
def train_block(
    head: Ints,
    params: Floats,
    moments: Floats,
    block: Floats,
    lr: float,
    dropout: float,
    state: KernelState,
) -> float:
    """Take one step of Adam on the waiting rows, empty the block, and return the mean loss."""
    grad = np.empty(len(params), params.dtype)
    for i in range(len(grad)):
        grad[i] = 0.0
    loss = block_gradient(head, params, block, dropout, state, grad)
    head[N_STEPS] += 1
    head[N_ROWS] = 0
    _adam(params, grad, moments, head[N_STEPS], lr)
    return loss


@inner
def top_k(scores: Floats, k: int, out: Ints) -> int:
    """Write the indices of the `k` largest scores, largest first, and return how many there are.

    Of equal scores the one with the lower index comes first; `k` above their number is cut to it.
    """
    n = 0
    for i in range(len(scores)):
        place = n
        while place > 0 and scores[i] > scores[out[place - 1]]:
            place -= 1
        if place < k:
            if n < k:
                n += 1
            for j in range(n - 1, place, -1):
                out[j] = out[j - 1]
            out[place] = i
    return n


@inner
def _clean(x: Floats, out: Floats) -> None:
    for i in range(len(out)):
        value = x[i]
        if value - value != 0.0:  # infinite or missing
            value = 0.0
        elif value > _LARGEST_INPUT:
            value = _LARGEST_INPUT
        elif value < -_LARGEST_INPUT:
            value = -_LARGEST_INPUT
        out[i] = value


@inner
def _hidden(head: Ints, params: Floats, work: Floats, index: Ints) -> None:
    """Fill the first hidden layer; `work` holds inputs, first and second layer, in this order."""
    d, h1 = head[N_INPUTS], head[HIDDEN_1]
    w1, b1, _, _, _, _ = _layers(head, params)
    _layer(work[:d], w1, b1, index, work[d : d + h1])
    _rectify(work[d : d + h1])


@inner
def _drop(head: Ints, dropout: float, state: KernelState, work: Floats) -> None:
    scale = work.dtype.type(1.0 / (1.0 - dropout))
    d = head[N_INPUTS]
    for i in range(d, d + head[HIDDEN_1]):
        if next_double(state) < dropout:
            work[i] = 0.0
        else:
            work[i] *= scale


@inner
def _output(head: Ints, params: Floats, work: Floats, index: Ints, logits: Floats) -> None:
    begin, end = head[N_INPUTS], head[N_INPUTS] + head[HIDDEN_1]
    _, _, w2, b2, w3, b3 = _layers(head, params)
    _layer(work[begin:end], w2, b2, index, work[end:])
    _rectify(work[end:])
    _layer(work[end:], w3, b3, index, logits)


@inner
def _layer(values: Floats, weights: Floats, bias: Floats, index: Ints, out: Floats) -> None:
    for j in range(len(out)):
        out[j] = bias[j]
    _add_product(values, weights, index, out)


@inner
def _rectify(values: Floats) -> None:
    zero = values.dtype.type(0.0)
    for i in range(len(values)):
        value = values[i]
        values[i] = value if value > zero else zero


@inner
def _add_product(values: Floats, matrix: Floats, index: Ints, out: Floats) -> None:
    """Add `values @ matrix` to `out`, row after row of the matrix, none where the value is 0.

    Same floats as `for i: out += values[i] * matrix[i]`; four rows a pass, so that `out` is read
    and written a fourth as often. `index` is scratch, as long as `values` at least.
    """
    zero = values.dtype.type(0.0)
    n = 0
    for i in range(len(values)):
        index[n] = i  # no branch: which values are 0 cannot be foreseen
        n += values[i] != zero
    fours = n - n % 4
    for i in range(0, fours, 4):
        i0, i1, i2, i3 = index[i], index[i + 1], index[i + 2], index[i + 3]
        a0, a1, a2, a3 = values[i0], values[i1], values[i2], values[i3]
        row0, row1, row2, row3 = matrix[i0], matrix[i1], matrix[i2], matrix[i3]
        for j in range(len(out)):
            out[j] = out[j] + a0 * row0[j] + a1 * row1[j] + a2 * row2[j] + a3 * row3[j]
    for i in range(fours, n):
        a0, row0 = values[index[i]], matrix[index[i]]
        for j in range(len(out)):
            out[j] += a0 * row0[j]


@njit
def block_gradient(
    head: Ints, params: Floats, block: Floats, dropout: float, state: KernelState, grad: Floats
) -> float:
    """Add the gradient of the mean loss over the waiting rows to `grad`; return that loss.

    The loss is binary cross-entropy with logits, its mean over rows and outputs.
    """
    d, n_rows = head[N_INPUTS], head[N_ROWS]
    end_1 = d + head[HIDDEN_1]
    _, _, w2, _, w3, _ = _layers(head, params)
    g1, gb1, g2, gb2, g3, gb3 = _layers(head, grad)
    # transposed, so that the way back is a sum of rows too
    w2_t = np.empty((head[HIDDEN_2], head[HIDDEN_1]), params.dtype)
    w3_t = np.empty((head[N_OUTPUTS], head[HIDDEN_2]), params.dtype)
    _transpose(w2, w2_t)
    _transpose(w3, w3_t)
    work = np.empty((_TILE, end_1 + head[HIDDEN_2]), params.dtype)
    delta_1 = np.empty((_TILE, head[HIDDEN_1]), params.dtype)
    delta_2 = np.empty((_TILE, head[HIDDEN_2]), params.dtype)
    delta_3 = np.empty((_TILE, head[N_OUTPUTS]), params.dtype)
    _, index = make_scratch(head, params)
    column = np.empty(_TILE, params.dtype)
    keep = 1.0 / (1.0 - dropout)
    n_terms = n_rows * head[N_OUTPUTS]
    loss = 0.0
    for begin in range(0, n_rows, _TILE):
        n = n_rows - begin
        if n > _TILE:
            n = _TILE
        for r in range(n):
            for j in range(d):
                work[r, j] = block[begin + r, j]
            _hidden(head, params, work[r], index)
            if dropout > 0.0:
                _drop(head, dropout, state, work[r])
            _output(head, params, work[r], index, delta_3[r])
            loss += _loss_slope(delta_3[r], block[begin + r, d:], n_terms)
            _back(delta_3[r], w3_t, work[r, end_1:], 1.0, index, delta_2[r])
            _back(delta_2[r], w2_t, work[r, d:end_1], keep, index, delta_1[r])
        _add_layer_gradient(work, 0, delta_1[:n], column, index, g1, gb1)
        _add_layer_gradient(work, d, delta_2[:n], column, index, g2, gb2)
        _add_layer_gradient(work, end_1, delta_3[:n], column, index, g3, gb3)
    return loss / n_terms


@inner
def _loss_slope(logits: Floats, mask: Floats, n_terms: int) -> float:
    """Replace the logits by the slope of the mean loss in them; return the sum of their losses.

    With z the logit and m the target: loss = max(z, 0) - z m + log(1 + exp(-|z|)), which never
    overflows, and slope = (sigmoid(z) - m) / n_terms.
    """
    zero, one = logits.dtype.type(0.0), logits.dtype.type(1.0)
    scale = logits.dtype.type(1.0 / n_terms)
    loss = 0.0  # float64: a sum of many small terms
    for e in range(len(logits)):
        z, m = logits[e], mask[e]
        positive = z > zero
        small = math.exp(-z if positive else z)
        loss += (z if positive else zero) - z * m + math.log1p(small)
        sigmoid = (one if z >= zero else small) / (one + small)
        logits[e] = (sigmoid - m) * scale
    return loss


@inner
def _back(
    delta: Floats, weights_t: Floats, activation: Floats, keep: float, index: Ints, out: Floats
) -> None:
    """Take the slopes of a layer's sums back through its weights and the ReLU before it.

    A unit that is 0 was cut by the ReLU or dropped; one that is not was multiplied by `keep`.
    """
    zero, scale = out.dtype.type(0.0), out.dtype.type(keep)
    for i in range(len(out)):
        out[i] = zero
    _add_product(delta, weights_t, index, out)
    for i in range(len(out)):
        out[i] = out[i] * scale if activation[i] > zero else zero


@inner
def _transpose(matrix: Floats, out: Floats) -> None:
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            out[j, i] = matrix[i, j]


@inner
def _add_layer_gradient(
    work: Floats,
    begin: int,
    delta: Floats,
    column: Floats,
    index: Ints,
    weights: Floats,
    bias: Floats,
) -> None:
    """Add to the gradient of the layer whose inputs begin at this column of `work`."""
    n = len(delta)
    for i in range(len(weights)):
        for r in range(n):
            column[r] = work[r, begin + i]
        _add_product(column[:n], delta, index, weights[i])
    for r in range(n):
        for j in range(len(bias)):
            bias[j] += delta[r, j]


@inner
def _adam(params: Floats, grad: Floats, moments: Floats, n_steps: int, lr: float) -> None:
    """Move `params` by step number `n_steps` (from 1) of Adam, in place (their algorithm 1)."""
    zero, tiny = params.dtype.type(0.0), params.dtype.type(_TINY)
    beta_1, rest_1 = params.dtype.type(_BETA_1), params.dtype.type(1.0 - _BETA_1)
    beta_2, rest_2 = params.dtype.type(_BETA_2), params.dtype.type(1.0 - _BETA_2)
    step = params.dtype.type(lr / (1.0 - _BETA_1**n_steps))
    root = params.dtype.type(1.0 / math.sqrt(1.0 - _BETA_2**n_steps))
    eps = params.dtype.type(_EPS)
    first, second = moments[0], moments[1]
    for i in range(len(params)):
        g = grad[i]
        mean = beta_1 * first[i] + rest_1 * g
        square = beta_2 * second[i] + rest_2 * g * g
        first[i] = mean if math.fabs(mean) > tiny else zero
        second[i] = square if square > tiny else zero
        params[i] -= step * first[i] / (math.sqrt(second[i]) * root + eps)
