"""The backends agree, and a torch model travels."""

import pickle

import numpy as np
import pytest

from olearn import learners

torch = pytest.importorskip("torch", reason="the torch backend needs torch")
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def problem(n=300):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 6))
    return X, np.digitize(X[:, 0] * X[:, 1], [-0.5, 0.5])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("form", "balance"), [
    ("auto", "none"), ("information", "none"), ("covariance", "none"), ("sqrt", "none"),
    ("auto", "pfg"), ("auto", "weights"),
])  # fmt: skip
def test_torch_agrees_with_numpy(device, form, balance):
    """All forms and heads, growing features and labels: weights agree to 1e-8."""
    X, y = problem()
    made = []
    for given in ({"backend": "numpy"}, {"backend": "torch", "device": device}):
        model = learners.AnalyticRidgeClassifier(
            24, form=form, balance=balance, seed=1, scale=0.5, **given
        )
        model.learn_many(X[:100, :4], y[:100] % 2)
        model.predict_many(X[:3])
        model.learn_many(X[100:], y[100:])
        made.append(model)
    ours, theirs = made
    np.testing.assert_allclose(theirs.weights, ours.weights, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(
        theirs.predict_proba_many(X), ours.predict_proba_many(X), rtol=1e-6, atol=1e-9
    )
    theirs.forget(X[200:], y[200:])
    ours.forget(X[200:], y[200:])
    np.testing.assert_allclose(theirs.weights, ours.weights, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("device", DEVICES)
def test_torch_state_pickles_as_arrays(device):
    """A pickled torch model goes on as the original, and its memory is told."""
    X, y = problem()
    model = learners.AEFOCLClassifier(16, backend="torch", device=device, seed=1)
    model.learn_many(X[:200], y[:200])
    twin = pickle.loads(pickle.dumps(model))
    for each in (model, twin):
        each.learn_many(X[200:], y[200:])
    np.testing.assert_allclose(twin.weights, model.weights, rtol=1e-12)
    assert model._raw_memory_usage > 16 * 16 * 8


def test_single_precision_stays_near_double():
    """float32 products with float64 sums: weights within 1e-3 of the float64 ones."""
    X, y = problem(1000)
    made = []
    for backend, dtype in (("numpy", "float64"), ("numpy", "float32"), ("torch", "float32")):
        model = learners.AnalyticRidgeClassifier(64, dtype=dtype, backend=backend, seed=1)
        model.learn_many(X, y)
        made.append(model.weights)
    for single in made[1:]:
        assert 0 < np.abs(single - made[0]).max() < 1e-3 * np.abs(made[0]).max()
