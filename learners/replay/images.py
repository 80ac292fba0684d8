"""Images as they come: uint8 arrays or tensors, and what they are told apart by."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

Shape = tuple[int, ...]

SMALLEST = 9  # pixels: below, the last maps of the residual network are single values


def are_images(x: Any, n_axes: int) -> bool:
    """Tell whether `x` is meant as an image (3 axes) or as many (4), rather than as rows."""
    if isinstance(x, Tensor):
        return True
    return isinstance(x, np.ndarray) and x.ndim >= min(n_axes, 3)


def image_tensor(name: str, x: Any, n_axes: int) -> Tensor:
    """Return images as a tensor, without a copy where that can be; check what they are."""
    axes = "(n, channels, height, width)" if n_axes == 4 else "(channels, height, width)"
    if str(x.dtype).removeprefix("torch.") != "uint8" or len(x.shape) != n_axes:
        raise ValueError(
            f"{name} must be uint8 of shape {axes}, got {x.dtype} of shape {tuple(x.shape)}"
        )
    return as_tensor(x)


def as_tensor(x: Any) -> Tensor:
    """Return an array as a tensor that shares its memory where torch allows it."""
    if isinstance(x, Tensor):
        return x
    shareable = x.flags.writeable and min(x.strides, default=0) >= 0
    return torch.from_numpy(x if shareable else x.copy())


def kind(shape: Shape | None) -> str:
    """Name what a learner learns."""
    return "a row of features" if shape is None else f"an image of shape {shape}"
