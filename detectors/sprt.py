"""Wald's sequential probability ratio test as a drift detector."""

import math
from dataclasses import KW_ONLY
from typing import Annotated

import numpy as np

from olearn.core.parameters import (
    AtLeast,
    FiniteFloat,
    OneOf,
    OpenFraction,
    PositiveFloat,
    check_parameters,
    with_parameters,
)
from olearn.core.validate import check_in_range
from olearn.detectors import _sprt_kernels as k
from olearn.detectors._state_detector import DECISION, RangeDetector, State, optional, scan_of

__all__ = ["SPRT"]

_MODELS = ("bernoulli", "mean", "variance", "exponential")
_RULES = ("both", "drift", "reflect")
# what the test looks for where neither `alternative` nor `effect` says it
_EFFECTS = {"bernoulli": 3.0, "mean": 1.0, "variance": 2.0, "exponential": 2.0}


_scan = scan_of(k.sprt_update)


@with_parameters
class SPRT(RangeDetector):
    r"""Wald's sequential probability ratio test of a reference against a change[^1].

    Adds up the log-likelihood ratio $\Lambda$ of the values under the alternative and under the
    null. $\Lambda \ge \ln\frac{1-\beta}{\alpha}$ decides for the alternative, a drift;
    $\Lambda \le \ln\frac{\beta}{1-\alpha}$ for the null; between them the test goes on. With a
    known reference and independent values the error probabilities are about `alpha` and `beta`,
    and no test with these needs fewer values on average. Time and memory per update: O(1).

    Parameters
    ----------
    model
        Distribution of the values: "bernoulli" (0 or 1, or evidence between them, of a rate),
        "mean" (Gaussian, known deviation), "variance" (Gaussian, known mean), "exponential"
        (not negative).
    null
        What holds without a drift: the rate in (0, 1), the mean, the standard deviation
        (positive), or the mean (positive). None: estimated from the first `warm_up` values, and
        again after each drift.
    alternative
        The same after the drift to look for; needs `null`. None: `effect` says it.
    effect
        The drift to look for, relative to the null: a ratio of odds ("bernoulli"), a difference in
        standard deviations ("mean"), a ratio of deviations ("variance") or of means
        ("exponential"). A ratio is positive and not 1, a difference not 0. None: 3, 1, 2 and 2.
    sigma
        Model "mean": the standard deviation, positive; None: estimated.
    center
        Model "variance": the mean; None: estimated.
    alpha
        Probability of deciding for a drift where there is none; in (0, 1).
    beta
        Probability of deciding for the null where the alternative holds; in (0, 1) and below
        `1 - alpha`.
    two_sided
        Look for the opposite drift too (reversed difference, inverse ratio); each side is then
        tested with `alpha / 2`, and the null holds once both sides have decided for it.
    restart
        When the ratio returns to 0: "both": after either decision; "drift": after a drift only,
        the literal rule of some texts; "reflect": also whenever it falls below 0 (Page's
        test[^2]), which never decides for the null.
    warm_up
        Number of values that estimate what is not given; at least 2. No decision meanwhile.

    Raises
    ------
    TypeError
        If a parameter or a value is of the wrong kind.
    ValueError
        If a parameter is outside the range above, or a value outside that of the model.

    Notes
    -----
    With "drift" the ratio falls without bound while the null holds, and a later drift must first
    make up for all of it: the test goes blind. With "reflect" the mean time between false alarms
    is at least $(1 - \beta) / \alpha$ values. An estimated reference is off by about
    $\sigma / \sqrt{n}$, which the error probabilities do not know of: they hold for a `warm_up` far
    longer than a decision takes. A warning is a ratio of at least half the upper threshold.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import detectors

    >>> rng = np.random.default_rng(42)
    >>> errors = rng.random(400) < np.repeat([0.1, 0.3], 200)
    >>> test = detectors.SPRT("bernoulli", null=0.1, alternative=0.3, alpha=0.001)
    >>> for t, x in enumerate(errors):
    ...     test.update(x)
    ...     if test.drift_detected:
    ...         print(f"alarm at {t}, ratio {test.llr:.2f} after {test.n_tested} values")
    alarm at 230, ratio 7.40 after 35 values
    alarm at 267, ratio 6.90 after 37 values
    alarm at 282, ratio 7.03 after 15 values
    alarm at 340, ratio 7.02 after 58 values

    >>> xs = np.concatenate([rng.normal(5.0, 2.0, 500), rng.normal(2.0, 2.0, 500)])
    >>> detectors.SPRT("mean", two_sided=True, alpha=1e-4).update_many(xs)
    array([506])

    References
    ----------
    [^1]: Wald, A. (1945). Sequential tests of statistical hypotheses. Annals of Mathematical
        Statistics 16(2), 117-186.
    [^2]: Page, E. S. (1954). Continuous inspection schemes. Biometrika 41(1/2), 100-115.

    """

    model: Annotated[str, OneOf(*_MODELS)] = "mean"
    null: FiniteFloat | None = None
    alternative: FiniteFloat | None = None
    _: KW_ONLY
    effect: FiniteFloat | None = None
    sigma: PositiveFloat | None = None
    center: FiniteFloat | None = None
    alpha: OpenFraction = 0.05
    beta: OpenFraction = 0.05
    two_sided: bool = False
    restart: Annotated[str, OneOf(*_RULES)] = "both"
    warm_up: Annotated[int, AtLeast(2)] = 200

    _update = staticmethod(k.sprt_update)
    _scan_values = staticmethod(_scan)

    def __post_init__(self) -> None:
        check_parameters(self)
        self._check_together()
        self._reset()

    def _check_together(self) -> None:
        """Raise unless the parameters fit the model and each other."""
        model, null, alternative, effect = self.model, self.null, self.alternative, self.effect
        _check_parameter("null", model, null)
        _check_parameter("alternative", model, alternative)
        if alternative is not None and (null is None or alternative == null or effect is not None):
            raise ValueError(
                f"alternative must come with a different null and no effect, got {alternative!r} "
                f"with null {null!r} and effect {effect!r}"
            )
        _check_effect(model, effect)
        _check_only("sigma", self.sigma, model, "mean")
        _check_only("center", self.center, model, "variance")
        check_in_range("beta", self.beta, 0.0, 1.0 - self.alpha, open_low=True, open_high=True)

    def _range(self) -> tuple[float, float]:
        low = -math.inf if self.model in ("mean", "variance") else 0.0
        return low, 1.0 if self.model == "bernoulli" else math.inf

    def _new_state(self) -> State:
        other = {"mean": self.sigma, "variance": self.center}.get(self.model, 0.0)
        state = np.empty(k.SIZE)
        k.sprt_start(
            state,
            _MODELS.index(self.model),
            math.nan if self.null is None else self.null,
            math.nan if other is None else other,
            _EFFECTS[self.model] if self.effect is None else self.effect,
            math.nan if self.alternative is None else self.alternative,
            self.two_sided,
            _RULES.index(self.restart),
            self.alpha,
            self.beta,
            self.warm_up,
        )
        return state

    @property
    def thresholds(self) -> tuple[float, float]:
        """Log-likelihood ratios at which the test decides for the null and for the alternative."""
        return float(self._state[k.LOWER]), float(self._state[k.UPPER])

    @property
    def decision(self) -> int:
        """1 if the newest value decided for the alternative, -1 for the null, else 0."""
        return int(self._state[DECISION])

    @property
    def llr(self) -> float:
        """Log-likelihood ratio after the newest value, before any restart; the larger of two."""
        return float(self._ratios().max())

    @property
    def direction(self) -> int:
        """Side with the larger ratio: 1 for the effect given, -1 for its opposite."""
        return -1 if self._ratios().argmax() else 1

    @property
    def n_tested(self) -> int:
        """Number of values in the ratio: after a decision, how many it took."""
        return int(self._state[k.N_TESTED])

    @property
    def reference(self) -> float | None:
        """What holds without a drift, given or estimated; None while it is being estimated."""
        return optional(self._state[k.NULL])

    def _ratios(self) -> State:
        ratios: State = self._state[k.LLR : k.LLR + (2 if self.two_sided else 1)]
        return ratios


def _check_parameter(name: str, model: str, value: float | None) -> None:
    if value is None:
        return
    high = 1.0 if model == "bernoulli" else math.inf
    low = -math.inf if model == "mean" else 0.0
    check_in_range(name, value, low, high, open_low=True, open_high=True)


def _check_effect(model: str, effect: float | None) -> None:
    if effect is None:
        return
    low = -math.inf if model == "mean" else 0.0
    check_in_range("effect", effect, low, math.inf, open_low=True, open_high=True)
    if effect == (0.0 if model == "mean" else 1.0):
        raise ValueError(f"effect must differ from the null's own, got {effect!r}")


def _check_only(name: str, value: float | None, model: str, its_model: str) -> None:
    """Check a number that belongs to one model only."""
    if value is not None and model != its_model:
        raise ValueError(f"{name} belongs to model {its_model!r}, got {value!r} with {model!r}")
