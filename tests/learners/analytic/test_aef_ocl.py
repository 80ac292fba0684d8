"""`AEFOCLClassifier` on the digits, in tasks of two classes whose sizes fall from 110 to 2."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from olearn import learners
from olearn.learners.analytic.backends import NumpyBackend
from olearn.learners.analytic.heads import ClassState

SEEDS = [0, 1]


def amca(model, seed, file, names):
    """Learn task after task in batches of 10; mean over tasks of the mean class accuracy."""
    digits = load_digits()
    X, y = digits.data / 16.0, digits.target
    test, stream = file[f"s{seed}_test_idx"], file[f"s{seed}_stream_idx"]
    start, scores = 0, []
    for length in file[f"s{seed}_task_len"].tolist():
        for i in range(start, start + length, 10):
            rows = stream[i : min(i + 10, start + length)]
            model.learn_many(X[rows], y[rows], names=names(64))
        start += length
        known = test[np.isin(y[test], model.labels)]
        hits = model.predict_many(X[known], names=names(64)) == y[known]
        scores.append(np.mean([hits[y[known] == c].mean() for c in model.labels]))
    return float(np.mean(scores))


@pytest.fixture(scope="module")
def run(golden, project, names):
    """Return a function: AMCA of a seed with given parameters, on the file's projection."""
    file = golden("digits_imbalanced")

    def score(seed, **given):
        model = learners.AEFOCLClassifier(512, scale=1.0, seed=given.pop("noise_seed", 0), **given)
        project(model, file[f"s{seed}_W_buf"].astype(float))
        return amca(model, seed, file, names)

    return score


@pytest.mark.parametrize("seed", SEEDS)
def test_plain_ridge_is_the_references(seed, run, golden):
    """Without balance the AMCA is that of ACIL."""
    stored = golden("digits_imbalanced.json")[str(seed)]["ACIL"][0]
    assert run(seed, balance="none") == pytest.approx(stored, abs=0.005)


@pytest.mark.parametrize("seed", SEEDS)
def test_pseudo_features_reach_the_references(seed, run, golden):
    """With pseudo-features the mean of two noise seeds lies by the reference's, above ACIL."""
    stored = golden("digits_imbalanced.json")[str(seed)]
    got = np.mean([run(seed, noise_seed=s) for s in (1, 2)])
    assert abs(got - np.mean(stored["AEF-OCL"])) < 0.012
    assert got > stored["ACIL"][0]


def test_weights_reach_the_best_of_the_reference(run, golden):
    """The deterministic head reaches the reference's pseudo-features and beats plain ridge."""
    stored = golden("digits_imbalanced.json")
    got = [run(seed, balance="weights", gamma=10.0) for seed in SEEDS]
    pfg = np.mean([np.mean(stored[str(s)]["AEF-OCL"]) for s in SEEDS])
    acil = np.mean([stored[str(s)]["ACIL"][0] for s in SEEDS])
    assert np.mean(got) >= pfg - 0.005
    assert np.mean(got) > acil


@pytest.mark.parametrize("seed", SEEDS)
def test_air_reaches_the_references(seed, golden):
    """The sums of the classes, with the weights of the sibling method AIR, have its AMCA."""
    file, digits = golden("digits_imbalanced"), load_digits()
    Phi = np.maximum(digits.data / 16.0 @ file[f"s{seed}_W_buf"].astype(float).T, 0.0)
    test, stream = file[f"s{seed}_test_idx"], file[f"s{seed}_stream_idx"]
    state, start, scores = ClassState(NumpyBackend("float64"), 512, 10, 0.1), 0, []
    for length in file[f"s{seed}_task_len"].tolist():
        rows, start = stream[start : start + length], start + length
        state.learn(Phi[rows], np.eye(10)[digits.target[rows]])
        known = np.flatnonzero(state.counts)
        inverse = np.divide(1.0, state.counts, out=np.zeros(10), where=state.counts > 0)
        W = state.reweighted((inverse * (known.max() + 1) / inverse.sum()).tolist()).weights()
        asked = test[np.isin(digits.target[test], known)]
        hits = known[(Phi[asked] @ W)[:, known].argmax(axis=1)] == digits.target[asked]
        scores.append(np.mean([hits[digits.target[asked] == c].mean() for c in known]))
    stored = golden("digits_imbalanced.json")[str(seed)]["AIR"][0]
    assert np.mean(scores) == pytest.approx(stored, abs=0.005)


def test_refresh_only_delays():
    """Weights refreshed every 20 rows are, at those rows, the ones refreshed at each."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 5)), (rng.random(200) < 0.3).astype(int)
    slow, exact = (learners.AEFOCLClassifier(16, refresh=r, block=40, seed=2) for r in (20, 1))
    for i in range(200):
        slow.learn_many(X[i : i + 1], y[i : i + 1])
        exact.learn_many(X[i : i + 1], y[i : i + 1])
        same = np.array_equal(slow.weights, exact.weights)
        assert same == ((i + 1) % 20 == 0 or i + 1 < 20)


def test_moments_forget_with_the_rows():
    """With forgetting, classes are balanced by their recent sizes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 4))
    y = np.r_[np.zeros(300, int), np.ones(300, int)]
    model = learners.AEFOCLClassifier(8, forgetting=0.98, seed=1)
    model.learn_many(X, y)
    model._engine.flush()
    n = model._engine.moments.n
    assert n[0] < 0.5
    assert n[1] == pytest.approx(50.0, rel=0.01)


def test_label_never_learnt_is_never_predicted():
    """A label known in advance has probability 0 until it is learnt, though its score may win."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 3)) - 5.0
    model = learners.AEFOCLClassifier(8, classes=["a", "b", "never"], seed=1)
    model.learn_many(X, np.where(X[:, 0] > -5, "a", "b"))
    proba = model.predict_proba_many(rng.normal(size=(200, 3)) * 9)
    assert (proba[:, 2] == 0.0).all()
