r"""Annealed soft-threshold Procrustes: our stronger method, exact on samples without noise.

With codes shrunk by a threshold $\tau$ that falls from batch to batch, the average
$M \approx E[\mathrm{soft}(A y, \tau) y^T]$ has the polar factor $D^T$ in expectation, for any
$\tau$ and independent codes; as $\tau \to 0$ on a finite sample without noise it is $D^T$ exactly,
where the p-norm keeps an error of order one over the root of the sample's size.
"""

import math
from typing import Any

import numpy as np

from olearn.learners.dictionary._arrays import host, like
from olearn.learners.dictionary.codes import soft
from olearn.learners.dictionary.frank_wolfe import with_unique_factor
from olearn.learners.dictionary.polar_factor import polar

_EPS = 1e-3  # as in Frank-Wolfe
_NOISE = 4.0  # the threshold stays above so many medians of the codes, where no floor is given
_SLACK = 0.5  # of the threshold: how far from rest the atoms may be for it to fall further
_HASTE = 0.25  # exponent of the decay where atoms are further from rest than that
_COLD = 0.25  # of the first threshold: below, and up to here again, mixed pairs are sought
_WINDOW = 4000  # samples in the moments that tell them
_GAIN = 0.03  # a pair is mixed if a rotation raises its fourth moments by this share


class AnnealedProcrustes:
    """State and step of the method; arrays of one kind, NumPy's or torch's.

    Once the thresholds are low, two atoms that are both mixed from the same two true ones no
    longer part: every orthogonal matrix is then at rest. Such a pair shows in the fourth moments
    of its codes; it is turned to where they are largest, and its thresholds rise again.

    Parameters
    ----------
    A
        Start: orthogonal, atoms in rows, `(n, n)`.
    start_level
        First threshold, in root mean squares of the first batch.
    decay
        Factor of the threshold a batch.
    floor
        Lowest threshold, in the same unit; None: four medians of the codes' absolute values, the
        level of their noise where most codes are zero.
    rho_min
        Floor under the weight of the newest batch.
    method
        How polar factors are computed.

    """

    def __init__(
        self,
        A: Any,
        *,
        start_level: float = 2.0,
        decay: float = 0.98,
        floor: float | None = None,
        rho_min: float = 0.0,
        method: str = "auto",
    ) -> None:
        self.start_level = start_level
        self.decay = decay
        self.floor = floor
        self.rho_min = rho_min
        self.method = method
        self.start(A)

    def start(self, A: Any) -> None:
        """Begin anew from `A`: hot, and knowing no scale."""
        self.A = A
        self.M = 0.0 * A
        self.levels = np.full(len(A), self.start_level)  # one an atom
        self.rms = 0.0
        self.t = 0
        self.n_turned = 0
        self._forget_moments()

    def step(self, X: Any, w: Any, Z: Any) -> None:
        """Learn a batch with its codes `Z = X @ A.T`."""
        if self.rms == 0.0:
            self.rms = float((X * X).mean()) ** 0.5
            if self.rms == 0.0:  # nothing but zeros so far
                return
        lowest = _NOISE * _median(abs(Z)) if self.floor is None else self.floor * self.rms
        tau = np.maximum(self.levels * self.rms, lowest)
        C = soft(Z, like(tau, Z))
        if w is not None:
            C = C * w[:, None]
        if self.t == 0:
            self.M = float((C * Z).mean()) * self.A
        rho = max((self.t + 2.0) ** -0.6, self.rho_min)
        self.M = (1.0 - rho) * self.M + rho * (C.T @ X) / len(X)
        self.t += 1
        before = self.A
        if float(abs(self.M).max()) > 0.0:
            self.A = polar(with_unique_factor(self.M, before, _EPS), self.method)
        # a middling atom's way, not the mean, which a pair turned just now would rule
        moved = _median(((self.A - before) ** 2).sum(1)) ** 0.5
        at_rest = moved <= _SLACK * rho * tau / self.rms
        self.levels = self.levels * np.where(at_rest, self.decay, self.decay**_HASTE)
        if _median(self.levels) < _COLD * self.start_level:
            self._watch_pairs(Z)

    def orthogonal(self) -> Any:
        """Return the atoms; every step leaves them orthogonal."""
        return self.A

    def rebuild(self, change: Any) -> None:
        """Apply `change(matrix, fill)`, which grows a matrix with `fill` on its new diagonal."""
        scale = float((self.M * self.A).sum()) / len(self.A)  # of atoms already learnt
        self.A = change(self.A, 1.0)
        self.M = change(self.M, scale)
        new = np.full(len(self.A) - len(self.levels), self.start_level)
        self.levels = np.concatenate([self.levels, new])
        self._forget_moments()

    def _forget_moments(self) -> None:
        self.n_seen = 0
        self.m31 = 0.0 * self.A  # sums of z_i^3 z_j
        self.m22 = 0.0 * self.A  # sums of z_i^2 z_j^2

    def _watch_pairs(self, Z: Any) -> None:
        squares = Z * Z
        self.m31 = self.m31 + (squares * Z).T @ Z
        self.m22 = self.m22 + squares.T @ squares
        self.n_seen += len(Z)
        if self.n_seen < _WINDOW:
            return
        for i, j, angle in mixed_pairs(host(self.m31), host(self.m22)):
            cos, sin = float(np.cos(angle)), float(np.sin(angle))
            for matrix in (self.A, self.M):
                first, second = cos * matrix[i] + sin * matrix[j], cos * matrix[j] - sin * matrix[i]
                matrix[i], matrix[j] = first, second
            self.levels[[i, j]] = _COLD * self.start_level
            self.n_turned += 1
        self._forget_moments()


def mixed_pairs(m31: Any, m22: Any) -> list[tuple[int, int, float]]:
    r"""Return pairs of atoms that a rotation makes sparser, each atom once, and the angles.

    The sum of fourth moments of $(z_i, z_j)$ turned by $\varphi$ is
    $c + a \cos 4\varphi + b \sin 4\varphi$ with $a = (m_{40} + m_{04} - 6 m_{22}) / 4$ and
    $b = m_{31} - m_{13}$; for independent codes the best angle is 0.
    """
    fourth = np.diag(m31)
    both = fourth[:, None] + fourth
    a, b = 0.25 * (both - 6.0 * m22), m31 - m31.T
    gain = np.hypot(a, b) - a
    worth = np.triu(gain > _GAIN * both, 1)
    pairs = np.argwhere(worth)
    free = np.ones(len(m31), dtype=bool)
    out = []
    for i, j in pairs[np.argsort(-gain[worth])].tolist():
        if free[i] and free[j]:
            free[[i, j]] = False
            out.append((i, j, 0.25 * float(np.arctan2(b[i, j], a[i, j]))))
    return out


def _median(values: Any) -> float:
    middle, odd = divmod(math.prod(values.shape), 2)
    places = (middle - 1 + odd, middle)  # the same one twice where there is a middle
    if isinstance(values, np.ndarray):
        ordered = np.partition(values, places, axis=None)  # a third of the time of np.median
    else:
        ordered = values.reshape(-1).sort().values
    return float(ordered[places[0]] + ordered[middle]) / 2.0
