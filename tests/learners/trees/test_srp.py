"""Streaming random patches: against a slow reading of the method, and against river's faults."""

import collections
import itertools

import numpy as np
import pytest
from river import ensemble

import olearn
from olearn import learners
from olearn.core.jit import in_python
from olearn.core.rng import next_poisson
from olearn.detectors._adwin_kernels import adwin_rose, adwin_size, adwin_start
from olearn.learners.trees import layout as at

TREE = {"grace_period": 30, "delta": 0.05}
LABELS = ["a", "b", "c"]


def rows(n=900, d=4, seed=1):
    """Numbers, of which two tell the label, and other two after the middle."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    first, second = np.where(np.arange(n) < n // 2, 0, 2), np.where(np.arange(n) < n // 2, 1, 3)
    t = np.arange(n)
    y = np.where(X[t, first] > 0.3, "a", np.where(X[t, second] > 0.0, "b", "c"))
    return X, y


def subspaces(model):
    """Features that the leaves of each member look at."""
    found = []
    for pool in model._pools:
        used = pool.arrays.head[at.SLOTS_USED]
        kinds = {tuple(np.flatnonzero(row >= 0)) for row in pool.arrays.seen[:used]}
        assert len(kinds) == 1
        found.append(kinds.pop())
    return found


class SlowMember:
    """A member as the method says, its tree one of rows that hold its features alone."""

    def __init__(self, features, rng, warning, drift):
        self.features, self.rng = features, rng
        self.deltas = warning, drift
        self.windows = np.zeros((2, adwin_size()))
        for window in self.windows:
            adwin_start(window)
        self.tree = learners.HoeffdingTreeClassifier(**TREE, classes=LABELS)
        self.seen = self.right = 0.0
        self.found = []

    def votes(self, x):
        part = {j: x[j] for j in self.features}
        weight = self.right / self.seen if self.right else 0.01
        return {label: weight * p for label, p in self.tree.predict_proba_one(part).items()}

    def learn(self, x, y, mean):
        part = {j: x[j] for j in self.features}
        k = in_python(next_poisson)(self.rng, mean) if mean else 1
        self.seen += 1.0
        self.right += self.tree.predict_one(part) == y
        if not k:
            return
        self.tree.learn_one(part, y, w=float(k))
        wrong = float(self.tree.predict_one(part) != y)
        self.found = [
            adwin_rose(window, wrong, delta)
            for window, delta in zip(self.windows, self.deltas, strict=True)
        ]


@pytest.mark.parametrize("method", ["patches", "subspaces", "resampling"])
def test_is_the_method_up_to_the_first_alarm(method):
    """Votes, weights, draws and errors are those of trees that see nothing but their features."""
    trees = learners.HoeffdingTreeClassifier(**TREE, classes=LABELS)
    model = learners.SRPClassifier(
        trees, 3, seed=3, training_method=method, lam=2.0, warning_delta=0.3, drift_delta=0.05
    )
    X, y = rows()
    model.learn_many(X[:60], y[:60])
    chosen = subspaces(model)
    fast = learners.SRPClassifier(
        trees, 3, seed=3, training_method=method, lam=2.0, warning_delta=0.3, drift_delta=0.05
    )
    slow = [SlowMember(chosen[m], fast._rngs[m].copy(), 0.3, 0.05) for m in range(3)]
    assert all(len(each) == (4 if method == "resampling" else 2) for each in chosen)
    alarms = 0
    for row, label in zip(X.tolist(), y.tolist(), strict=True):
        x = dict(enumerate(row))
        total = collections.Counter()
        for member in slow:
            total.update(member.votes(x))
        told = fast.predict_proba_one(x)
        weight = sum(total.values())
        assert told == pytest.approx({k: v / weight for k, v in total.items()}, rel=1e-9)
        fast.learn_one(x, label)
        for member in slow:
            member.learn(x, label, 0.0 if method == "subspaces" else 2.0)
        alarms = sum(any(member.found) for member in slow)
        if alarms:
            break
    assert alarms
    assert fast.n_warnings + fast.n_drifts >= alarms


def test_members_see_different_features_as_long_as_there_are_others():
    """All ten pairs of five features among ten members, river's: five of the first ones twice."""
    X, y = rows(100, 5)
    model = learners.SRPClassifier(n_models=10, subspace_size=2, seed=4)
    model.learn_many(X, y)
    assert sorted(subspaces(model)) == list(itertools.combinations(range(5), 2))
    many = learners.SRPClassifier(n_models=25, subspace_size=2, seed=4)
    many.learn_many(X, y)
    counts = collections.Counter(subspaces(many))
    assert set(counts) == set(itertools.combinations(range(5), 2))
    assert set(counts.values()) == {2, 3}
    others = learners.SRPClassifier(n_models=10, subspace_size=2, seed=5)
    others.learn_many(X, y)
    assert subspaces(others) != subspaces(model)


def test_rivers_subspaces_are_the_first_ones():
    """A fault that we do not have. Mended, this test fails."""
    X, y = rows(20, 10)
    river = ensemble.SRPClassifier(n_models=10, subspace_size=0.6, seed=1)
    for row, label in zip(X.tolist(), y.tolist(), strict=True):
        river.learn_one(dict(enumerate(row)), label)
    seen = collections.Counter(j for member in river for j in member.features)
    assert seen[0] == seen[1] == seen[2] == 10
    assert seen[9] <= 2


def test_alarms_put_other_features_in_the_place():
    """A warning starts a tree on other features in the background, a drift takes it over."""
    X, y = rows(6000, 6)
    model = learners.SRPClassifier(n_models=5, subspace_size=3, seed=6)
    model.learn_many(X[:3000], y[:3000])
    before = subspaces(model)
    told = model.test_then_train_many(X[3000:], y[3000:])
    assert model.n_warnings >= model.n_drifts >= 3
    assert subspaces(model) != before
    assert np.mean(told[-1000:] == y[-1000:]) > 0.7
    still = learners.SRPClassifier(n_models=5, subspace_size=3, seed=6, disable_detector="drift")
    still.learn_many(X, y)
    assert (still.n_warnings, still.n_drifts) == (0, 0)
    quiet = learners.SRPClassifier(n_models=5, subspace_size=3, seed=6, disable_detector="warning")
    quiet.learn_many(X, y)
    assert quiet.n_warnings == 0 < quiet.n_drifts


def test_saved_in_the_middle_it_goes_on(tmp_path):
    """Background trees and generators are in the file."""
    X, y = rows(4000, 6)
    model = learners.SRPClassifier(n_models=4, seed=7, warning_delta=0.3, drift_delta=1e-9)
    model.learn_many(X[:2500], y[:2500])
    assert any(pool is not None for pool in model._backgrounds)
    olearn.save(model, tmp_path / "srp.safetensors")
    again = olearn.load(tmp_path / "srp.safetensors")
    for each in (model, again):
        each.learn_many(X[2500:], y[2500:])
    np.testing.assert_array_equal(model.predict_proba_many(X), again.predict_proba_many(X))


def test_a_late_feature_is_seen_by_trees_that_are_there():
    """It may be what tells the label, and no tree would else be replaced."""
    X, y = rows(400)
    X = X[:, :3]
    model = learners.SRPClassifier(n_models=2, subspace_size=2, seed=8)
    model.learn_many(X, ["x"] * 400)
    late = np.column_stack([X, np.where(y == "a", 5.0, -5.0)])
    model.learn_many(np.tile(late, (5, 1)), np.tile(np.where(y == "a", "x", "z"), 5))
    told = model.predict_many(late)
    assert np.mean(told == np.where(y == "a", "x", "z")) > 0.95
