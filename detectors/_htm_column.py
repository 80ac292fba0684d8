"""One dimension of a multi-dimensional series: its own HTM, and what it says of the next value."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.types import Floats
from olearn.detectors._rank_kernels import RANK_LLR, rank_size, rank_start, rank_update
from olearn.detectors.htm import _pooler_layout as at
from olearn.detectors.htm._pipeline import Pipeline
from olearn.detectors.htm.anomaly import range_resolution
from olearn.detectors.htm.encoders import RandomDistributedScalarEncoder
from olearn.detectors.htm.likelihood import AnomalyLikelihood, log_likelihood
from olearn.detectors.htm.spatial_pooler import Bits

N_FEATURES = 7
RAW, AVERAGE, LOG, EVIDENCE, Z, DISTANCE, JUMP = range(N_FEATURES)

_ARL0 = 1e4
_FARTHEST = 8.0  # of a standardised value
# arrays of a pooler that a look at an input writes
_SCRATCH = (at.OVERLAP, at.BOOSTED, at.WINNERS, at.COUNTS, at.HEAD)


class HTMColumn:
    """Encoder, pooler, memory, likelihood, rank test and running moments of one feature.

    Parameters
    ----------
    range_samples
        Values from which the encoder's range is taken; they are learnt at once then.
    rate
        Weight of the newest value in the running mean and variance.
    pooler_options, memory_options
        Further arguments of `SpatialPooler` and `TemporalMemory`.
    seed
        Seed of both.

    """

    def __init__(
        self,
        range_samples: int,
        rate: float,
        pooler_options: Mapping[str, Any] | None,
        memory_options: Mapping[str, Any] | None,
        seed: int | None,
    ) -> None:
        self._rate = rate
        self._range_samples = range_samples
        self._waiting: list[float] = []
        self._encoder: RandomDistributedScalarEncoder | None = None
        size = RandomDistributedScalarEncoder(1.0).size
        self._pipeline = Pipeline(size, pooler_options, memory_options, seed)
        self._likelihood = AnomalyLikelihood()
        self._recent = np.zeros(9)  # raw scores before the newest
        self._n_scores = 0
        levels = self._pipeline.pooler.n_winners
        self._test = np.empty(rank_size(levels, 50))
        rank_start(self._test, levels, False, True, 0.1, 0.3, _ARL0, 0.01, 300.0, 50, 300, 100, 100)
        self._n, self._mean, self._variance, self._z = 0, 0.0, 0.0, 0.0

    def look(self, x: float) -> tuple[Floats, Bits | None]:
        """Return the features of a value if it came next, and its code; call `learn` or `undo`."""
        out = np.zeros(N_FEATURES)
        out[LOG] = log_likelihood(0.5)
        bits = None
        if self._encoder is not None:
            bits = self._encoder.encode(x)
            raw = self._pipeline.score(bits)
            n = min(self._n_scores, len(self._recent))
            out[RAW] = raw
            out[AVERAGE] = (raw + self._recent[:n].sum()) / (n + 1)
            out[LOG] = log_likelihood(self._likelihood.peek(raw))
            test = self._test.copy()
            rank_update(test, raw)
            out[EVIDENCE] = min(test[RANK_LLR] / math.log(_ARL0), 2.0)
        if self._n > 1:
            out[Z] = self._standardise(x)
        out[DISTANCE] = abs(out[Z])
        out[JUMP] = abs(out[Z] - self._z)
        return out, bits

    def scratch(self) -> list[NDArray[Any]]:
        """Return copies of what `look` will overwrite, for `undo`."""
        return [self._pipeline.pooler._arrays[k].copy() for k in _SCRATCH]

    def undo(self, scratch: list[NDArray[Any]]) -> None:
        """Make a look leave no trace."""
        for k, array in zip(_SCRATCH, scratch, strict=True):
            self._pipeline.pooler._arrays[k][:] = array
        self._pipeline._found = None

    def learn(self, x: float, bits: Bits | None) -> None:
        """Take the next step with a value that was just looked at."""
        if bits is not None:
            self._learn_code(x, bits)
        else:
            self._waiting.append(x)
            if len(self._waiting) == self._range_samples:
                self._begin()
        self._z = self._standardise(x) if self._n > 1 else 0.0
        self._n += 1
        weight = max(self._rate, 1.0 / self._n)  # plain moments at first
        gap = min(max(x - self._mean, -1e150), 1e150)
        self._mean += weight * gap
        self._variance = (1.0 - weight) * (self._variance + weight * gap * gap)

    def _begin(self) -> None:
        low, high = min(self._waiting), max(self._waiting)
        self._encoder = RandomDistributedScalarEncoder(range_resolution(low, high))
        waiting, self._waiting = self._waiting, []
        for x in waiting:
            self._learn_code(x, self._encoder.encode(x))

    def _learn_code(self, x: float, bits: Bits) -> None:
        raw = self._pipeline.learn(bits)
        self._likelihood.update(raw, x)
        rank_update(self._test, raw)
        self._recent[self._n_scores % len(self._recent)] = raw
        self._n_scores += 1

    def _standardise(self, x: float) -> float:
        deviation = math.sqrt(self._variance)
        least = max(1e-9 * abs(self._mean), 1e-100)
        gap = min(max(x - self._mean, -1.7e308), 1.7e308)
        return min(max(gap / max(deviation, least), -_FARTHEST), _FARTHEST)
