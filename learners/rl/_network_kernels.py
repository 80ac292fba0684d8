"""One network of streaming RL, for one sample at a time: forward, traces, bounded update.

Parameters are one flat array, float32 or float64: for each hidden layer the matrix `(in, out)`
and the bias, then the head `(out, in)` and its bias; so every inner loop runs over contiguous
memory. A forward pass leaves in `cache` what the backward pass needs: the input, then for each
hidden layer activations, normalised values and 1 / standard deviation, then the outputs.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import njit

# sums may be reordered, which lets them use vector registers; NaN and inf keep their meaning
FAST = {"reassoc", "contract", "nsz"}
SLOPE = 0.01  # of the leaky ReLU, at 0 too
LAYER_EPS = 1e-5

# settings of an update rule
RULE, ALPHA, KAPPA, BETA2, EPSILON, RULE_SIZE = range(6)
OBGD, ADAPTIVE, PLAIN = range(3)
# what an update rule counts and reports: updates, L1 norm of the trace, M of the bound, step size
COUNT, L1, BOUND, STEP, INFO_SIZE = range(5)


@njit
def n_parameters(sizes):
    """Count the parameters of a network with layers of `sizes`, input first."""
    n = 0
    for layer in range(sizes.size - 1):
        n += (sizes[layer] + 1) * sizes[layer + 1]
    return n


@njit
def cache_size(sizes):
    """Return the length of `cache`; half of it holds the widest hidden layer."""
    n = sizes[0] + sizes[-1]
    for layer in range(1, sizes.size - 1):
        n += 2 * sizes[layer] + 1
    return n


@njit(fastmath=FAST)
def _add_rows(y, x, matrix):
    """`y += x @ matrix`, the matrix flat, `(x.size, y.size)`; four rows a pass."""
    n, m = x.size, y.size
    i = 0
    while i + 4 <= n:
        x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
        r0 = matrix[i * m : (i + 1) * m]
        r1 = matrix[(i + 1) * m : (i + 2) * m]
        r2 = matrix[(i + 2) * m : (i + 3) * m]
        r3 = matrix[(i + 3) * m : (i + 4) * m]
        for j in range(m):
            y[j] += (x0 * r0[j] + x1 * r1[j]) + (x2 * r2[j] + x3 * r3[j])
        i += 4
    while i < n:
        x0 = x[i]
        r0 = matrix[i * m : (i + 1) * m]
        for j in range(m):
            y[j] += x0 * r0[j]
        i += 1


@njit(fastmath=FAST)
def _activate(y, h, norm):
    """Layer norm in place, if `norm`, and activations into `h`; returns 1 / standard deviation."""
    n = y.size
    kind = y.dtype.type
    slope = kind(SLOPE)
    if not norm:
        for j in range(n):
            h[j] = y[j] if y[j] > 0 else slope * y[j]
        return kind(1)
    total = kind(0)
    for j in range(n):
        total += y[j]
    mean = total / kind(n)
    square = kind(0)
    for j in range(n):
        square += (y[j] - mean) * (y[j] - mean)
    inverse = kind(1.0 / math.sqrt(square / kind(n) + LAYER_EPS))
    for j in range(n):
        value = (y[j] - mean) * inverse
        y[j] = value
        h[j] = value if value > 0 else slope * value
    return inverse


@njit(fastmath=FAST)
def _through_norm(g, y, inverse, d, norm):
    """From the gradient `g` of the activations to that of the pre-activations, into `d`."""
    n = d.size
    kind = y.dtype.type
    slope = kind(SLOPE)
    total = kind(0)
    along = kind(0)
    for j in range(n):
        e = g[j] if y[j] > 0 else slope * g[j]
        d[j] = e
        total += e
        along += e * y[j]
    if not norm:
        return
    total /= kind(n)
    along /= kind(n)
    for j in range(n):
        d[j] = (d[j] - total - y[j] * along) * inverse


@njit(fastmath=FAST)
def forward(sizes, w, cache, norm):
    """Compute all layers from the input at the start of `cache`; outputs stand at its end.

    `norm` False leaves the layer norm out.
    """
    at = 0
    left = 0  # where the input of the layer stands in the cache
    width = sizes[0]  # and what it takes there
    for layer in range(sizes.size - 2):
        n_in, n_out = sizes[layer], sizes[layer + 1]
        here = left + width
        h = cache[here : here + n_out]
        y = cache[here + n_out : here + 2 * n_out]
        bias = w[at + n_in * n_out : at + (n_in + 1) * n_out]
        for j in range(n_out):
            y[j] = bias[j]
        _add_rows(y, cache[left : left + n_in], w[at : at + n_in * n_out])
        cache[here + 2 * n_out] = _activate(y, h, norm)
        at += (n_in + 1) * n_out
        left = here
        width = 2 * n_out + 1
    n_in, n_out = sizes[-2], sizes[-1]
    x = cache[left : left + n_in]
    for o in range(n_out):
        row = w[at + o * n_in : at + (o + 1) * n_in]
        total = w[at + n_out * n_in + o]
        for i in range(n_in):
            total += row[i] * x[i]
        cache[left + width + o] = total


@njit(fastmath=FAST)
def _add_to_trace(z, x, decay, factor):
    """`z = decay z + factor x`; returns the L1 norm of z."""
    total = z.dtype.type(0)
    for j in range(z.size):
        value = decay * z[j] + factor * x[j]
        z[j] = value
        total += abs(value)
    return np.float64(total)


@njit(fastmath=FAST)
def _trace_row(z, w, d, decay, factor):
    """The same for one input of a hidden layer, and the product `w . d` on the way."""
    total = z.dtype.type(0)
    product = z.dtype.type(0)
    for j in range(z.size):
        value = decay * z[j] + factor * d[j]
        z[j] = value
        total += abs(value)
        product += w[j] * d[j]
    return np.float64(total), product


@njit(fastmath=FAST)
def accumulate(sizes, w, z, cache, slopes, work, decay, norm):
    """`z <- decay z + gradient of (outputs . slopes)` after `forward`; returns the L1 norm of z.

    `slopes` has one entry an output; `work` is as long as `cache`; `norm` as in `forward`.
    """
    kind = w.dtype.type
    fade = kind(decay)
    one = kind(1)
    n_in, n_out = sizes[-2], sizes[-1]
    at = n_parameters(sizes) - (n_in + 1) * n_out
    left = cache_size(sizes) - n_out - (2 * n_in + 1)
    g = work[: work.size // 2]
    d = work[work.size // 2 :]
    g[:n_in] = 0
    l1 = 0.0
    for o in range(n_out):
        row = w[at + o * n_in : at + (o + 1) * n_in]
        slope = kind(slopes[o])
        l1 += _add_to_trace(
            z[at + o * n_in : at + (o + 1) * n_in], cache[left : left + n_in], fade, slope
        )
        if slope != 0:
            for i in range(n_in):
                g[i] += slope * row[i]
    bias = at + n_in * n_out
    l1 += _add_to_trace(z[bias : bias + n_out], slopes[:n_out], fade, one)
    for layer in range(sizes.size - 3, -1, -1):
        n_in, n_out = sizes[layer], sizes[layer + 1]
        y = cache[left + n_out : left + 2 * n_out]
        _through_norm(g, y, cache[left + 2 * n_out], d[:n_out], norm)
        at -= (n_in + 1) * n_out
        left -= n_in if layer == 0 else 2 * n_in + 1
        for i in range(n_in):
            here = at + i * n_out
            part, product = _trace_row(
                z[here : here + n_out], w[here : here + n_out], d[:n_out], fade, cache[left + i]
            )
            l1 += part
            if layer > 0:
                g[i] = product
        bias = at + n_in * n_out
        l1 += _add_to_trace(z[bias : bias + n_out], d[:n_out], fade, one)
    return l1


@njit(fastmath=FAST)
def trace_norm(z):
    """L1 norm, summed in float64."""
    total = 0.0
    for j in range(z.size):
        total += abs(np.float64(z[j]))
    return total


@njit
def _step_size(rule, info, td_error, norm):
    """ObGD's step: `alpha / max(1, M)`, M = alpha kappa max(|td_error|, 1) norm."""
    bound = rule[ALPHA] * rule[KAPPA] * max(abs(td_error), 1.0) * norm
    info[BOUND] = bound
    info[STEP] = rule[ALPHA] / bound if bound > 1.0 else rule[ALPHA]
    return info[STEP]


@njit(fastmath=FAST)
def _adaptive(rule, info, w, z, v, td_error):
    """Adaptive ObGD: the trace is divided by the root mean square of `td_error * z`."""
    keep = rule[BETA2]
    square = td_error * td_error * (1.0 - keep)
    correction = 1.0 / (1.0 - keep ** info[COUNT])
    norm = 0.0
    for j in range(w.size):
        moment = keep * v[j] + square * z[j] * z[j]
        v[j] = moment
        norm += abs(z[j]) / math.sqrt(moment * correction + rule[EPSILON])
    factor = _step_size(rule, info, td_error, norm) * td_error
    for j in range(w.size):
        w[j] += factor * z[j] / math.sqrt(v[j] * correction + rule[EPSILON])


@njit(fastmath=FAST)
def apply(rule, info, w, z, v, td_error, reset):
    """Update `w` along the trace, whose L1 norm stands in `info`; then zero the trace if `reset`.

    `v` holds second moments and is read by the adaptive rule only; empty otherwise.
    """
    info[COUNT] += 1.0
    if rule[RULE] == ADAPTIVE:
        _adaptive(rule, info, w, z, v, td_error)
    else:
        if rule[RULE] == OBGD:
            step = _step_size(rule, info, td_error, info[L1])
        else:
            step = rule[ALPHA]
            info[STEP] = step
        factor = w.dtype.type(step * td_error)
        for j in range(w.size):
            w[j] += factor * z[j]
    if reset:
        z[:] = 0
