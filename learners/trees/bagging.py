"""Online bagging of Hoeffding trees: plain, with ADWIN, and leveraging."""

from dataclasses import KW_ONLY
from typing import Annotated

from olearn.core.parameters import (
    In,
    OneOf,
    OpenFraction,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.learners.trees import bagging_kernels as kernels
from olearn.learners.trees.bagged_trees import BaggedTrees, Tree

__all__ = ["ADWINBaggingClassifier", "BaggingClassifier", "LeveragingBaggingClassifier"]

_METHODS = {
    "bag": kernels.POISSON,
    "me": kernels.ERRORS,
    "half": kernels.HALF,
    "wt": kernels.ALL,
    "subag": kernels.ONCE,
}


@with_parameters
class BaggingClassifier(BaggedTrees):
    r"""Online bagging of Hoeffding trees[^1].

    Each member learns a row with weight $k \sim \mathrm{Poisson}(1)$, which is what drawing rows
    with replacement comes to in a long stream; the votes are the sum of the members' class
    probabilities. It has no answer to drift. Time per row:
    O(members x (depth + classes x features)).

    Parameters
    ----------
    model
        Tree whose parameters the members take, a `HoeffdingTreeClassifier`, which is left as it is;
        None: one with its defaults. Its `max_size` bounds each member.
    n_models
        Number of members; at least 1.
    seed
        Seed of all draws, not negative; None draws a fresh one.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature is infinite.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    River's trains a member k times with weight 1, as no model of any kind need take weights; here,
    as in MOA, once with weight k. A tree that knows nothing yet votes for all classes alike.
    No tree is ever replaced, so each grows up to its `max_size`: `check_memory_is_bounded`, which
    looks at the first 200,000 rows, is skipped.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("sea", seed=1).blocks(10_000))
    >>> model = learners.BaggingClassifier(n_models=5, seed=1)
    >>> predicted = model.test_then_train_many(X, y)
    >>> round(float((predicted == y).mean()), 3)
    0.86

    References
    ----------
    [^1]: Oza, N. C., Russell, S. (2001). Online bagging and boosting. AISTATS, 105-112.

    """

    model: Tree | None = None
    n_models: PositiveInt = 10
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start()

    def _unit_test_skips(self) -> set[str]:
        return {"check_memory_is_bounded"}


@with_parameters
class ADWINBaggingClassifier(BaggedTrees):
    r"""Online bagging of Hoeffding trees that replaces the worst one at a drift[^1].

    As `BaggingClassifier`; and a detector `ADWIN` reads the errors of each member after it has
    learnt the row. Where one finds a rise, the member of the largest error in its window begins
    anew.

    Parameters
    ----------
    model
        Tree whose parameters the members take, a `HoeffdingTreeClassifier`, which is left as it is;
        None: one with its defaults. Its `max_size` bounds each member.
    n_models
        Number of members; at least 1.
    seed
        Seed of all draws, not negative; None draws a fresh one.
    adwin_delta
        Confidence of the detectors; in (0, 1).

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature is infinite.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    Follows MOA. River's detectors read the right answers, so that it acts when a member becomes
    better, and replaces the best one.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("sea_a_mini", seed=1).blocks(20_000))
    >>> model = learners.ADWINBaggingClassifier(n_models=5, seed=1)
    >>> predicted = model.test_then_train_many(X, y)
    >>> round(float((predicted == y).mean()), 3)
    0.86

    References
    ----------
    [^1]: Bifet, A., Holmes, G., Pfahringer, B., Kirkby, R., Gavalda, R. (2009). New ensemble
        methods for evolving data streams. KDD, 139-148. Section 4.

    """

    model: Tree | None = None
    n_models: PositiveInt = 10
    seed: Seed = None
    _: KW_ONLY
    adwin_delta: OpenFraction = 0.002

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start(delta=self.adwin_delta)


@with_parameters
class LeveragingBaggingClassifier(BaggedTrees):
    r"""Leveraging bagging of Hoeffding trees[^1].

    As `ADWINBaggingClassifier`, with more weight: each member learns a row
    $k \sim \mathrm{Poisson}(w)$ times, so that more rows are learnt by each, and differently.

    Parameters
    ----------
    model
        Tree whose parameters the members take, a `HoeffdingTreeClassifier`, which is left as it is;
        None: one with its defaults. Its `max_size` bounds each member.
    n_models
        Number of members; at least 1.
    w
        Mean of the Poisson weights of `"bag"`; in (0, 30].
    adwin_delta
        Confidence of the detectors; in (0, 1).
    bagging_method
        How often a member learns a row: `"bag"`, a Poisson number of mean `w`; `"me"`, once where
        it is wrong, else once with probability e / (1 - e), e its error in the detector's window;
        `"half"`, once or not at all, with equal probability; `"wt"`, once and a Poisson number of
        mean 1; `"subag"`, once with the probability that such a number is not 0.
    seed
        Seed of all draws, not negative; None draws a fresh one.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature is infinite.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    As in MOA, a member is trained once with weight k; river trains it k times with weight 1. Output
    codes, an option of MOA, are not offered.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("sea_a_mini", seed=1).blocks(20_000))
    >>> model = learners.LeveragingBaggingClassifier(n_models=5, seed=1)
    >>> predicted = model.test_then_train_many(X, y)
    >>> round(float((predicted == y).mean()), 3)
    0.875
    >>> model.n_drifts
    6

    References
    ----------
    [^1]: Bifet, A., Holmes, G., Pfahringer, B. (2010). Leveraging bagging for evolving data
        streams. ECML PKDD, LNCS 6321, 135-150.

    """

    model: Tree | None = None
    n_models: PositiveInt = 10
    w: Annotated[float, In(0.0, 30.0, "(]")] = 6.0
    adwin_delta: OpenFraction = 0.002
    bagging_method: Annotated[str, OneOf(*_METHODS)] = "bag"
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        draw = _METHODS[self.bagging_method]
        self._start(draw=draw, mean=self.w, delta=self.adwin_delta)
