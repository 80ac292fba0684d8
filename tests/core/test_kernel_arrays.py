"""Tests of `olearn.core.kernel_arrays`."""

import sys
from collections import namedtuple

import numba
import numpy as np
from numba import carray, njit

from olearn.core.kernel_arrays import borrowed, pointer

Pair = namedtuple("Pair", "numbers counts")


@njit
def add_rows(matrix, pair):
    rows, p = borrowed(matrix), borrowed(pair)
    for row in rows:
        p.numbers[:] += row
        p.counts[0] += 1


@njit
def double_at(address, n):
    values = carray(pointer(address), (n,), np.float64)
    values *= 2.0


def test_borrowed_arrays_are_the_arrays_themselves():
    pair = Pair(np.zeros(3), np.zeros(1, np.int64))
    add_rows(np.arange(6.0).reshape(2, 3), pair)
    np.testing.assert_array_equal(pair.numbers, [3.0, 5.0, 7.0])
    assert pair.counts[0] == 2


def test_references_are_as_before():
    matrix, pair = np.ones((1000, 2)), Pair(np.zeros(2), np.zeros(1, np.int64))
    before = sys.getrefcount(matrix), sys.getrefcount(pair.numbers)
    for _ in range(5):
        add_rows(matrix, pair)
    assert (sys.getrefcount(matrix), sys.getrefcount(pair.numbers)) == before


def test_pointer_leads_to_the_array():
    values = np.arange(4.0)
    double_at(values.ctypes.data, len(values))
    np.testing.assert_array_equal(values, [0.0, 2.0, 4.0, 6.0])


def test_loops_over_borrowed_arrays_count_no_references():
    if numba.config.DISABLE_JIT:
        return
    add_rows(np.ones((1, 1)), Pair(np.zeros(1), np.zeros(1, np.int64)))
    (code,) = add_rows.inspect_llvm().values()
    body = code.split("define ")[1]
    assert "NRT_incref" not in body
