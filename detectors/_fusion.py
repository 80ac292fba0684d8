"""The network that fuses anomaly scores: grows with inputs and classes, learns row by row."""

import math

import numpy as np

from olearn.core.rng import kernel_state, next_gaussian
from olearn.core.types import Floats
from olearn.detectors._fusion_kernels import observe_inputs, predict_proba, train

_DECAY = 1e-4  # of the weights


class FusionNetwork:
    """One hidden layer over standardised inputs, trained on each row and on rehearsed ones.

    Parameters
    ----------
    n_hidden
        Number of hidden units.
    lr
        Step size of Adam.
    n_rehearsed
        Stored rows trained on with each new one, drawn so that classes come equally often.
    reservoir_size
        Number of stored rows of each class.
    seed
        Seed of weights and draws.

    """

    def __init__(
        self, n_hidden: int, lr: float, n_rehearsed: int, reservoir_size: int, seed: int | None
    ) -> None:
        self._n_hidden = n_hidden
        self._size = reservoir_size
        self._conf = np.array([lr, _DECAY, n_rehearsed])
        self._rng = kernel_state(seed)
        self._w1, self._w2 = np.empty((n_hidden, 1)), np.empty((0, n_hidden + 1))
        self._w1[:] = 0.0
        self._adam1, self._adam2 = np.zeros((2, n_hidden, 1)), np.zeros((2, 0, n_hidden + 1))
        self._moments = np.zeros((3, 0))
        self._memory = np.empty((0, reservoir_size, 0))
        self._seen = np.zeros(0, np.int64)

    def grow(self, n_inputs: int, n_classes: int) -> None:
        """Make room for inputs and classes; new inputs stand after the old ones."""
        old, bias = self._moments.shape[1], self._w1[:, -1:]
        if n_inputs > old:
            fresh = [next_gaussian(self._rng) for _ in range(self._n_hidden * (n_inputs - old))]
            # He et al. (2015), for rectified units
            weights = np.reshape(fresh, (self._n_hidden, -1)) * math.sqrt(2.0 / n_inputs)
            self._w1 = np.hstack([self._w1[:, :-1], weights, bias])
            moments = np.zeros((2, self._n_hidden, n_inputs + 1))
            moments[:, :, :old], moments[:, :, -1] = self._adam1[:, :, :-1], self._adam1[:, :, -1]
            self._adam1 = moments
            self._moments = np.hstack([self._moments, np.zeros((3, n_inputs - old))])
            memory = np.full((len(self._seen), self._size, n_inputs), np.nan)
            memory[:, :, :old] = self._memory
            self._memory = memory
        more = n_classes - len(self._seen)
        if more > 0:
            # an output of 0 leaves a class that was never seen as likely as the average one
            self._w2 = np.vstack([self._w2, np.zeros((more, self._n_hidden + 1))])
            zeros = np.zeros((2, more, self._n_hidden + 1))
            self._adam2 = np.concatenate([self._adam2, zeros], axis=1)
            empty = np.full((more, self._size, self._moments.shape[1]), np.nan)
            self._memory = np.concatenate([self._memory, empty])
            self._seen = np.concatenate([self._seen, np.zeros(more, np.int64)])

    def proba(self, row: Floats) -> Floats:
        """Return the class probabilities of a row of inputs."""
        proba = np.empty(len(self._seen))
        hidden, inputs = np.empty(self._n_hidden), np.empty(len(row))
        predict_proba(proba, hidden, inputs, self._w1, self._w2, self._moments, row)
        return proba

    def observe(self, row: Floats) -> None:
        """Let a row, labelled or not, enter the scale of the inputs."""
        observe_inputs(self._moments, row)

    def learn(self, row: Floats, code: int, weight: float) -> None:
        """Take a training step on a labelled row."""
        train(
            self._w1,
            self._w2,
            self._adam1,
            self._adam2,
            self._moments,
            self._memory,
            self._seen,
            self._rng,
            row,
            code,
            weight,
            self._conf,
        )
