"""The anomaly detector: HTM over numbers, or over rows of numbers, categories and time stamps."""

import datetime
import math
import numbers
from collections.abc import Mapping
from dataclasses import KW_ONLY
from typing import Annotated, Any

import numpy as np
from river import base

from olearn.core.locked import Locked, locked
from olearn.core.memory import memory_bytes
from olearn.core.parameters import (
    NonNegativeInt,
    OneOf,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.detectors.htm._pipeline import Pipeline
from olearn.detectors.htm.composed_encoders import DateEncoder, MultiEncoder
from olearn.detectors.htm.encoders import (
    CategoryEncoder,
    Encoder,
    RandomDistributedScalarEncoder,
    check_finite,
)
from olearn.detectors.htm.likelihood import AnomalyLikelihood, log_likelihood
from olearn.detectors.htm.spatial_pooler import Bits

__all__ = ["HTMAnomalyDetector"]

_SCORES = ("raw", "likelihood", "log")
_OUTSIDE = 0.05  # NAB: this share of the range so far beyond it is an anomaly in itself


@with_parameters
class HTMAnomalyDetector(Locked, base.AnomalyDetector):
    r"""Anomaly detector that learns the sequence of its inputs[^1].

    An encoder turns each input into active bits, a `SpatialPooler` these into active columns, and
    a `TemporalMemory` learns online which columns follow which. The raw score is the share of the
    active columns that it did not expect; `AnomalyLikelihood` says how unusual the newest raw
    scores are. Time per input: about 30 microseconds with the default sizes.

    Parameters
    ----------
    encoder
        Encoder of the inputs: a `MultiEncoder` reads dicts, any other what it encodes. None: made
        from the first `range_samples` inputs, numbers or dicts; in a dict numbers get a
        `RandomDistributedScalarEncoder` each with 130 / 1.4 steps over the range they have had,
        `datetime` objects the time of day, other values a `CategoryEncoder` of those seen.
    score
        "raw", "likelihood", or "log", the likelihood on NAB's scale, where 0.5 is an alarm level;
        all in [0, 1].
    range_samples
        Inputs that the encoder is made from, at least 1; before them every score is 0. Then they
        are learnt at once, so that none is lost.
    learning
        Inputs that the likelihood leaves out, see `AnomalyLikelihood`; at least 0.
    estimation
        Inputs that it waits for then; at least 1.
    range_rule
        Whether a number further than 5 % of the range so far beyond it scores 1, as in the Numenta
        Anomaly Benchmark.
    pooler_options
        Further arguments of `SpatialPooler`, such as `{"n_columns": 1024}`.
    memory_options
        Further arguments of `TemporalMemory`.
    seed
        Seed of all random choices; None = a fresh one.

    Raises
    ------
    TypeError, ValueError
        If a parameter is outside the range above, or a number of an input is infinite.

    Notes
    -----
    An input with nothing to encode (None, NaN, no known feature) is passed over: nothing is learnt
    and it scores as the input before. Features that appear after the encoder was made are ignored,
    missing ones have no active bits.

    The default sizes and permanences are those of NAB's "numentaTM" detector.

    Examples
    --------
    >>> import math
    >>> from olearn.detectors import htm

    >>> detector = htm.HTMAnomalyDetector(score="raw", seed=1)
    >>> for t in range(1500):
    ...     x = math.sin(2 * math.pi * t / 25)
    ...     score = detector.score_one(x)
    ...     detector.learn_one(x)
    >>> score, detector.score_one(0.3), detector.score_one(5.0)
    (0.0, 0.625, 1.0)

    References
    ----------
    [^1]: Ahmad, S., Lavin, A., Purdy, S. and Agha, Z. (2017). Unsupervised real-time anomaly
        detection for streaming data. Neurocomputing 262, 134-147.

    """

    encoder: Encoder | None = None
    score: Annotated[str, OneOf(*_SCORES)] = "log"
    range_samples: PositiveInt = 200
    _: KW_ONLY
    learning: NonNegativeInt = 288
    estimation: PositiveInt = 100
    range_rule: bool = False
    pooler_options: dict[str, Any] | None = None
    memory_options: dict[str, Any] | None = None
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.encoder is not None and not isinstance(self.encoder, Encoder):
            raise TypeError(f"encoder must be an Encoder or None, got {self.encoder!r}")
        self._likelihood = AnomalyLikelihood(self.learning, self.estimation)
        self._waiting: list[Any] = []
        self._low, self._high = math.inf, -math.inf
        self._raw = self._last = 0.0
        self._newest: tuple[Any, Bits] | None = None
        self._encoder = self.encoder
        self._pipeline = None if self.encoder is None else self._make_pipeline(self.encoder.size)

    def _make_pipeline(self, n_inputs: int) -> Pipeline:
        return Pipeline(n_inputs, self.pooler_options, self.memory_options, self.seed)

    @property
    def raw_score(self) -> float:
        """Share of the columns of the newest learnt input that were not expected, in [0, 1]."""
        return self._raw

    @locked
    def score_one(self, x: Any) -> float:
        """Return how anomalous an input is, in [0, 1]; nothing is learnt."""
        bits = self._encode(x)
        if self._pipeline is None or not len(bits):
            return self._last
        return self._rate(self._pipeline.score(bits), _number(x))

    @locked
    def learn_one(self, x: Any) -> None:
        """Learn the next input of the sequence."""
        bits = self._encode(x)
        if self._pipeline is None:
            self._waiting.append(dict(x) if isinstance(x, Mapping) else x)
            if len(self._waiting) == self.range_samples:
                self._begin()
        elif len(bits):
            self._learn(bits, _number(x))

    def _begin(self) -> None:
        """Make the encoder from the inputs that waited, and learn them."""
        waiting, self._waiting = self._waiting, []
        self._encoder = _encoder_of(waiting)
        self._pipeline = self._make_pipeline(self._encoder.size)
        for x in waiting:
            bits = self._encode(x)
            if len(bits):
                self._learn(bits, _number(x))

    def _learn(self, bits: Bits, number: float) -> None:
        assert self._pipeline is not None
        self._raw = self._pipeline.learn(bits)
        self._last = self._rate(self._raw, number)
        self._likelihood.update(self._raw, number)
        self._low, self._high = min(self._low, number), max(self._high, number)
        self._newest = None

    def _rate(self, raw: float, number: float) -> float:
        """Turn the raw score of the next input into the kind of score wanted."""
        margin = _OUTSIDE * (self._high - self._low)
        inside = self._low - margin <= number <= self._high + margin
        if self.range_rule and margin > 0.0 and not inside:
            return 1.0
        if self.score == "raw":
            return raw
        likelihood = self._likelihood.peek(raw)
        return float(log_likelihood(likelihood)) if self.score == "log" else likelihood

    def _encode(self, x: Any) -> Bits:
        """Return the code of an input; of the one that was scored just before it is known."""
        if self._encoder is None:
            for value in x.values() if isinstance(x, Mapping) else (x,):
                if isinstance(value, numbers.Number) or not isinstance(x, Mapping):
                    check_finite("x", value)
            return _NOTHING
        if self._newest is not None and self._newest[0] == x:
            return self._newest[1]
        multiple = isinstance(self._encoder, MultiEncoder)
        bits = self._encoder.encode({None: x} if multiple and not isinstance(x, Mapping) else x)
        self._newest = (dict(x) if isinstance(x, Mapping) else x, bits)
        return bits

    @property
    @locked
    def _raw_memory_usage(self) -> int:
        return memory_bytes(vars(self))


_NOTHING = np.empty(0, np.int64)


def _number(x: Any) -> float:
    """Return the sum of the numbers of an input, for the rules that look at values."""
    values = x.values() if isinstance(x, Mapping) else (x,)
    return math.fsum(
        float(v)
        for v in values
        if isinstance(v, numbers.Real) and not math.isnan(v) and not isinstance(v, bool)
    )


def _encoder_of(inputs: list[Any]) -> Encoder:
    """Make an encoder from the values seen of each feature; a plain number is feature None."""
    seen: dict[Any, list[Any]] = {}
    for x in inputs:
        for name, value in x.items() if isinstance(x, Mapping) else [(None, x)]:
            if value is not None and value == value:  # NaN is not equal to itself
                seen.setdefault(name, []).append(value)
    # sorted: the order of the features in a dict has no meaning
    names = sorted(seen, key=lambda name: (type(name).__name__, repr(name)))
    encoders = {name: _field_encoder(seen[name], place) for place, name in enumerate(names)}
    return MultiEncoder(encoders or {None: RandomDistributedScalarEncoder(1.0)})


def _field_encoder(values: list[Any], place: int) -> Encoder:
    if all(isinstance(value, datetime.datetime) for value in values):
        return DateEncoder()
    if all(isinstance(value, numbers.Real) and not isinstance(value, bool) for value in values):
        low, high = float(min(values)), float(max(values))
        return RandomDistributedScalarEncoder(range_resolution(low, high), seed=place)
    return CategoryEncoder(tuple(dict.fromkeys(values)))


def range_resolution(low: float, high: float) -> float:
    """Return the resolution NAB takes for numbers that are seen to lie in a range."""
    # a range of nothing: steps of a thousandth, of the number itself if that is large
    span = 1.4 * (high / 130.0 - low / 130.0)
    return span if span > 0.0 else 0.001 * max(1.0, abs(low))
