"""Tests of what becomes of rows before the trunk: standardised columns, late categories."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from olearn.learners.replay.er import ERClassifier  # noqa: E402  (after the skip)


def test_rows_are_standardised_online():
    """Columns have mean 0 and variance 1 over what was learnt; what never varied is 0."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(40, 3)) * [1.0, 1e6, 1e-6] + [5.0, -1e9, 0.0]
    X[rng.random(X.shape) < 0.1] = np.nan
    X = np.hstack([X, np.full((40, 1), 7.0)])
    model = ERClassifier(hidden=(8,), seed=1)
    model.learn_many(X, rng.integers(0, 2, 40))
    Z = model._engine.inputs(torch.from_numpy(X)).numpy()[:, :4]
    there = ~np.isnan(X)
    for column in range(3):
        values = Z[there[:, column], column]
        assert values.mean() == pytest.approx(0.0, abs=1e-5)
        assert values.std() == pytest.approx(1.0, abs=1e-5)
        assert (Z[~there[:, column], column] == 0.0).all()
    assert (Z[:, 3] == 0.0).all()


def test_a_first_row_without_features():
    """It is learnt, whether its label was known or not."""
    for classes in (None, ["a", "b"]):
        model = ERClassifier(hidden=(8,), classes=classes, seed=1)
        model.learn_one({}, "a")
        model.flush()
        assert model.n_batches == 1
        assert model.predict_one({"x": 1.0}) == "a"


def test_a_trunk_that_does_not_take_the_rows():
    """It is refused each time, with the width it must have: five columns and eleven of zeros."""
    x = dict.fromkeys("abcde", 1.0)
    trunks = [torch.nn.Sequential(torch.nn.Linear(n, 4), torch.nn.ReLU()) for n in (5, 16)]
    wrong, right = (ERClassifier(trunk=trunk, batch_size=1, seed=1) for trunk in trunks)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"trunk must take inputs of shape \(1, 16\), got mat"):
            wrong.learn_one(x, 0)
    right.learn_one(x, 0)
    assert right.predict_one(x) == 0


def test_late_categories_are_the_loops():
    """A category that a block brings is unknown to the rows before it, as in the loop."""
    rng = np.random.default_rng(2)
    colours = np.array(["red", "green", "blue"])[
        np.minimum(rng.integers(0, 3, 60), np.arange(60) // 15)
    ]
    rows = [{"x": float(v), "colour": c} for v, c in zip(rng.normal(size=60), colours, strict=True)]
    X = np.array([[row["x"], row["colour"]] for row in rows], dtype=object)
    y = [row["colour"] == "green" for row in rows]
    loop, block = (ERClassifier(hidden=(8,), memory_size=20, seed=1) for _ in range(2))
    expected = []
    for row, label in zip(rows, y, strict=True):
        expected.append(loop.predict_one(row))
        loop.learn_one(row, label)
    assert block.test_then_train_many(X, y, names=["x", "colour"]).tolist() == expected
    # the columns stand in another order, so sums differ in their last bits
    assert loop.predict_proba_one(rows[0]) == pytest.approx(block.predict_proba_one(rows[0]))


def test_one_wild_value_does_not_hide_all_others():
    """A spike counts as ten deviations: before, the deviation was the spike's for good."""
    rng = np.random.default_rng(3)
    y = rng.integers(3, size=600)
    X = rng.normal(size=(600, 4))
    X[np.arange(600), y] += 3.0
    X[300, 0] = 1e15
    model = ERClassifier(seed=1)
    with pytest.warns(UserWarning, match=r"feature 0 has the value 1e\+15, .*cut .*10 dev") as said:
        right = model.test_then_train_many(X, y) == y
    assert [each.filename for each in said] == [__file__]  # once, and where it was learnt
    assert np.mean(right[400:]) > 0.8
    early = ERClassifier(seed=1)
    early.learn_many(X[:300], y[:300])
    before = early._engine.inputs.state()["_m2"].clone()
    early.learn_one(dict(enumerate(X[300].tolist())), int(y[300]))
    with pytest.warns(UserWarning, match="feature 0"):
        early.flush()
    assert torch.all(early._engine.inputs.state()["_m2"] < 2.0 * before)
