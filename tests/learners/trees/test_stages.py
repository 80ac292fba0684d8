"""Trees as the last step of a pipeline: compiled blocks against single rows, bit for bit."""

import numpy as np
import pytest
from river import drift
from river.tree import splitter

from olearn import learners
from olearn.base import ArrayClassifier, Schedule
from olearn.checks.tools import NAMES, labelled_rows

QUICK = {"grace_period": 30, "delta": 1e-2, "tau": 0.2}
TREES = {
    "tree": lambda: learners.HoeffdingTreeClassifier(**QUICK),
    "majority": lambda: learners.HoeffdingTreeClassifier(leaf_prediction="mc", **QUICK),
    "bayes": lambda: learners.HoeffdingTreeClassifier(leaf_prediction="nb", **QUICK),
    "splitter of river": lambda: learners.HoeffdingTreeClassifier(
        splitter=splitter.HistogramSplitter(), **QUICK
    ),
    "adaptive": lambda: learners.HoeffdingAdaptiveTreeClassifier(seed=1, **QUICK),
    "adaptive, detector of river": lambda: learners.HoeffdingAdaptiveTreeClassifier(
        seed=1, drift_detector=drift.PageHinkley(), **QUICK
    ),
    "forest": lambda: learners.ARFClassifier(n_models=3, seed=1),
    "forest, detector of river": lambda: learners.ARFClassifier(
        n_models=3, seed=1, drift_detector=drift.PageHinkley()
    ),
    "experts": lambda: learners.DriftMoEClassifier(seed=1),
}


def rows(n=700):
    X, y = labelled_rows(n)
    return X, np.unique(y, return_inverse=True)[1]


def prepared(make, X):
    """A model that knows all columns and labels, and has learnt a little."""
    model = make().clone({"classes": [0, 1, 2]})
    model.learn_many(X[:60], np.arange(60) % 3, names=NAMES)
    return model


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("delay", [0, 1, 40])
def test_a_compiled_stage_answers_as_single_rows(name, delay):
    """Codes and probabilities, with other rows learnt than predicted, weights and late labels."""
    X, y = rows()
    plan = Schedule.delayed(len(X), delay)
    A, B = X, 0.5 * X[plan.due]  # as a scaler makes two rows of one
    y = y[plan.due]
    w = np.random.default_rng(2).integers(0, 3, len(B)).astype(float)
    for proba in (False, True):
        loop, block = prepared(TREES[name], X), prepared(TREES[name], X)
        expected = ArrayClassifier._stage_rows(loop, A, B, y, w, plan.upto, proba)
        got = block._stage_rows(A, B, y, w, plan.upto, proba)
        assert np.array_equal(expected, got)
        assert np.array_equal(loop._proba_rows(X), block._proba_rows(X))


@pytest.mark.parametrize("name", TREES)
def test_rows_learnt_as_they_are_predicted(name):
    """One pass gives the probabilities of each row before it is learnt, and learns the same."""
    X, y = rows()
    loop, block = prepared(TREES[name], X), prepared(TREES[name], X)
    upto, w = np.arange(1, len(X) + 1), np.ones(len(X))
    expected = ArrayClassifier._stage_rows(loop, X, X, y, w, upto, True)
    got = block._stage_rows(X, X, y, w, upto, True)
    assert np.array_equal(expected, got)
    assert np.array_equal(loop._proba_rows(X), block._proba_rows(X))
