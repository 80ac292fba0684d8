"""Parameters of trees that are set while they learn, as river's users do."""

import numpy as np
import pytest
from river import forest as river_forest
from river import tree as river_tree

import olearn
from olearn import learners, streams

X, Y = next(streams.load("sea", seed=1).blocks(3000))
PAIRS = [
    (learners.HoeffdingTreeClassifier, river_tree.HoeffdingTreeClassifier),
    (learners.HoeffdingAdaptiveTreeClassifier, river_tree.HoeffdingAdaptiveTreeClassifier),
    (learners.ARFClassifier, river_forest.ARFClassifier),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_mutate_takes_what_rivers_takes(ours, theirs):
    """Whatever river's class lets `mutate` change can be changed in ours."""
    assert theirs()._mutable_attributes <= ours()._mutable_attributes
    model = ours()
    model.mutate({"grace_period": 10, "delta": 0.5})
    assert (model.grace_period, model.delta) == (10, 0.5)


def test_grace_period_set_on_a_live_tree_makes_it_split():
    """Set after some rows, it holds for the rows that follow."""
    slow = learners.HoeffdingTreeClassifier(grace_period=100_000)
    slow.learn_many(X[:500], Y[:500])
    slow.grace_period, slow.delta = 10, 0.5
    slow.learn_many(X[500:], Y[500:])
    assert slow.n_nodes > 5


def test_number_of_members_is_fixed():
    """`forest.n_models = 20` is refused in words, and the forest goes on."""
    forest = learners.ARFClassifier(n_models=3, seed=1)
    forest.learn_many(X[:500], Y[:500])
    with pytest.raises(AttributeError, match=r"n_models of ARFClassifier cannot be set"):
        forest.n_models = 20
    assert forest.test_then_train_many(X[500:600], Y[500:600]).shape == (100,)


@pytest.mark.parametrize(("ours", "_theirs"), PAIRS)
def test_saved_file_keeps_what_was_set(tmp_path, ours, _theirs):
    """A model read back has the parameter, and acts upon it."""
    model = ours(seed=1) if "seed" in ours()._get_params() else ours()
    model.learn_many(X[:500], Y[:500])
    model.tau = 0.5
    olearn.save(model, tmp_path / "model")
    twin = olearn.load(tmp_path / "model")
    assert twin.tau == 0.5
    expected = model.test_then_train_many(X[500:], Y[500:])
    np.testing.assert_array_equal(twin.test_then_train_many(X[500:], Y[500:]), expected)


def test_variant_of_a_mixture_is_fixed():
    """Another variant has other arrays: its kernels would write beyond those of this one."""
    model = learners.DriftMoEClassifier(seed=1)
    with pytest.raises(AttributeError, match="variant"):
        model.variant = "task"
