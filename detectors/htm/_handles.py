"""Handles: one `int64` array names all arrays of an object for the kernels.

Passing an array to a compiled function costs about 60 ns, and the parts of an HTM have dozens. So
their kernels take one array of addresses and lengths and open what they need of it. An address is
valid while its array lives: the owner keeps the arrays and makes a new handle after unpickling.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numba import carray  # type: ignore[attr-defined]
from numpy.typing import NDArray

from olearn.core.jit import njit
from olearn.core.kernel_arrays import pointer

Handle = NDArray[np.int64]


def make_handle(arrays: Iterable[NDArray[Any]]) -> Handle:
    """Return the handle of contiguous arrays: address and number of items of each in turn."""
    pairs = []
    for array in arrays:
        assert array.flags.c_contiguous
        pairs += [array.ctypes.data, array.size]
    return np.array(pairs, np.int64)


@njit(forceinline=True)
def uint8_at(handle: Handle, k: int) -> NDArray[np.uint8]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[2 * k]), (handle[2 * k + 1],), np.uint8)


@njit(forceinline=True)
def uint16_at(handle: Handle, k: int) -> NDArray[np.uint16]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[2 * k]), (handle[2 * k + 1],), np.uint16)


@njit(forceinline=True)
def int32_at(handle: Handle, k: int) -> NDArray[np.int32]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[2 * k]), (handle[2 * k + 1],), np.int32)


@njit(forceinline=True)
def uint32_at(handle: Handle, k: int) -> NDArray[np.uint32]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[2 * k]), (handle[2 * k + 1],), np.uint32)


@njit(forceinline=True)
def int64_at(handle: Handle, k: int) -> NDArray[np.int64]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[2 * k]), (handle[2 * k + 1],), np.int64)


@njit(forceinline=True)
def uint64_at(handle: Handle, k: int) -> NDArray[np.uint64]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[2 * k]), (handle[2 * k + 1],), np.uint64)


@njit(forceinline=True)
def float32_at(handle: Handle, k: int) -> NDArray[np.float32]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[2 * k]), (handle[2 * k + 1],), np.float32)
