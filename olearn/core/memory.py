"""How much memory a model holds."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from river import base


def memory_bytes(value: Any) -> int:
    """Count the bytes held by plain containers, NumPy arrays and river objects, each array once."""
    if isinstance(value, np.ndarray):
        return value.nbytes + 112  # the object's own header
    if isinstance(value, base.Base):
        return memory_bytes(vars(value))
    size = sys.getsizeof(value)
    if isinstance(value, Mapping):
        return size + sum(memory_bytes(k) + memory_bytes(v) for k, v in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return size + sum(memory_bytes(item) for item in value)
    if hasattr(value, "py_func"):  # a kernel: code, which all models share
        return size
    if type(value).__module__.startswith("olearn."):
        return size + memory_bytes(vars(value))
    return size
