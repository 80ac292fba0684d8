"""Columns far from 0: ridge regression says once that it wants a scaler in front."""

import warnings

import numpy as np
import pytest

import olearn
from olearn import evaluate, learners, preprocessing, streams

MAKE = {
    "ridge": learners.AnalyticRidgeClassifier,
    "random features": lambda: learners.AnalyticRidgeClassifier(32, seed=1),
    "aef-ocl": lambda: learners.AEFOCLClassifier(32, seed=1),
    "regressor": learners.AnalyticRidgeRegressor,
}
SAID = "2 of 3 columns lie far from 0 .*'b' has mean 50.* StandardScaler in front"


def _rows(n=120):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3)) + np.array([0.0, 50.0, 10.0])
    return X, (X[:, 0] > 0).astype(int)


def _by_row(model, X, y):
    for row, label in zip(X.tolist(), y.tolist(), strict=True):
        model.learn_one(dict(zip("abc", row, strict=True)), label)


def _by_block(model, X, y):
    model.learn_many(X, y, names=list("abc"))


def _by_test_then_train(model, X, y):
    model.test_then_train_many(X, y, names=list("abc"))


def _through_a_file(model, X, y, folder):
    half = len(y) // 2
    _by_row(model, X[:half], y[:half])
    olearn.save(model, folder / "m")
    _by_row(olearn.load(folder / "m"), X[half:], y[half:])


@pytest.mark.parametrize("learn", [_by_row, _by_block, _by_test_then_train])
@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_features_far_from_zero_are_said_once(make, learn):
    model, (X, y) = make(), _rows()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        learn(model, X, y)
        learn(model, X, y)
    assert len(said) == 1
    assert said[0].filename == __file__
    with pytest.raises(UserWarning, match=SAID):
        raise said[0].message


def test_a_saved_model_remembers_what_it_has_seen(tmp_path):
    with pytest.warns(UserWarning, match=SAID):
        _through_a_file(learners.AnalyticRidgeClassifier(), *_rows(), tmp_path)


def test_a_run_over_a_table_says_so():
    X, y = _rows()
    stream = streams.from_arrays(X, y, names=list("abc"))
    with pytest.warns(UserWarning, match=SAID):
        evaluate.prequential(stream, learners.AnalyticRidgeClassifier(), progress=False)


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_scaler_in_front_says_nothing_and_helps(make):
    X, y = _rows(300)
    _by_row(preprocessing.StandardScaler() | make(), X, y)


def test_a_constant_or_a_category_is_an_intercept():
    X, y = _rows()
    X[:, 0] = 1.0
    _by_block(learners.AnalyticRidgeClassifier(), X, y)
    _by_block(learners.AnalyticRidgeClassifier(nominal_attributes=["a"]), X, y)
    with pytest.warns(UserWarning, match=SAID):  # which random features do not have
        _by_block(learners.AEFOCLClassifier(32, seed=1), X, y)


def test_features_within_three_deviations_say_nothing():
    X, y = _rows()
    _by_block(learners.AnalyticRidgeClassifier(), X - [0.0, 47.5, 7.5], y)
