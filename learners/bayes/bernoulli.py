"""Naive Bayes of what is there and what is not."""

from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY
from typing import Any

from river.base.typing import ClfTarget, FeatureName

from olearn.core.features import FeatureIndex
from olearn.core.parameters import FiniteFloat, check_parameters, with_parameters
from olearn.learners.bayes._counts import CountNB, Smoothing
from olearn.learners.bayes.count_kernels import BERNOULLI

__all__ = ["BernoulliNB"]


@with_parameters
class BernoulliNB(CountNB):
    r"""Naive Bayes of what is there and what is not[^1].

    A feature is there in a row if it is above a threshold. Each feature that was ever learnt is a
    factor: its share $p = (n_{cj} + \alpha) / (n_c + 2 \alpha)$ of the label's rows if it is there,
    else $1 - p$; $10^{-9}$ is added to both. Gives what river's `BernoulliNB` gives. Time per row:
    O(classes x features).

    Parameters
    ----------
    alpha
        Rows added to each count, with the feature and without it; not negative.
    true_threshold
        Above it a feature is there; finite.
    classes
        Labels known in advance, in code order; None: in order of first appearance. The lowest
        code wins ties.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature is infinite or text.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    A value that is missing is not there. Departures from river: NaN is missing, a row counts `w`
    times, and `learn_many` learns row by row.

    Examples
    --------
    >>> from olearn import learners
    >>> model = learners.BernoulliNB()
    >>> model.learn_one({"free": 1, "offer": 2}, "spam")
    >>> model.learn_one({"agenda": 1}, "ham")
    >>> model.predict_one({"offer": 1})
    'spam'

    References
    ----------
    [^1]: McCallum, A., Nigam, K. (1998). A comparison of event models for naive Bayes text
        classification. AAAI Workshop on Learning for Text Categorization, 41-48.

    """

    _kind = BERNOULLI

    alpha: Smoothing = 1.0
    true_threshold: FiniteFloat = 0.0
    _: KW_ONLY
    classes: Collection[ClfTarget] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        features = FeatureIndex(only_numbers=True)
        self._start_counting(features, self.classes, self.alpha, self.true_threshold)

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {}
        yield {"alpha": 0.0, "true_threshold": 0.5}

    def p_feature_given_class(self, f: FeatureName, c: ClfTarget) -> float:
        """Return the smoothed share of the rows of a label in which a feature is there."""
        count = self.feature_counts.get(f, {}).get(c, 0.0)
        return (count + self.alpha) / (self.class_counts[c] + 2.0 * self.alpha)
