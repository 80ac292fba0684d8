"""Streams on which linear models are held against river's, and the two ways to run them."""

import numpy as np
import pytest
from river import datasets, preprocessing


def scaled(dataset, n):
    """Return `n` rows of a dataset of river behind its scaler, and the targets."""
    scaler, rows, targets = preprocessing.StandardScaler(), [], []
    for x, y in dataset.take(n):
        scaler.learn_one(x)
        rows.append([*scaler.transform_one(x).values()])
        targets.append(y)
    return np.array(rows), np.array(targets)


def shapes(X, rng):
    """Yield rows made of others, by name: all that a stream may do to its columns."""
    n = len(X)
    gaps, late, gone, constant, huge, tiny = (X.copy() for _ in range(6))
    gaps[rng.random(X.shape) < 0.1] = np.nan
    late[: n // 3, 1] = np.nan
    gone[n // 3 :, 1] = np.nan
    constant[:, 0], constant[:, 1] = 2.5, 0.0
    huge[:, 0] *= 1e100
    tiny[:, 0] *= 1e-300
    yield from {
        "as they are": X,
        "absent keys": gaps,
        "a late column": late,
        "a vanished column": gone,
        "constants": constant,
        "huge values": huge,
        "tiny values": tiny,
        "one row": X[:1],
        "the same rows again": X[np.arange(n) // 2],
    }.items()


def dicts(X):
    """Return rows without the keys of missing values."""
    return [{j: v for j, v in enumerate(row) if v == v} for row in X.tolist()]


TABLES = {
    "Phishing": (datasets.Phishing(), 200),
    "Bananas": (datasets.Bananas(), 200),
    "TrumpApproval": (datasets.TrumpApproval(), 200),
}


@pytest.fixture(scope="session")
def streams():
    """All streams: name, rows, targets as numbers, weights."""
    found = []
    for name, (dataset, n) in TABLES.items():
        rng = np.random.default_rng(len(found))
        X, y = scaled(dataset, n)
        for shape, rows in shapes(X, rng):
            w = rng.choice([0.0, 0.5, 1.0, 2.0], len(rows))
            for weights in (np.ones(len(rows)), w):
                found.append((f"{name}, {shape}", rows, y[: len(rows)].astype(float), weights))
    return found
