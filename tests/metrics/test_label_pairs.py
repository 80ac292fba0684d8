"""Tests of `olearn.metrics.label_pairs`: codes, counts and their order, by hand."""

import numpy as np
import pandas as pd
import pytest
from river import metrics as river_metrics

from olearn.metrics.label_pairs import LabelPairs, count_pairs, encode_pairs


def decoded(pairs):
    return [(pairs.labels[t], pairs.labels[p]) for t, p in zip(pairs.true, pairs.pred, strict=True)]


@pytest.mark.parametrize(
    ("true", "pred"),
    [
        (["b", "a", "b"], ["a", "a", "c"]),
        (np.array([3, -2, 3]), np.array([3, 3, -2])),  # near: codes are distances
        (np.array([0, 10**12, 5]), np.array([5, 5, 0])),  # far apart
        (np.array([True, False, True]), np.array([False, False, True])),
        (np.array([1, 0, 1]), ["1", "0", 1]),  # of two kinds
        (pd.Series(["x", "y", "x"]), ("y", "y", "x")),
        ([], []),
    ],
    ids=["text", "near", "far", "bools", "mixed", "series", "none"],
)
def test_codes_stand_for_the_labels(true, pred):
    """Decoding gives back every row, each label of its own type."""
    pairs = encode_pairs(true, pred)
    expected = list(zip(list(true), list(pred), strict=True))
    assert decoded(pairs) == expected
    kinds = [(type(t).__name__, type(p).__name__) for t, p in decoded(pairs)]
    plain = {"int64": "int", "bool": "bool", "bool_": "bool"}
    assert kinds == [tuple(plain.get(type(v).__name__, type(v).__name__) for v in pair)
                     for pair in expected]  # fmt: skip


def test_rows_without_a_prediction_are_left_out():
    """None is no label: such a row is not counted, its true label is not known by it."""
    pairs = encode_pairs(["a", "b", "a"], [None, "a", None])
    assert decoded(pairs) == [("b", "a")]
    assert pairs.true_labels == ["b"]


@pytest.mark.parametrize("n_labels", [4, 257])  # a compiled table, and a counter
def test_counts_are_in_order_of_first_appearance(n_labels):
    """Each kind of pair once, with its number of rows."""
    true, pred = np.array([[2, 0, 2, 3, 0, 2], [1, 0, 1, 3, 1, 1]])
    pairs = LabelPairs(list(range(n_labels)), true, pred)
    assert pairs.counts == [(2, 1, 3), (0, 0, 1), (3, 3, 1), (0, 1, 1)]
    assert pairs.true_labels == [2, 0, 3]


def test_a_matrix_counts_rows_not_pairs():
    """`update` is called once a kind of pair, with its rows as a weight; all rows are counted."""
    called = []
    cm = river_metrics.ConfusionMatrix()

    def update(*arguments):
        called.append(arguments)
        cm.update(*arguments)

    count_pairs(update, cm, encode_pairs(list("aabab"), list("aaaab")))
    assert called == [("a", "a", 3), ("b", "a", 1), ("b", "b", 1)]
    assert cm.n_samples == 5
    assert cm["a"]["a"] == 3
