"""What AEF-OCL is compared with: class means, streaming LDA, gradient methods, joint ridge."""

from typing import Any

import numpy as np
from river import linear_model, optim

from olearn.core.types import Codes, Rows
from olearn.learners import RandomReLU
from olearn.learners.analytic.moments import ClassMoments

RIVALS = ("nearest class mean", "streaming LDA", "softmax regression", "SGD ridge", "joint ridge")


class Rival:
    """Labels are 0, 1, ...; a subclass learns blocks and gives scores of all labels so far."""

    batch = False  # solves anew for each prediction

    def __init__(self) -> None:
        self.n_classes = 0

    def learn_many(self, X: Rows, y: Codes) -> None:
        """Learn a block."""
        self.n_classes = max(self.n_classes, int(y.max()) + 1)
        self.learn(X, y)

    def predict_many(self, X: Rows) -> Codes:
        """Return the labels with the highest score."""
        codes: Codes = self.scores(X).argmax(axis=1)
        return codes

    def test_then_train_many(self, X: Rows, y: Codes) -> Codes:
        """Predict each row, then learn it; a batch method does so 64 rows at a time."""
        out, i = np.full(len(y), -1), 0
        while i < len(y):
            rows = slice(i, i + (64 if self.batch and i else 1))
            if self.n_classes:
                out[rows] = self.predict_many(X[rows])
            self.learn_many(X[rows], y[rows])
            i = rows.stop
        return out

    def learn(self, X: Rows, y: Codes) -> None:
        """Learn a block whose labels are below `n_classes`."""
        raise NotImplementedError

    def scores(self, X: Rows) -> Rows:
        """Return scores `(n, n_classes)`."""
        raise NotImplementedError


class ClassMean(Rival):
    """Nearest class mean; with `pooled`, by the pooled covariance (streaming LDA, shrunk)."""

    def __init__(self, pooled: bool) -> None:
        super().__init__()
        self.pooled = pooled
        self.moments = ClassMoments()
        self.scatter: Rows | float = 0.0

    def learn(self, X: Rows, y: Codes) -> None:
        self.moments.grow(self.n_classes, X.shape[1])
        for i in range(len(y)):
            row, before = X[i], self.moments.mean[y[i]].copy()
            self.moments.learn(X[i : i + 1], y[i : i + 1], np.ones(1))
            if self.pooled and self.moments.n[y[i]] > 1:
                self.scatter = self.scatter + np.outer(row - before, row - self.moments.mean[y[i]])

    def scores(self, X: Rows) -> Rows:
        means, seen = self.moments.mean, self.moments.n > 0
        if self.pooled and np.ndim(self.scatter):
            S = self.scatter / max(self.moments.n.sum() - seen.sum(), 1.0)
            shrunk = 0.9 * S + (0.1 * np.trace(S) / len(S) + 1e-9) * np.eye(len(S))
            V = np.linalg.solve(shrunk, means.T)
        else:
            V = means.T
        out = X @ V - 0.5 * np.einsum("cd,dc->c", means, V)
        out[:, ~seen] = -np.inf
        return out


class Softmax(Rival):
    """river's softmax regression with Adam, on the features themselves, one row at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.model = linear_model.SoftmaxRegression(optim.Adam(0.01))

    def learn(self, X: Rows, y: Codes) -> None:
        for row, label in zip(X.tolist(), y.tolist(), strict=True):
            self.model.learn_one(dict(enumerate(row)), label)

    def scores(self, X: Rows) -> Rows:
        out = np.full((len(X), self.n_classes), -np.inf)
        for label, weights in self.model.weights.items():  # river's takes dicts only
            out[:, label] = X @ np.array([weights[j] for j in range(X.shape[1])])
        return out


class LiftedRidge(Rival):
    """Ridge on the same random features: by normalised gradient steps, or jointly on all rows."""

    def __init__(self, n_features: int, seed: int, joint: bool) -> None:
        super().__init__()
        self.lift = RandomReLU(n_features, seed=seed)
        self.scale: float | None = None
        self.joint = self.batch = joint
        self.kept: list[tuple[Rows, Codes]] = []
        self.W = np.zeros((n_features, 0))
        self.stale = False

    def _lifted(self, X: Rows) -> Rows:
        if self.scale is None:
            self.scale = X.shape[1] ** -0.5
        Z: Rows = self.lift.transform_many(X * self.scale)
        return Z

    def learn(self, X: Rows, y: Codes) -> None:
        Z = self._lifted(X)
        if self.joint:
            self.kept.append((Z, y))
            self.stale = True
            return
        self.W = np.pad(self.W, ((0, 0), (0, self.n_classes - self.W.shape[1])))
        for z, code in zip(Z, y.tolist(), strict=True):
            error = z @ self.W
            error[code] -= 1.0
            self.W -= 0.5 * np.outer(z, error) / (1.0 + z @ z)

    def scores(self, X: Rows) -> Rows:
        if self.joint and self.stale:
            Z = np.concatenate([z for z, _ in self.kept])
            Y = np.eye(self.n_classes)[np.concatenate([y for _, y in self.kept])]
            self.W = np.linalg.solve(Z.T @ Z + 0.1 * np.eye(Z.shape[1]), Z.T @ Y)
            self.stale = False
        out = self._lifted(X) @ self.W
        out[:, ~self.W.any(axis=0)] = -np.inf  # labels below the highest that never came
        return out


def make_rival(name: str, n_features: int, seed: int) -> Any:
    """Return a new rival by its name."""
    return {
        "nearest class mean": lambda: ClassMean(pooled=False),
        "streaming LDA": lambda: ClassMean(pooled=True),
        "softmax regression": Softmax,
        "SGD ridge": lambda: LiftedRidge(n_features, seed, joint=False),
        "joint ridge": lambda: LiftedRidge(n_features, seed, joint=True),
    }[name]()
