"""A threshold that is learnt, around any classifier: for rare labels, budgets and costs."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from river import base
from river.base.typing import ClfTarget, FeatureName

from olearn.base.stages import Schedule, answered
from olearn.core.labels import CodedLabels, code_labels
from olearn.core.locked import locked
from olearn.core.parameters import (
    Above,
    OneOf,
    OpenFraction,
    PositiveInt,
    check_parameters,
    with_parameters,
)
from olearn.core.types import Codes, Rows
from olearn.learners.imbalance import kernels
from olearn.learners.imbalance.wrapped import WrappedClassifier

__all__ = ["ThresholdClassifier"]

_AIMS = {"f_beta": kernels.F_BETA, "budget": kernels.BUDGET, "cost": kernels.COST}
_NO_SCORES = np.empty(0)
_NONE, _ONE = np.zeros(1, np.int64), np.ones(1, np.int64)


@with_parameters
class ThresholdClassifier(WrappedClassifier):
    r"""Says the positive label from a threshold of its probability on, which it learns.

    The threshold is the best one for the last rows, each with the probability that the classifier
    gave it before it was learnt, as published for batches[^1]: by $F_\beta$, by a budget of rows
    that may be called positive, or by cost. It is set anew now and then, and so follows drift.
    Where the threshold is not reached, the most probable other label is said. Time per row: that
    of the classifier, and O(window_size log(window_size) / every).

    Parameters
    ----------
    classifier
        A classifier of olearn or river, or a pipeline that ends in one.
    positive
        The label that is rare, or that matters.
    aim
        `"f_beta"`: the largest $F_\beta$; `"budget"`: as many rows called positive as the budget
        allows; `"cost"`: the least cost.
    beta
        How many times as much recall counts as precision, for `"f_beta"`; positive.
    budget
        Share of all rows that may be called positive, for `"budget"`; in (0, 1).
    miss_cost
        What a positive row that is missed costs, where one wrongly called positive costs 1, for
        `"cost"`; positive.
    window_size
        Number of the last rows that the threshold is chosen by; at least 1. It should hold some
        dozens of positive ones.
    every
        Rows learnt from one choice to the next; at least 1.

    Raises
    ------
    TypeError
        If `classifier` is none.
    ValueError
        If a parameter is outside its range.

    Notes
    -----
    Until the first choice the threshold is one half. A classifier that does not know the positive
    label yet gives it probability 0. Probabilities are the classifier's own. With late labels a row
    counts with the probability that it has when its label comes, before it is learnt.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("sea", seed=1).blocks(20_000))
    >>> rare = (y == 1) & (X[:, 0] < 1.0)
    >>> tree = learners.HoeffdingTreeClassifier()
    >>> for model in (tree.clone(), learners.ThresholdClassifier(tree, True)):
    ...     said = model.test_then_train_many(X, rare) == True
    ...     print(f"{said.sum()} said, {(said & rare).sum()} of {rare.sum()} found")
    492 said, 402 of 608 found
    577 said, 399 of 608 found

    References
    ----------
    [^1]: Koyejo, O., Natarajan, N., Ravikumar, P., Dhillon, I. (2014). Consistent binary
        classification with generalized performance metrics. NIPS 27, 2744-2752.

    """

    classifier: base.Classifier
    positive: ClfTarget
    aim: Annotated[str, OneOf(*_AIMS)] = "f_beta"
    beta: Annotated[float, Above(0.0)] = 1.0
    budget: OpenFraction = 0.05
    miss_cost: Annotated[float, Above(0.0)] = 10.0
    window_size: PositiveInt = 1000
    every: PositiveInt = 50

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start()
        numbers = {"f_beta": self.beta, "budget": self.budget, "cost": self.miss_cost}
        self._settings = np.array([_AIMS[self.aim], numbers[self.aim], self.every], np.float64)
        self._state = np.zeros(kernels.N_STATE)
        self._state[kernels.THRESHOLD] = 0.5
        self._window = np.zeros((2, self.window_size))

    @classmethod
    def _unit_test_params(cls) -> Any:
        for params in super()._unit_test_params():
            yield {**params, "positive": True}

    @property
    def threshold(self) -> float:
        """The least probability that is called positive now; infinite: none is."""
        return float(self._state[kernels.THRESHOLD])

    # -- one row ---------------------------------------------------------------------------------

    def learn_one(self, x: dict[FeatureName, Any], y: ClfTarget, **params: Any) -> None:
        """Learn one row; a weight `w` is the classifier's."""
        with self._lock:
            score = self.classifier.predict_proba_one(x).get(self.positive, 0.0)
            self.classifier.learn_one(x, y, **params)
            self._run(_ONE, np.array([score]), np.array([float(y == self.positive)]))

    def predict_one(self, x: dict[FeatureName, Any], **params: Any) -> ClfTarget | None:
        """Return the positive label from the threshold on, else the most probable other one."""
        with self._lock:
            proba = self.classifier.predict_proba_one(x, **params)
            others = {label: p for label, p in proba.items() if label != self.positive}
            score = proba.get(self.positive)
            if score is not None and (score >= self.threshold or not others):
                return self.positive
            return max(others, key=others.__getitem__, default=None)

    # -- many rows -------------------------------------------------------------------------------

    @locked
    def _run_schedule(
        self,
        A: Any,
        B: Any,
        y: Any,
        upto: Codes | None = None,
        *,
        proba: bool = False,
        **how: Any,
    ) -> Any:
        """Predict the rows of `A`, learning those of `B` in between; see `olearn.base.stages`."""
        coded = y if isinstance(y, CodedLabels) else code_labels(y)
        upto = Schedule.at_once(len(B)).upto if upto is None else upto
        model: Any = self.classifier

        def run(rows: Any, learnt: Any, plan: Codes) -> Rows:
            made: Rows = model._run_schedule(rows, learnt, coded, plan, proba=True, **how)
            return made

        asked, learnt, made = answered(run, A, B, upto)
        labels = model.labels
        scores = np.zeros(len(made))
        if self.positive in labels:
            scores = np.nan_to_num(made[:, labels.index(self.positive)])
        is_positive = np.array([label == self.positive for label in coded.labels], np.float64)
        thresholds = self._run(upto, scores[learnt], is_positive[coded.codes])
        if proba:
            return made[asked]
        return CodedLabels(self._decide(made[asked], scores[asked] >= thresholds, labels), labels)

    def _decide(self, proba: Rows, reached: NDArray[np.bool_], labels: list[ClfTarget]) -> Codes:
        known = ~np.isnan(proba)
        others = np.where(known, proba, -1.0)
        if self.positive in labels:
            others[:, labels.index(self.positive)] = -1.0
        if not len(labels):
            return np.full(len(proba), -1, np.int64)
        codes = np.argmax(others, axis=1)
        codes[others.max(axis=1) < 0.0] = -1
        if self.positive in labels:
            positive = labels.index(self.positive)
            codes[known[:, positive] & (reached | (codes < 0))] = positive
        return codes

    def _run(self, upto: Codes, scores: Rows, are_positive: Rows) -> Rows:
        out = np.empty(len(upto))
        kernels.run(self._window, self._state, self._settings, upto, scores, are_positive, out)
        return out
