"""Between NumPy arrays and torch tensors of a device; torch is loaded where a device is named."""

from typing import Any

import numpy as np


def device_array(values: Any, device: str | None, dtype: str) -> Any:
    """Return the values as a new array (`device` None) or as a tensor on a device."""
    array = np.array(values, dtype=dtype)
    if device is None:
        return array
    import torch

    return torch.from_numpy(array).to(device)


def host(values: Any) -> Any:
    """Return an array or tensor as a float64 array; an array of that type comes back itself."""
    if not isinstance(values, np.ndarray):
        values = values.cpu().numpy()
    return np.asarray(values, dtype=np.float64)


def like(values: Any, other: Any) -> Any:
    """Return an array in the kind, type and place of `other`."""
    if isinstance(other, np.ndarray):
        return values.astype(other.dtype)
    import torch

    return torch.as_tensor(values, dtype=other.dtype, device=other.device)
