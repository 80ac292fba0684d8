"""Nearest neighbours with a self-adjusting memory: MOA's answers are the oracle, row by row."""

import json
from pathlib import Path

import numpy as np
import pytest
from oracle_rows import dicts, odd_rows, table

from olearn import preprocessing
from olearn.base import ArrayClassifier
from olearn.base.stages import Schedule
from olearn.core.rng import kernel_state
from olearn.learners import SAMkNNClassifier
from olearn.learners.neighbours._window import END, VALUE, RowWindow
from olearn.learners.neighbours.sam_clusters import halve

MOA = json.loads((Path(__file__).parents[2] / "golden" / "sam_knn_moa.json").read_text())
SMALL = {"limit": 150, "min_stm_size": 20, "n_neighbors": 3, "seed": 3}


def drifting_rows(n=1500, n_labels=3):
    """Rows whose labels are told by another feature every 300 rows."""
    rng = np.random.default_rng(6)
    X = rng.normal(size=(n, 3))
    told = X[np.arange(n), np.arange(n) // 300 % 3]
    return X, np.digitize(told, np.linspace(-1.0, 1.0, n_labels - 1))


@pytest.mark.parametrize("name", ["image_segments", "bananas"])
def test_equals_moa(name):
    """Labels of all rows, and the sizes of both memories, which shrink, pass on rows and clean."""
    X, y = table(name, 2_310)
    model = SAMkNNClassifier(classes=sorted(set(y.tolist())))
    codes, sizes = [], []
    for start in range(0, len(X), 10):
        part = slice(start, start + 10)
        codes += model.test_then_train_many(X[part], y[part]).tolist()
        sizes.append([model.n_short, model.n_long])
    assert sizes == MOA[name]["sizes"]
    assert "".join(map(str, codes))[1:] == MOA[name]["codes"][1:]  # MOA knows the labels before


def test_accuracy_beyond_clusterings_is_that_of_moa():
    """Where the memories are halved every few rows, at random in both: 82.9 % there."""
    X, y = table("image_segments", 2_310)
    models = [SAMkNNClassifier(limit=300, seed=seed) for seed in (1, 2, 3)]
    right = [(model.test_then_train_many(X, y) == y).mean() for model in models]
    assert np.mean(right) == pytest.approx(0.829, abs=0.005)


@pytest.mark.parametrize("options", [SMALL, {"seed": 3}])
def test_blocks_equal_the_loop(options):
    """Arrays cut anywhere give the answers of single rows, bit for bit, beyond clusterings."""
    X, y = drifting_rows(700)
    X[1::9, 1] = np.nan
    loop, labels = SAMkNNClassifier(**options), []
    for x, label in zip(dicts(X), y.tolist(), strict=True):
        labels.append(loop.predict_one(x))
        loop.learn_one(x, label)
    for size in (1, 7, 1000):
        model = SAMkNNClassifier(**options)
        parts = [slice(i, i + size) for i in range(0, len(X), size)]
        assert [v for p in parts for v in model.test_then_train_many(X[p], y[p])] == labels
        assert model.predict_proba_many(X).tolist() == loop.predict_proba_many(X).tolist()
        assert (model.n_short, model.n_long) == (loop.n_short, loop.n_long)


@pytest.mark.parametrize("delay", [0, 1, 50, 1000])
def test_stage_equals_a_loop(delay):
    """A block in which labels come late, and rows are learnt in another form, equals a loop."""
    X, y = odd_rows("absent")
    plan = Schedule.delayed(len(X), delay)
    B, codes, w = X[plan.due] * 1.5, y[plan.due], (np.arange(len(plan.due)) % 3 > 0).astype(float)
    for proba in (False, True):
        answers = []
        for stage in (ArrayClassifier._stage_rows, SAMkNNClassifier._stage_rows):
            model = SAMkNNClassifier(classes=[0, 1, 2], **SMALL)
            model.learn_many(X[:1], y[:1])
            answers.append(stage(model, X, B, codes, w, plan.upto, proba))
        np.testing.assert_array_equal(*answers)


def test_pipeline_equals_the_loop():
    """Behind a scaler rows are learnt in another form than they were predicted in."""
    X, y = drifting_rows(400)
    loop, blocks = (preprocessing.StandardScaler() | SAMkNNClassifier(**SMALL) for _ in range(2))
    labels = []
    for x, label in zip(dicts(X), y.tolist(), strict=True):
        labels.append(loop.predict_one(x))
        loop.learn_one(x, label)
    assert blocks.test_then_train_many(X, y).tolist() == labels


def test_memories_stay_within_their_limit():
    """Both together never have more rows than `limit`, whatever the number of labels."""
    for n_labels in (3, 400):
        X, y = drifting_rows(1500, n_labels)
        model, most = SAMkNNClassifier(**SMALL), 0
        for start in range(0, len(X), 5):
            model.learn_many(X[start : start + 5], y[start : start + 5])
            assert model.n_short + model.n_long <= 150
            most = max(most, model.n_long)
        assert most > 60
        assert model._short.points.shape[1] <= 2 * 151


def test_memory_shrinks_at_a_sudden_change():
    """Once labels are told otherwise, the short-term memory soon holds no row from before."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(1_200, 2))
    y = (X[:, 0] > 0.0) ^ (np.arange(1_200) >= 800)
    model = SAMkNNClassifier()
    model.learn_many(X[:800], y[:800])
    assert model.n_short > 200
    predicted = model.test_then_train_many(X[800:], y[800:])
    assert model.n_short <= 400
    assert (predicted[-300:] == y[-300:]).mean() > 0.9


def test_clusters_are_centres_of_their_labels():
    """Half as many rows for each label, at least one; the mean of well separated groups is kept."""
    memory = RowWindow(20)
    memory.follow([0])
    memory.make_room(20)
    values = [0.0, 0.2, 100.0, 100.4, 7.0]
    memory.points[0, :5], memory.beside[VALUE, :5] = values, [0, 0, 0, 0, 2]
    memory.head[END] = 5
    halve(memory.points, memory.beside, memory.head, kernel_state(1))
    centres = sorted(memory.points[0, :3].tolist())
    assert centres == pytest.approx([0.1, 7.0, 100.2])
    assert memory.values.tolist() == [0.0, 0.0, 2.0]


def test_seed_decides_the_clustering():
    """The same seed gives the same answers, another one others."""
    X, y = drifting_rows()
    asked = [
        SAMkNNClassifier(limit=150, seed=seed).test_then_train_many(X, y) for seed in (1, 1, 2)
    ]
    assert asked[0].tolist() == asked[1].tolist() != asked[2].tolist()


def test_weights_and_text():
    """A row of weight 0 is not kept, other weights are refused, and so is text."""
    model = SAMkNNClassifier()
    model.learn_one({"a": 1.0}, 0, w=0.0)
    assert (model.n_short, model.predict_proba_one({"a": 1.0})) == (0, {0: 1.0})
    with pytest.raises(ValueError, match=r"w must be 0 or 1 for SAMkNNClassifier, got 2\.5"):
        model.learn_one({"a": 1.0}, 0, w=2.5)
    with pytest.raises(ValueError, match="OneHotEncoder"):
        model.learn_one({"a": "red"}, 0)
    with pytest.raises(ValueError, match="min_stm_size"):
        SAMkNNClassifier(n_neighbors=50)


def test_enormous_values_are_no_nan():
    """Distances beyond the largest float tell no label, and leave the state finite."""
    model = SAMkNNClassifier(**SMALL)
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(500, 2)) * 1e200, rng.integers(0, 2, 500)
    model.learn_many(X, y)
    assert np.isfinite(model._short.points).all()
    assert np.isfinite(model._long.points[:, : model.n_long]).all()
    assert sum(model.predict_proba_one({0: 1e200}).values()) == pytest.approx(1.0)


def test_answers_do_not_know_the_label():
    """The label of a row has no part in the answer to it."""
    X, y = drifting_rows(600)
    for row in (1, 130, 599):
        hidden = np.append(y[:row], y[0])
        told = SAMkNNClassifier(**SMALL).test_then_train_many(X[: row + 1], y[: row + 1])
        asked = SAMkNNClassifier(**SMALL).test_then_train_many(X[: row + 1], hidden)
        assert told[-1] == asked[-1]
