"""Nearest neighbours with a self-adjusting memory."""

from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY
from typing import Annotated, Any

import numpy as np
from river.base.typing import ClfTarget

from olearn.base import ArrayClassifier
from olearn.core.features import FeatureIndex
from olearn.core.labels import LabelIndex
from olearn.core.parameters import (
    Fraction,
    In,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.core.rng import kernel_state
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_names
from olearn.learners.neighbours import sam_kernels as at
from olearn.learners.neighbours._window import RowWindow

__all__ = ["SAMkNNClassifier"]


@with_parameters
class SAMkNNClassifier(ArrayClassifier):
    r"""Nearest neighbours with a self-adjusting memory, SAM-kNN[^1].

    The short-term memory holds the latest rows, as many as tell each other best: after each row its
    size is the one, of all rows, the newer half, the newer quarter, ..., that made the fewest
    errors where every row was predicted by those before it. Rows that leave it move on to the
    long-term memory, and those that contradict the short-term memory are dropped there. The
    memory that told most of the latest labels, short-term, long-term or both together, votes: each
    of the k nearest rows with 1 / distance. Where the memories are full, the long-term one is
    halved by k-means++ within each label. Scale the features first, with
    `olearn.preprocessing.StandardScaler`. Time per row: O(limit x features).

    Parameters
    ----------
    n_neighbors
        Neighbours that vote, k; at least 1.
    limit
        Most rows kept in both memories; at least 1.
    ltm_share
        Share of `limit` that the long-term memory is filled up to when rows have to go; in [0, 1].
    min_stm_size
        Fewest rows of the short-term memory when it shrinks; above `n_neighbors`.
    classes
        Labels known in advance, in code order; None: in order of first appearance. The lowest
        code wins ties.
    seed
        Seed of the clustering; None: a fresh one.

    Raises
    ------
    ValueError
        If a parameter is outside its range, a feature is infinite or text, or a weight is neither
        0 nor 1.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    Gives what MOA's `SAMkNN` gives, label for label up to the first clustering, which is random.
    Departures: a memory without rows tells no label, where MOA's tells the first one; a value that
    is missing counts as 0, which is the mean of a scaled feature. A row of weight 0 is not kept.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("rbf_f_mini", seed=1).blocks(2_000))
    >>> model = learners.SAMkNNClassifier(seed=1)
    >>> predicted = model.test_then_train_many(X, y)
    >>> print(f"{(predicted == y).mean():.1%}")
    86.6%

    References
    ----------
    [^1]: Losing, V., Hammer, B., Wersing, H. (2016). KNN classifier with self adjusting memory for
        heterogeneous concept drift. IEEE International Conference on Data Mining, 291-300.

    """

    n_neighbors: PositiveInt = 5
    limit: PositiveInt = 5000
    ltm_share: Fraction = 0.4
    min_stm_size: Annotated[int, In("n_neighbors", ends="(]")] = 50
    _: KW_ONLY
    classes: Collection[ClfTarget] | None = None
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        check_names("classes", self.classes)
        self._features = FeatureIndex(only_numbers=True)
        self._labels = LabelIndex(self.classes)
        n_levels = max(1, (self.limit // self.min_stm_size).bit_length() + 1)
        self._short = RowWindow(self.limit + 1, at.HITS + n_levels)
        self._long = RowWindow(self.limit + 1)
        self._tally = np.zeros(at.FIRST_HITS + n_levels, np.int64)
        self._tally[at.N_LEVELS] = 1
        self._random = kernel_state(self.seed)
        longest = int(self.ltm_share * self.limit)
        sizes = self.n_neighbors, self.limit, longest, self.min_stm_size
        self._conf = np.array(sizes, np.int64)
        self._grow(len(self._labels))

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"seed": 1}
        yield {"n_neighbors": 3, "limit": 120, "min_stm_size": 20, "seed": 1}

    @property
    def n_short(self) -> int:
        """Rows in the short-term memory."""
        return len(self._short)

    @property
    def n_long(self) -> int:
        """Rows in the long-term memory."""
        return len(self._long)

    # -- the array door --------------------------------------------------------------------------

    def _check_weights(self, w: Rows) -> None:
        bad = w[(w != 0.0) & (w != 1.0)]
        if bad.size:
            raise ValueError(f"w must be 0 or 1 for SAMkNNClassifier, got {bad[0]}")

    def _grow(self, n_classes: int) -> None:
        for window in (self._short, self._long):
            window.follow(self._features.widths)

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
        self._short.make_room(len(B))
        self._long.make_room(min(len(self._short) + len(B), self.limit + 1 - len(self._long)))
        memories = self._short.arrays, self._long.arrays
        state = *memories, self._tally, self._random
        at.run(A, B, A is B, y, w, upto, self._conf, *state, len(self._labels), codes, out)

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
