"""From batches of rows to a dictionary: the start, warm-up, growth, drift, and the method's step.

Knows columns, not names. Arrays live on the device; what is asked for comes back as NumPy's.
"""

import math
from typing import Any

import numpy as np
from river import base

from olearn.core.threads import threads_for
from olearn.core.types import Rows
from olearn.learners.dictionary._arrays import device_array, host
from olearn.learners.dictionary.annealed import AnnealedProcrustes
from olearn.learners.dictionary.codes import sparsity
from olearn.learners.dictionary.frank_wolfe import FrankWolfe
from olearn.learners.dictionary.polar_factor import polar, polar_work

_MEMORY = 0.05  # weight of the newest batch in the sparsity told


class Trainer:
    """What `OrthogonalDictionaryLearner` learns with; see there for the parameters."""

    def __init__(
        self,
        engine: FrankWolfe | AnnealedProcrustes,
        detector: base.DriftDetector | None,
        warm_up: int,
        device: str | None,
        dtype: str,
    ) -> None:
        self.engine = engine
        self.detector = detector
        self.device = device
        self.dtype = dtype
        self.warm_left = warm_up
        self.second_moments = np.zeros((0, 0))  # of the warm-up
        self.sparsity = math.nan
        self.n_steps = 0
        self.n_drifts = 0
        self._atoms: tuple[Rows, Rows] | None = None  # made when asked for

    @property
    def n_features(self) -> int:
        """Number of columns known."""
        return len(self.engine.A)

    @property
    def atoms(self) -> tuple[Rows, Rows]:
        """Orthogonal atoms in rows, and the same in columns; not to be written to."""
        if self._atoms is None:
            with threads_for(self._work(0), self.device):
                rows = np.ascontiguousarray(host(self.engine.orthogonal()))
            self._atoms = rows, np.ascontiguousarray(rows.T)
        return self._atoms

    def begin(self, A: Rows) -> None:
        """Start the method anew from orthogonal atoms in rows."""
        self.engine.start(device_array(A, self.device, self.dtype))
        self._atoms = None

    def grow(self, start: Rows) -> None:
        """Make room for as many columns as the starting matrix has; it is used where none were."""
        old, new = self.n_features, len(start)
        if self.warm_left:
            moments = np.zeros((new, new))
            moments[:old, :old] = self.second_moments
            self.second_moments = moments
        self._atoms = None
        if old == 0:
            self.begin(polar(start, "svd"))
            return

        def change(matrix: Any, fill: float) -> Any:
            out = np.eye(new) * fill
            out[:old, :old] = host(matrix)
            return device_array(out, self.device, self.dtype)

        self.engine.rebuild(change)

    def step(self, rows: Rows, weights: Rows) -> None:
        """Learn one batch: rows `(b, n_features)` without NaN, weights `(b,)`."""
        if not rows.shape[1]:  # no feature has come yet
            return
        self.n_steps += 1
        self._atoms = None
        work = self._work(len(rows))
        if self.warm_left:
            with threads_for(work):  # in NumPy on any device
                self._warm_up(rows, weights)
        else:
            with threads_for(work, self.device):
                self._learn(rows, weights)

    def _work(self, n_rows: int) -> float:
        """Return about how many multiplications a step with so many rows has."""
        n = self.n_features
        return 4.0 * n_rows * n * n + polar_work(n, n)

    def _learn(self, rows: Rows, weights: Rows) -> None:
        X = device_array(rows, self.device, self.dtype)
        w = None if (weights == 1.0).all() else device_array(weights, self.device, self.dtype)
        Z = X @ self.engine.A.T
        self._watch(sparsity(Z))
        self.engine.step(X, w, Z)

    def _warm_up(self, rows: Rows, weights: Rows) -> None:
        self.second_moments += (rows * weights[:, None]).T @ rows
        self.warm_left -= 1
        if self.warm_left == 0:
            self.begin(_principal_directions(self.second_moments))
            self.second_moments = np.zeros((0, 0))

    def _watch(self, value: float) -> None:
        """Follow the sparsity, and begin anew from the atoms of now where it has dropped."""
        if math.isnan(value):
            return
        old = value if math.isnan(self.sparsity) else self.sparsity
        self.sparsity = old + _MEMORY * (value - old)
        if self.detector is not None:
            self.detector.update(-value)
            if self.detector.drift_detected:
                self.n_drifts += 1
                self.engine.start(self.engine.orthogonal())

    def __getstate__(self) -> dict[str, Any]:
        engine = vars(self.engine)
        arrays = {name: host(a) for name, a in engine.items() if self.device and _is_tensor(a)}
        return vars(self) | {"_atoms": None, "engine": (type(self.engine), engine | arrays)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        kind, values = state["engine"]
        self.engine = kind.__new__(kind)
        for name, value in values.items():
            moved = isinstance(value, np.ndarray) and name != "levels"  # levels stay on the host
            setattr(
                self.engine,
                name,
                device_array(value, self.device, self.dtype) if moved else value,
            )


def _principal_directions(moments: Rows) -> Rows:
    """Return eigenvectors in rows, those of most energy first, their largest entry positive."""
    atoms: Rows = np.linalg.eigh(moments)[1].T[::-1]
    largest = np.argmax(abs(atoms), axis=1)[:, None]
    return atoms * np.sign(np.take_along_axis(atoms, largest, axis=1))


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "cpu")
