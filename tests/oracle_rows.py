"""Small labelled streams, real and odd, on which a learner is compared with river's row by row."""

import numpy as np

from olearn import streams

TABLES = ("image_segments", "bananas", "phishing_river")
ODD = ("absent", "late", "vanished", "constant", "huge", "tiny", "duplicates", "one row")


def table(name, n=300):
    """Return the first rows of a real table, and label codes."""
    X, y = next(streams.load(name).blocks(n))
    return np.array(X, np.float64), np.array(y, np.int64)


def odd_rows(kind, n=300):
    """Return rows of six features of which some are odd, and codes of three labels.

    A value that is absent is NaN.
    """
    rng = np.random.default_rng(3)
    y = rng.integers(0, 3, n)
    X = rng.normal(size=(n, 6)) + y[:, None]
    if kind == "absent":
        X[rng.random(X.shape) < 0.1] = np.nan
    elif kind == "late":
        X[: n // 2, 5] = np.nan
    elif kind == "vanished":
        X[n // 2 :, 2] = np.nan
    elif kind == "constant":
        X[:, 1] = 4.25
    elif kind == "huge":
        X[:, 0] *= 1e150
    elif kind == "tiny":
        X *= 1e-200
    elif kind == "duplicates":
        X, y = np.repeat(X[: n // 6], 6, axis=0), rng.integers(0, 3, n // 6 * 6)
    elif kind == "one row":
        return X[:1], y[:1]
    else:
        raise ValueError(f"kind must be one of {ODD}, got {kind!r}")
    return X, y


def dicts(X):
    """Return rows as dicts, without the keys of values that are absent."""
    return [{j: v for j, v in enumerate(row) if v == v} for row in X.tolist()]
