"""Online boosting of Hoeffding trees, plain and with ADWIN."""

from dataclasses import KW_ONLY

from olearn.core.parameters import (
    OpenFraction,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.learners.trees.bagged_trees import BaggedTrees, Tree

__all__ = ["ADWINBoostingClassifier", "AdaBoostClassifier"]


@with_parameters
class AdaBoostClassifier(BaggedTrees):
    r"""Online boosting of Hoeffding trees, also called OzaBoost[^1].

    Each member learns a row with weight $k \sim \mathrm{Poisson}(\lambda)$. $\lambda$ is 1 for the
    first; after a member has learnt the row it grows for the next one if the member is still wrong,
    and shrinks if it is right, so that both kinds of row weigh half each. Votes are weighted by
    $\ln((1 - \epsilon) / \epsilon)$, $\epsilon$ the share of $\lambda$ that a member got wrong.

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
    River gives a member that is worse than a coin the weight 1, more than many that are better; MOA
    drops all members after the first that is worse than a coin or has made no error yet. Here a
    member that is no better than a coin counts only where all are so, and one without an error
    counts most, as in river.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("sea", seed=1).blocks(10_000))
    >>> model = learners.AdaBoostClassifier(n_models=5, seed=1)
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
        self._start(boosts=True)


@with_parameters
class ADWINBoostingClassifier(BaggedTrees):
    r"""Online boosting of Hoeffding trees that replaces the worst one at a drift[^1].

    As `AdaBoostClassifier`; and a detector `ADWIN` reads the errors of each member after it has
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
    River's draws Poisson(1) for all members, which makes it bagging with weighted votes.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("sea_a_mini", seed=1).blocks(20_000))
    >>> model = learners.ADWINBoostingClassifier(n_models=5, seed=1)
    >>> predicted = model.test_then_train_many(X, y)
    >>> round(float((predicted == y).mean()), 3)
    0.86

    References
    ----------
    [^1]: Oza, N. C., Russell, S. (2001). Online bagging and boosting. AISTATS, 105-112. The
        detector: Bifet, A., Gavalda, R. (2007). Learning from time-changing data with adaptive
        windowing. SDM, 443-448.

    """

    model: Tree | None = None
    n_models: PositiveInt = 10
    seed: Seed = None
    _: KW_ONLY
    adwin_delta: OpenFraction = 0.002

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start(delta=self.adwin_delta, boosts=True)
