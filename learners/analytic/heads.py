"""Weights balanced between the classes: by pseudo-features, or by weights of the classes.

Both derive new weights from what was learnt and change nothing, so that nothing is to be restored
and reading them twice gives the same bits.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from olearn.core.types import Rows
from olearn.learners.analytic.moments import ClassMoments
from olearn.learners.analytic.ridge_core import InformationState

BALANCES = ("none", "pfg", "weights")
_PSEUDO_BLOCK = 4096  # rows lifted at a time


class ClassState(InformationState):
    """An information state that keeps S of every class apart: n_classes n^2 numbers.

    Parameters
    ----------
    ops, n, n_targets, gamma
        As of `InformationState`; each target is a class, its rows one-hot.

    """

    def __init__(self, ops: Any, n: int, n_targets: int, gamma: float) -> None:
        super().__init__(ops, n, n_targets, gamma)
        self.grams = [ops.zeros(n, n, wide=True) for _ in range(n_targets)]
        self.counts = np.zeros(n_targets)  # weight of each class

    def grow(self, n: int, n_targets: int) -> None:
        """Make room; what is new is zero."""
        old = self.S.shape[0]
        super().grow(n, n_targets)
        if n != old:
            for i, gram in enumerate(self.grams):
                whole = np.zeros((n, n))
                whole[:old, :old] = self._ops.full(gram)
                self.grams[i] = self._ops.symmetric(whole, wide=True)
        more = n_targets - len(self.grams)
        self.grams += [self._ops.zeros(n, n, wide=True) for _ in range(more)]
        self.counts = np.pad(self.counts, (0, more))

    def learn(self, Phi: Any, Y: Any, decay: float = 1.0) -> None:
        """Add the rows of a block, each to its class."""
        super().learn(Phi, Y, decay)
        if decay != 1.0:
            self.counts *= decay
            for gram in self.grams:
                self._ops.scale(gram, decay)
        self._each_class(Phi, Y, 1.0)

    def forget(self, Phi: Any, Y: Any) -> None:
        """Take rows away, each from its class."""
        super().forget(Phi, Y)
        self._each_class(Phi, Y, -1.0)

    def _each_class(self, Phi: Any, Y: Any, sign: float) -> None:
        targets = self._ops.numpy(Y)  # one root of the weight a row
        self.counts = np.maximum(self.counts + sign * (targets**2).sum(axis=0), 0.0)
        codes = targets.argmax(axis=1)
        for code in np.flatnonzero(np.bincount(codes)).tolist():
            rows = self._ops.array(Phi[np.flatnonzero(codes == code)])
            self._ops.add_gram(self.grams[code], rows, sign, 1.0)

    def reweighted(self, factors: Sequence[float]) -> InformationState:
        """Return the state that has learnt class c with weight `factors[c]`."""
        ops = self._ops
        out = InformationState(ops, self.Q.shape[0], self.Q.shape[1], self.gamma)
        for gram, factor in zip(self.grams, factors, strict=True):
            if factor > 0.0:
                out.S += factor * gram
        out.Q = ops.symmetric(ops.numpy(self.Q) * np.asarray(factors), wide=True)
        return out

    def class_sums(self) -> list[Rows]:
        """Return S of every class, whole."""
        return [self._ops.full(gram) for gram in self.grams]

    def restore_classes(self, sums: Sequence[Rows], counts: Rows) -> None:
        """Take over S and weight of every class."""
        self.grams = [self._ops.symmetric(S, wide=True) for S in sums]
        self.counts = counts

    def twin(self) -> "ClassState":
        """Return a copy that learns on its own."""
        other = ClassState.__new__(ClassState)
        other.gamma, other._ops = self.gamma, self._ops
        other.S, other.Q = self._ops.copy(self.S), self._ops.copy(self.Q)
        other.grams = [self._ops.copy(gram) for gram in self.grams]
        other.counts = self.counts.copy()
        return other


def weighted_head(state: ClassState) -> Any:
    """Return the weights of the ridge regression in which all classes weigh as the largest."""
    n = state.counts
    factors = np.divide(n.max(), n, out=np.zeros_like(n), where=n > 1e-9)  # rounding of `forget`
    return state.reweighted(factors.tolist()).weights()


def pseudo_feature_head(
    state: InformationState,
    moments: ClassMoments,
    noise: float,
    lift: Callable[[Rows], Any],
    draw: Callable[[int, int, int], Rows],
) -> Any:
    """Return the weights after every class was filled up with Gaussian pseudo-rows.

    Parameters
    ----------
    state
        What was learnt; it is copied.
    moments
        Moments of the classes before the lift.
    noise
        Factor of the standard deviations.
    lift
        Maps rows to features, as a block of the backend.
    draw
        `draw(class, n, d)` gives standard normal numbers, shape `(n, d)`.

    """
    filled, std = InformationState.twin(state), moments.std()
    ops, peak = state._ops, float(moments.n.max())
    for code in np.flatnonzero(moments.n > 0.0).tolist():
        short = round(peak - float(moments.n[code]))
        normal = draw(code, short, moments.mean.shape[1])
        for start in range(0, short, _PSEUDO_BLOCK):
            part = normal[start : start + _PSEUDO_BLOCK]
            Phi = lift(moments.mean[code] + noise * std[code] * part)
            Y = np.zeros((len(part), state.Q.shape[1]))
            Y[:, code] = 1.0
            filled.learn(Phi, ops.array(Y))
    return filled.weights()
