"""HTM and a sequential probability ratio test: drifts of order, level and spread."""

import math
from dataclasses import KW_ONLY
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from olearn.core.handles import Handle
from olearn.core.parameters import (
    AtLeast,
    In,
    NonNegativeInt,
    OneOf,
    OpenFraction,
    PositiveFloat,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.core.validate import check_choice
from olearn.detectors._rank_kernels import rank_size, rank_start
from olearn.detectors._state_detector import (
    DECISION,
    HEADER,
    N_VALUES,
    State,
    StateDetector,
)
from olearn.detectors._value_kernels import VALUE_CHANNELS, value_size, value_start
from olearn.detectors.htm import _sprt_kernels as k
from olearn.detectors.htm._encoder_kernels import N_BITS, OFFSET
from olearn.detectors.htm._pipeline import Pipeline
from olearn.detectors.htm.anomaly import range_resolution
from olearn.detectors.htm.encoders import RandomDistributedScalarEncoder
from olearn.detectors.htm.likelihood import likelihood_state

__all__ = ["HTMSPRT"]

_KINDS = ("pattern", *VALUE_CHANNELS)
_RESTARTS = {"rank": ("reflect", "both"), "paper": ("both", "drift")}
_LEARNING, _ESTIMATION = 288, 100  # of the likelihood
# of the value channel: what its measured false-alarm rates hold for
_WINDOW, _VALUE_WARM_UP, _VALUE_N_REF, _N_REF = 400, 100, 200, 100


class DriftEvent(NamedTuple):
    """A drift that was detected.

    Attributes
    ----------
    position
        Position of the value, from 0, at which the drift was detected.
    onset
        Estimated position of the first value after the change. Anomalies from there on belong to
        the drift.
    kind
        What changed: "pattern", "level", "spread up" or "spread down".
    llr
        Log-likelihood ratio of the pattern test at that value.

    """

    position: int
    onset: int
    kind: str
    llr: float


@with_parameters
class HTMSPRT(StateDetector):
    r"""Drift and anomaly detector: HTM scores, decided by a sequential test[^1].

    A hierarchical temporal memory learns the sequence of the values online; its anomaly score is
    the share of active columns it did not expect. A single odd value is an *anomaly*: a short burst
    of scores. A process that changed keeps the scores high until it is learnt again: a *drift*.
    Wald's sequential probability ratio test, on whether each score is surprising, tells them apart.

    - `decision="rank"`: is the score among the fraction `q` of the highest of the past? Under no
      drift the rate of that is `q` by construction (see `RankTest`). With the value channel (see
      `ValueChannel`) also shifts and spreads of the values themselves are tested.
    - `decision="paper"`: is the anomaly likelihood above `threshold`? A Bernoulli test of the rate
      `p_null` against `p_alt`, with error probabilities `alpha` and `beta`, as published.

    Finds changes of order and pattern that leave the distribution of the values as it was. Time per
    value: 30 to 100 microseconds with the default sizes, a hundred times that of `ADWIN`; memory:
    bounded, by default about 60 MB on values that cannot be predicted.

    Parameters
    ----------
    decision
        "rank" or "paper".
    arl0
        "rank": least mean number of values between false alarms of the pattern test and of the
        value channel, each, while scores and values are exchangeable; more than 1.
    value_channel
        Whether to test the values themselves too; None = with "rank" only.
    restart
        When the test starts anew. "reflect": it never falls below 0. "both": after each decision.
        "drift": after a drift only, the literal rule of the paper, which leaves the test blind
        after a quiet period. None = "reflect" for "rank" and "both" for "paper".
    q
        "rank": fraction of scores, or values, that count as extreme; in (0, 1).
    p1
        "rank": rate of extreme ones that the test looks for; in (q, 1).
    half_life
        "rank": scores after which one of the reference weighs half; positive.
    gap
        "rank": newest scores that are not yet part of the reference; at least 1.
    settle
        "rank": scores skipped after a drift; at least 0.
    threshold
        "paper": likelihood above which a score is surprising; in (0, 1).
    p_null
        "paper": rate of surprising scores without drift; in (0, 1).
    p_alt
        "paper": rate of surprising scores after a drift; in (p_null, 1).
    alpha
        "paper": probability of deciding for a drift without one; in (0, 1).
    beta
        Probability of deciding "no drift" after one; in (0, 1). Used where decisions restart.
    warm_up
        Values before the pattern test begins, at least `range_samples`; None = 300 for "rank" and
        400 for "paper", when the likelihood is there.
    range_samples
        Values that set the resolution of the encoder, at least 2: 130 / 1.4 steps over their range.
        They wait, and are learnt when the value after them comes.
    use_delta
        Whether to encode the difference from the value before too; it shows changes of a period.
    pooler_options
        Further arguments of `htm.SpatialPooler`, such as `{"n_columns": 1024}`.
    memory_options
        Further arguments of `htm.TemporalMemory`.
    seed
        Seed of all random choices; None = a fresh one.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value is NaN or infinite.

    Notes
    -----
    The paper restarts its test after drifts only, tests a moving average as if its values were
    independent, and fixes the rates at 0.45 and 0.5; "rank" is our answer to all three. Scores that
    come in bursts are not exchangeable and raise more false alarms than `arl0` says: on values that
    are nearly always expected, one surprise disturbs the context of the next. A smooth change of a
    period is invisible to the score unless `use_delta` is set. The values in the window
    of the likelihood decide whether the line is flat, see `htm.AnomalyLikelihood`.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    The same values in another order: their distribution does not change.

    >>> rng = np.random.default_rng(1)
    >>> before, after = [0, 3, 1, 4, 2, 5, 1.5, 3.5], [0, 4, 1, 3.5, 3, 1.5, 5, 2]
    >>> xs = np.concatenate([np.tile(before, 150), np.tile(after, 30)])
    >>> xs += rng.normal(0.0, 0.1, len(xs))
    >>> detector = detectors.HTMSPRT(seed=1)
    >>> detector.update_many(xs)
    array([1209])
    >>> detector.last_drift.kind, detector.last_drift.onset
    ('pattern', 1201)

    References
    ----------
    [^1]: Bandyopadhyay, S., Bose, J. and Roy Chowdhury, S. (2025). A hybrid framework for real-time
        data drift and anomaly identification using hierarchical temporal memory and statistical
        tests. International Journal of Mathematical, Engineering and Management Sciences 10(3),
        777-796. arXiv 2504.18599.

    """

    decision: Annotated[str, OneOf("rank", "paper")] = "rank"
    arl0: Annotated[float, In(1.0, ends="()")] = 1e4
    value_channel: bool | None = None
    _: KW_ONLY
    restart: str | None = None
    q: OpenFraction = 0.1
    p1: Annotated[float, In("q", 1.0, "()")] = 0.3
    half_life: PositiveFloat = 300.0
    gap: PositiveInt = 50
    settle: NonNegativeInt = 100
    threshold: OpenFraction = 0.65
    p_null: OpenFraction = 0.45
    p_alt: Annotated[float, In("p_null", 1.0, "()")] = 0.5
    alpha: OpenFraction = 0.05
    beta: OpenFraction = 0.005
    warm_up: Annotated[int, AtLeast("range_samples")] | None = None
    range_samples: Annotated[int, AtLeast(2)] = 200
    use_delta: bool = False
    pooler_options: dict[str, Any] | None = None
    memory_options: dict[str, Any] | None = None
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.restart is not None:
            check_choice("restart", self.restart, _RESTARTS[self.decision])
        self._reset()

    def _reset(self) -> None:
        super()._reset()
        self._make_encoder(1.0, 1.0)
        n_inputs = int(self._fields[:, N_BITS].sum())
        self._pipeline = Pipeline(n_inputs, self.pooler_options, self.memory_options, self.seed)
        self._test = self._new_test()
        self._likelihood = likelihood_state(_LEARNING, _ESTIMATION, 8640, 100, 10, 0.0)
        self._waiting = np.zeros(self.range_samples)
        self._channel = np.zeros(HEADER)
        if self._state[k.CHANNEL]:
            self._channel = np.empty(value_size(self.gap, _WINDOW))
            value_start(
                self._channel,
                self.q,
                self.p1,
                self.arl0,
                _WINDOW,
                self.gap,
                _VALUE_WARM_UP,
                _VALUE_N_REF,
                self.settle,
            )

    def _new_state(self) -> State:
        paper = self.decision == "paper"
        state = np.zeros(k.STATE_SIZE)
        state[k.PAPER] = paper
        state[k.CHANNEL] = not paper if self.value_channel is None else self.value_channel
        state[k.WARM_UP] = self._warm_up()
        state[k.LOW], state[k.HIGH] = math.inf, -math.inf
        state[k.LIKELIHOOD] = 0.5
        state[k.KIND] = k.NO_DRIFT
        return state

    def _warm_up(self) -> int:
        if self.warm_up is not None:
            return self.warm_up
        return max(self.range_samples, 400 if self.decision == "paper" else 300)

    def _new_test(self) -> State:
        if self.decision == "paper":
            return k.paper_state(
                self.threshold,
                self.p_null,
                self.p_alt,
                self.alpha,
                self.beta,
                self.restart != "drift",
                self._warm_up(),
            )
        n_levels = self._pipeline.pooler.n_winners
        state = np.empty(rank_size(n_levels, self.gap))
        rank_start(
            state,
            n_levels,
            False,
            self.restart != "both",
            self.q,
            self.p1,
            self.arl0,
            self.beta,
            self.half_life,
            self.gap,
            self._warm_up(),
            _N_REF,
            self.settle,
        )
        return state

    def _make_encoder(self, resolution: float, delta_resolution: float) -> None:
        encoders = [RandomDistributedScalarEncoder(resolution)]
        if self.use_delta:
            encoders.append(RandomDistributedScalarEncoder(delta_resolution, seed=1))
        self._fields = np.concatenate([encoder.fields for encoder in encoders])
        self._fields[1:, OFFSET] = self._fields[
            0, N_BITS
        ]  # the bits of one after those of the other

    def _step(self, x: float) -> None:
        self._scan(np.empty(1, np.int64), np.array([x]))

    def _scan(self, alarms: NDArray[np.int64], xs: State) -> int:
        start = 0
        self._state[k.N_ALARMS] = 0.0
        while True:
            tested = self._channel, self._fields, self._waiting
            start = k.watch_many(alarms, *self._pattern_arrays(), *tested, xs, start)
            if start == xs.size:
                return int(self._state[k.N_ALARMS])
            if self._state[k.WAITING] >= 0.0:
                self._begin()
            else:
                self._pipeline.make_room()

    def _pattern_arrays(self) -> tuple[State, Handle, Handle, State, State]:
        pooler, memory = self._pipeline.pooler.handle, self._pipeline.memory.handle
        return self._state, pooler, memory, self._likelihood, self._test

    def _begin(self) -> None:
        """Make the encoder from the values that waited, and learn them."""
        waited = self._waiting
        steps = np.diff(waited)
        # the difference is coarser: 40 steps over its range
        delta = range_resolution(float(steps.min()), float(steps.max())) * 130.0 / 40.0
        self._make_encoder(range_resolution(float(waited.min()), float(waited.max())), delta)
        self._state[k.WAITING] = -1.0
        self._state[k.PREVIOUS] = waited[0]
        start = 0
        while start < waited.size:
            start = k.catch_up(*self._pattern_arrays(), self._fields, waited, start)
            if start < waited.size:
                self._pipeline.make_room()

    @property
    def anomaly_score(self) -> float:
        """Share of active columns that the memory did not expect at the newest value, in [0, 1]."""
        return float(self._state[k.SCORE])

    @property
    def anomaly_likelihood(self) -> float:
        """How unusual the newest scores are, in [0, 1]; 0.5 before the first 388 values."""
        return float(self._state[k.LIKELIHOOD])

    @property
    def anomaly_detected(self) -> bool:
        """Whether the newest value is an anomaly.

        Its likelihood is at least 0.99999, or it lies further than 5 % of the range so far beyond
        that range.
        """
        return bool(self._state[k.ANOMALY] > 0.0)

    @property
    def llr(self) -> float:
        """Log-likelihood ratio of the pattern test after the newest value, before any restart."""
        return float(self._state[k.LLR])

    @property
    def onset(self) -> int:
        """Position, from 0, of the first value since that ratio was last 0."""
        return int(self._state[k.ONSET])

    @property
    def state(self) -> str:
        """Newest state: "warm-up", "monitoring", or "drift" at the value that showed one."""
        if self._state[DECISION] > 0.0:
            return "drift"
        return "warm-up" if self._state[N_VALUES] <= self._warm_up() else "monitoring"

    @property
    def drift_kind(self) -> str | None:
        """What changed at the newest value, None without a drift there."""
        return self.last_drift.kind if self._drift_detected and self.last_drift else None

    @property
    def last_drift(self) -> DriftEvent | None:
        """The newest drift, None before the first."""
        s = self._state
        if s[k.KIND] == k.NO_DRIFT:
            return None
        onset, kind = int(s[k.EVENT_ONSET]), _KINDS[int(s[k.KIND])]
        return DriftEvent(int(s[k.POSITION]), onset, kind, float(s[k.EVENT_LLR]))
