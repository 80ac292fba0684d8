"""SOKNL: beside a slow oracle, without the label, its k, its centres and its memory."""

import numpy as np
import pytest
from oracle_rows import dicts
from river import datasets, drift

from olearn import learners
from olearn.base import ArrayRegressor, Schedule
from olearn.core.jit import in_python
from olearn.core.rng import kernel_state, next_poisson
from olearn.learners.trees import model_tree_layout as at
from olearn.learners.trees import soknl_kernels as kernels
from olearn.learners.trees.model_tree_kernels import descend

QUIET = {"drift_detector": drift.NoDrift(), "warning_detector": drift.NoDrift()}
TREE = {"grace_period": 50, "delta": 0.01}


def friedman(n=1500, seed=1):
    rows = list(datasets.synth.Friedman(seed=seed).take(n))
    X = np.array([list(x.values()) for x, _ in rows])
    return X, np.array([y for _, y in rows])


class Member:
    """A tree that learns with drawn weights, and the centre of the rows of each leaf."""

    def __init__(self, number, options):
        self.state = kernel_state(7, stream=number)
        self.tree = learners.HoeffdingTreeRegressor(**TREE, **options, normalise=True)
        self.centres = {}  # weights and means of a leaf

    def leaf(self, X, i):
        pool = self.tree._pool.arrays
        return int(in_python(descend)(pool, self.tree._root, X, i, False)[0])

    def answer(self, X, x, i, sd):
        leaf = self.leaf(X, i) if i else None
        distance = np.inf
        if leaf in self.centres:
            weights, means = self.centres[leaf]
            z = (X[i] - means) / sd
            distance = (z[(weights > 0.0) & np.isfinite(z)] ** 2).sum()
        return distance, self.tree.predict_one(x)

    def learn(self, X, x, i, y):
        k = float(next_poisson(self.state, 6.0))
        if k == 0.0:
            return
        self.tree.learn_one(x, y, k)
        pool = self.tree._pool.arrays
        above = []  # the branches on the way
        leaf = self.leaf(X, i)
        while leaf not in self.centres and leaf != self.tree._root:
            above.append(leaf)
            leaf = int(pool.node_i[leaf, at.PARENT])
        none = np.zeros(X.shape[1])
        weights, means = self.centres.get(leaf, (none, none))
        known = np.isfinite(X[i])
        weights = weights + k * known
        means = np.where(known, means + k / np.maximum(weights, 1e-300) * (X[i] - means), means)
        self.centres[leaf] = weights, means
        if above:  # the leaf was split by this row
            child = int(pool.node_i[leaf, at.FIRST])
            while child >= 0:
                self.centres[child] = np.minimum(weights, 1.0), means
                child = int(pool.node_i[child, at.NEXT])


def oracle(X, y, n_models, options):
    """Answer all rows as the paper has it, with k by the rows before."""
    members = [Member(m, options) for m in range(n_models)]
    errors, told = np.zeros(n_models), np.empty(len(y))
    for i, (x, target) in enumerate(zip(dicts(X), y.tolist(), strict=True)):
        with np.errstate(invalid="ignore", divide="ignore"):
            known = [seen[np.isfinite(seen)] for seen in X[:i].T]
            sd = np.array([seen.std() if len(seen) else 0.0 for seen in known])
            pairs = [member.answer(X, x, i, np.where(sd > 0.0, sd, np.nan)) for member in members]
        pairs.sort(key=lambda pair: pair[0])
        seen = [answer for distance, answer in pairs if distance < np.inf]
        joined = np.array([np.mean(seen[: k + 1]) if seen else 0.0 for k in range(n_models)])
        told[i] = joined[np.flatnonzero(errors == errors.min())[-1]]
        errors += (joined - target) ** 2
        for member in members:
            member.learn(X, x, i, target)
    return told, errors


@pytest.mark.parametrize("mode", ["mean", "adaptive"])
def test_a_slow_oracle(mode):
    """All features, no detectors, draws replayed; scales are those of the rows before."""
    X, y = friedman(400)
    X = X * np.logspace(-1, 2, X.shape[1])
    told, errors = oracle(X, y, 4, {"leaf_prediction": mode})
    model = learners.SOKNLRegressor(4, max_features=None, leaf_prediction=mode, seed=7, **QUIET)
    np.testing.assert_allclose(model.test_then_train_many(X, y), told, rtol=1e-9)
    np.testing.assert_allclose(model._errors, errors, rtol=1e-9)
    assert model.best_k == errors.argmin() + 1 < 4


def test_missing_values_have_no_distance():
    """The oracle again, where a tenth of the values is missing."""
    X, y = friedman(300)
    X[np.random.default_rng(3).random(X.shape) < 0.1] = np.nan
    X[:1] = 0.5  # all columns, in order
    options = {"leaf_prediction": "mean", "max_depth": 1}
    told, _ = oracle(X, y, 3, options)
    model = learners.SOKNLRegressor(3, max_features=None, seed=7, **options, **QUIET)
    np.testing.assert_allclose(model.test_then_train_many(X, y), told, rtol=1e-9)


def test_the_label_is_not_seen():
    """Whatever the labels from a row on, that row is answered alike; MOA's program fails this."""
    X, y = friedman(700)
    answers = learners.SOKNLRegressor(seed=1).test_then_train_many(X, y)
    for row in (1, 60, 350, 699):
        hidden = y.copy()
        hidden[row:] = 1e3
        told = learners.SOKNLRegressor(seed=1).test_then_train_many(X[: row + 1], hidden[: row + 1])
        np.testing.assert_array_equal(told, answers[: row + 1])


def test_k_is_of_the_smallest_error_so_far():
    """By hand: members at distances 2, 1, 3; equally good numbers of leaves: the largest."""
    parts = np.zeros((3, 4, kernels.N_PARTS))
    parts[:, :, kernels.ANSWER] = np.array([[6.0], [3.0], [12.0]])
    parts[:, :, kernels.DISTANCE] = np.array([[2.0], [1.0], [3.0]])
    parts[2, 3, kernels.DISTANCE] = np.inf  # knows no row
    errors, out = np.zeros(3), np.empty(4)
    y, w = np.array([4.4, 3.0, 3.0, 0.0]), np.array([1.0, 1.0, 0.5, 0.0])
    kernels.join(parts, y, w, errors, out)
    # joined 3, 4.5, 7; after the first row 4.5 is the nearest, after the second the 3
    assert out.tolist() == [7.0, 4.5, 3.0, 3.0]
    np.testing.assert_allclose(errors, [1.4**2, 0.1**2 + 1.5 * 1.5**2, 2.6**2 + 1.5 * 4.0**2])


def test_the_nearest_leaves_answer_best_where_rows_lie_in_clusters():
    """A leaf whose rows are of other clusters says nothing: half the error of all members' mean."""
    rng = np.random.default_rng(0)
    centres, cluster = rng.normal(size=(40, 4)), rng.integers(40, size=3000)
    X = centres[cluster] + 0.05 * rng.normal(size=(3000, 4))
    y = rng.normal(size=40)[cluster]
    model = learners.SOKNLRegressor(seed=1)
    nearest = np.abs(model.test_then_train_many(X, y) - y)[500:].mean()
    all_members = learners.ARFRegressor(seed=1, aggregation_method="mean", max_features=0.6)
    assert model.best_k < 5
    assert nearest < 0.5 * np.abs(all_members.test_then_train_many(X, y) - y)[500:].mean()


def test_drifts_replace_trees_whose_room_is_used_again():
    """After each change members are replaced; pools and centres do not grow for ever."""
    X, y = friedman(8000)
    y = np.where(np.arange(len(y)) // 2000 % 2 == 0, y, 40.0 - y)
    model = learners.SOKNLRegressor(n_models=3, seed=1)
    errors = np.abs(model.test_then_train_many(X, y) - y)
    assert model.n_drifts >= 3 * 2
    assert errors[7000:].mean() < 0.8 * errors[6000:6100].mean()
    nodes = [len(pool.arrays.node_i) for pool in model._pools]
    assert max(nodes) <= 512
    assert [len(centres) for centres in model._centres] == nodes
    again = learners.SOKNLRegressor(n_models=3, seed=1)
    again.learn_many(X[:7900], y[:7900])
    for x, target in zip(dicts(X[7900:]), y[7900:].tolist(), strict=True):
        again.learn_one(x, target)
    np.testing.assert_array_equal(again.predict_many(X[:500]), model.predict_many(X[:500]))


@pytest.mark.parametrize("delay", [0, 40])
def test_a_compiled_stage_answers_as_single_rows(delay):
    """Rows predicted and rows learnt may differ, as behind a scaler, and labels come late."""
    X, y = friedman(500)
    plan = Schedule.delayed(len(X), delay)
    A, B, w = X, 0.5 * X[plan.due], np.linspace(0.0, 2.0, len(plan.due))
    answers = []
    for stage in (ArrayRegressor._stage_rows, learners.SOKNLRegressor._stage_rows):
        model = learners.SOKNLRegressor(n_models=3, seed=1)
        model.learn_many(X[:5], y[:5])
        answers.append(stage(model, A, B, y[plan.due], w, plan.upto))
    np.testing.assert_array_equal(*answers)


def test_memory_is_bounded():
    """All members together, their centres included."""
    X, y = friedman(4000)
    model = learners.SOKNLRegressor(n_models=3, seed=1, max_size=0.3)
    model.learn_many(X, y)
    total = sum(pool.n_bytes for pool in model._pools)
    assert total + sum(centres.nbytes for centres in model._centres) <= 0.3 * 2**20


def test_categories_have_no_distance():
    """A nominal feature splits leaves, and moves no row nearer."""
    rng = np.random.default_rng(0)
    rows = [{"kind": "abc"[i % 3], "x": float(rng.normal())} for i in range(900)]
    model = learners.SOKNLRegressor(n_models=3, max_features=None, seed=1)
    for i, x in enumerate(rows):
        model.learn_one(x, 10.0 * (i % 3) + x["x"])
    assert model._scales.shape == (2, kernels.SCALE_SIZE)
    told = [model.predict_one({"kind": kind, "x": 0.0}) for kind in "abc"]
    np.testing.assert_allclose(told, [0.0, 10.0, 20.0], atol=1.5)


def test_values_of_any_size():
    """Nothing that is not a number enters what is kept."""
    rng = np.random.default_rng(0)
    X = rng.choice([1.7e308, -1.7e308, 0.0, 1.0, 5e-324, 1e200], size=(400, 3))
    model = learners.SOKNLRegressor(n_models=3, leaf_prediction="mean", seed=1)
    assert np.isfinite(model.test_then_train_many(X, rng.normal(size=400))).all()
    assert np.isfinite(model._scales).all()
    assert all(np.isfinite(centres).all() for centres in model._centres)
