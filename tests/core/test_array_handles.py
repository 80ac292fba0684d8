"""Tests of `olearn.core.array_handles`."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from olearn.core.array_handles import Field, handle_of, reader
from olearn.core.jit import inner, njit


class Arrays(NamedTuple):
    """Arrays of one, two and three dimensions."""

    numbers: Any
    table: Any
    marks: Any


arrays_at = reader(
    Arrays,
    {
        "numbers": Field(np.float64, (None,)),
        "table": Field(np.int64, (None, 3)),
        "marks": Field(np.int8, (None, None, None)),
    },
)


@inner
def change(t, i):
    t.numbers[i] += t.table[i, 2]
    for j in range(t.marks.shape[1]):
        t.marks[i, j, 1] = j + 1
    return t.marks.shape[0]


@njit
def change_at(handle, i):
    return change(arrays_at(handle), i)


def some_arrays():
    return Arrays(np.ones(3), np.arange(9).reshape(3, 3), np.zeros((2, 4, 2), np.int8))


def test_kernels_read_and_write_the_arrays_of_a_handle():
    """Each array is found with its type, sizes and place, whether a size is fixed or read."""
    arrays = some_arrays()
    assert change_at(handle_of(arrays), 1) == 2
    assert arrays.numbers.tolist() == [1.0, 6.0, 1.0]
    assert arrays.marks[1, :, 1].tolist() == [1, 2, 3, 4]
    assert arrays.marks.sum() == 10


def test_the_tuple_itself_serves_the_same_kernels():
    """What a kernel does with a handle it does with the arrays."""
    by_handle, by_tuple = some_arrays(), some_arrays()
    change_at(handle_of(by_handle), 0)
    change(by_tuple, 0)
    for one, other in zip(by_handle, by_tuple, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("array", [np.zeros((4, 4)).T[1:], np.zeros((1, 1, 1, 1))])
def test_arrays_that_a_handle_cannot_describe_are_refused(array):
    """Strides are not part of a handle, and neither is a fourth size."""
    with pytest.raises(ValueError, match="C-contiguous, at most 3-D"):
        handle_of([array])


def test_fields_are_those_of_the_tuple():
    """Counting on fingers which address is whose would end in wrong memory."""
    with pytest.raises(ValueError, match="fields must be those of Arrays"):
        reader(Arrays, {"table": Field(np.int64, (None, 3))})
