"""Naive Bayes of frequencies under all other labels."""

from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY
from typing import Any

from river.base.typing import ClfTarget

from olearn.core.parameters import check_parameters, with_parameters
from olearn.learners.bayes._counts import FrequencyNB, Smoothing
from olearn.learners.bayes.count_kernels import COMPLEMENT

__all__ = ["ComplementNB"]


@with_parameters
class ComplementNB(FrequencyNB):
    r"""Naive Bayes of frequencies under all other labels, for labels of which some are rare[^1].

    The score of a label is $-\sum_j x_j \log(\bar n_{cj} / \sum_i \bar n_{ci})$, where $\bar
    n_{cj}$ is $\alpha$ and what was counted of feature j in rows of all other labels. Gives what
    river's `ComplementNB` gives. Time per row: O(classes x features).

    Parameters
    ----------
    alpha
        Added to each count; not negative.
    classes
        Labels known in advance, in code order; None: in order of first appearance. The lowest
        code wins ties.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature is negative, infinite or text.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    A word that was never learnt counts as often as `alpha` says, under each label. In a pipeline,
    behind another step, it may not arrive. Departures from river: a negative frequency raises at
    once; without smoothing, a label whose word no other label has is certain, where river raises;
    NaN is missing, a row counts `w` times, and `learn_many` learns row by row.

    Examples
    --------
    >>> from olearn import learners
    >>> model = learners.ComplementNB()
    >>> model.learn_one({"free": 1, "offer": 2}, "spam")
    >>> model.learn_one({"agenda": 1}, "ham")
    >>> model.predict_one({"offer": 1})
    'spam'

    References
    ----------
    [^1]: Rennie, J. D. M., Shih, L., Teevan, J., Karger, D. R. (2003). Tackling the poor
        assumptions of naive Bayes text classifiers. ICML, 616-623.

    """

    _kind = COMPLEMENT

    alpha: Smoothing = 1.0
    _: KW_ONLY
    classes: Collection[ClfTarget] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start_frequencies(self.classes, self.alpha)

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {}
        yield {"alpha": 0.0}

    @property
    def feature_totals(self) -> dict[Any, float]:
        """What was counted of each feature that was learnt, under all labels."""
        totals = self._feature_totals.tolist()
        names = enumerate(self._features.names)
        return {name: totals[column] for column, name in names if self._seen[column]}
