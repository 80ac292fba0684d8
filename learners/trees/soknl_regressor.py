"""Self-optimising k nearest leaves: an adaptive random forest that joins its nearest leaves."""

from collections.abc import Collection
from dataclasses import KW_ONLY
from typing import Annotated

import numpy as np
from river import base
from river.base.typing import FeatureName

from olearn.core.locked import locked
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
from olearn.learners.trees import soknl_kernels as kernels
from olearn.learners.trees.model_tree import (
    LEAF_MODES,
    check_leaf_model,
    check_number_splitter,
    say_divergence,
)
from olearn.learners.trees.number_forest import Detector, NumberForest
from olearn.learners.trees.single_tree import GracePeriod
from olearn.learners.trees.subspace import check_max_features

__all__ = ["SOKNLRegressor"]

_MOST_CENTRES = 0.1  # of the memory of a pool: nodes have a quarter, and centres two fifths of it


@with_parameters
class SOKNLRegressor(NumberForest):
    r"""Self-optimising k nearest leaves: a forest that joins the answers of its nearest leaves[^1].

    The members are those of `ARFRegressor`. Each leaf also keeps the centre of its rows; a row is
    answered by the mean of the $k$ members whose leaves for it have the nearest centres. That $k$
    is taken whose squared error over all rows learnt so far is the smallest.

    Parameters
    ----------
    n_models
        Number of members; at least 1.
    max_features
        Features that a leaf looks at: a number, a share in (0, 1], `"sqrt"`, `"log2"`, or None for
        all.
    lambda_value
        Mean of the Poisson weights; in (0, 30].
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
    remove_poor_attrs
        Whether a leaf stops looking at features whose best split is too bad, by the bound.
    merit_preprune
        Whether not to split is a candidate too.
    seed
        Seed of the draws; None draws one.
    normalise
        Whether distances are measured in standard deviations of the features, and the models in
        the leaves see features and targets in units of three, see `HoeffdingTreeRegressor`.

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
    $k$ is chosen by the rows before the one predicted; MOA's program adds the true error of that
    very row first, so that it predicts with the label. In the paper leaves answer with their mean,
    `leaf_prediction="mean"`; the better of mean and model errs less on four of the five streams of
    `experiments/benchmarks/regression.py`. Distances leave out nominal features and
    missing values. The leaves of a split start at the centre of their parent, which then counts as
    a row of weight 1; a member without a row is the farthest.

    The subspaces are drawn over the columns in the order of their first appearance, so other orders
    of the features give other, equally good forests: the check `check_shuffle_features_no_impact`
    is skipped.

    Examples
    --------
    >>> from river import datasets
    >>> from olearn import learners
    >>> model = learners.SOKNLRegressor(seed=1)
    >>> error = 0.0
    >>> for x, y in datasets.synth.Friedman(seed=1).take(2000):
    ...     error += abs(model.predict_one(x) - y) / 2000
    ...     model.learn_one(x, y)
    >>> error < 2.2
    True
    >>> 1 <= model.best_k <= 10
    True

    References
    ----------
    [^1]: Sun, Y., Pfahringer, B., Gomes, H. M., Bifet, A. (2022). SOKNL: A novel way of integrating
        k-nearest neighbours with adaptive random forest regression for data streams. Data Mining
        and Knowledge Discovery 36, 2006-2032.

    """

    n_models: PositiveInt = 10
    max_features: Annotated[float | int | str, check_max_features] | None = 0.6
    lambda_value: Annotated[float, In(0.0, 30.0, "(]")] = 6.0
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
    remove_poor_attrs: bool = False
    merit_preprune: bool = True
    seed: Seed = None
    _: KW_ONLY
    normalise: bool = True

    def __post_init__(self) -> None:
        check_parameters(self)
        self._errors = np.zeros(self.n_models)
        self._scales = np.zeros((0, kernels.SCALE_SIZE))
        self._centres = [np.zeros((0, 0, kernels.CENTRE_SIZE))] * self.n_models
        self._start(self.nominal_attributes, self.max_size / (1.0 + _MOST_CENTRES))

    @property
    @locked
    def best_k(self) -> int:
        """Number of leaves that answers are the mean of now."""
        smallest = np.flatnonzero(self._errors == self._errors.min())
        return int(smallest[-1]) + 1

    # -- rows ------------------------------------------------------------------------------------

    def _grow(self) -> None:
        super()._grow()
        more = len(self._features) - len(self._scales)
        self._scales = np.pad(self._scales, ((0, more), (0, 0)))
        for number in range(self.n_models):
            self._fit_centres(number)

    def _fit_centres(self, number: int) -> None:
        """Give each node of a member a centre over all columns."""
        pool, centres = self._pools[number].arrays, self._centres[number]
        nodes, columns = len(pool.node_i), pool.roots.shape[1]
        more = nodes - centres.shape[0], columns - centres.shape[1]
        if any(more):
            self._centres[number] = np.pad(centres, ((0, more[0]), (0, more[1]), (0, 0)))

    def _run(self, X: Rows, y: Rows, w: Rows) -> Rows:
        parts, out = np.empty((self.n_models, len(X), kernels.N_PARTS)), np.empty(len(X))
        unit = np.ones(X.shape)
        nominal = self._pools[0].arrays.nominal
        if self.normalise:
            kernels.units(X, w, nominal, self._scales, unit)
        else:
            unit[:, nominal == 1] = 0.0
        for number, pool in enumerate(self._pools):
            state = (number, self._status, self._tallies, self._windows, self._settings)
            rows = (X, unit, y, w, parts[number])
            row = kernels.learn_many(pool.handle, *state, self._centres[number], *rows, 0)
            while row < len(X):
                pool.make_room(2)
                self._fit_centres(number)
                row = kernels.learn_many(pool.handle, *state, self._centres[number], *rows, row)
        kernels.join(parts, y, w, self._errors, out)
        if not self._is_said:
            self._is_said = say_divergence(self._pools)
        return out
