"""Adaptive random forest for numbers on compiled arrays."""

from collections.abc import Collection
from dataclasses import KW_ONLY
from typing import Annotated

import numpy as np
from river import base
from river.base.typing import FeatureName

from olearn.core.parameters import (
    Above,
    AtLeast,
    Fraction,
    In,
    OneOf,
    OpenFraction,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.core.types import Rows
from olearn.learners.trees import arf_regressor_kernels as kernels
from olearn.learners.trees.model_tree import (
    LEAF_MODES,
    check_leaf_model,
    check_number_splitter,
    say_divergence,
)
from olearn.learners.trees.number_forest import Detector, NumberForest
from olearn.learners.trees.river_parts import check_squared_error
from olearn.learners.trees.single_tree import GracePeriod
from olearn.learners.trees.subspace import check_max_features

__all__ = ["ARFRegressor"]

_MEDIAN, _MEAN = "median", "mean"


@with_parameters
class ARFRegressor(NumberForest):
    r"""Adaptive random forest for numbers[^1].

    Each member is a `HoeffdingTreeRegressor` whose leaves look at a random subspace of the
    features, trained on each row with weight $k \sim \mathrm{Poisson}(\lambda)$. Two ADWIN
    detectors read its errors, in units of three standard deviations: a warning starts a background
    tree, a drift puts it (or an empty tree) in the member's place. Time per row: that of a tree
    for each member.

    Parameters
    ----------
    n_models
        Number of members; at least 1.
    max_features
        Features that a leaf looks at: a number, a share in (0, 1], `"sqrt"`, `"log2"`, or None for
        all.
    aggregation_method
        `"median"` or `"mean"` of the members' predictions.
    lambda_value
        Mean of the Poisson weights; in (0, 30].
    metric
        river's `MSE()`, or None: it weighs the members.
    disable_weighted_vote
        Whether all members count the same in the mean; else those of smaller squared error count
        more.
    drift_detector
        river's or our `ADWIN`, of which `delta` counts, or river's `NoDrift`; None: `ADWIN(0.001)`.
    warning_detector
        Likewise; None: `ADWIN(0.01)`.
    grace_period
        Weight a leaf sees between split attempts; positive.
    max_depth
        Depth at which no leaf is split any more; at least 1, or None for no limit.
    delta
        Split confidence: probability of a wrong choice of split; in (0, 1).
    tau
        Tie threshold: below this bound the best split is taken in any case; not negative.
    leaf_prediction
        `"mean"`, `"model"` or `"adaptive"`, see `HoeffdingTreeRegressor`.
    leaf_model
        A fresh `LinearRegression` that leaves get copies of; None: one with its defaults.
    model_selector_decay
        Factor by which the squared errors in a leaf fade at each row; in [0, 1].
    nominal_attributes
        Names of the nominal features. A feature whose first value is a string is nominal too.
    splitter
        river's `TEBSTSplitter(digits)` or `EBSTSplitter()`; None: one decimal.
    min_samples_split
        Weight that each branch of a split must get; at least 1.
    binary_split
        Whether nominal features are split one value against the rest only.
    max_size
        Bound of the memory of all members, MiB; positive.
    memory_estimate_period
        Taken for programs written for river, at least 1, and without effect, as is the next.
    stop_mem_management
        Without effect.
    remove_poor_attrs
        Whether a leaf stops looking at features whose best split is too bad, by the bound.
    merit_preprune
        Whether not to split is a candidate too.
    seed
        Seed of the draws; None draws one.
    normalise
        Whether the models in the leaves see features and targets in units of three standard
        deviations, see `HoeffdingTreeRegressor`. False is what river does.

    Raises
    ------
    ValueError
        If a parameter is outside its range, a feature is infinite, or a target is not finite or
        beyond 1e150.
    TypeError
        If a parameter, a feature or a target has the wrong type.

    Warns
    -----
    UserWarning
        Once, if the model of a leaf answers a million times the largest target (at least 1).

    Notes
    -----
    Follows river's forest, with other random draws. Departures: the weighted mean is a mean (river
    divides by the number of members twice); leaf models are normalised unless told otherwise;
    features are counted when they come, and predicting changes nothing.

    The subspaces are drawn over the columns in the order of their first appearance, so other orders
    of the features give other, equally good forests: the check `check_shuffle_features_no_impact`
    is skipped.

    Examples
    --------
    >>> from river import datasets
    >>> from olearn import learners
    >>> model = learners.ARFRegressor(seed=1)
    >>> error = 0.0
    >>> for x, y in datasets.synth.Friedman(seed=1).take(2000):
    ...     error += abs(model.predict_one(x) - y) / 2000
    ...     model.learn_one(x, y)
    >>> error < 2.3
    True

    References
    ----------
    [^1]: Gomes, H. M., Barddal, J. P., Ferreira, L. E. B., Bifet, A. (2018). Adaptive random
        forests for data stream regression. ESANN.

    """

    n_models: PositiveInt = 10
    max_features: Annotated[float | int | str, check_max_features] | None = "sqrt"
    aggregation_method: Annotated[str, OneOf(_MEDIAN, _MEAN)] = _MEDIAN
    lambda_value: Annotated[float, In(0.0, 30.0, "(]")] = 6.0
    metric: Annotated[base.Base, check_squared_error] | None = None
    disable_weighted_vote: bool = True
    drift_detector: Detector | None = None
    warning_detector: Detector | None = None
    grace_period: GracePeriod = 50
    max_depth: PositiveInt | None = None
    delta: OpenFraction = 0.01
    tau: Annotated[float, AtLeast(0.0)] = 0.05
    leaf_prediction: Annotated[str, OneOf(*LEAF_MODES)] = "adaptive"
    leaf_model: Annotated[base.Regressor, check_leaf_model] | None = None
    model_selector_decay: Fraction = 0.95
    nominal_attributes: Collection[FeatureName] | None = None
    splitter: Annotated[base.Estimator, check_number_splitter] | None = None
    min_samples_split: PositiveInt = 5
    binary_split: bool = False
    max_size: Annotated[float, Above(0.0)] = 500.0
    memory_estimate_period: PositiveInt = 2_000_000
    stop_mem_management: bool = False
    remove_poor_attrs: bool = False
    merit_preprune: bool = True
    seed: Seed = None
    _: KW_ONLY
    normalise: bool = True

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start(self.nominal_attributes, self.max_size)

    @property
    def _mutable_attributes(self) -> set[str]:
        return super()._mutable_attributes | {"aggregation_method", "disable_weighted_vote"}

    def _run(self, X: Rows, y: Rows, w: Rows) -> Rows:
        """Predict, then learn each row of weight above 0; return the predictions."""
        out = np.empty((self.n_models, len(X), 2))
        for number, pool in enumerate(self._pools):
            state = (number, self._status, self._tallies, self._windows, self._settings)
            row = kernels.learn_many(pool.handle, *state, X, y, w, out[number], 0)
            while row < len(X):
                pool.make_room(2)
                row = kernels.learn_many(pool.handle, *state, X, y, w, out[number], row)
        if not self._is_said:
            self._is_said = say_divergence(self._pools)
        return self._joined(out[:, :, 0], out[:, :, 1])

    def _joined(self, answers: Rows, errors: Rows) -> Rows:
        """Join the members' answers `(n_models, n)`, by their squared errors if so wanted."""
        if self.aggregation_method == _MEDIAN:
            return np.asarray(np.median(answers, axis=0))
        shares = np.full(answers.shape, 1.0 / self.n_models)
        if not self.disable_weighted_vote and self.n_models > 1:
            total = _added(errors / self.n_models)  # a mean, since a sum might be infinite
            known = (total > 0.0) & np.isfinite(total)
            better = 1.0 - errors[:, known] / total[known] / self.n_models
            shares[:, known] = better / (self.n_models - 1)
        return _added(answers * shares)


def _added(parts: Rows) -> Rows:
    """Add one member after the other: the same floats for one row and for many."""
    total: Rows = parts[0].copy()
    for more in parts[1:]:
        total += more
    return total
