"""Several series at once: an HTM for each, and a network that learns what their scores mean."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY
from typing import Annotated, Any

import numpy as np
from river.base.typing import ClfTarget, FeatureName

from olearn.base import ArrayClassifier
from olearn.core.locked import locked
from olearn.core.parameters import (
    AtLeast,
    In,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.core.types import Codes, Rows
from olearn.detectors._fusion import FusionNetwork
from olearn.detectors._htm_column import LOG, N_FEATURES, RAW, HTMColumn

__all__ = ["HTMColumnsClassifier"]

_N_POOLED = 6


@with_parameters
class HTMColumnsClassifier(ArrayClassifier):
    r"""Supervised anomaly detector: one HTM a feature, fused by a small network trained online[^1].

    Each feature has its own encoder, `SpatialPooler` and `TemporalMemory`, which learn every row,
    labelled or not. Seven numbers of each describe its newest value $x_t$: the raw anomaly score,
    its mean over ten values, the log-likelihood score, the evidence of a rank test, and $z_t$, the
    distance of $x_t$ to its running mean in deviations, $|z_t|$ and $|z_t - z_{t-1}|$. With the
    largest, the mean and the second largest of both scores over the features they are the input
    of a network with one hidden layer, which learns the labels. Time per row and feature: about
    a tenth of a millisecond with the default sizes.

    Parameters
    ----------
    n_hidden
        Number of hidden units; at least 1.
    lr
        Step size of Adam; positive.
    anomaly
        Label that means an anomaly, whose probability is `score_one`.
    n_rehearsed
        Stored rows on which the network is trained with each new one; at least 0.
    reservoir_size
        Number of rows stored of each class, a uniform sample of all; at least 1.
    range_samples
        Values of a feature from which the range of its encoder is taken; at least 2.
    rate
        Weight of the newest value in the running mean and variance behind $z_t$, in (0, 1].
    max_pending
        Number of the newest unlabelled rows that `label_one` can still label; at least 1.
    pooler_options
        Further arguments of `SpatialPooler`, such as `{"n_columns": 1024}`.
    memory_options
        Further arguments of `TemporalMemory`; its thresholds must suit the number of winners.
    classes
        Labels known in advance.
    seed
        Seed of all random choices; a non-negative integer, or None for a fresh one.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is infinite.

    Notes
    -----
    The paper's text on this study was not to be had; features, network and training are our
    completion. Rows for rehearsal are drawn so that all classes come equally often, and a new row
    of a rare class counts up to 20 times: probabilities are those of balanced classes, good for
    ranking, and high for a rare class. A missing value leaves the HTM of its feature as it is, and
    its inputs count as their means. Nominal features are read as the numbers of their codes.

    Weights and columns are drawn in the order in which features appear, so that
    `check_shuffle_features_no_impact` is skipped; `check_memory_is_bounded`, 200,000 rows, would
    take minutes, and a test of its own looks at a smaller model.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> model = detectors.HTMColumnsClassifier(
    ...     pooler_options={"n_columns": 256, "n_winners": 10},
    ...     memory_options={"activation_threshold": 7, "min_threshold": 5},
    ...     seed=1,
    ... )
    >>> for t in range(1000):
    ...     fault = t % 100 >= 95
    ...     load = np.sin(t / 8) + rng.normal(0, 0.1)
    ...     x = {"load": load, "delay": load + 3 * fault + rng.normal(0, 0.1)}
    ...     model.learn_one(x, fault)
    >>> normal, faulty = {"load": 0.7, "delay": 0.7}, {"load": 0.7, "delay": 3.7}
    >>> print(f"{model.score_one(normal):.2f} {model.score_one(faulty):.2f}")
    0.00 1.00

    References
    ----------
    [^1]: Bandyopadhyay, S., Bose, J. and Roy Chowdhury, S. (2025). A hybrid framework for real-time
        data drift and anomaly identification using hierarchical temporal memory and statistical
        tests. International Journal of Mathematical, Engineering and Management Sciences 10(3),
        777-796.

    """

    n_hidden: PositiveInt = 32
    lr: PositiveFloat = 1e-3
    anomaly: ClfTarget = True
    _: KW_ONLY
    n_rehearsed: NonNegativeInt = 7
    reservoir_size: PositiveInt = 256
    range_samples: Annotated[int, AtLeast(2)] = 200
    rate: Annotated[float, In(0.0, 1.0, "(]")] = 0.01
    max_pending: PositiveInt = 10_000
    pooler_options: dict[str, Any] | None = None
    memory_options: dict[str, Any] | None = None
    classes: Iterable[ClfTarget] | None = None
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start_encoding(None, self.classes)
        self._columns: list[HTMColumn] = []
        self._network = FusionNetwork(
            self.n_hidden, self.lr, self.n_rehearsed, self.reservoir_size, self.seed
        )
        self._pending: dict[int, Rows] = {}
        self._n_rows = 0
        self._grow(len(self._labels))

    @classmethod
    def _unit_test_params(cls) -> Any:
        yield {
            "n_hidden": 8,
            "range_samples": 50,
            "pooler_options": {"n_columns": 64, "n_winners": 4},
            "memory_options": {
                "cells_per_column": 4,
                "activation_threshold": 3,
                "min_threshold": 2,
                "max_segments": 1024,
            },
            "seed": 1,
        }

    def _unit_test_skips(self) -> set[str]:
        return {"check_shuffle_features_no_impact", "check_memory_is_bounded"}

    def _grow(self, n_classes: int) -> None:
        while len(self._columns) < len(self._features):
            seed = None if self.seed is None else self.seed + len(self._columns)
            self._columns.append(
                HTMColumn(
                    self.range_samples, self.rate, self.pooler_options, self.memory_options, seed
                )
            )
        self._network.grow(_N_POOLED + N_FEATURES * len(self._columns), n_classes)

    def _room(self, n_categories: int) -> int:
        return 0  # a nominal feature is one column, whatever its categories

    def _look(self, row: Rows) -> tuple[Rows, list[Any]]:
        """Return the network's inputs for a row, and the codes of its values."""
        columns = np.full((len(self._columns), N_FEATURES), np.nan)
        codes: list[Any] = [None] * len(self._columns)
        for i, column in enumerate(self._columns):
            if not math.isnan(row[i]):
                columns[i], codes[i] = column.look(float(row[i]))
        pooled = np.full(_N_POOLED, np.nan)
        known = columns[~np.isnan(row)]
        if len(known):
            for place, kind in enumerate((LOG, RAW)):
                scores = np.sort(known[:, kind])
                pooled[3 * place : 3 * place + 3] = (
                    scores[-1],
                    scores.mean(),
                    scores[max(len(scores) - 2, 0)],
                )
        return np.concatenate([pooled, columns.ravel()]), codes

    def _advance(self, row: Rows, inputs: Rows, codes: list[Any]) -> None:
        """Let all HTMs learn a row that was just looked at."""
        for i, column in enumerate(self._columns):
            if not math.isnan(row[i]):
                column.learn(float(row[i]), codes[i])
        self._network.observe(inputs)
        self._n_rows += 1

    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        for row, code, weight in zip(X, y, w, strict=True):
            inputs, codes = self._look(row)
            self._advance(row, inputs, codes)
            self._network.learn(inputs, int(code), float(weight))

    def _proba_rows(self, X: Rows) -> Rows:
        out = np.empty((len(X), len(self._labels)))
        scratch = [column.scratch() for column in self._columns]
        for i, row in enumerate(X):
            out[i] = self._network.proba(self._look(row)[0])
        for column, arrays in zip(self._columns, scratch, strict=True):
            column.undo(arrays)
        return out

    def _test_then_train_rows(self, X: Rows, y: Codes) -> Codes:
        out = np.empty(len(X), dtype=np.int64)
        for i, row in enumerate(X):
            inputs, codes = self._look(row)
            out[i] = np.argmax(self._network.proba(inputs))
            self._advance(row, inputs, codes)
            self._network.learn(inputs, int(y[i]), 1.0)
        return out

    def score_one(self, x: Mapping[FeatureName, Any]) -> float:
        """Return the probability that a row is an anomaly; 0 before any anomaly was labelled."""
        return float(self.predict_proba_one(x).get(self.anomaly, 0.0))

    @locked
    def observe_one(self, x: Mapping[FeatureName, Any]) -> int:
        """Learn a row without its label; return its number, with which `label_one` can name it."""
        row = self._features.learn_one(x)
        self._grow(len(self._labels))
        number = self._n_rows
        inputs, codes = self._look(row)
        self._advance(row, inputs, codes)
        self._pending[number] = inputs
        if len(self._pending) > self.max_pending:
            del self._pending[next(iter(self._pending))]
        return number

    @locked
    def label_one(self, number: int, y: ClfTarget) -> None:
        """Train the network on the label of a row that `observe_one` has read."""
        if number not in self._pending:
            raise ValueError(
                f"number must be of one of the newest {self.max_pending} rows without a label, "
                f"got {number!r}"
            )
        code = self._labels.add(y)
        self._grow(len(self._labels))
        inputs = self._pending.pop(number)
        late = np.full(_N_POOLED + N_FEATURES * len(self._columns), np.nan)
        late[: len(inputs)] = inputs  # features that came after the row are missing in it
        self._network.learn(late, code, 1.0)
