"""Half-space trees."""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from river.base.typing import FeatureName
from river.compose import Pipeline

from olearn.core.parameters import In, PositiveInt, Seed, check_parameters, with_parameters
from olearn.core.telling import tell
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_in_range, check_kind
from olearn.learners.anomaly import half_space_kernels as kernels
from olearn.learners.anomaly._drawn import DrawnDetector
from olearn.preprocessing.min_max_scaler import MinMaxScaler

__all__ = ["HalfSpaceTrees"]

_PADDING = 0.15  # of a box, at both ends, in which it is not cut

Limits = Mapping[FeatureName, tuple[float, float]]


def _check_limits(name: str, limits: Any) -> None:
    check_kind(name, limits, Mapping, "a dict of (lowest, highest) by feature")
    for feature, pair in limits.items():
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise ValueError(f"{name} must be pairs (lowest, highest), got {pair!r} of {feature!r}")
        for value in pair:
            check_in_range(f"{name} of {feature!r}", value, -math.inf, math.inf)
        if not -math.inf < pair[0] < pair[1] < math.inf:
            raise ValueError(f"{name} of {feature!r} must be finite and rising, got {pair!r}")


@with_parameters
class HalfSpaceTrees(DrawnDetector):
    """Half-space trees: a row that few rows of the last window were near has a high score[^1].

    Each tree cuts the box of all features at random, level by level, and counts the rows of a
    window in each part. Scores are in [0, 1], and 0 until the first window is full. Answers are
    those of river's detector of the same seed, bit for bit. Time per row: O(trees x height).

    Parameters
    ----------
    n_trees
        Number of trees, at least 1.
    height
        Cuts on each path, 1 to 20. Memory grows as 2^height.
    window_size
        Rows a window, 1 to 100000: scores are by the last window that was full.
    limits
        Lowest and highest value of a feature by name; [0, 1] for those that are not in it.
    seed
        Seed of the cuts; None draws one.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature is infinite or text.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    The cuts are drawn at the first row that is learnt, for the features in it; those that come
    later are not looked at, as a warning says once. A missing value goes down the child with more
    rows. Values outside the limits all look alike, as a warning says once:
    `preprocessing.MinMaxScaler()` in front keeps them inside, and `scaled()` makes both.

    Examples
    --------
    >>> from olearn import learners
    >>> model = learners.HalfSpaceTrees(n_trees=5, height=3, window_size=3, seed=42)
    >>> for value in (0.5, 0.45, 0.43, 0.44, 0.445, 0.45, 0.0):
    ...     print(f"{value}: {model.score_one({'x': value}):.3f}")
    ...     model.learn_one({"x": value})
    0.5: 0.000
    0.45: 0.000
    0.43: 0.000
    0.44: 0.107
    0.445: 0.107
    0.45: 0.071
    0.0: 0.853

    References
    ----------
    [^1]: Tan, S. C., Ting, K. M., Liu, T. F. (2011). Fast anomaly detection for streaming data.
        IJCAI, 1511-1516.

    """

    n_trees: PositiveInt = 10
    height: Annotated[int, In(1, 20)] = 8
    window_size: Annotated[int, In(1, 100_000)] = 250
    limits: Annotated[Limits | None, _check_limits] = None
    _: KW_ONLY
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start_encoding()
        n_cuts = 2**self.height - 1
        self._feature = np.zeros((0, n_cuts), np.int32)  # rows = trees, none before the first row
        self._threshold = np.zeros((0, n_cuts))
        self._masses = np.zeros((self.n_trees, 2 * n_cuts + 1, 2), np.int32)
        self._status = np.zeros(2, np.int64)
        self._boxes = np.zeros((2, 0))  # limits of the features that the trees look at
        self._warned = False

    @classmethod
    def scaled(cls, **parameters: Any) -> Pipeline:
        """Return trees of these parameters behind a `MinMaxScaler`, as most tables need it."""
        return MinMaxScaler() | cls(**parameters)

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"seed": 1}
        yield {"n_trees": 4, "height": 3, "window_size": 20, "seed": 1}

    # -- rows ------------------------------------------------------------------------------------

    def _stage(self, A: Rows, B: Rows, upto: Codes) -> Rows:
        scores = np.empty(len(A))
        settings = (float(self.window_size), float(self._largest), A is B)
        beyond = kernels.half_space_stage(
            A, B, upto, self._feature, self._threshold, self._masses, self._status, self._boxes,
            settings, scores,
        )  # fmt: skip
        if beyond >= 0 and not self._warned:
            self._warned = True
            self._warn_beyond(beyond)
        return scores

    @property
    def _largest(self) -> int:
        """The largest sum of masses, at which the score is 0."""
        return self.n_trees * self.window_size * (2 ** (self.height + 1) - 1)

    def _warn_beyond(self, feature: int) -> None:
        low, high = self._boxes[:, feature]
        tell(
            f"feature {self._features.names[feature]!r} has values outside its limits "
            f"({low:g}, {high:g}), which half-space trees cannot tell apart: put "
            "preprocessing.MinMaxScaler() in front, or give limits="
        )

    # -- trees -----------------------------------------------------------------------------------

    def _draw(self, column: dict[Any, int]) -> None:
        """Draw the cuts, from left to right."""
        given = self.limits or {}
        boxes = {name: tuple(map(float, given.get(name, (0.0, 1.0)))) for name in column}
        by_column = sorted(column, key=column.__getitem__)
        self._boxes = np.array([boxes[name] for name in by_column]).reshape(-1, 2).T.copy()
        rng = random.Random(self.seed)
        shape = (self.n_trees, 2**self.height - 1)
        self._feature, self._threshold = np.zeros(shape, np.int32), np.zeros(shape)
        for tree in range(self.n_trees if column else 0):
            for node, name, cut in self._cuts(boxes, rng, 0):
                self._feature[tree, node], self._threshold[tree, node] = column[name], cut

    def _cuts(
        self, boxes: dict[Any, tuple[float, ...]], rng: random.Random, node: int
    ) -> Iterator[tuple[int, Any, float]]:
        """Yield node, feature and threshold of all cuts from a node down; `boxes` is its part."""
        if node >= 2**self.height - 1:
            return
        widths = [high - low for low, high in boxes.values()]
        name = rng.choices(list(boxes), weights=widths)[0]
        low, high = boxes[name]
        pad = _PADDING * (high - low)
        cut = rng.uniform(low + pad, high - pad)
        yield node, name, cut
        for child, part in ((2 * node + 1, (low, cut)), (2 * node + 2, (cut, high))):
            boxes[name] = part
            yield from self._cuts(boxes, rng, child)
        boxes[name] = (low, high)

    @property
    def trees(self) -> NDArray[np.int32]:
        """Features that the trees cut, shape `(n_trees, 2^height - 1)`, node by node from above."""
        return self._feature.copy()
