"""Tests of `olearn.streams.views`."""

import numpy as np
import pytest

from olearn import streams

LABELS = ("a", "b", "c")


@pytest.fixture
def table():
    X = np.arange(20.0).reshape(5, 4)
    X[:, 2:] = [[0, 1], [1, 0], [2, 1], [1, 1], [0, 0]]
    return streams.from_arrays(
        X, [0, 1, 2, 1, 0], names=["p", "q", "k", "m"], nominal=["k", "m"], labels=LABELS
    )


def test_swaps_are_applied_in_order(table):
    """Columns and labels change places, pair after pair; all else stays."""
    view = streams.ConceptView(
        table,
        swap_features=[("p", "q"), ("k", "m")],
        swap_labels=[("a", "b"), ("b", "c")],
    )
    (X, y), (X_view, y_view) = next(table.blocks()), next(view.blocks())
    np.testing.assert_array_equal(X_view, X[:, [1, 0, 3, 2]])
    assert view.schema == table.schema
    # a and b change places, then what are now b and c
    assert [LABELS[c] for c in y] == ["a", "b", "c", "b", "a"]
    assert [LABELS[c] for c in y_view] == ["c", "a", "b", "a", "c"]


def test_swapping_twice_is_the_original(table):
    """A view of a view with the same pairs is the stream itself."""
    options = {"swap_features": [("p", "q")], "swap_labels": [("a", "c")]}
    twice = streams.ConceptView(streams.ConceptView(table, **options), **options)
    for block, original in zip(twice.blocks(), table.blocks(), strict=True):
        np.testing.assert_array_equal(block[0], original[0])
        np.testing.assert_array_equal(block[1], original[1])


def test_length_and_drifts_are_those_of_the_stream():
    """A view knows what its stream knows."""
    stream = streams.load("led_a_mini")
    view = streams.ConceptView(stream, swap_labels=[(0, 1)])
    assert view.n_samples == stream.n_samples
    assert view.drift_positions == stream.drift_positions


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"swap_features": [("p", "z")]}, "must be among the features 'p', 'q', 'k', 'm'; got 'z'"),
        ({"swap_features": [("p", "k")]}, "'p' and 'k' differ: both must be numeric, or nominal"),
        ({"swap_labels": [("a", "z")]}, "swap_labels must be among the labels"),
    ],
)
def test_bad_pairs_are_named(table, options, message):
    """A pair that cannot be swapped raises at once, and says why."""
    with pytest.raises(ValueError, match=message):
        streams.ConceptView(table, **options)
