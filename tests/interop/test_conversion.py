"""Ours made of river's, and river's of ours: both go on as the other would."""

import numpy as np
import pytest
from river import compose, linear_model, naive_bayes, optim
from river import preprocessing as theirs

from olearn import interop, learners, preprocessing

MODELS = {
    "scaler": (
        lambda: theirs.StandardScaler(with_std=False) | linear_model.LinearRegression(),
        1.5,
    ),
    "min max": (lambda: theirs.MinMaxScaler() | linear_model.LinearRegression(l2=0.1), 1.5),
    "max abs": (lambda: theirs.MaxAbsScaler() | linear_model.LogisticRegression(l1=0.01), True),
    "adam": (lambda: linear_model.LogisticRegression(optim.Adam(0.01)), True),
    "perceptron": (lambda: compose.Discard("c") | linear_model.Perceptron(), True),
    "select": (lambda: compose.Select("a", "b") | linear_model.Perceptron(), True),
    "bayes": (naive_bayes.GaussianNB, "x"),
}


def rows(kind, n=200, seed=0):
    rng = np.random.default_rng(seed)
    for a, b, c in rng.normal(size=(n, 3)).tolist():
        y = a + b + c > 0
        if kind == 1.5:
            yield {"a": a, "b": b, "c": c}, a - b
        else:
            yield {"a": a, "b": b, "c": c}, y if kind is True else "xy"[int(y)]


def answers(model, kind, seed):
    """Predict and learn some rows; return what was answered."""
    out = []
    for x, y in rows(kind, 100, seed):
        out.append(model.predict_one(x) if kind == 1.5 else model.predict_proba_one(x))
        model.learn_one(x, y)
    return out


@pytest.mark.parametrize(("make", "kind"), MODELS.values(), ids=MODELS)
def test_what_was_learnt_goes_over_and_back(make, kind):
    """Both ways, a trained model goes on as the other does."""
    model = make()
    for x, y in rows(kind):
        model.learn_one(x, y)
    ours = interop.from_river(model)
    back = interop.to_river(ours)
    assert type(back) is type(model)
    assert repr(back) == repr(model)
    want = answers(model, kind, 1)
    for other in (ours, back):
        found = answers(other, kind, 1)
        if kind == "x":
            found, wanted = ([list(p.values()) for p in each] for each in (found, want))
            np.testing.assert_allclose(found, wanted, rtol=1e-12)
        else:
            assert found == want


def test_ours_trained_on_arrays_becomes_rivers():
    """Columns of arrays have numbers for names; a fresh model is a fresh one there."""
    X = np.random.default_rng(0).normal(size=(50, 2))
    model = preprocessing.StandardScaler() | learners.LogisticRegression()
    model.learn_many(X, X[:, 0] > 0)
    made = interop.to_river(model)
    x = {0: 0.5, 1: 1.5}
    assert made.predict_proba_one(x) == model.predict_proba_one(x)
    assert interop.to_river(learners.GaussianNB()).predict_proba_one(x) == {}


@pytest.mark.parametrize(
    ("convert", "model", "message"),
    [
        (interop.to_river, learners.HoeffdingTreeClassifier(), "has no equal in river"),
        (interop.to_river, preprocessing.StandardScaler(window_size=3), "with a window cannot"),
        (interop.to_river, learners.Perceptron(classes=("a", "b")), "knows False and True"),
        (interop.to_river, learners.GaussianNB(classes=("a", "b")), "a label not learnt"),
        (interop.from_river, theirs.RobustScaler(), "RobustScaler is not compiled"),
        (interop.from_river, theirs.StandardScaler(window_size=3), "with a window is not compiled"),
    ],
)
def test_what_has_no_equal_is_refused(convert, model, message):
    """Nothing is left out in silence."""
    with pytest.raises(ValueError, match=message):
        convert(model)
