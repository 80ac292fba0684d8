"""The k nearest rows of a sliding window as a regressor."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY, field
from typing import Annotated, Any

import numpy as np
from river.base.typing import FeatureName

from olearn.base import ArrayRegressor
from olearn.core.features import FeatureIndex
from olearn.core.jit import inner, njit
from olearn.core.parameters import OneOf, PositiveInt, check_parameters, with_parameters
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_names
from olearn.learners.neighbours._search import nearest, push, squared_distances
from olearn.learners.neighbours._window import BEGIN, END, VALUE, WEIGHT, RowWindow

__all__ = ["KNNRegressor"]

_METHODS = ("mean", "median", "weighted_mean")
_MEAN, _MEDIAN, _WEIGHTED_MEAN = range(3)


@with_parameters
class KNNRegressor(ArrayRegressor):
    r"""The targets of the k nearest rows of a sliding window[^1].

    Distances are Euclidean and exact. A neighbour at distance 0 alone decides, and of two equal
    distances the older row is the nearer one. Scale the features first, with
    `olearn.preprocessing.StandardScaler`: a feature of large numbers drowns the others. Time per
    row: O(window x features).

    Parameters
    ----------
    n_neighbors
        Neighbours that answer, k; at least 1.
    window_size
        Rows kept; at least 1.
    aggregation_method
        `"mean"`, `"median"` or `"weighted_mean"`, by 1 / distance, of their targets.
    nominal_attributes
        Names of the nominal features. A feature whose first value is a string is nominal too.

    Raises
    ------
    ValueError
        If a parameter is outside its range, a feature or target is not finite, or a weight is
        neither 0 nor 1 for the median.
    TypeError
        If a parameter, a feature or a target has the wrong type.

    Notes
    -----
    Gives what river's `KNNRegressor` gives with `engine=LazySearch(window_size)`, to the last
    rounding of a mean; river's default engine searches approximately. Before any row the answer is
    0. A value that is missing counts as 0, which is the mean of a scaled feature; two different
    categories are 1 apart. Both means weigh a row by its `w`; one of weight 0 is not kept.

    Examples
    --------
    >>> from olearn import learners
    >>> model = learners.KNNRegressor(n_neighbors=2)
    >>> for a in range(10):
    ...     model.learn_one({"a": a}, 3.0 * a)
    >>> model.predict_one({"a": 4.5})
    13.5

    References
    ----------
    [^1]: Altman, N. S. (1992). An introduction to kernel and nearest-neighbor nonparametric
        regression. The American Statistician 46(3), 175-185.

    """

    n_neighbors: PositiveInt = 5
    window_size: PositiveInt = 1000
    aggregation_method: Annotated[str, OneOf(*_METHODS)] = "mean"
    _: KW_ONLY
    nominal_attributes: Annotated[Collection[FeatureName] | None, check_names] = None
    _features: FeatureIndex = field(init=False)

    def __post_init__(self) -> None:
        check_parameters(self)
        nominal = self.nominal_attributes
        self._features = FeatureIndex(None if nominal is None else [*nominal])
        self._window = RowWindow(self.window_size)
        self._grow()

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {}
        yield {"n_neighbors": 3, "window_size": 100, "aggregation_method": "weighted_mean"}

    def _check_weights(self, w: Rows) -> None:
        bad = w[(w != 0.0) & (w != 1.0)]
        if self.aggregation_method == "median" and bad.size:
            raise ValueError(f"w must be 0 or 1 for the median, got {bad[0]}")

    # -- the array door --------------------------------------------------------------------------

    def _grow(self) -> None:
        self._window.follow(self._features.widths)

    def _stage_rows(self, A: Rows, B: Rows, y: Rows, w: Rows, upto: Codes) -> Rows:
        out = np.empty(len(A))
        self._run(A, B, y, w, upto, out)
        return out

    def _run(self, A: Rows, B: Rows, y: Rows, w: Rows, upto: Codes, out: Rows) -> None:
        """Answer as many rows of A as there is room for in `out`; learn those of B."""
        window = self._window
        window.make_room(len(B))
        method = _METHODS.index(self.aggregation_method)
        conf = np.array([self.n_neighbors, window.size, method], np.int64)
        run(A, B, y, w, upto, conf, *window.arrays, out)

    def _learn_rows(self, X: Rows, y: Rows, w: Rows) -> None:
        self._run(X[:1], X, y, w, np.array([len(X)]), np.empty(0))

    def _predict_rows(self, X: Rows) -> Rows:
        none = np.empty(0)
        return self._stage_rows(X, X[:0], none, none, np.zeros(len(X), np.int64))


_K, _SIZE, _METHOD = range(3)  # of `conf`


@njit(nogil=True)
def run(A, B, y, w, upto, conf, points, beside, head, kinds, out):
    """Answer the rows of A and learn those of B, `upto[t]` of them by the end of row t."""
    squares = np.empty(conf[_SIZE])
    roots, places = np.empty(conf[_K]), np.empty(conf[_K], np.int64)
    values, weights = np.empty(conf[_K]), np.empty(conf[_K])
    q = 0
    for t in range(len(A)):
        if t < len(out):
            begin, end = head[BEGIN], head[END]
            squared_distances(points, kinds, A, t, begin, end, squares)
            found = nearest(squares, end - begin, conf[_K], roots, places)
            for i in range(found):
                values[i] = beside[VALUE, begin + places[i]]
                weights[i] = beside[WEIGHT, begin + places[i]]
            out[t] = _aggregate(roots, values, weights, found, conf[_METHOD])
        while q < upto[t]:
            if w[q] > 0.0:
                push(B, q, y[q], w[q], points, beside, head, kinds, conf[_SIZE])
            q += 1


@inner
def _aggregate(roots, values, weights, found, method):
    """Return the answer of the neighbours; sorts `values` for the median."""
    if found == 0:
        return 0.0
    if roots[0] == 0.0:
        return values[0]
    if method == _MEDIAN:
        for i in range(1, found):  # a few values: insertion
            value, at = values[i], i
            while at > 0 and values[at - 1] > value:
                values[at] = values[at - 1]
                at -= 1
            values[at] = value
        half = found // 2
        if found % 2:
            return values[half]
        return values[half - 1] / 2.0 + values[half] / 2.0
    total = 0.0
    if method == _WEIGHTED_MEAN:
        for i in range(found):
            total += weights[i] / roots[i]
    by_distance = total > 0.0  # else all are infinitely far
    if not by_distance:
        for i in range(found):
            total += weights[i]
    result = 0.0
    for i in range(found):
        # shares first: a sum of large targets would be infinite
        result += (weights[i] / roots[i] if by_distance else weights[i]) / total * values[i]
    return result
