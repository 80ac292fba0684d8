"""Learners, detectors and streams small enough to see, for tests of what works with any."""

import numpy as np
from river import base

from olearn.base import ArrayClassifier, ArrayDetector
from olearn.streams.base import Schema, Stream

# -- learners ------------------------------------------------------------------------------------


class LastLabel(base.Classifier):
    """Predicts the label learnt last, and writes down what was called."""

    def __init__(self):
        self.log = []
        self._label = None

    @property
    def _multiclass(self):
        return True

    def predict_one(self, x, **kwargs):
        self.log.append(("predict", x["row"]))
        return self._label

    def learn_one(self, x, y):
        self.log.append(("learn", x["row"]))
        self._label = y


class Majority(ArrayClassifier):
    """Names the label of most weight so far; remembers every row it was given."""

    def __init__(self, nominal_attributes=None, classes=None):
        self.nominal_attributes = nominal_attributes
        self.classes = classes
        self._start_encoding(nominal_attributes, classes)
        self.rows = []
        self.weights = np.zeros(0)
        self._grow(len(self._labels))

    def _grow(self, n_classes):
        self.weights = np.concatenate([self.weights, np.zeros(n_classes - len(self.weights))])

    def _learn_rows(self, X, y, w):
        for row, code, weight in zip(X, y, w, strict=True):
            self.rows.append(row.tolist())
            self.weights[code] += weight

    def _proba_rows(self, X):
        total = self.weights.sum()
        even = np.full(len(self.weights), 1 / len(self.weights))
        return np.tile(self.weights / total if total else even, (len(X), 1))

    def _test_then_train_rows(self, X, y):
        codes = np.empty(len(y), dtype=np.int64)
        for i in range(len(y)):
            codes[i] = self._code_row(X[i])
            self._learn_row(X[i], int(y[i]), 1.0)
        return codes


class Centroids(ArrayClassifier):
    """Nearest class mean, slow and obvious; a class is an 'expert', every 70th row a 'drift'."""

    def __init__(self, nominal_attributes=None, seed=None):
        self.nominal_attributes = nominal_attributes
        self.seed = seed
        self._start_encoding(nominal_attributes, None)
        self._sums = np.zeros((0, 0))
        self._counts = np.zeros(0, dtype=np.int64)

    def _grow(self, n_classes):
        sums = np.zeros((n_classes, len(self._features)))
        sums[: self._sums.shape[0], : self._sums.shape[1]] = self._sums
        self._sums = sums
        self._counts = np.append(self._counts, np.zeros(n_classes - len(self._counts), np.int64))

    def _learn_rows(self, X, y, w):
        for row, code in zip(X, y, strict=True):
            self._sums[code] += row
            self._counts[code] += 1

    def _proba_rows(self, X):
        means = self._sums / np.maximum(self._counts, 1)[:, None]
        closeness = np.exp(-np.abs(X[:, None] - means).sum(axis=2))
        return closeness / closeness.sum(axis=1, keepdims=True)

    def _test_then_train_rows(self, X, y):
        codes = np.empty(len(y), dtype=np.int64)
        for i in range(len(y)):
            codes[i] = self._code_row(X[i])
            self._learn_rows(X[i : i + 1], y[i : i + 1], None)
        return codes

    @property
    def expert_usage(self):
        return self._counts.copy()

    @property
    def n_drifts(self):
        return int(self._counts.sum() // 70)


class NearestMean(ArrayClassifier):
    """A sound toy: nearness to the class means, rows weighted at random as in online bagging."""

    def __init__(self, seed: int | None = None):
        self.seed = seed
        self._start_encoding(None, None)
        self._rng = np.random.default_rng(seed)
        self._sums = np.zeros((0, 0))  # (class, feature)
        self._counts = np.zeros((0, 0))
        self._grow(0)

    def _grow(self, n_classes):
        shape = (n_classes, len(self._features))
        for name in ("_sums", "_counts"):
            old = getattr(self, name)
            new = np.zeros(shape)
            new[: old.shape[0], : old.shape[1]] = old
            setattr(self, name, new)

    def _learn_rows(self, X, y, w):
        if len(y) == 0:  # no column may be known yet
            return
        w = (w * self._rng.poisson(2.0, len(w)))[:, None]
        there = ~np.isnan(X)
        np.add.at(self._sums, y, np.where(there, X, 0.0) * w)
        np.add.at(self._counts, y, there * w)

    def _proba_rows(self, X):
        # element by element, so that a row gives the same bits alone and among others
        distance = np.zeros((len(X), len(self._sums)))
        means = self._sums / np.maximum(self._counts, 1e-9)
        for j in range(X.shape[1]):
            gap = np.abs(X[:, j, None] - means[None, :, j])
            distance += np.where(np.isnan(gap), 0.0, gap)
        score = 1.0 / (1.0 + distance)
        total = np.zeros(len(X))
        for column in score.T:
            total += column
        return score / total[:, None]

    def _test_then_train_rows(self, X, y):
        out = np.zeros(len(y), dtype=np.int64)
        for i, row in enumerate(X):
            out[i] = self._code_row(row)
            self._learn_row(row, y[i], 1.0)
        return out


class Above(ArrayDetector):
    """Signals every value above a half."""

    def update(self, x):
        self._drift_detected = x > 0.5

    def update_many(self, xs):
        return np.flatnonzero(np.asarray(xs) > 0.5)


# -- streams -------------------------------------------------------------------------------------


def rows_of(labels):
    """Rows that hold their number, each with a label."""
    return [({"row": i}, y) for i, y in enumerate(labels)]


class Blobs(Stream):
    """Two noisy numbers around the label's code, and a drift at row 300; endless if asked."""

    def __init__(self, n_samples=555, labels=("no", "yes", "maybe"), seed=0):
        super().__init__(Schema(("a", "b"), (), labels), n_samples, drift_positions=[300])
        self.labels = labels
        self.seed = seed

    def _open(self):
        rng = np.random.default_rng(self.seed)
        state = {"row": 0}

        def read(n):
            y = np.empty(n, dtype=np.int64)
            X = np.empty((n, 2))
            for i in range(n):
                y[i] = rng.integers(len(self.labels))
                X[i] = rng.normal(size=2) + (y[i] if state["row"] < 300 else -y[i])
                state["row"] += 1
            return X, y

        return read


class Table(Stream):
    """Rows by heart."""

    def __init__(self, X, y):
        super().__init__(Schema(("a", "b"), (), (0, 1)), len(y))
        self._X, self._y = X, y

    def _open(self):
        at = 0

        def read(n):
            nonlocal at
            at += n
            return self._X[at - n : at].copy(), self._y[at - n : at].copy()

        return read


# -- rows for transformers -----------------------------------------------------------------------


def wild_rows(n=500):
    """Features of different sizes, one constant, one late, one that vanishes, gaps in all."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(n, 6)) * [1.0, 1e6, 1e-9, 1e150, 1.0, 1.0]
    X[:, 4] = 3.0
    X[rng.random(X.shape) < 0.1] = np.nan
    X[: n // 2, 5] = np.nan
    X[n // 2 :, 0] = np.nan
    return X


def without_gaps(X):
    """Rows without keys for their gaps, as river's expects them."""
    return [{j: v for j, v in enumerate(row) if not np.isnan(v)} for row in X.tolist()]


def mixed_rows(n=300):
    """Dicts of two numbers and two texts, one of which has ever more values; gaps in all."""
    rng = np.random.default_rng(5)
    rows = []
    for i in range(n):
        x = {
            "heat": float(rng.normal()),
            "level": int(rng.integers(7)),
            "sky": str(rng.choice(["blue", "grey", "red"])),
            "id": f"u{rng.integers(1 + i // 10)}",
        }
        rows.append({k: v for k, v in x.items() if rng.random() > 0.1})
    return rows


def rare_rows(n=1500, seed=1, rate=0.05):
    """Three numbers, and a rare label that the first one tells in part."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < rate
    X = rng.normal(size=(n, 3))
    X[:, 0] += 1.5 * y
    return X, np.where(y, "rare", "usual")
