"""The rank test: a sequential test on scores whose distribution nobody knows."""

from dataclasses import KW_ONLY
from typing import Annotated

import numpy as np

from olearn.core.parameters import (
    In,
    NonNegativeInt,
    OneOf,
    OpenFraction,
    PositiveFloat,
    PositiveInt,
    check_parameters,
    with_parameters,
)
from olearn.detectors._rank_kernels import (
    RANK_EVIDENCE,
    RANK_LLR,
    RANK_ONSET,
    rank_size,
    rank_start,
    rank_update,
)
from olearn.detectors._state_detector import DECISION, RangeDetector, State, optional, scan_of

__all__ = ["RankTest"]


_scan = scan_of(rank_update)


@with_parameters
class RankTest(RangeDetector):
    r"""Sequential test whether scores in [0, 1] are higher, or lower, than they used to be.

    Ranks the newest score $s_t$ among older ones and asks whether it belongs to the fraction $q$
    of the highest. The evidence

    $$c_t = \operatorname{clip}\left(\frac{q - P(s > s_t)}{P(s = s_t)}, 0, 1\right)$$

    has the mean $q$ while scores are exchangeable, whatever their distribution and ties; $P$ is
    the reference, the newest score included. Wald's test[^1] of the rate $q$ against $p_1$ adds
    $c_t \ln \frac{p_1}{q} + (1 - c_t) \ln \frac{1 - p_1}{1 - q}$ to the log-likelihood ratio,
    which signals a drift at $\ln$ `arl0`. Time and memory per update: O(`n_levels` + `gap`).

    Parameters
    ----------
    n_levels
        Grid of the scores: $s$ counts as level `round(n_levels * s)`; at least 1. For the raw
        anomaly score of a temporal memory, the number of active columns.
    q
        Fraction of the scores that count as extreme, in (0, 1).
    p1
        Rate of extreme scores that the test looks for, in (q, 1).
    arl0
        Least mean number of updates between false alarms (mode "reflect"), or 1 / probability of
        ever raising one (the sum without restart); more than 1.
    beta
        Mode "both": error probability of deciding "no drift", in (0, 1).
    half_life
        Number of updates after which a score of the reference weighs half; positive.
    gap
        Newest scores that are not yet part of the reference, so that a slow drift is not absorbed
        by it; at least 1.
    warm_up
        Number of scores skipped at the beginning; at least 0.
    n_ref
        Fewest scores in the reference before the test begins; at least 1.
    settle
        Number of scores skipped after a drift, when the reference begins anew; at least 0.
    mode
        "reflect": the ratio never falls below 0 (Page's test[^2]). "both": it restarts at
        $\ln \beta$ too, deciding "no drift".
    side
        "upper": rising scores are a drift; "lower": falling ones.

    Raises
    ------
    TypeError
        If a parameter or a score is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a score is NaN or outside [0, 1].

    Notes
    -----
    By convexity $e^{z}$, $z$ being the step of the ratio, has a mean of at most 1 while scores are
    exchangeable; Ville's inequality and Lorden's argument give the two readings of `arl0`. For
    q = 0.1 and p1 = 0.3 the true mean time between false alarms is about 15 times as long.
    Autocorrelated scores are not exchangeable: no guarantee for them. A warning is a ratio of at
    least half the threshold.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> scores = np.concatenate([rng.beta(1, 9, 2000), rng.beta(3, 7, 200)])
    >>> test = detectors.RankTest()
    >>> for t, s in enumerate(scores):
    ...     test.update(s)
    ...     if test.drift_detected:
    ...         print(f"alarm at {t}, evidence {test.llr:.2f}, since {test.onset}")
    alarm at 2012, evidence 9.28, since 1998

    References
    ----------
    [^1]: Wald, A. (1945). Sequential tests of statistical hypotheses. Annals of Mathematical
        Statistics 16(2), 117-186.
    [^2]: Page, E. S. (1954). Continuous inspection schemes. Biometrika 41(1/2), 100-115.

    """

    n_levels: PositiveInt = 40
    q: OpenFraction = 0.1
    p1: Annotated[float, In("q", 1.0, "()")] = 0.3
    _: KW_ONLY
    arl0: Annotated[float, In(1.0, ends="()")] = 1e4
    beta: OpenFraction = 0.01
    half_life: PositiveFloat = 300.0
    gap: PositiveInt = 50
    warm_up: NonNegativeInt = 300
    n_ref: PositiveInt = 100
    settle: NonNegativeInt = 100
    mode: Annotated[str, OneOf("reflect", "both")] = "reflect"
    side: Annotated[str, OneOf("upper", "lower")] = "upper"

    _update = staticmethod(rank_update)
    _scan_values = staticmethod(_scan)

    def __post_init__(self) -> None:
        check_parameters(self)
        self._reset()

    def _range(self) -> tuple[float, float]:
        return 0.0, 1.0

    def _new_state(self) -> State:
        state = np.empty(rank_size(self.n_levels, self.gap))
        rank_start(
            state,
            self.n_levels,
            self.side == "lower",
            self.mode == "reflect",
            self.q,
            self.p1,
            self.arl0,
            self.beta,
            self.half_life,
            self.gap,
            self.warm_up,
            self.n_ref,
            self.settle,
        )
        return state

    @property
    def decision(self) -> int:
        """1 after a drift, -1 after "no drift" (mode "both"), 0 while undecided."""
        return int(self._state[DECISION])

    @property
    def evidence(self) -> float | None:
        """Evidence $c_t$ of the newest score, in [0, 1]; None if it was not tested."""
        return optional(self._state[RANK_EVIDENCE])

    @property
    def llr(self) -> float:
        """Log-likelihood ratio after the newest score, before any restart."""
        return float(self._state[RANK_LLR])

    @property
    def onset(self) -> int:
        """Position, from 0, of the first value since the ratio was last 0: where a drift began."""
        return int(self._state[RANK_ONSET])
