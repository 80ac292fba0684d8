"""Tests of columns and their random features, and of what two models must share to be merged."""

import itertools

import numpy as np
import pytest

from olearn import learners
from olearn.core.features import FeatureIndex
from olearn.learners.analytic._columns import Columns, uniform_row
from olearn.learners.analytic._joining import check_mergeable, joined_features


def index_of(rows):
    index = FeatureIndex()
    for row in rows:
        index.learn_one(row)
    return index


def test_rows_become_columns():
    """A number is a column, a category an indicator; what is missing or unknown is 0."""
    rows = [{"c": "red", "n": 2.0}, {"c": "blue", "n": float("nan")}, {"c": None, "n": 4.0}]
    index, columns = index_of(rows), Columns()
    columns.follow(index)
    encoded = np.array([index.encode_one(row) for row in [*rows, {"c": "green", "n": 1.0}]])
    expanded = columns.expand(index, encoded)
    of = {key: expanded[:, i].tolist() for i, key in enumerate(columns.keys)}
    assert of == {
        ("n", None): [2, 0, 4, 1],
        ("c", "red"): [1, 0, 0, 0],
        ("c", "blue"): [0, 1, 0, 0],
    }


def test_random_features_hang_on_key_and_seed_alone():
    """The same column has the same numbers in another learner; others differ, all in [-1, 1)."""
    keys = [("a", None), ("a", "x"), ("b", None), (0, None), ("0", None), ("a", 0.0)]
    rows = [uniform_row(seed, key, 50) for seed in (1, 2) for key in keys]
    np.testing.assert_array_equal(rows[1], uniform_row(1, ("a", "x"), 50))
    np.testing.assert_array_equal(rows[1][:20], uniform_row(1, ("a", "x"), 20))
    assert all(not np.allclose(*pair) for pair in itertools.combinations(rows, 2))
    assert np.abs(rows).max() < 1.0
    assert np.min(rows) < -0.9 < 0.9 < np.max(rows)


def test_joined_features_are_those_of_both():
    """Names and categories of the first keep their places, those of the second follow."""
    first = index_of([{"a": 1.0, "c": "red"}])
    second = index_of([{"c": "blue", "b": 2.0}, {"c": "red"}])
    joined = joined_features(first, second)
    assert joined.names == ["a", "c", "b"]
    assert list(joined.categories[1].codes) == ["red", "blue"]
    assert [joined.categories[i] for i in (0, 2)] == [None, None]
    assert first.names == ["a", "c"]
    assert list(first.categories[1].codes) == ["red"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"noise": 0.5}, "noise=1.0, got 0.5"),
        ({"n_features": 9}, "n_features=8, got 9"),
        ({"balance": "pfg"}, "balance=none, got pfg"),
        ({"forgetting": 0.5}, "forgetting=1.0, got 0.5"),
    ],
    ids=repr,
)
def test_models_of_other_settings_are_refused(given, message):
    """The setting that differs is named, with both values."""
    made = {"n_features": 8, "balance": "none", "seed": 1}
    models = [learners.AEFOCLClassifier(**{**made, **more}) for more in ({}, given)]
    with pytest.raises(ValueError, match=message):
        check_mergeable(*models)
    check_mergeable(models[0], learners.AEFOCLClassifier(**made))


def test_models_that_forget_are_not_merged():
    """Rows of two streams have no common age."""
    models = [learners.AnalyticRidgeClassifier(8, forgetting=0.9, seed=1) for _ in range(2)]
    with pytest.raises(ValueError, match=r"forgetting must be 1 to merge, got 0\.9"):
        check_mergeable(*models)
