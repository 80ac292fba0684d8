"""The k nearest rows of a sliding window as a classifier."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math
from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from river.base.typing import ClfTarget, FeatureName

from olearn.base import ArrayClassifier
from olearn.core.jit import inner, njit
from olearn.core.parameters import PositiveInt, check_parameters, with_parameters
from olearn.core.types import Codes, Rows
from olearn.learners.neighbours._search import nearest, push, squared_distances
from olearn.learners.neighbours._window import BEGIN, END, VALUE, WEIGHT, RowWindow

__all__ = ["KNNClassifier"]


@with_parameters
class KNNClassifier(ArrayClassifier):
    r"""The labels of the k nearest rows of a sliding window[^1].

    Distances are Euclidean and exact; each neighbour votes with 1 / distance. A neighbour at
    distance 0 alone decides, and of two equal distances the older row is the nearer one. Scale
    the features first, with `olearn.preprocessing.StandardScaler`: a feature of large numbers
    drowns the others. Time per row: O(window x features).

    Parameters
    ----------
    n_neighbors
        Neighbours that vote, k; at least 1.
    window_size
        Rows kept; at least 1.
    weighted
        Whether a vote counts 1 / distance; else 1.
    softmax
        Whether probabilities are a softmax of the votes; else votes are divided by their sum.
    nominal_attributes
        Names of the nominal features. A feature whose first value is a string is nominal too.
    classes
        Labels known in advance, in code order; None: in order of first appearance. The lowest
        code wins ties.

    Raises
    ------
    ValueError
        If a parameter is outside its range, a feature is infinite, or a string is given for a
        numeric feature.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    Gives what river's `KNNClassifier` gives with `engine=LazySearch(window_size)`; river's default
    engine searches approximately. A value that is missing counts as 0, which is the mean of a
    scaled feature; two different categories are 1 apart. A row of weight `w` has `w` times the
    vote, and one of weight 0 is not kept.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("image_segments").blocks(2_310))
    >>> X = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)
    >>> model = learners.KNNClassifier()
    >>> predicted = model.test_then_train_many(X, y)
    >>> print(f"{(predicted == y).mean():.1%}")
    91.3%

    References
    ----------
    [^1]: Cover, T., Hart, P. (1967). Nearest neighbor pattern classification. IEEE Transactions on
        Information Theory 13(1), 21-27.

    """

    n_neighbors: PositiveInt = 5
    window_size: PositiveInt = 1000
    weighted: bool = True
    _: KW_ONLY
    softmax: bool = False
    nominal_attributes: Collection[FeatureName] | None = None
    classes: Collection[ClfTarget] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start_encoding(self.nominal_attributes, self.classes)
        self._window = RowWindow(self.window_size)
        self._grow(len(self._labels))

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {}
        yield {"n_neighbors": 3, "window_size": 100, "weighted": False, "softmax": True}

    # -- the array door --------------------------------------------------------------------------

    def _grow(self, n_classes: int) -> None:
        self._window.follow(self._features.widths)

    def _stage_rows(
        self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, proba: bool
    ) -> Codes | Rows:
        codes = np.empty(0 if proba else len(A), np.int64)
        out = np.empty((len(A) if proba else 0, len(self._labels)))
        self._run(A, B, y, w, upto, codes, out)
        return out if proba else codes

    def _run(
        self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, codes: Codes, out: Rows
    ) -> None:
        """Answer as many rows of A as there is room for in `codes` or `out`; learn those of B."""
        window = self._window
        window.make_room(len(B))
        conf = np.array([self.n_neighbors, window.size, self.weighted, self.softmax], np.int64)
        run(A, B, y, w, upto, conf, *window.arrays, len(self._labels), codes, out)

    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        no_answer = np.empty(0, np.int64), np.empty((0, 0))
        self._run(X[:1], X, y, w, np.array([len(X)]), *no_answer)

    def _proba_rows(self, X: Rows) -> Rows:
        return self._answered(X, True)

    def _codes_rows(self, X: Rows) -> Codes:
        return self._answered(X, False)

    def _answered(self, X: Rows, proba: bool) -> Any:
        none, upto = np.empty(0, np.int64), np.zeros(len(X), np.int64)
        return self._stage_rows(X, X[:0], none, np.empty(0), upto, proba)


_K, _SIZE, _WEIGHTED, _SOFTMAX = range(4)  # of `conf`


@njit(nogil=True)
def run(A, B, y, w, upto, conf, points, beside, head, kinds, n_classes, codes, out):
    """Answer the rows of A and learn those of B, `upto[t]` of them by the end of row t."""
    squares = np.empty(conf[_SIZE])
    roots, places = np.empty(conf[_K]), np.empty(conf[_K], np.int64)
    votes = np.empty(n_classes)
    q = 0
    for t in range(len(A)):
        if t < len(codes) + len(out):
            begin, end = head[BEGIN], head[END]
            squared_distances(points, kinds, A, t, begin, end, squares)
            found = nearest(squares, end - begin, conf[_K], roots, places)
            vote(roots, places, found, beside, begin, conf, votes)
            if len(codes):
                codes[t] = first_of_largest(votes)
            else:
                for c in range(n_classes):
                    out[t, c] = votes[c]
        while q < upto[t]:
            if w[q] > 0.0:
                push(B, q, float(y[q]), w[q], points, beside, head, kinds, conf[_SIZE])
            q += 1


@inner
def vote(roots, places, found, beside, begin, conf, votes):
    """Write the shares of the labels in the votes of the neighbours."""
    for c in range(len(votes)):
        votes[c] = 0.0 if found else 1.0 / len(votes)
    if found == 0:
        return
    if roots[0] == 0.0:
        votes[int(beside[VALUE, begin + places[0]])] = 1.0
        return
    for i in range(found):
        share = beside[WEIGHT, begin + places[i]]
        if conf[_WEIGHTED]:
            share *= 1.0 / roots[i]
        votes[int(beside[VALUE, begin + places[i]])] += share
    largest = votes[first_of_largest(votes)]
    if largest == 0.0:  # all are infinitely far
        votes[int(beside[VALUE, begin + places[0]])] = 1.0
        return
    total = 0.0
    for c in range(len(votes)):
        if conf[_SOFTMAX]:
            votes[c] = math.exp(votes[c] - largest)
        total += votes[c]
    for c in range(len(votes)):
        votes[c] /= total


@inner
def first_of_largest(values):
    """Return the place of the largest value, the first of equals."""
    best = 0
    for i in range(1, len(values)):
        if values[i] > values[best]:
            best = i
    return best
