"""The router of DriftMoE: a small perceptron that scores experts; its state and its growth."""

import math

import numpy as np
from numpy.typing import DTypeLike

from olearn.core.rng import KernelState, kernel_state
from olearn.learners.mixture.router_kernels import (
    HEAD_SIZE,
    N_INPUTS,
    N_OUTPUTS,
    N_ROWS,
    Floats,
    Ints,
    RouterArrays,
)


class Router:
    """Parameters, optimiser state and waiting rows of one router, and how they grow.

    Weights start Glorot uniform, biases at 0.

    Parameters
    ----------
    n_inputs
        Number of features; the first ones should be known, see `grow`.
    n_outputs
        Number of experts.
    hidden
        Units of the first hidden layer, at least 2; the second has half as many.
    batch_size
        Rows of a block, that is of one optimiser step.
    seed
        Seed of weights and dropout; `None` draws fresh entropy.
    dtype
        Float type of everything.

    Attributes
    ----------
    head
        Sizes and counts, `int64`; the constants of `router_kernels` name its entries.
    params
        Weights `(in, out)` and biases of the three layers, one after the other.
    moments
        Adam's two running means for each of `params`, shape `(2, n_params)`.
    block
        Rows waiting for the next step, shape `(batch_size, n_inputs + n_outputs)`: inputs, then
        the target of each output in [0, 1].
    state
        State of the kernel generator that draws dropout. Predict with a copy.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.mixture.router import Router
    >>> from olearn.learners.mixture.router_kernels import forward, make_scratch
    >>> router = Router(2, 3, hidden=8, seed=1)
    >>> logits = np.empty(3, np.float32)
    >>> work, index = make_scratch(router.head, router.params)
    >>> forward(router.head, router.params, np.array([1.0, 2.0]), work, index, logits)
    >>> print(logits.round(4))
    [ 0.331  -0.3556  0.3486]

    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        hidden: int = 256,
        batch_size: int = 256,
        seed: int | None = None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self._rng = np.random.default_rng(seed)
        self.state: KernelState = kernel_state(seed)
        self.head: Ints = np.zeros(HEAD_SIZE, np.int64)
        self.head[: N_OUTPUTS + 1] = n_inputs, hidden, hidden // 2, n_outputs
        n_params = _n_params(self.head)
        self.params: Floats = np.zeros(n_params, dtype)
        self.moments: Floats = np.zeros((2, n_params), dtype)
        self.block: Floats = np.zeros((batch_size, n_inputs + n_outputs), dtype)
        for weights in layers(self.head, self.params)[::2]:
            limit = _glorot_limit(*weights.shape)
            weights[...] = self._rng.uniform(-limit, limit, weights.shape)

    def arrays(self) -> RouterArrays:
        """Return what kernels take."""
        return RouterArrays(self.head, self.params, self.moments, self.block, self.state)

    def mark_waiting(self, n_last: int, target: float) -> None:
        """Set the target of the last outputs in all rows that wait for the next step."""
        self.block[: self.head[N_ROWS], -n_last:] = target

    def grow(self, n_inputs: int, n_outputs: int) -> None:
        """Make room for new features and experts; sizes below the present ones change nothing.

        A new feature gets zero weights, so no logit changes; only a router without any feature
        draws them, since all its hidden units would stay dead. A new expert gets a Glorot row and
        the mean bias of the experts before it. Waiting rows take 0 for both. Adding two at once or
        one after the other gives the same router.
        """
        old = self.head.copy()
        d, k = int(old[N_INPUTS]), int(old[N_OUTPUTS])
        n_inputs, n_outputs = max(n_inputs, d), max(n_outputs, k)
        if (n_inputs, n_outputs) == (d, k):
            return
        self.head[[N_INPUTS, N_OUTPUTS]] = n_inputs, n_outputs
        self.params = _enlarge(old, self.head, self.params)
        self.moments = np.stack([_enlarge(old, self.head, moment) for moment in self.moments])
        block = np.zeros((len(self.block), n_inputs + n_outputs), self.block.dtype)
        block[:, :d] = self.block[:, :d]
        block[:, n_inputs : n_inputs + k] = self.block[:, d:]
        self.block = block
        w1, _, _, _, w3, b3 = layers(self.head, self.params)
        if d == 0:
            limit = _glorot_limit(*w1.shape)
            w1[...] = self._rng.uniform(-limit, limit, w1.shape)
        for e in range(k, n_outputs):
            limit = _glorot_limit(len(w3), e + 1)
            w3[:, e] = self._rng.uniform(-limit, limit, len(w3))
            b3[e] = b3[:e].mean() if e else 0.0


def layers(head: Ints, flat: Floats) -> list[Floats]:
    """Views (w1, b1, w2, b2, w3, b3) of a flat array of parameters or moments."""
    d, h1, h2, k = head[: N_OUTPUTS + 1].tolist()
    shapes = [(d, h1), (h1,), (h1, h2), (h2,), (h2, k), (k,)]
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    parts = np.split(flat, ends[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def _glorot_limit(fan_in: int, fan_out: int) -> float:
    return math.sqrt(6.0 / (fan_in + fan_out))


def _n_params(head: Ints) -> int:
    d, h1, h2, k = head[: N_OUTPUTS + 1].tolist()
    return int((d + 1) * h1 + (h1 + 1) * h2 + (h2 + 1) * k)


def _enlarge(old: Ints, new: Ints, flat: Floats) -> Floats:
    enlarged = np.zeros(_n_params(new), flat.dtype)
    for target, part in zip(layers(new, enlarged), layers(old, flat), strict=True):
        target[tuple(slice(size) for size in part.shape)] = part
    return enlarged
