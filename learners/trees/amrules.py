"""Adaptive model rules on compiled arrays."""

import math
from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY, field
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from river import base, stats
from river.base.typing import FeatureName

from olearn.core.features import FeatureIndex
from olearn.core.locked import locked
from olearn.core.parameters import (
    Above,
    AtLeast,
    FiniteFloat,
    Fraction,
    OneOf,
    OpenFraction,
    PositiveInt,
    check_parameters,
    with_parameters,
)
from olearn.core.types import Codes, Rows
from olearn.detectors._adwin_kernels import adwin_size, adwin_start
from olearn.detectors.page_hinkley import PageHinkley
from olearn.learners.trees import amrules_kernels as kernels
from olearn.learners.trees import model_tree_layout as at
from olearn.learners.trees import rule_pool as of
from olearn.learners.trees.interleave import interleaved
from olearn.learners.trees.model_tree import (
    LEAF_MODES,
    LimitedTargets,
    check_leaf_model,
    check_number_splitter,
    digits_of,
    linear_of,
    say_divergence,
)
from olearn.learners.trees.river_parts import delta_of, is_built_in
from olearn.learners.trees.single_tree import GracePeriod

__all__ = ["AMRules"]

_SIGNS = {of.BELOW: "<=", of.ABOVE: ">", of.EQUAL: "=", of.OTHER: "!="}


def _check_detector(name: str, value: Any) -> None:
    """Raise unless `value` is a detector that the kernels have."""
    if not is_built_in(value) and not _is_page_hinkley(value):
        raise ValueError(
            f"{name} must be PageHinkley, ADWIN, of which only delta may be chosen, or NoDrift, "
            f"got {value!r}"
        )


def _is_page_hinkley(value: Any) -> bool:
    from river.drift import PageHinkley as RiverPageHinkley

    return isinstance(value, PageHinkley | RiverPageHinkley)


@with_parameters
class AMRules(LimitedTargets):
    r"""Adaptive model rules: conjunctions of tests, each with a model and a drift detector[^1].

    A rule that has seen enough rows adds the test of the best split, that of the largest variance
    ratio, once it is better than the second best by the Hoeffding bound; it then covers the side
    of the smaller variance. Rows that no rule covers are learnt by a default rule, which becomes a
    rule with its first test. A rule whose errors drift is removed, and rows that are unlike those
    that a rule has seen are not learnt by it. Time per row: O(rules x tests), and that of a leaf
    of `HoeffdingTreeRegressor` for each rule that learns.

    Parameters
    ----------
    n_min
        Weight a rule sees between attempts to add a test; positive.
    delta
        Probability of a wrong choice of the test; in (0, 1).
    tau
        Tie threshold: below this bound the best test is taken in any case; not negative.
    pred_type
        `"mean"` of the targets, `"model"`, or `"adaptive"`: whichever has the smaller faded
        absolute error in the rule.
    pred_model
        A fresh `LinearRegression`, ours or river's, that each rule gets a copy of; None: one with
        its defaults. It reads numeric features only.
    splitter
        river's `TEBSTSplitter(digits)`, which rounds values to that many decimals, or
        `EBSTSplitter()`, which does not; None: one decimal. Features of a small range need more.
    drift_detector
        Reads the absolute errors of a rule: `PageHinkley`, river's or ours, as in the paper;
        `ADWIN`, of which `delta` counts; or river's `NoDrift`. None: `ADWIN()`.
    fading_factor
        Factor by which the absolute errors fade at each row; in [0, 1].
    anomaly_threshold
        Score, at most 0 where a row is unlike those of a rule, below which the rule does not learn
        it; finite.
    m_min
        Weight that a rule must have seen before rows are scored; not negative.
    ordered_rule_set
        Whether the first rule that covers a row learns and answers it; else all that do, and the
        answer is their mean.
    min_samples_split
        Weight that each side of a test must get; at least 1.
    nominal_attributes
        Names of the nominal features. A feature whose first value is a string is nominal too.
    max_size
        Bound of the memory, MiB; positive. Where it is reached rules stop looking for tests, those
        of most tests first, and at last no rule is added.
    normalise
        Whether the models see features and targets less their mean so far, in units of three
        standard deviations, as in `HoeffdingTreeRegressor`. Recommended: on columns as they come, a
        linear model diverges easily. False is what river does.

    Raises
    ------
    ValueError
        If a parameter is outside its range, a feature is infinite, a target is not finite or beyond
        1e150, or a string is given for a numeric feature.
    TypeError
        If a parameter, a feature or a target has the wrong type.

    Warns
    -----
    UserWarning
        Once, if the model of a rule answers a million times the largest target (at least 1).

    Notes
    -----
    Predictions equal those of `river.rules.AMRules` bit for bit for rows whose features come in the
    order of the columns, but for these: a new rule never takes the place of another one, as now and
    then in river, which tells rules apart by their addresses in memory; a rule that sees one
    feature only tests it when that is better than nothing by the bound, where river tests it at
    every attempt; a target that never changes is no division by zero; models take a weight as it
    is, where river learns a row as often as the weight is whole; models leave nominal features out.
    `None` and NaN mean that a feature is missing, and fulfil no test.

    Examples
    --------
    >>> from river import datasets
    >>> from olearn import learners
    >>> model = learners.AMRules(n_min=50, delta=0.01, normalise=True)
    >>> error = 0.0
    >>> for x, y in datasets.synth.Friedman(seed=1).take(5000):
    ...     error += abs(model.predict_one(x) - y) / 5000
    ...     model.learn_one(x, y)
    >>> error < 2.5
    True
    >>> len(model) > 1
    True

    References
    ----------
    [^1]: Almeida, E., Ferreira, C., Gama, J. (2013). Adaptive model rules from data streams. ECML
        PKDD, 480-492.

    """

    n_min: GracePeriod = 200
    delta: OpenFraction = 1e-7
    tau: Annotated[float, AtLeast(0.0)] = 0.05
    pred_type: Annotated[str, OneOf(*LEAF_MODES)] = "adaptive"
    pred_model: Annotated[base.Regressor, check_leaf_model] | None = None
    splitter: Annotated[base.Estimator, check_number_splitter] | None = None
    drift_detector: (
        Annotated[base.DriftDetector | base.BinaryDriftDetector, _check_detector] | None
    ) = None
    fading_factor: Fraction = 0.99
    anomaly_threshold: FiniteFloat = -0.75
    m_min: Annotated[float, AtLeast(0.0)] = 30
    ordered_rule_set: bool = True
    min_samples_split: PositiveInt = 5
    _: KW_ONLY
    nominal_attributes: Collection[FeatureName] | None = None
    max_size: Annotated[float, Above(0.0)] = 500.0
    normalise: bool = False
    _features: FeatureIndex = field(init=False)

    def __post_init__(self) -> None:
        check_parameters(self)
        nominal = self.nominal_attributes
        self._features = FeatureIndex(None if nominal is None else [*nominal])
        model = linear_of(self.pred_model, "pred_model")
        self._pool = of.RulePool(
            self._conf(), model._state.conf.copy(), model.intercept_init, self.max_size,
            self._fresh_detector(),
        )  # fmt: skip
        self._is_said = False
        self._apply_parameters()
        self._grow()

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {}
        yield {"n_min": 50, "delta": 0.01, "ordered_rule_set": False, "normalise": True}
        yield {"n_min": 50, "pred_type": "mean", "drift_detector": PageHinkley(threshold=5.0)}

    @property
    def _mutable_attributes(self) -> set[str]:
        names = {"n_min", "delta", "tau", "fading_factor", "anomaly_threshold", "m_min"}
        return names | {"ordered_rule_set"}

    def _conf(self) -> Rows:
        conf = np.zeros(at.CONF_SIZE)
        conf[at.GRACE] = self.n_min
        conf[at.LOG_INVERSE_DELTA] = math.log(1.0 / self.delta)
        conf[at.TAU] = self.tau
        conf[at.LEAF_MODE] = LEAF_MODES[self.pred_type]
        conf[at.MIN_SAMPLES] = self.min_samples_split
        conf[at.BINARY] = 1.0
        conf[at.DIGITS] = 10.0 if self.splitter is None else digits_of(self.splitter)
        conf[at.NORMALISE] = self.normalise
        return conf

    def _apply_parameters(self) -> None:
        self._pool.arrays.conf[:] = self._conf()
        settings = self._pool.rules.settings
        settings[of.FADING] = self.fading_factor
        settings[of.THRESHOLD] = self.anomaly_threshold
        settings[of.WARM_UP] = self.m_min
        settings[of.ORDERED] = self.ordered_rule_set
        if _is_page_hinkley(self.drift_detector):
            settings[of.DETECTOR] = of.PAGE_HINKLEY
            return
        settings[of.DELTA] = delta_of(self.drift_detector, 0.002)
        settings[of.DETECTOR] = of.ADWIN if settings[of.DELTA] > 0.0 else of.NO_DETECTOR

    def _fresh_detector(self) -> Rows:
        given = self.drift_detector
        if given is not None and _is_page_hinkley(given):
            parameters = given._get_params()
            fresh: Rows = PageHinkley(**parameters)._state.copy()
            return fresh
        fresh = np.zeros(adwin_size())
        adwin_start(fresh)
        return fresh

    def __len__(self) -> int:
        """Return the number of rules, the default rule included."""
        return int(self._pool.rules.counts[of.N_RULES]) + 1

    @property
    @locked
    def n_drifts_detected(self) -> int:
        """Number of rules removed so far."""
        return int(self._pool.rules.counts[of.N_DRIFTS])

    # -- rows ------------------------------------------------------------------------------------

    def _grow(self) -> None:
        self._pool.grow(self._features.widths)

    def _stage_rows(self, A: Rows, B: Rows, y: Rows, w: Rows, upto: Codes) -> Rows:
        X, targets, weights, rows = interleaved(A, B, y, w, upto)
        return self._run(X, targets, weights)[rows]

    def _learn_rows(self, X: Rows, y: Rows, w: Rows) -> None:
        self._run(X, y, w)

    def _predict_rows(self, X: Rows) -> Rows:
        none = np.zeros(len(X))
        return self._run(X, none, none)

    def _run(self, X: Rows, y: Rows, w: Rows) -> Rows:
        """Predict, then learn each row of weight above 0; return the predictions."""
        out, pool = np.empty(len(X)), self._pool
        row = kernels.run(pool.handle, pool.rules_handle, X, y, w, out, 0)
        while row < len(X):
            pool.make_room(1 if self.ordered_rule_set else len(self))
            row = kernels.run(pool.handle, pool.rules_handle, X, y, w, out, row)
        if not self._is_said:
            self._is_said = say_divergence([pool])
        return out

    # -- words -----------------------------------------------------------------------------------

    @locked
    def anomaly_score(self, x: dict[FeatureName, Any]) -> tuple[float, float, float]:
        """Return mean and standard deviation of the scores of the rules that cover a row.

        The third number is the share of rules that cover it; where none does, it is 0 and the score
        is the default rule's. The lower a score, the less the row is like those of the rule.
        """
        covering, scores, _ = self._look(x)
        found = stats.Var()
        for score in scores[:-1][covering[:-1]].tolist():
            found.update(score)
        if found.mean.n == 0:
            return float(scores[-1]), 0.0, 0.0
        return found.mean.get(), math.sqrt(found.get()), found.mean.n / (len(self) - 1)

    @locked
    def debug_one(self, x: dict[FeatureName, Any]) -> str:
        """Return the rules that answer a row, what each of them says, and the prediction."""
        covering, _, answers = self._look(x)
        found = np.flatnonzero(covering[:-1]).tolist()
        lines = []
        for k in found[:1] if self.ordered_rule_set else found:
            rule = int(self._pool.rules.order[k])
            lines.append(f"rule {k}: {self._condition(rule)}: {answers[k]:.6g}")
        if not found:
            lines.append(f"default rule: {answers[-1]:.6g}")
        row = self._features.encode_one(x)
        return "\n".join([*lines, f"prediction: {self._predict_row(row):.6g}"])

    @locked
    def to_text(self) -> str:
        """Return all rules, one a line, the oldest first, with mean and weight of their targets."""
        rules = self._pool.rules
        lines = []
        for k in range(int(rules.counts[of.N_RULES])):
            rule = int(rules.order[k])
            lines.append(f"{self._condition(rule)}: {self._say(rule)}")
        return "\n".join([*lines, f"default: {self._say(int(rules.counts[of.DEFAULT]))}"])

    def _look(self, x: dict[FeatureName, Any]) -> tuple[NDArray[np.bool_], Rows, Rows]:
        row, n = self._features.encode_one(x), len(self)
        covering, scores, answers = np.zeros(n, np.bool_), np.empty(n), np.empty(n)
        handles = self._pool.handle, self._pool.rules_handle
        kernels.look(*handles, row[None], covering, scores, answers)
        return covering, scores, answers

    def _say(self, rule: int) -> str:
        weight, mean = self._pool.rules.own[rule, [of.SEEN, of.AVERAGE]]
        return f"mean {mean:.6g} of weight {weight:g}"

    def _condition(self, rule: int) -> str:
        rules = self._pool.rules
        literals = rules.literals[rule, : rules.n_literals[rule]]
        return " and ".join(self._words(*literal) for literal in literals.tolist())

    def _words(self, column: float, kind: float, value: float) -> str:
        name, categories = self._features.names[int(column)], None
        if kind >= of.EQUAL:
            categories = self._features.categories[int(column)]
        codes = categories.codes if categories else {}
        text = next((each for each, its in codes.items() if its == value), f"{value:.6g}")
        return f"{name} {_SIGNS[int(kind)]} {text}"
