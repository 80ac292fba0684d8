"""The sixteen variants of an image of OnPro: halves turned by 180 degrees, then the whole."""

from functools import cache

import numpy as np
import torch
from torch import Tensor

N_VARIANTS = 16  # at most


@cache  # never dropped: CUDA graphs go on reading the table
def variant_index(height: int, width: int, device: torch.device) -> Tensor:
    """Return which pixel, row by row, each pixel of each variant is: `(variants, height * width)`.

    Variant `4 r + v`: v = 0 as it is, 1 the left half turned by 180 degrees within itself, 2 both,
    3 the right half; then the whole turned by 0, 180, 90, 270 degrees counter-clockwise (r = 0..3).
    Images that are not square are not turned by 90 and 270 degrees, which leaves 8 variants.
    """
    pixels = np.arange(height * width).reshape(height, width)
    half, turned = width // 2, pixels[::-1]
    left, right = turned[:, :half][:, ::-1], turned[:, half:][:, ::-1]
    images = [
        np.hstack([a, b])
        for a, b in (
            (pixels[:, :half], pixels[:, half:]),
            (left, pixels[:, half:]),
            (left, right),
            (pixels[:, :half], right),
        )
    ]
    turns = (0, 2, 1, 3) if height == width else (0, 2)
    variants = [np.rot90(image, quarters) for quarters in turns for image in images]
    return torch.from_numpy(np.stack(variants).reshape(len(variants), -1)).to(device)


def expand_variants(x: Tensor) -> Tensor:
    """Return all variants of a batch of images: variant 0 of each, then 1 of each, ...

    Rows of a table have only one variant, themselves.

    Parameters
    ----------
    x
        Images, shape `(n, channels, height, width)`, or rows, `(n, columns)`.

    """
    if x.ndim != 4:
        return x
    index = variant_index(*x.shape[2:], x.device)
    pixels = x.flatten(2)[:, :, index]  # (n, channels, variants, pixels)
    return pixels.permute(2, 0, 1, 3).reshape(-1, *x.shape[1:])


def variant_labels(labels: Tensor, n_rows: int) -> Tensor:
    """Return a code for each (label, variant), for the rows of `expand_variants`.

    Parameters
    ----------
    labels
        Codes of the batch, int64, shape `(n,)`; negative ones are codes like others.
    n_rows
        Number of rows of the expanded batch: n, 8 n or 16 n.

    """
    variants = torch.arange(n_rows // len(labels), device=labels.device)
    return (N_VARIANTS * labels + variants[:, None]).flatten()
