"""Rows of a few features out of many, new ones in most rows: the arrays grow, answers do not."""

import copy
import pickle

import numpy as np
import pytest

import olearn
from olearn.learners import ARFClassifier, HoeffdingTreeClassifier
from olearn.learners.trees.pool import TreePool

WORDS = 300


def rows_of_words(n, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        label = int(rng.integers(2))
        words = rng.integers(0, WORDS, 8).tolist() + [WORDS + label] * int(rng.integers(2))
        yield {f"w{word}": 1.0 + words.count(word) for word in words}, label


@pytest.fixture
def layouts(monkeypatch):
    """Count how often arrays are made anew."""
    counted, lay_out = [], TreePool._lay_out

    def count(self, *args):
        counted.append(1)
        lay_out(self, *args)

    monkeypatch.setattr(TreePool, "_lay_out", count)
    return counted


def test_a_growing_vocabulary_answers_as_one_known_before(layouts):
    """Columns that come one by one hold the same statistics as columns that were always there."""
    rows = list(rows_of_words(250))
    known = HoeffdingTreeClassifier(30, delta=0.5, tau=0.5, classes=[0, 1])
    growing = copy.deepcopy(known)
    names = list(dict.fromkeys(name for x, _ in rows for name in x))
    known.learn_many(np.ones((1, len(names))), [0], [0.0], names=names)
    before = len(layouts)
    for x, label in rows:
        assert growing.predict_proba_one(x) == known.predict_proba_one(x)
        known.learn_one(x, label)
        growing.learn_one(x, label)
    assert growing.n_nodes == known.n_nodes > 1
    assert len(layouts) - before < 12  # for 300 columns


@pytest.mark.parametrize("make", [HoeffdingTreeClassifier, lambda: ARFClassifier(3, seed=1)])
@pytest.mark.parametrize("how", ["copied", "pickled", "saved"])
def test_a_copy_goes_on_within_the_room_that_waits(make, how, tmp_path):
    rows = list(rows_of_words(200))
    model = make()
    for x, label in rows[:80]:
        model.learn_one(x, label)
    if how == "saved":
        olearn.save(model, tmp_path / "model")
        twin = olearn.load(tmp_path / "model")
    else:
        twin = copy.deepcopy(model) if how == "copied" else pickle.loads(pickle.dumps(model))
    for x, label in rows[80:]:
        assert twin.predict_proba_one(x) == model.predict_proba_one(x)
        model.learn_one(x, label)
        twin.learn_one(x, label)


def test_a_column_that_waited_may_turn_out_nominal():
    """Its statistics are smaller than those of the number that it was thought to be."""
    model = HoeffdingTreeClassifier(classes=["no", "yes"])
    for late in (1.0, "red"):
        for i in range(20):
            model.learn_one({"a": float(i), "late": None}, "yes")
            model.learn_one({"a": -float(i)}, "no")
        before = model.predict_proba_one({"a": 3.0})
        model.learn_one({"a": 1.0, "late": late}, "yes", w=0.0)
        assert model.predict_proba_one({"a": 3.0}) == before
        model = HoeffdingTreeClassifier(classes=["no", "yes"])


def test_columns_that_wait_count_as_memory():
    model = HoeffdingTreeClassifier(20, delta=0.5, tau=0.5, max_size=0.3)
    for x, label in rows_of_words(400):
        model.learn_one(x, label)
        assert model._pool.arrays.stats.nbytes <= 0.3 * 2**20 / 2
