"""Handles: one `int64` array names all arrays of an object for the kernels.

A compiled function that is called from Python takes about 60 ns for each array that it is handed,
and a tree, an agent or a temporal memory has dozens. So their kernels take one array of addresses
and shapes and open what they need of it. A kernel believes a handle: a wrong type or order would
damage memory, not raise. `handle_of` therefore checks every array against the layout that the
kernels are written for.
"""

from collections.abc import Iterable, Sequence
from typing import Any, get_args, get_type_hints

import numpy as np
from numba import carray  # type: ignore[attr-defined]
from numpy.typing import NDArray

from olearn.core.jit import njit
from olearn.core.kernel_arrays import pointer

Handle = NDArray[np.int64]


def handle_of(arrays: Iterable[NDArray[Any]], kinds: Sequence[str]) -> Handle:
    """Return the handle of arrays: a row each, address and three sizes, missing ones 1.

    An address is valid while its array lives: the owner keeps the arrays, and makes a new handle
    after growth, copying and unpickling.

    Parameters
    ----------
    arrays
        C-contiguous arrays of at most three dimensions.
    kinds
        The type of each, as `"i8"`, in the order that the kernels know; empty for any type.

    Raises
    ------
    ValueError
        If an array is not what the kernels take it for.

    """
    rows = []
    for k, (array, kind) in enumerate(zip(arrays, kinds, strict=True)):
        if kind and array.dtype != kind:
            raise ValueError(f"array {k} of the layout must be of type {kind}, got {array.dtype}")
        if not array.flags.c_contiguous or array.ndim > 3:
            raise ValueError(f"array {k} of the layout must be contiguous, of 3 dimensions at most")
        rows.append((array.ctypes.data, *array.shape, *(1,) * (3 - array.ndim)))
    return np.array(rows, np.int64)


def kinds_of(layout: type) -> tuple[str, ...]:
    """Return the types that the fields of a named tuple of arrays are annotated with.

    Examples
    --------
    >>> from typing import Any, NamedTuple
    >>> import numpy as np
    >>> from numpy.typing import NDArray
    >>> from olearn.core.handles import kinds_of
    >>> class State(NamedTuple):
    ...     sums: NDArray[np.float64]
    ...     counts: NDArray[np.int64]
    ...     weights: NDArray[Any]
    >>> kinds_of(State)
    ('<f8', '<i8', '')

    """
    scalars = [get_args(get_args(hint)[1])[0] for hint in get_type_hints(layout).values()]
    return tuple(_kind_of(scalar) for scalar in scalars)


def _kind_of(scalar: Any) -> str:
    return "" if scalar in (Any, np.floating) else np.dtype(scalar).str


@njit(forceinline=True)
def _size(handle: Handle, k: int) -> int:
    return handle[k, 1] * handle[k, 2] * handle[k, 3]


@njit(forceinline=True)
def uint8_at(handle: Handle, k: int) -> NDArray[np.uint8]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[k, 0]), (_size(handle, k),), np.uint8)


@njit(forceinline=True)
def uint16_at(handle: Handle, k: int) -> NDArray[np.uint16]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[k, 0]), (_size(handle, k),), np.uint16)


@njit(forceinline=True)
def int32_at(handle: Handle, k: int) -> NDArray[np.int32]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[k, 0]), (_size(handle, k),), np.int32)


@njit(forceinline=True)
def uint32_at(handle: Handle, k: int) -> NDArray[np.uint32]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[k, 0]), (_size(handle, k),), np.uint32)


@njit(forceinline=True)
def int64_at(handle: Handle, k: int) -> NDArray[np.int64]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[k, 0]), (_size(handle, k),), np.int64)


@njit(forceinline=True)
def uint64_at(handle: Handle, k: int) -> NDArray[np.uint64]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[k, 0]), (_size(handle, k),), np.uint64)


@njit(forceinline=True)
def float32_at(handle: Handle, k: int) -> NDArray[np.float32]:
    """Open array `k` of a handle; flat, its references are not counted."""
    return carray(pointer(handle[k, 0]), (_size(handle, k),), np.float32)
