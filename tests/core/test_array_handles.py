"""Tests of `olearn.core.array_handles`."""

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from olearn.core.array_handles import Field, reader
from olearn.core.handles import handle_of, kinds_of
from olearn.core.jit import inner, njit


class Arrays(NamedTuple):
    """Arrays of one, two and three dimensions."""

    numbers: NDArray[np.float64]
    table: NDArray[np.int64]
    marks: NDArray[np.int8]


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
    assert change_at(handle_of(arrays, kinds_of(Arrays)), 1) == 2
    assert arrays.numbers.tolist() == [1.0, 6.0, 1.0]
    assert arrays.marks[1, :, 1].tolist() == [1, 2, 3, 4]
    assert arrays.marks.sum() == 10


def test_the_tuple_itself_serves_the_same_kernels():
    """What a kernel does with a handle it does with the arrays."""
    by_handle, by_tuple = some_arrays(), some_arrays()
    change_at(handle_of(by_handle, kinds_of(Arrays)), 0)
    change(by_tuple, 0)
    for one, other in zip(by_handle, by_tuple, strict=True):
        np.testing.assert_array_equal(one, other)


def test_fields_are_those_of_the_tuple():
    """Counting on fingers which address is whose would end in wrong memory."""
    with pytest.raises(ValueError, match="fields must be those of Arrays"):
        reader(Arrays, {"table": Field(np.int64, (None, 3))})
