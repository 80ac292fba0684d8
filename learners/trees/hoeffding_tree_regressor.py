"""Hoeffding tree for numbers on compiled arrays."""

from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY
from typing import Annotated, Any

from river import base
from river.base.typing import FeatureName

from olearn.core.parameters import (
    Above,
    AtLeast,
    Fraction,
    OneOf,
    OpenFraction,
    PositiveInt,
    check_parameters,
    with_parameters,
)
from olearn.learners.trees.model_tree import (
    LEAF_MODES,
    ModelTree,
    check_leaf_model,
    check_number_splitter,
)
from olearn.learners.trees.single_tree import GracePeriod

__all__ = ["HoeffdingTreeRegressor"]


@with_parameters
class HoeffdingTreeRegressor(ModelTree):
    r"""Hoeffding tree whose leaves hold means and linear models, after FIMT-DD[^1].

    A leaf is split once the best split reduces the variance of the targets so much more than the
    second best that the ratio of the two lies below $1 - \epsilon$, with the Hoeffding bound
    $\epsilon = \sqrt{\ln(1/\delta) / (2n)}$ and $n$ the weight seen. A leaf keeps the values of a
    numeric feature in a search tree (E-BST). Time per row: O(depth + features x log(values)).

    Parameters
    ----------
    grace_period
        Weight a leaf sees between split attempts; positive.
    max_depth
        Depth at which no leaf is split any more; at least 1, or None for no limit.
    delta
        Split confidence: probability of a wrong choice of split; in (0, 1).
    tau
        Tie threshold: below this bound the best split is taken in any case; not negative.
    leaf_prediction
        `"mean"` of the targets, `"model"`, or `"adaptive"`: whichever has the smaller faded squared
        error in the leaf.
    leaf_model
        A fresh `LinearRegression`, ours or river's, that each leaf gets a copy of, and children
        go on with; None: one with its defaults. It reads numeric features only.
    model_selector_decay
        Factor by which the squared errors fade at each row; in [0, 1].
    nominal_attributes
        Names of the nominal features. A feature whose first value is a string is nominal too.
    splitter
        river's `TEBSTSplitter(digits)`, which rounds values to that many decimals, or
        `EBSTSplitter()`, which does not; None: one decimal. Features of a small range need more.
    min_samples_split
        Weight that each branch of a split must get; at least 1.
    binary_split
        Whether nominal features are split one value against the rest only.
    max_size
        Bound of the tree's memory, MiB; positive. Where it is reached the deepest leaves stop
        looking for splits, and at last no leaf is split.
    memory_estimate_period
        Taken for programs written for river, at least 1, and without effect, as is the next: the
        bound of the memory always holds.
    stop_mem_management
        Without effect.
    remove_poor_attrs
        Whether a leaf stops looking at features whose best split is too bad, by the bound.
    merit_preprune
        Whether not to split is a candidate too; without it a leaf that sees one feature splits at
        the first attempt.
    normalise
        Whether the models in the leaves see features and targets less their mean so far, in units
        of three standard deviations, as in FIMT-DD; a feature counts as at most nine of them off,
        and no step of the models goes beyond the target of its row. Recommended: on columns as they
        come, a linear model diverges easily. False is what river does.

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
        Once, if the model of a leaf answers a million times the largest target (at least 1).

    Notes
    -----
    Predictions equal those of `river.tree.HoeffdingTreeRegressor` bit for bit for rows whose
    features come in the order of the columns. `None` and NaN mean that a feature is missing: the
    branch that has seen most weight then takes the row. Departures from river: a row of weight 0 is
    not learnt, where river may divide by 0; leaf models leave nominal features out, where river
    takes numbers for what they are and fails at text; of splits by category with the same merit,
    that of the category seen first is taken.

    Examples
    --------
    >>> from river import datasets
    >>> from olearn import learners
    >>> model = learners.HoeffdingTreeRegressor(normalise=True)
    >>> error = 0.0
    >>> for x, y in datasets.synth.Friedman(seed=1).take(5000):
    ...     error += abs(model.predict_one(x) - y) / 5000
    ...     model.learn_one(x, y)
    >>> round(error, 1)
    2.0

    References
    ----------
    [^1]: Ikonomovska, E., Gama, J., Dzeroski, S. (2011). Learning model trees from evolving data
        streams. Data Mining and Knowledge Discovery 23(1), 128-168.

    """

    grace_period: GracePeriod = 200
    max_depth: PositiveInt | None = None
    delta: OpenFraction = 1e-7
    tau: Annotated[float, AtLeast(0.0)] = 0.05
    leaf_prediction: Annotated[str, OneOf(*LEAF_MODES)] = "adaptive"
    leaf_model: Annotated[base.Regressor, check_leaf_model] | None = None
    model_selector_decay: Fraction = 0.95
    nominal_attributes: Collection[FeatureName] | None = None
    splitter: Annotated[base.Estimator, check_number_splitter] | None = None
    min_samples_split: PositiveInt = 5
    binary_split: bool = False
    max_size: Annotated[float, Above(0.0)] = 500.0
    memory_estimate_period: PositiveInt = 1_000_000
    stop_mem_management: bool = False
    remove_poor_attrs: bool = False
    merit_preprune: bool = True
    _: KW_ONLY
    normalise: bool = False

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start(self.max_size, self.nominal_attributes)

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {}
        yield {"leaf_prediction": "mean", "delta": 0.01, "grace_period": 50}
        yield {"leaf_prediction": "model", "normalise": True, "max_depth": 3}
