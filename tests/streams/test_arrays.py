"""Tests of `olearn.streams.arrays`."""

import math

import numpy as np
import pytest

from olearn import streams

X = np.array([[1.0, 2.0], [3.0, math.nan], [5.0, 6.0]])


def test_labels_are_kept_and_sorted():
    """Labels of any one kind become codes in sorted order, and come back as they were."""
    stream = streams.from_arrays(X, ["b", "a", "b"])
    assert stream.schema == streams.Schema(("x0", "x1"), (), ("a", "b"))
    assert next(stream.blocks())[1].tolist() == [1, 0, 1]
    assert [y for _, y in stream] == ["b", "a", "b"]
    assert streams.from_arrays(X, np.array([True, False, True])).schema.labels == (False, True)
    assert streams.from_arrays(X, np.array([7, 3, 7])).schema.labels == (3, 7)


def test_given_labels_make_y_codes():
    """With `labels`, y holds codes, and a label need not occur."""
    stream = streams.from_arrays(X, [1, 0, 1], labels=["no", "yes", "maybe"])
    assert [y for _, y in stream] == ["yes", "no", "yes"]
    assert stream.schema.labels == ("no", "yes", "maybe")


def test_integer_arrays_become_float_blocks():
    """Blocks are float64 copies, whatever the array's type; NaN is kept."""
    integers = np.arange(6, dtype=np.int16).reshape(3, 2)
    stream = streams.from_arrays(integers, [0, 1, 0])
    block, _ = next(stream.blocks())
    assert block.dtype == np.float64
    block[:] = -1
    assert integers[0, 0] == 0
    np.testing.assert_array_equal(next(streams.from_arrays(X, [0, 1, 0]).blocks())[0], X)


def test_numbers_as_targets():
    """Numbers come back as floats, in blocks and row by row; whole ones too, if asked for."""
    stream = streams.from_arrays(X, [3, 1, 2], target="numbers")
    assert stream.schema.target == streams.Numbers()
    assert stream.task == "Regression"
    block = next(stream.blocks())[1]
    assert block.dtype == np.float64
    block[:] = -1.0
    assert [y for _, y in stream] == [3.0, 1.0, 2.0]
    assert all(type(y) is float for _, y in stream)
    assert "Regression" in repr(stream)


def test_rows_without_target():
    """Rows alone: each comes with None."""
    stream = streams.from_arrays(X, None)
    assert stream.schema.target is None
    assert [y for _, y in stream] == [None] * 3
    assert np.isnan(next(stream.blocks())[1]).all()


def test_nominal_columns_hold_codes():
    """Dicts of a nominal column hold ints; drifts are known if given."""
    stream = streams.from_arrays(
        [[1, 0.5], [2, 0.5]], [0, 1], names=["k", "v"], nominal=["k"], drift_positions=[1]
    )
    assert [x for x, _ in stream] == [{"k": 1, "v": 0.5}, {"k": 2, "v": 0.5}]
    assert stream.drift_positions == (1,)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([1, 2], [0, 1]), {}, "X must be a 2-D array of numbers"),
        (([["a"]], [0]), {}, "X must be a 2-D array of numbers"),
        ((np.empty((0, 2)), []), {}, "X must have at least one row"),
        ((X, [0, 1]), {}, r"y must have shape \(3,\)"),
        (
            (X, [0.5, 1.5, 0.5]),
            {},
            "y must hold class labels, got the real number 0.5; target='numbers'",
        ),
        ((X, [0.5, math.inf, 0]), {"target": "numbers"}, "y must be finite, got inf"),
        ((X, [0.5, 1.0]), {"target": "numbers"}, "y must have one number a row"),
        ((X, [1, 2, 3]), {"target": "numbers", "labels": [1]}, "labels must be None for a target"),
        ((X, [1, 2, 3]), {"target": "number"}, "target must be one of 'classes', 'numbers'"),
        ((X, [math.nan, 1, 0]), {}, "y must hold a label in every row, got nan"),
        ((X, [0, 1, 2]), {"labels": ["a", "b"]}, "y must hold codes from 0 to 1, got 0 to 2"),
        ((X, ["a", "b", "a"]), {"labels": ["a", "b"]}, "y must hold codes where labels are given"),
        ((X, [0, 1, 0]), {"names": ["a"]}, "names must be 2, one a column, got 1"),
        ((X, [0, 1, 0]), {"nominal": ["z"]}, "nominal must be among"),
        (([[0.5]], [0]), {"nominal": ["x0"]}, "nominal feature 'x0' must hold whole numbers"),
    ],
)
def test_bad_arguments_are_named(arguments, options, message):
    """What does not fit together raises at once, and says what."""
    with pytest.raises(ValueError, match=message):
        streams.from_arrays(*arguments, **options)
