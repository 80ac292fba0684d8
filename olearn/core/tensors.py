"""Tensors of torch as arrays; torch is not imported to look for them."""

import sys
from typing import Any


def is_tensor(value: Any) -> bool:
    """Tell whether a value is a tensor of torch: there is none before torch is imported."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, getattr(torch, "Tensor", ()))


def as_array(values: Any) -> Any:
    """Return a tensor as a NumPy array, wherever it lies; anything else as it is."""
    if not is_tensor(values):
        return values
    here = values.detach().cpu()
    if here.layout is not sys.modules["torch"].strided:
        here = here.to_dense()
    return (here.double() if here.is_floating_point() else here).numpy()  # also bfloat16
