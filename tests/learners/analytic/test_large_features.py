"""Time stamps, a wild value, features near 1e30: ridge regression goes on, and says why."""

import random
import warnings

import numpy as np
import pytest

from olearn import learners

MAKE = {
    "plain": learners.AnalyticRidgeClassifier,
    "random features": lambda: learners.AnalyticRidgeClassifier(n_features=64, seed=1),
    "covariance": lambda: learners.AnalyticRidgeClassifier(
        n_features=64, form="covariance", seed=1
    ),
    "aef-ocl": lambda: learners.AEFOCLClassifier(n_features=64, seed=1),
}
TIMES = {
    "seconds": lambda i, rnd: 1.7e9 + 60 * i,
    "milliseconds": lambda i, rnd: 1.7e12 + 60_000 * i,
    "one wild value": lambda i, rnd: 1e15 if i == 150 else rnd.gauss(0, 1),
    "near 1e30": lambda i, rnd: 1e30 * rnd.gauss(0, 1),
}


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("make", MAKE)
@pytest.mark.filterwarnings("ignore:feature 'time' has the value:UserWarning")
def test_a_large_feature_hides_no_other(make, time):
    rnd, model, hits = random.Random(3), MAKE[make](), 0
    for i in range(300):
        x = {"time": TIMES[time](i, rnd), "x1": rnd.gauss(0, 1), "x2": rnd.gauss(0, 1)}
        hits += (model.predict_one(x) == (x["x1"] > 0)) * (i >= 200)
        model.learn_one(x, x["x1"] > 0)
    assert hits > 85  # of 100


def test_a_feature_that_is_cut_is_named_once_with_the_remedy():
    model = learners.AnalyticRidgeClassifier()
    model.learn_one({"a": 1e6, "time": 1.0}, 0)  # says nothing
    with pytest.warns(UserWarning, match=r"feature 'time' .* 1.7e\+09.*cuts.*1e\+06.*Standard"):
        model.learn_one({"a": 1.0, "time": 1.7e9}, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.learn_many(np.array([[1.0, 1.8e9]]), [1], names=["a", "time"])
        model.predict_one({"a": 1.0, "time": 1.9e9})


def test_the_regressor_cuts_and_says_so():
    model = learners.AnalyticRidgeRegressor()
    X = np.column_stack([1.7e9 + np.arange(50.0), np.arange(50) % 5])
    with pytest.warns(UserWarning, match="feature 'time' has the value 1.7e"):
        model.learn_many(X, X[:, 1], names=["time", "x"])
    assert model.predict_one({"time": 1.7e9, "x": 3.0}) == pytest.approx(3.0, abs=0.1)


def test_rows_that_were_cut_can_be_forgotten():
    model = learners.AnalyticRidgeClassifier(classes=[0, 1])
    X = np.random.default_rng(0).normal(size=(40, 2))
    model.learn_many(X, (X[:, 0] > 0).astype(int))
    before = model.weights
    with pytest.warns(UserWarning, match="feature 0 has the value"):
        model.learn_many(np.array([[1e9, 1.0]]), [1])
    model.forget(np.array([[1e9, 1.0]]), [1])
    np.testing.assert_allclose(model.weights, before, atol=1e-2)
