r"""Recursive ridge regression in three forms that give the same weights.

With rows $\phi$, targets $y$ and weights $w$ the sums are $S = \sum w \phi\phi^T$ and
$Q = \sum w \phi y^T$, and the weights solve $(S + \gamma I) W = Q$. A state takes blocks `Phi`
`(b, n)` and `Y` `(b, c)` whose rows are already multiplied by $\sqrt w$; `decay` multiplies all
that was learnt before the block. The states know nothing of labels, features or random numbers.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

# rows of one downdate of R; at 256 instead, float32 weights had four times the error
SUB_BLOCK = 64

FORMS = ("auto", "information", "covariance", "sqrt")


class _Stored:
    """A state whose arrays can leave the backend and come back."""

    _ops: Any

    def exported(self) -> dict[str, Any]:
        """Return the state as plain arrays and numbers."""
        return {k: self._ops.exported(v) for k, v in vars(self).items() if k != "_ops"}

    def imported(self, kept: dict[str, Any]) -> None:
        """Take over what `exported` gave."""
        vars(self).update({k: self._ops.imported(v) for k, v in kept.items()})


class InformationState(_Stored):
    """S and Q, added up in float64; weights by one Cholesky solve. The ridge is never in S.

    A forgetting factor leaves the ridge as it is. Learning a block costs b n^2, weights n^3 / 3.

    Parameters
    ----------
    ops
        Backend.
    n, n_targets
        Number of features and of targets.
    gamma
        Ridge, positive.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.analytic.backends import NumpyBackend
    >>> from olearn.learners.analytic.ridge_core import InformationState
    >>> state = InformationState(NumpyBackend("float64"), 1, 1, gamma=1.0)
    >>> state.learn(np.array([[1.0], [2.0]]), np.array([[2.0], [4.0]]))
    >>> state.weights()  # 10 / (5 + 1)
    array([[1.66666667]])

    """

    def __init__(self, ops: Any, n: int, n_targets: int, gamma: float) -> None:
        self.gamma = gamma
        self.S = ops.zeros(n, n, wide=True)
        self.Q = ops.zeros(n, n_targets, wide=True)
        self._ops = ops

    def grow(self, n: int, n_targets: int) -> None:
        """Make room; what is new is zero."""
        if (n, n_targets) != tuple(self.Q.shape):
            S, Q = self.information()
            self._set(_padded(S, n, n), _padded(Q, n, n_targets))

    def learn(self, Phi: Any, Y: Any, decay: float = 1.0) -> None:
        """Add the rows of a block."""
        self._ops.add_gram(self.S, Phi, 1.0, decay)
        if decay != 1.0:
            self._ops.scale(self.Q, decay)
        self.Q += Phi.T @ Y

    def forget(self, Phi: Any, Y: Any) -> None:
        """Take rows away that were learnt."""
        self._ops.add_gram(self.S, Phi, -1.0, 1.0)
        self.Q -= Phi.T @ Y

    def weights(self) -> Any:
        """Return W, shape `(n, n_targets)`."""
        return self._ops.solve(self.S, self.gamma, self.Q)

    def information(self) -> tuple[Matrix, Matrix]:
        """Return S and Q whole, as arrays."""
        return self._ops.full(self.S), self._ops.numpy(self.Q)

    def _set(self, S: Matrix, Q: Matrix) -> None:
        self.S, self.Q = self._ops.symmetric(S, wide=True), self._ops.symmetric(Q, wide=True)

    def restore(self, S: Matrix, Q: Matrix) -> None:
        """Take over sums."""
        self._set(S, Q)

    def twin(self) -> "InformationState":
        """Return a copy that learns on its own."""
        other = InformationState.__new__(InformationState)
        other.gamma, other._ops = self.gamma, self._ops
        other.S, other.Q = self._ops.copy(self.S), self._ops.copy(self.Q)
        return other


class CovarianceState(_Stored):
    """R = (S + gamma I)^-1 and W, updated by Cholesky-Woodbury; W is there at any time.

    The downdate of R is one symmetric product, so R stays symmetric by construction. A forgetting
    factor also divides the ridge's share: the ridge after t rows is gamma * decay^t, and directions
    that are not excited wind up. Learning a block costs 3 b n^2.

    Parameters
    ----------
    ops
        Backend; R and W are of its dtype.
    n, n_targets
        Number of features and of targets.
    gamma
        Ridge, positive.

    """

    def __init__(self, ops: Any, n: int, n_targets: int, gamma: float) -> None:
        self.gamma = gamma
        self._ops = ops
        self.ridge = gamma  # decays with forgetting
        self.R = ops.symmetric(np.eye(n) / gamma)
        self.W = ops.zeros(n, n_targets)

    def grow(self, n: int, n_targets: int) -> None:
        """Make room: a new feature has variance 1 / ridge, a new target weights 0."""
        old = self.W.shape[0]
        if (n, n_targets) == tuple(self.W.shape):
            return
        R = np.eye(n) / self.ridge
        R[:old, :old] = self._ops.full(self.R)
        self.R = self._ops.symmetric(R)
        self.W = self._ops.symmetric(_padded(self._ops.numpy(self.W), n, n_targets))

    def learn(self, Phi: Any, Y: Any, decay: float = 1.0) -> None:
        """Add the rows of a block."""
        if decay != 1.0:
            self.ridge *= decay
            self._ops.scale(self.R, 1.0 / decay)
        for start in range(0, len(Phi), SUB_BLOCK):
            rows = slice(start, start + SUB_BLOCK)
            G, E = self._gain(Phi[rows], Y[rows], 1.0)
            self.W += G.T @ E
            self._ops.add_gram(self.R, G, -1.0, 1.0)

    def forget(self, Phi: Any, Y: Any) -> None:
        """Take rows away; raise LinAlgError if they cannot have been learnt."""
        G, E = self._gain(Phi, Y, -1.0)
        self.W -= G.T @ E
        self._ops.add_gram(self.R, G, 1.0, 1.0)

    def _gain(self, Phi: Any, Y: Any, sign: float) -> tuple[Any, Any]:
        """Return L^-1 Phi R and L^-1 (Y - Phi W), with L L^T = I +- Phi R Phi^T."""
        ops = self._ops
        T = ops.times(self.R, Phi.T)
        K = Phi @ T
        K = 0.5 * sign * (K + K.T)
        K += ops.array(np.eye(len(K)))
        L = ops.cholesky(K)
        return ops.lower_solve(L, T.T), ops.lower_solve(L, Y - Phi @ self.W)

    def weights(self) -> Any:
        """Return W, shape `(n, n_targets)`."""
        return self.W

    def information(self) -> tuple[Matrix, Matrix]:
        """Return S and Q, with one inversion."""
        ops = self._ops
        whole = np.linalg.inv(ops.full(self.R))
        Q = whole @ ops.numpy(self.W)
        S = 0.5 * (whole + whole.T)
        S[np.diag_indices_from(S)] -= self.ridge
        return S, Q

    def restore(self, S: Matrix, Q: Matrix) -> None:
        """Take over sums, with the ridge gamma counted once."""
        self.ridge = self.gamma
        source = InformationState(self._ops, Q.shape[0], Q.shape[1], self.gamma)
        source.restore(S, Q)
        self.R, self.W = self._ops.invert(source.S, self.gamma, source.Q)

    @classmethod
    def of(cls, source: InformationState) -> "CovarianceState":
        """Return the covariance form of an information state."""
        state = cls.__new__(cls)
        state.gamma = state.ridge = source.gamma
        state._ops = source._ops
        state.R, state.W = source._ops.invert(source.S, source.gamma, source.Q)
        return state

    def twin(self) -> "CovarianceState":
        """Return a copy that learns on its own."""
        other = CovarianceState.__new__(CovarianceState)
        other.gamma, other._ops, other.ridge = self.gamma, self._ops, self.ridge
        other.R, other.W = self._ops.copy(self.R), self._ops.copy(self.W)
        return other


class RootState(_Stored):
    """Upper triangular U with U^T U = S + gamma I, and V = U^-T Q, updated by QR.

    Works with the square root of the condition number: for small n or ill-conditioned data. As in
    the covariance form, forgetting lets the ridge decay. A block costs about 2 (n + b) n^2.

    Parameters
    ----------
    ops
        Backend; U and V are of its dtype.
    n, n_targets
        Number of features and of targets.
    gamma
        Ridge, positive.

    """

    def __init__(self, ops: Any, n: int, n_targets: int, gamma: float) -> None:
        self.gamma = gamma
        self._ops = ops
        self.ridge = gamma
        self.U = ops.array(np.eye(n) * math.sqrt(gamma))
        self.V = ops.zeros(n, n_targets)

    def grow(self, n: int, n_targets: int) -> None:
        """Make room; what is new has the ridge only."""
        old = self.V.shape[0]
        if (n, n_targets) == tuple(self.V.shape):
            return
        U = np.eye(n) * math.sqrt(self.ridge)
        U[:old, :old] = self._ops.numpy(self.U)
        self.U = self._ops.array(U)
        self.V = self._ops.array(_padded(self._ops.numpy(self.V), n, n_targets))

    def learn(self, Phi: Any, Y: Any, decay: float = 1.0) -> None:
        """Add the rows of a block."""
        ops, n, root = self._ops, self.V.shape[0], math.sqrt(decay)
        self.ridge *= decay
        R = ops.triangle(ops.join([[root * self.U, root * self.V], [Phi, Y]]))
        self.U, self.V = ops.array(R[:n, :n]), ops.array(R[:n, n:])

    def forget(self, Phi: Any, Y: Any) -> None:
        """Take rows away, by way of S and Q: this loses the form's extra digits once."""
        S, Q = self.information()
        rows, targets = self._ops.numpy(Phi), self._ops.numpy(Y)
        self.restore(S - rows.T @ rows, Q - rows.T @ targets)

    def weights(self) -> Any:
        """Return W, shape `(n, n_targets)`."""
        return self._ops.upper_solve(self.U, self.V)

    def information(self) -> tuple[Matrix, Matrix]:
        """Return S and Q as arrays."""
        U, V = self._ops.numpy(self.U), self._ops.numpy(self.V)
        S = U.T @ U
        S[np.diag_indices_from(S)] -= self.ridge
        return S, U.T @ V

    def restore(self, S: Matrix, Q: Matrix) -> None:
        """Take over sums, with the ridge gamma counted once."""
        self.ridge = self.gamma
        U = np.linalg.cholesky(S + self.gamma * np.eye(len(S))).T
        self.U = self._ops.array(U)
        self.V = self._ops.array(np.linalg.solve(U.T, Q))

    def twin(self) -> "RootState":
        """Return a copy that learns on its own."""
        other = RootState.__new__(RootState)
        other.gamma, other._ops, other.ridge = self.gamma, self._ops, self.ridge
        other.U, other.V = self._ops.copy(self.U), self._ops.copy(self.V)
        return other


State = InformationState | CovarianceState | RootState

STATES: dict[str, Any] = {
    "auto": InformationState,
    "information": InformationState,
    "covariance": CovarianceState,
    "sqrt": RootState,
}


def _padded(A: Matrix, n: int, m: int) -> Matrix:
    out = np.zeros((n, m))
    out[: A.shape[0], : A.shape[1]] = A
    return out
