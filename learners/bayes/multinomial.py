"""Naive Bayes of frequencies."""

from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY
from typing import Any

from river.base.typing import ClfTarget, FeatureName

from olearn.core.parameters import check_parameters, with_parameters
from olearn.learners.bayes._counts import FrequencyNB, Smoothing
from olearn.learners.bayes.count_kernels import MULTINOMIAL

__all__ = ["MultinomialNB"]


@with_parameters
class MultinomialNB(FrequencyNB):
    r"""Naive Bayes of frequencies, such as counts of words or TF-IDF values[^1].

    A feature of frequency $x_j$ is a factor $p^{x_j}$, where $p = (n_{cj} + \alpha) / (n_c + \alpha
    m)$ is its share of all that was counted in rows of the label, and m the number of features that
    were ever learnt. Gives what river's `MultinomialNB` gives. Time per row: O(classes x features).

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
    once; without smoothing, a label that has not all words of a row has probability 0, where river
    raises; NaN is missing, a row counts `w` times, and `learn_many` learns row by row.

    Examples
    --------
    >>> from olearn import learners
    >>> model = learners.MultinomialNB()
    >>> model.learn_one({"free": 1, "offer": 2}, "spam")
    >>> model.learn_one({"agenda": 1}, "ham")
    >>> model.predict_one({"offer": 1, "unheard": 1})
    'spam'

    References
    ----------
    [^1]: McCallum, A., Nigam, K. (1998). A comparison of event models for naive Bayes text
        classification. AAAI Workshop on Learning for Text Categorization, 41-48.

    """

    _kind = MULTINOMIAL

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
    def n_terms(self) -> int:
        """Number of features that were learnt."""
        return len(self.feature_counts)

    def p_feature_given_class(self, f: FeatureName, c: ClfTarget) -> float:
        """Return the smoothed share of a feature in all that was counted of a label."""
        count = self.feature_counts.get(f, {}).get(c, 0.0)
        return (count + self.alpha) / (self.class_totals[c] + self.alpha * self.n_terms)
