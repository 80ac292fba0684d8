"""The Hoeffding tree for numbers against river's, row by row, and what only ours does."""

import random
import warnings

import numpy as np
import pytest
from oracle_rows import ODD, TABLES, dicts, odd_rows, table
from river import datasets, linear_model, optim, tree
from river import preprocessing as river_preprocessing
from river.tree import splitter

from olearn import learners, preprocessing
from olearn.base import ArrayRegressor, Schedule
from olearn.core.jit import in_python
from olearn.learners.trees.ebst import rounded

QUICK = {"grace_period": 30, "delta": 0.1, "tau": 0.1}
VARIANTS = (
    {},
    {"leaf_prediction": "mean"},
    {"leaf_prediction": "model", "max_depth": 2},
    {"splitter": splitter.EBSTSplitter(), "min_samples_split": 2},
    {"splitter": splitter.TEBSTSplitter(digits=3), "merit_preprune": False},
    {"remove_poor_attrs": True, "model_selector_decay": 0.5},
    {"leaf_model": linear_model.LinearRegression(optim.Adam(0.1), l2=0.1, intercept_init=2.0)},
)


def friedman(n=4000):
    rows = list(datasets.synth.Friedman(seed=1).take(n))
    X = np.array([list(x.values()) for x, _ in rows])
    return X, np.array([y for _, y in rows])


def numbers_of(kind):
    """Rows of a table with a target that depends on them and on the label."""
    X, label = table(kind) if kind in TABLES else odd_rows(kind)
    known = np.clip(np.nan_to_num(X), -10.0, 10.0)
    return X, 3.0 * label + known[:, 0] * known[:, -1] + np.sin(np.arange(len(X)))


def both(model, river, rows, y, w=None):
    """Return the answers of a loop over both models."""
    answers = []
    for i, (x, target) in enumerate(zip(rows, y.tolist(), strict=True)):
        weight = 1.0 if w is None else w[i]
        answers.append((model.predict_one(x), river.predict_one(x)))
        model.learn_one(x, target, weight)
        river.learn_one(x, target, w=weight)
    return np.array(answers).T


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_whole_arrays_equal_river(options):
    """Every prediction, bit for bit, with splits and pruned search trees on the way."""
    X, y = friedman()
    river = tree.HoeffdingTreeRegressor(**QUICK, **options)
    expected = []
    names = [f"x{j}" for j in range(X.shape[1])]  # river never removes a feature that is 0
    for row, target in zip(X.tolist(), y.tolist(), strict=True):
        x = dict(zip(names, row, strict=True))
        expected.append(river.predict_one(x))
        river.learn_one(x, target)
    model = learners.HoeffdingTreeRegressor(**QUICK, **options)
    np.testing.assert_array_equal(model.test_then_train_many(X, y, names=names), expected)
    assert model.n_leaves == river.n_leaves > 3
    assert model.height == river.height - 1
    assert model.n_nodes == river.n_nodes


@pytest.mark.parametrize("kind", [*TABLES, *(kind for kind in ODD if kind != "huge")])
def test_odd_rows_equal_river(kind):
    """Absent, late and vanished features, constants, duplicates and tiny values."""
    X, y = numbers_of(kind)
    X = np.where(np.isfinite(X), X / np.maximum(1.0, np.nanmax(np.abs(X), axis=0)), X)
    options = {**QUICK, "splitter": splitter.TEBSTSplitter(2)}
    model, river = (
        learners.HoeffdingTreeRegressor(**options),
        tree.HoeffdingTreeRegressor(**options),
    )
    ours, theirs = both(model, river, dicts(X), y)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("binary", [False, True])
def test_nominal_features_equal_river(binary):
    """Splits by category; categories that come late, and rows without the feature."""
    rng = np.random.default_rng(4)
    names, rows, y = ["a", "b", "c", "d"], [], []
    for i in range(1500):
        known = names[: 3 if i < 700 else 4]
        name = "abc"[i] if i < 3 else known[rng.integers(len(known))]
        x = {"number": float(rng.normal()), "name": name}
        y.append(4.0 * (name == "b") - 3.0 * (name == "d") + x["number"] + rng.normal())
        if rng.random() < 0.1:
            del x["name"]
        rows.append(x)
    options = {**QUICK, "leaf_prediction": "mean", "binary_split": binary}
    model, river = (
        learners.HoeffdingTreeRegressor(**options),
        tree.HoeffdingTreeRegressor(**options),
    )
    ours, theirs = both(model, river, rows, np.array(y))
    np.testing.assert_array_equal(ours, theirs)
    assert ("name != b" if binary else "\n  name = c") in model.to_text()


def test_weights_equal_river_and_no_weight_is_not_learnt():
    """River divides by 0 at a first row of weight 0; ours takes it as not learnt."""
    X, y = friedman(1500)
    w = np.random.default_rng(5).choice([0.5, 1.0, 2.0], len(X))
    model, river = learners.HoeffdingTreeRegressor(**QUICK), tree.HoeffdingTreeRegressor(**QUICK)
    ours, theirs = both(model, river, dicts(X), y, w)
    np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ZeroDivisionError):
        tree.HoeffdingTreeRegressor().learn_one({"a": 1.0}, 2.0, w=0.0)
    fresh = learners.HoeffdingTreeRegressor()
    fresh.learn_one({"a": 1.0}, 2.0, w=0.0)
    assert fresh.summary["total_observed_weight"] == fresh.predict_one({"a": 1.0}) == 0.0


def test_values_are_rounded_as_python_does():
    """Correctly, ties to even; `numpy.round` is not."""
    draw = random.Random(1)
    values = [i * 0.05 - 50 for i in range(2000)] + [draw.gauss(0, 100) for _ in range(2000)]
    values += [0.5, 1.5, 2.5, -0.5, 1e15 + 0.3, 1e300, 2.675, 1.005]
    for digits in (0, 1, 2, 5):
        got = [in_python(rounded)(value, 10.0**digits) for value in values]
        assert got == [round(value, digits) for value in values]


@pytest.mark.parametrize("delay", [0, 1, 40])
def test_a_compiled_stage_answers_as_single_rows(delay):
    """Rows predicted and rows learnt may differ, as behind a scaler, and labels come late."""
    X, y = friedman(900)
    plan = Schedule.delayed(len(X), delay)
    A, B, w = X, 0.5 * X[plan.due], np.linspace(0.0, 2.0, len(plan.due))
    answers = []
    for stage in (ArrayRegressor._stage_rows, learners.HoeffdingTreeRegressor._stage_rows):
        model = learners.HoeffdingTreeRegressor(**QUICK)
        model.learn_many(X[:5], y[:5])
        answers.append(stage(model, A, B, y[plan.due], w, plan.upto))
    np.testing.assert_array_equal(*answers)


def test_a_pipeline_equals_river():
    """Behind a scaler, over whole arrays."""
    X, y = friedman(1500)
    river = river_preprocessing.StandardScaler() | tree.HoeffdingTreeRegressor(**QUICK)
    expected = []
    for x, target in zip(dicts(X), y.tolist(), strict=True):
        expected.append(river.predict_one(x))
        river.learn_one(x, target)
    model = preprocessing.StandardScaler() | learners.HoeffdingTreeRegressor(**QUICK)
    np.testing.assert_array_equal(model.test_then_train_many(X, y), expected)


def test_normalised_leaves_do_not_care_about_units():
    """Columns and targets in other units give the same answers; raw, the model diverges."""
    X, y = friedman(3000)
    units = np.array([1e3, 1e-3, 1e2, 1.0, 50.0, 1.0, 1e-2, 1.0, 1e4, 1.0])
    options = {"leaf_prediction": "model", "max_depth": 1, "grace_period": 1e9}
    plain = learners.HoeffdingTreeRegressor(**options, normalise=True)
    scaled = learners.HoeffdingTreeRegressor(**options, normalise=True)
    a = plain.test_then_train_many(X, y)
    b = scaled.test_then_train_many(X * units + 7.0, 1e3 * y - 5.0)
    np.testing.assert_allclose(b, 1e3 * a - np.where(np.arange(len(y)) == 0, 0.0, 5.0), rtol=1e-6)
    with pytest.warns(UserWarning, match="diverges"):
        raw = learners.HoeffdingTreeRegressor(**options).test_then_train_many(X * units, y)
    assert np.abs(raw[2000:] - y[2000:]).mean() > 10 * np.abs(a[2000:] - y[2000:]).mean()


@pytest.mark.parametrize("size", [0.02, 0.2])
def test_memory_is_bounded(size):
    """At the bound the deepest leaves stop looking for splits; the tree goes on learning."""
    X, y = friedman(6000)
    model = learners.HoeffdingTreeRegressor(**QUICK, max_size=size)
    errors = np.abs(model.test_then_train_many(X, y) - y)
    assert model._pool.n_bytes <= size * 2**20
    assert model.n_inactive_leaves > 0
    assert errors[3000:].mean() < errors[:500].mean()
    loop = learners.HoeffdingTreeRegressor(**QUICK, max_size=size)
    loop.learn_many(X[:5000], y[:5000])
    for x, target in zip(dicts(X[5000:]), y[5000:], strict=True):
        loop.learn_one(x, target)
    np.testing.assert_array_equal(loop.predict_many(X), model.predict_many(X))


def test_what_is_refused():
    """By the name of the parameter, before anything is learnt."""
    make = learners.HoeffdingTreeRegressor
    with pytest.raises(TypeError, match="splitter must be TEBSTSplitter or EBSTSplitter"):
        make(splitter=splitter.QOSplitter())
    with pytest.raises(TypeError, match="leaf_model must be a LinearRegression"):
        make(leaf_model=linear_model.PARegressor())
    learnt = linear_model.LinearRegression()
    learnt.learn_one({"a": 1.0}, 1.0)
    with pytest.raises(ValueError, match="leaf_model must be a fresh one"):
        make(leaf_model=learnt)
    model = make()
    with pytest.raises(ValueError, match="y must lie within 1e\\+150 of 0"):
        model.learn_many(np.ones((2, 1)), np.array([1.0, 1e200]))
    assert model.summary["total_observed_weight"] == 0.0


def test_a_path_in_words():
    """Conditions from the root on, then the leaf."""
    rows = [({"a": i % 10, "kind": "xy"[i % 2]}, 100.0 * (i % 10 > 4)) for i in range(1000)]
    model = learners.HoeffdingTreeRegressor(leaf_prediction="mean")
    for x, target in rows:
        model.learn_one(x, target)
    words = model.debug_one({"a": 7, "kind": "x"})
    assert words.splitlines()[0] == "a > 4"
    assert words.splitlines()[-1] == "prediction: 100"
    assert model.to_text().splitlines()[:2] == ["split by a", "  a <= 4: mean 0 of weight 500"]
    assert "missing" in model.debug_one({"kind": "x"})


def test_scales_of_values_of_any_size():
    """What a normalised model goes by stays numbers."""
    rng = np.random.default_rng(0)
    X = rng.choice([1.7e308, -1.7e308, 0.0, 1.0, 5e-324, 1e200], size=(400, 3))
    model = learners.HoeffdingTreeRegressor(normalise=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a model diverges
        assert np.isfinite(model.test_then_train_many(X, rng.normal(size=400))).all()
    assert np.isfinite(model._pool.arrays.scales).all()


def test_a_normalised_model_does_not_overshoot():
    """Sixty columns alike, rows of weight 12: at the given rate, steps that grow and grow."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(500, 1)), 60, axis=1) + 0.1 * rng.normal(size=(500, 60))
    y, w = X.sum(axis=1), rng.choice([1.0, 12.0], 500)
    model = learners.HoeffdingTreeRegressor(normalise=True, leaf_prediction="model")
    answers = np.empty(500)
    for i in range(500):
        answers[i] = model.predict_many(X[i : i + 1])[0]
        model.learn_many(X[i : i + 1], y[i : i + 1], w[i : i + 1])
    assert np.abs(answers - y)[100:].mean() < 0.1 * y.std()


def test_a_value_far_off_does_not_carry_a_normalised_model_away():
    """A column that hardly moves, and then does: the answer stays near the targets."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 2)) * [1.0, 1e-6]
    y = 3.0 * X[:, 0] + 0.3e6 * X[:, 1]
    model = learners.HoeffdingTreeRegressor(normalise=True, leaf_prediction="model")
    model.learn_many(X, y)
    assert abs(model.predict_one({0: 0.0, 1: 1.0})) < 2.0 * np.abs(y).max()
