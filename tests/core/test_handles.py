"""Handles: kernels find each array, and what they would misread is refused."""

import ast
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from olearn.core.handles import float32_at, handle_of, int64_at, kinds_of
from olearn.core.jit import njit
from olearn.detectors import htm
from olearn.detectors.htm import _memory_layout, _pooler_layout


class Two(NamedTuple):
    """A layout of two arrays, the second of any kind."""

    counts: NDArray[np.int64]
    weights: NDArray[Any]


@njit
def _double(handle):
    int64_at(handle, 0)[0] += 5
    float32_at(handle, 1)[:] *= 2


def test_kernels_write_into_the_arrays():
    """A handle leads to the arrays themselves, of one, two or three dimensions."""
    counts, weights = np.arange(3), np.arange(6, dtype=np.float32).reshape(1, 3, 2)
    handle = handle_of([counts, weights], ["i8", "f4"])
    assert handle.tolist() == [[counts.ctypes.data, 3, 1, 1], [weights.ctypes.data, 1, 3, 2]]
    _double(handle)
    assert counts.tolist() == [5, 1, 2]
    assert weights.ravel().tolist() == [0, 2, 4, 6, 8, 10]


def test_kinds_come_from_the_annotations():
    """An exact type is asked for; a field of any number is not."""
    assert kinds_of(Two) == ("<i8", "")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([np.zeros(2, np.int32), np.zeros(2)], "array 0 .* type <i8, got int32"),
        ([np.zeros(2, np.int64), np.zeros((4, 4))[:, :2]], "array 1 .* contiguous"),
        ([np.zeros(2, np.int64), np.zeros((1, 1, 1, 1))], "array 1 .* 3 dimensions at most"),
        ([np.zeros(2, np.int64)], "longer than"),
    ],
)
def test_a_layout_that_disagrees_is_refused(arrays, message):
    """What kernels would misread, and damage memory by, raises."""
    with pytest.raises(ValueError, match=message):
        handle_of(arrays, kinds_of(Two))


@pytest.mark.parametrize(
    ("layout", "files"),
    [
        (_memory_layout, ("_memory_kernels", "_memory_step")),
        (_pooler_layout, ("_pooler_kernels", "_pipeline")),
    ],
)
def test_kernels_open_arrays_by_their_kind(layout, files):
    """Wherever a kernel writes `int32_at(h, at.NAME)`, the layout says that NAME is of int32.

    Or of uint32: what is never negative may be read as either.
    """
    opened = set()
    for name in files:
        text = (Path(htm.__file__).parent / f"{name}.py").read_text()
        for call in ast.walk(ast.parse(text)):
            function = getattr(call, "func", None)
            if isinstance(function, ast.Name) and function.id.endswith("_at"):
                array = call.args[1].attr
                kind = np.dtype(function.id.removesuffix("_at")).str[1:]
                stated = layout.KINDS[getattr(layout, array)]
                assert kind.replace("u", "i") == stated.replace("u", "i"), f"{name}: {array}"
                opened.add(array)
    assert len(opened) >= 14
