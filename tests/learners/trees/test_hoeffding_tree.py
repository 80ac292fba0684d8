"""The Hoeffding tree as a classifier: both doors, odd input, limits, weights, parameters."""

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from olearn import streams
from olearn.learners import HoeffdingTreeClassifier
from olearn.learners.trees.layout import EQUALS, FEATURE, KIND, MC_RIGHT, MULTIWAY, NB_RIGHT


def mixed_rows(n, seed=0):
    """Dicts with numbers, text and gaps, whose features, categories and labels come late."""
    rng = np.random.default_rng(seed)
    rows, labels = [], []
    for i in range(n):
        colour = "rgb"[rng.integers(0, 3 if i > n // 4 else 2)]
        a, b = rng.normal(), rng.normal()
        x = {"colour": colour, "a": a}
        if i > n // 3:
            x["b"] = None if rng.random() < 0.1 else b
        if rng.random() < 0.1:
            x["a"] = float("nan")
        label = "low" if (a if colour == "r" else -a) < 0 else "high"
        labels.append("late" if i > n // 2 and b > 0.7 else label)
        rows.append(x)
    return rows, labels


def loop(tree, rows, labels):
    predicted = []
    for x, y in zip(rows, labels, strict=True):
        predicted.append(tree.predict_one(x))
        tree.learn_one(x, y)
    return predicted


# -- both doors, compiled or not -----------------------------------------------------------------


@pytest.mark.parametrize("leaf_prediction", ["mc", "nb", "nba"])
def test_array_door_equals_row_door_with_late_labels(leaf_prediction):
    """Text, gaps, late features, categories and labels: one call answers as the loop does."""
    rows, labels = mixed_rows(600)
    names = ["colour", "a", "b"]
    table = np.array([[x.get(name) for name in names] for x in rows], dtype=object)
    full = [{name: x.get(name) for name in names} for x in rows]
    options = {
        "grace_period": 20,
        "delta": 0.2,
        "tau": 0.3,
        "leaf_prediction": leaf_prediction,
        "nominal_attributes": ["colour"],
    }
    one, many = HoeffdingTreeClassifier(**options), HoeffdingTreeClassifier(**options)
    expected = loop(one, full, labels)
    got = []
    for begin in range(0, 600, 150):
        part = slice(begin, begin + 150)
        got += many.test_then_train_many(table[part], labels[part], names=names).tolist()
    assert expected[0] is None
    assert got == expected
    assert many.to_text() == one.to_text()
    assert one.n_nodes > 3
    assert one.labels == many.labels
    assert set(one.labels) == {"low", "high", "late"}
    np.testing.assert_array_equal(
        many.predict_proba_many(table, names=names),
        [list(one.predict_proba_one(x).values()) for x in full],
    )


_TINY = """
import numpy as np
from olearn.learners import HoeffdingTreeClassifier
rng = np.random.default_rng(5)
X = np.column_stack([rng.normal(size=400), rng.integers(0, 3, 400), rng.normal(size=400)])
y = ((X[:, 0] > 0) ^ (X[:, 1] == 1)).astype(int) + (X[:, 2] > 1.2)
X[rng.random((400, 3)) < 0.05] = np.nan
tree = HoeffdingTreeClassifier(30, delta=0.1, nominal_attributes=[1], classes=[0, 1, 2])
p = tree.test_then_train_many(X, y)
print(p.tolist(), tree.n_nodes)
print(tree.to_text())
"""


def test_kernels_without_the_compiler_agree(tmp_path):
    """With NUMBA_DISABLE_JIT=1, and warnings as errors, the same predictions and tree."""
    outputs = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", _TINY],
            env=os.environ | {"NUMBA_DISABLE_JIT": off, "PYTHONIOENCODING": "utf-8"},
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        for off in ("1", "0")
    ]
    assert outputs[0].stderr == ""
    assert outputs[1].stderr == ""
    assert outputs[0].stdout == outputs[1].stdout
    assert "split on" in outputs[0].stdout


def test_pickle_and_copy_continue_alike():
    """A pickled tree and a deep copy go on as the original does; a clone starts empty."""
    rows, labels = mixed_rows(500)
    tree = HoeffdingTreeClassifier(30, delta=0.1)
    loop(tree, rows[:250], labels[:250])
    others = [pickle.loads(pickle.dumps(tree)), copy.deepcopy(tree)]
    expected = loop(tree, rows[250:], labels[250:])
    for other in others:
        assert loop(other, rows[250:], labels[250:]) == expected
    assert tree.clone().n_nodes == 1
    assert tree.clone().predict_one(rows[0]) is None


# -- missing values, unseen categories -----------------------------------------------------------


def nominal_tree(n=400, **options):
    """A tree whose root splits three ways on "c"; class weights 2:1:1 of labels 0, 1, 2."""
    tree = HoeffdingTreeClassifier(100, nominal_attributes=["c"], delta=1e-3, **options)
    for i in range(n):
        code = (0, 0, 1, 2)[i % 4]
        tree.learn_one({"c": "pqr"[code], "z": float(i % 7)}, code)
    return tree


def test_strings_are_split_multiway():
    """A string feature gets one branch a category, each with its class; 3 + 1 nodes."""
    tree = nominal_tree()
    assert tree._pool.arrays.node_i[tree._root, KIND] == MULTIWAY
    assert (tree.n_nodes, tree.n_leaves, tree.height) == (4, 3, 1)
    assert [tree.predict_one({"c": c, "z": 1.0}) for c in "pqr"] == [0, 1, 2]


def test_missing_value_stops_at_the_split():
    """A row without the split's feature gets the split's class weights and teaches nothing."""
    tree = nominal_tree()
    for x in ({"z": 3.0}, {"c": None, "z": 3.0}, {"c": float("nan"), "z": 3.0}):
        proba = tree.predict_proba_one(x)
        assert proba == pytest.approx({0: 0.5, 1: 0.25, 2: 0.25})
        before = tree.to_text()
        tree.learn_one(x, 2)
        assert tree.to_text() == before


def test_missing_value_at_a_leaf_is_skipped():
    """Naive Bayes leaves missing features out: without any the votes are the class weights."""
    tree = HoeffdingTreeClassifier(1000, leaf_prediction="nb")
    for i in range(40):
        tree.learn_one({"a": float(i % 4 == 0) + 0.1 * (i % 3), "b": 5.0 * (i % 2)}, i % 4 == 0)
    assert tree.predict_proba_one({}) == pytest.approx({True: 0.25, False: 0.75})
    only_a = tree.predict_proba_one({"a": 1.1})
    assert only_a == tree.predict_proba_one({"a": 1.1, "b": float("nan")})
    assert only_a[True] > 0.9


def test_unseen_category_is_answered_by_the_split_and_learning_makes_a_branch():
    """A new category votes with the split's weights until it is learnt; then it has a leaf."""
    tree = nominal_tree()
    x = {"c": "new", "z": 0.0}
    assert tree.predict_proba_one(x) == pytest.approx({0: 0.5, 1: 0.25, 2: 0.25})
    assert tree.n_nodes == 4  # predicting changes nothing
    tree.learn_one(x, 2)
    assert (tree.n_nodes, tree.n_leaves) == (5, 4)
    assert tree.predict_one(x) == 2
    assert "c = 'new': 2 (1 of 1)" in tree.to_text()


def test_nominal_feature_without_categories_is_no_evidence():
    """A declared feature that is always missing changes nothing; its categories may come late."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=300)
    y = a > 0
    gap = HoeffdingTreeClassifier(50, delta=0.1, nominal_attributes=["c"])
    bare = HoeffdingTreeClassifier(50, delta=0.1)
    for value, label in zip(a.tolist(), y.tolist(), strict=True):
        gap.learn_one({"c": None, "a": value}, label)
        bare.learn_one({"a": value}, label)
    points = np.linspace(-2, 2, 41).tolist()
    assert gap.n_nodes == bare.n_nodes > 1
    for value in points:
        expected = bare.predict_proba_one({"a": value})
        assert gap.predict_proba_one({"a": value}) == expected
        assert gap.predict_proba_one({"a": value, "c": "never learnt"}) == expected
    gap.learn_one({"c": "x", "a": 1.0}, True, w=0.0)  # now it has room for categories
    for value in points:
        assert gap.predict_proba_one({"a": value}) == bare.predict_proba_one({"a": value})


# -- modes and limits ----------------------------------------------------------------------------


def test_leaf_predictions_differ_as_documented():
    """ "mc" ignores the features, "nb" follows them, "nba" the one that was right more often."""
    rng = np.random.default_rng(1)
    y = (rng.random(300) < 0.3).astype(int)
    X = (y + 0.2 * rng.normal(size=300))[:, None]
    trees = {
        mode: HoeffdingTreeClassifier(10_000, leaf_prediction=mode, classes=[0, 1])
        for mode in ("mc", "nb", "nba")
    }
    for tree in trees.values():
        tree.learn_many(X, y)
    probe = np.array([[0.0], [1.0]])
    assert trees["mc"].predict_many(probe).tolist() == [0, 0]
    assert trees["nb"].predict_many(probe).tolist() == [0, 1]
    assert trees["nba"].predict_many(probe).tolist() == [0, 1]
    np.testing.assert_allclose(
        trees["mc"].predict_proba_many(probe), np.tile(np.bincount(y) / 300, (2, 1))
    )
    late = HoeffdingTreeClassifier(10_000, leaf_prediction="nb", nb_threshold=301, classes=[0, 1])
    late.learn_many(X, y)
    assert late.predict_many(probe).tolist() == [0, 0]
    late.learn_one({0: 1.0}, 1)
    assert late.predict_many(probe).tolist() == [0, 1]


def test_adaptive_leaf_falls_back_to_the_majority():
    """Where naive Bayes was wrong more often than the majority class, "nba" votes by weights."""
    rng = np.random.default_rng(2)
    y = (rng.random(400) < 0.2).astype(int)
    # twenty copies of one weak feature: naive Bayes takes them for twenty witnesses
    X = np.repeat((0.8 * y + rng.normal(size=400))[:, None], 20, axis=1)
    bayes, both = (
        HoeffdingTreeClassifier(10_000, leaf_prediction=mode, classes=[0, 1])
        for mode in ("nb", "nba")
    )
    right_bayes = np.mean(bayes.test_then_train_many(X, y) == y)
    assert right_bayes < np.mean(y == 0)
    both.learn_many(X, y)
    assert both.predict_many(X).tolist() == [0] * 400


def test_binary_split_tests_one_category():
    """With `binary_split` a nominal feature is split one category against the rest."""
    tree = nominal_tree(binary_split=True)
    t = tree._pool.arrays
    assert t.node_i[tree._root, KIND] == EQUALS
    assert not (t.node_i[:, KIND] == MULTIWAY).any()
    assert [tree.predict_one({"c": c, "z": 1.0}) for c in "pqr"] == [0, 1, 2]
    assert " ≠ " in tree.to_text()


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_max_depth_limits_the_height(limit):
    """No path has more than `max_depth` splits, though the tree would grow further."""
    X, y = next(streams.load("sea", seed=3).blocks(3000))
    y = y ^ (X[:, 2] > 5)
    free = HoeffdingTreeClassifier(50, delta=0.2, tau=0.3)
    bound = HoeffdingTreeClassifier(50, limit, delta=0.2, tau=0.3)
    free.learn_many(X, y)
    bound.learn_many(X, y)
    assert free.height > 3
    assert bound.height == limit
    assert bound.n_leaves <= 2**limit


def test_gini_learns_the_feature_that_matters():
    """With the Gini merit the root splits on the one feature that tells the classes apart."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(1000, 4))
    y = (X[:, 2] > 0.3).astype(int)
    tree = HoeffdingTreeClassifier(100, split_criterion="gini", delta=0.01)
    predicted = tree.test_then_train_many(X, y)
    assert tree._pool.arrays.node_i[tree._root, FEATURE] == 2
    assert np.mean(predicted[500:] == y[500:]) > 0.9


# -- weights -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("leaf_prediction", "n_nodes"), [("mc", 3), ("mc", 1), ("nb", 1)])
def test_weight_two_is_learning_twice(leaf_prediction, n_nodes):
    """Rows of weight 2 give a leaf, and its first split, the counts that every row twice gives."""
    X, y = next(streams.load("sea", seed=7).blocks(1000))
    grace_period = 2000 if n_nodes == 3 else 2001
    heavy, twice = (
        HoeffdingTreeClassifier(
            grace_period, tau=0.2, leaf_prediction=leaf_prediction, classes=[0, 1]
        )
        for _ in range(2)
    )
    heavy.learn_many(X, y, np.full(1000, 2.0))
    twice.learn_many(np.repeat(X, 2, axis=0), np.repeat(y, 2))
    assert heavy.n_nodes == twice.n_nodes == n_nodes
    np.testing.assert_allclose(
        heavy.predict_proba_many(X), twice.predict_proba_many(X), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("leaf_prediction", ["mc", "nb", "nba"])
def test_weight_zero_changes_no_prediction(leaf_prediction):
    """Rows of weight 0 leave all answers alone, also where they bring a new category."""
    tree = nominal_tree(leaf_prediction=leaf_prediction)
    probes = [{"c": c, "z": z} for c in ("p", "q", "r", "new", None) for z in (0.0, 2.5)]
    before = [tree.predict_proba_one(x) for x in probes]
    for x in probes:
        for y in (0, 1, 2):
            tree.learn_one(x, y, w=0.0)
    assert [tree.predict_proba_one(x) for x in probes] == before


# -- first calls and errors ----------------------------------------------------------------------


@pytest.mark.parametrize("leaf_prediction", ["mc", "nb", "nba"])
def test_known_classes_before_anything_is_learnt(leaf_prediction):
    """With `classes` and no row the lowest code is predicted, all labels equally probable."""
    tree = HoeffdingTreeClassifier(classes=["no", "yes"], leaf_prediction=leaf_prediction)
    for x in ({}, {"a": 1.0}):
        assert tree.predict_one(x) == "no"
        assert tree.predict_proba_one(x) == {"no": 0.5, "yes": 0.5}
    assert tree.predict_many(np.ones((2, 3))).tolist() == ["no", "no"]
    np.testing.assert_array_equal(tree.predict_proba_many(np.ones((2, 3))), np.full((2, 2), 0.5))


def test_rows_without_features_teach_class_weights():
    """Rows without any feature count for the majority; features may come afterwards."""
    tree = HoeffdingTreeClassifier(20)
    for i in range(100):
        tree.learn_one({}, "b" if i % 3 else "a")
    assert tree.predict_one({}) == "b"
    for i in range(400):
        tree.learn_one({"v": float(i % 2)}, "b" if i % 2 else "a")
    assert [tree.predict_one({"v": v}) for v in (0.0, 1.0)] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("grace_period", 0, ValueError),
        ("grace_period", "often", TypeError),
        ("max_depth", 0, ValueError),
        ("max_depth", 2.5, TypeError),
        ("split_criterion", "entropy", ValueError),
        ("delta", 0.0, ValueError),
        ("delta", 1.0, ValueError),
        ("tau", -0.1, ValueError),
        ("leaf_prediction", "bayes", ValueError),
        ("nb_threshold", -1, ValueError),
        ("n_split_points", 0, ValueError),
        ("min_branch_fraction", 0.6, ValueError),
        ("max_size", 0.0, ValueError),
        ("max_size", float("nan"), ValueError),
    ],
)
def test_bad_parameter_is_named(name, value, error):
    """A parameter outside its range raises, named with its value."""
    with pytest.raises(error, match=rf"^{name} must be .*{value}"):
        HoeffdingTreeClassifier(**{name: value})


def test_explaining_a_fresh_tree():
    """A tree that knows no label says so; with known classes all votes are equal."""
    assert HoeffdingTreeClassifier().debug_one({"a": 1.0}) == "no label seen yet"
    text = HoeffdingTreeClassifier(classes=["n", "y"]).debug_one({"a": 1.0})
    assert text == "votes by naive Bayes: 'n': 0.500, 'y': 0.500"


def test_bad_rows_change_nothing():
    """Infinite values, text in a numeric feature and bad weights raise before any change."""
    tree = nominal_tree()
    before = tree.to_text(), tree.labels
    for x, w, message in (
        ({"c": "p", "z": float("inf")}, 1.0, "'z' must be finite"),
        ({"c": "p", "z": "high"}, 1.0, "'z' is numeric"),
        ({"c": "p", "z": 1.0}, -1.0, "w must be in"),
    ):
        with pytest.raises(ValueError, match=message):
            tree.learn_one(x, "fresh label", w=w)
    assert (tree.to_text(), tree.labels) == before


@pytest.mark.parametrize(("label", "hits"), [(0, (0.0, 1.0)), (1, (0.0, 0.0))])
def test_empty_leaf_names_no_class(label, hits):
    """The first row counts for naive Bayes, whose answer is class 0, and never for the majority."""
    tree = HoeffdingTreeClassifier(classes=(0, 1))
    tree.learn_many(np.array([[0.5]]), np.array([label]))
    node = tree._pool.arrays.node_f[tree._root]
    assert (node[MC_RIGHT], node[NB_RIGHT]) == hits
