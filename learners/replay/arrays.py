"""Tensors to NumPy arrays and back, inside of dicts and lists: what is saved needs no device."""

from typing import Any

import numpy as np
import torch
from torch import Tensor


def exported(value: Any) -> Any:
    """Copy nested dicts and lists, tensors as arrays."""
    if isinstance(value, Tensor):
        return value.detach().cpu().numpy().copy()
    if isinstance(value, dict):
        return {key: exported(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [exported(item) for item in value]
    return value


def imported(value: Any, device: torch.device) -> Any:
    """Copy nested dicts and lists, arrays as tensors on a device."""
    if isinstance(value, np.ndarray):
        return torch.tensor(value, device=device)
    if isinstance(value, dict):
        return {key: imported(item, device) for key, item in value.items()}
    if isinstance(value, list):
        return [imported(item, device) for item in value]
    return value
