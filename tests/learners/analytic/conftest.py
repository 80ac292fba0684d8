"""What the tests of the analytic learners share: golden files, and models with a given projection.

The files in tests/golden/aef_ocl were made by the authors' public program (float64, CPU) on
synthetic features, trimmed; `extensions` holds exact batch solutions of our own definitions.
"""

import json
from pathlib import Path

import numpy as np
import pytest

_FOLDER = Path(__file__).resolve().parents[2] / "golden" / "aef_ocl"


@pytest.fixture(scope="session")
def golden():
    """Return a function that reads a golden file by name."""

    def read(name):
        if name.endswith(".json"):
            return json.loads((_FOLDER / name).read_text())
        with np.load(_FOLDER / f"{name}.npz") as arrays:
            return {key: arrays[key] for key in arrays.files}

    return read


@pytest.fixture(scope="session")
def names():
    """Return a function that gives names of columns whose sorted order is their order."""
    return lambda d: [f"x{j:03d}" for j in range(d)]


@pytest.fixture(scope="session")
def project(names):
    """Return a function that gives a model the projection of a golden file, shape `(M, d)`."""

    def put(model, W_buf):
        n, d = W_buf.shape
        assert model.n_features == n
        model._features.learn_many(model._features.check_many(np.zeros((0, d)), names(d)))
        model._grow(len(model.labels))  # draws weights, which are then replaced
        model._engine.lift._table[:d] = W_buf.T
        return model

    return put


@pytest.fixture(scope="session")
def batch_ridge():
    """Return a function that solves ridge regression directly, in long double."""

    def solve(Phi, Y, gamma, w=None):
        Phi, Y = Phi.astype(np.longdouble), Y.astype(np.longdouble)
        w = np.ones(len(Phi)) if w is None else w
        A = (Phi * w[:, None].astype(np.longdouble)).T @ Phi + gamma * np.eye(Phi.shape[1])
        B = (Phi * w[:, None].astype(np.longdouble)).T @ Y
        W = np.linalg.solve(A.astype(float), B.astype(float)).astype(np.longdouble)
        for _ in range(4):  # refine: residuals in long double
            W += np.linalg.solve(A.astype(float), (B - A @ W).astype(float))
        return W.astype(float)

    return solve
