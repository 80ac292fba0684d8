"""`AnalyticRidgeRegressor`, and `RandomReLU` before it."""

import numpy as np
import pytest
from river import compose

from olearn import learners


def problem(n=200, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5))
    return X, X @ np.arange(5.0) + np.abs(X[:, 0])


@pytest.mark.parametrize("form", ["auto", "information", "covariance", "sqrt"])
def test_equals_batch_ridge(form, batch_ridge):
    """Weighted rows, singly and in batches: the batch solution."""
    X, y = problem()
    w = np.random.default_rng(1).integers(0, 4, 200).astype(float)
    model = learners.AnalyticRidgeRegressor(gamma=0.5, form=form)
    model.learn_many(X[:90], y[:90], w[:90])
    for x, target, weight in zip(X[90:], y[90:], w[90:], strict=True):
        model.learn_one(dict(enumerate(x.tolist())), float(target), float(weight))
    W = batch_ridge(X, y[:, None], 0.5, w)
    np.testing.assert_allclose(model.predict_many(X), (X @ W)[:, 0], rtol=1e-9, atol=1e-10)


def test_merge_and_forget():
    """Two halves merged are the whole, and the second half unlearnt leaves the first."""
    X, y = problem()
    whole, first, second = (learners.AnalyticRidgeRegressor(30, seed=4) for _ in range(3))
    whole.learn_many(X, y)
    first.learn_many(X[:70], y[:70])
    second.learn_many(X[70:], y[70:])
    both = first + second
    np.testing.assert_allclose(both.predict_many(X), whole.predict_many(X), rtol=1e-7)
    both.forget(X[70:], y[70:])
    np.testing.assert_allclose(both.predict_many(X), first.predict_many(X), rtol=1e-6, atol=1e-8)


def test_random_features_inside_equal_those_in_a_pipeline():
    """A model with random features is `RandomReLU` and a plain model in a row."""
    X, y = problem()
    inside = learners.AnalyticRidgeRegressor(20, scale=0.4, seed=3)
    outside = compose.Pipeline(
        learners.RandomReLU(20, 0.4, seed=3), learners.AnalyticRidgeRegressor()
    )
    for x, target in zip(X, y.tolist(), strict=True):
        row = dict(enumerate(x.tolist()))
        assert outside.predict_one(row) == pytest.approx(inside.predict_one(row), rel=1e-6)
        inside.learn_one(row, target)
        outside.learn_one(row, target)


def test_random_features_follow_from_names():
    """The order of features does not matter, one alone has its own weights, pickles are small."""
    lift = learners.RandomReLU(6, seed=1)
    both = lift.transform_one({"a": 1.0, "b": 1.0})
    other = learners.RandomReLU(6, seed=1)
    assert other.transform_one({"b": 1.0, "a": 1.0}) == pytest.approx(both)
    plus, minus = (lift.transform_one({"a": s}) for s in (1.0, -1.0))
    a = np.array([*plus.values()]) - np.array([*minus.values()])
    assert (np.abs(a) <= 1.0).all()
    assert lift.transform_one({"a": 2.0}) == pytest.approx({k: 2 * v for k, v in plus.items()})
    assert lift.transform_one({"a": 1.0, "c": float("nan")}) == pytest.approx(plus)
    assert set(lift.transform_one({}).values()) == {0.0}
    assert lift.transform_one({"k": "red"}) != lift.transform_one({"k": "green"})


def test_targets_must_be_numbers():
    """A target that is missing, infinite or text is refused."""
    model = learners.AnalyticRidgeRegressor()
    for bad in (float("nan"), float("inf"), "1"):
        with pytest.raises((ValueError, TypeError), match="y must be"):
            model.learn_one({"a": 1.0}, bad)
    with pytest.raises(ValueError, match="y must be finite"):
        model.learn_many(np.ones((2, 1)), [1.0, float("nan")])
