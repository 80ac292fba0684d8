"""The Hoeffding tree against MOA's, on golden predictions, votes and shapes."""

from pathlib import Path

import numba
import numpy as np
import pytest

from olearn import streams
from olearn.learners import HoeffdingTreeClassifier
from olearn.learners.trees import kernels
from olearn.learners.trees.layout import COUNTS
from olearn.learners.trees.leaf import VOTES, bayes_votes, make_work

GOLDEN = Path(__file__).parents[2] / "golden"
EXPERT = {"grace_period": 50, "delta": 1e-7, "tau": 0.05}  # settings of the golden trees
MOA = {"grace_period": 200, "delta": 1e-3, "tau": 0.05}
needs_compiler = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="tens of thousands of rows need compiled kernels"
)


def golden_rows(name, n):
    """Rows, labels, nominal columns and number of classes, coded as in the golden files."""
    if name == "elec":
        try:
            stream = streams.load("electricity")
        except FileNotFoundError as error:
            pytest.skip(f"needs the Electricity data: {error}")
        X, y = next(stream.blocks(n))
        X = X.copy()
        X[:, 1] -= 1.0  # there the days run from 0
        return X, np.array([stream.schema.labels[c] == "DOWN" for c in y], np.int64), [1], 2
    stream = streams.load(name, seed=42)
    X, y = next(stream.blocks(n))
    nominal = list(range(24)) if name.startswith("led") else []
    return X, y, nominal, len(stream.schema.labels)


def golden_tree(nominal, n_classes, **options):
    return HoeffdingTreeClassifier(
        nominal_attributes=nominal, classes=list(range(n_classes)), **options
    )


def raw_votes(tree, x):
    """Class weights or products of naive Bayes at the leaf of `x`, not normalised."""
    t = tree._pool.arrays
    row = tree._features.encode_one(dict(enumerate(x.tolist())))
    node = kernels.route(t, tree._root, row)
    n_classes = len(tree.labels)
    if not kernels.uses_bayes(t, node):
        return t.node_f[node, COUNTS : COUNTS + n_classes].copy()
    work = make_work(t)
    in_logs = bayes_votes(t, node, row, work)
    return np.exp(work[VOTES]) if in_logs else work[VOTES]


@needs_compiler
@pytest.mark.parametrize("name", ["led_a", "sea_a", "rbf_f", "elec"])
def test_agrees_with_moa_row_by_row(name):
    """Over 5,000 rows: nodes, depth and raw votes are MOA's, and 99.9 % of the predictions.

    Golden values: MOA's Hoeffding tree (CapyMOA 0.10.0), grace 50, delta 1e-7, tau 0.05.
    """
    golden = np.load(GOLDEN / "hoeffding_tree_oracle_s42.npz")
    X, y, nominal, n_classes = golden_rows(name, 5000)
    tree = golden_tree(nominal, n_classes, **EXPERT)
    predicted, votes, nodes, depths = [], [], [], []
    for start in range(0, 5000, 100):
        predicted.append(tree.test_then_train_many(X[start : start + 99], y[start : start + 99]))
        last = slice(start + 99, start + 100)
        votes.append(raw_votes(tree, X[start + 99]))
        nodes.append(tree.n_nodes)
        depths.append(tree.height)
        predicted.append(tree.test_then_train_many(X[last], y[last]))
    np.testing.assert_array_equal(nodes, golden[f"{name}_nodes_every100"])
    np.testing.assert_array_equal(depths, golden[f"{name}_depth_every100"])
    np.testing.assert_allclose(votes, golden[f"{name}_votes_every100"], rtol=1e-9, atol=0.0)
    assert np.mean(np.concatenate(predicted) == golden[f"{name}_pred"]) >= 0.999


@needs_compiler
@pytest.mark.parametrize("name", ["led_a_mini", "sea_a_mini", "rbf_f"])
@pytest.mark.parametrize(("model", "options"), [("ht", MOA), ("ht_moe", EXPERT)])
def test_agrees_with_moa_in_the_long_run(name, model, options):
    """Over 50,000 rows 99.5 % of MOA's predictions, and its accuracy within 0.1 points."""
    golden = np.load(GOLDEN / "hoeffding_tree_long_s42.npz")
    X, y, nominal, n_classes = golden_rows(name, 50_000)
    np.testing.assert_array_equal(y, golden[f"{name}__y"])
    predicted = golden_tree(nominal, n_classes, **options).test_then_train_many(X, y)
    moa = golden[f"{name}__{model}"]
    assert np.mean(predicted == moa) >= 0.995
    assert 100 * np.mean(predicted == y) == pytest.approx(100 * np.mean(moa == y), abs=0.1)
