"""Random resized crops with flips: one grid and one `grid_sample` for a whole batch."""

import math

import torch
from torch import Tensor
from torch.nn import functional

_PROPOSALS = 10  # for each image; where none fits, the whole image is taken
_LOG_RATIO = math.log(4.0 / 3.0)


def draw_sizes(
    n: int, height: int, width: int, least_area: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw widths and heights of crops, whole pixels as float32, each of shape `(n,)`.

    Areas are uniform between `least_area` and 1 of the image's, ratios log-uniform between 3/4 and
    4/3; proposals that do not fit into the image are drawn again.
    """
    u = torch.rand((2, _PROPOSALS, n), generator=generator, device=generator.device)
    area = height * width * (least_area + (1.0 - least_area) * u[0])
    ratio = torch.exp(_LOG_RATIO * (2.0 * u[1] - 1.0))
    w, h = torch.round(torch.sqrt(area * ratio)), torch.round(torch.sqrt(area / ratio))
    fits = (w >= 1) & (w <= width) & (h >= 1) & (h <= height)
    first = fits.to(torch.uint8).argmax(dim=0, keepdim=True)
    some = fits.any(dim=0)
    return (
        torch.where(some, w.gather(0, first)[0], float(width)),
        torch.where(some, h.gather(0, first)[0], float(height)),
    )


def draw_shifts(
    sizes: tuple[Tensor, Tensor], height: int, width: int, halves: bool, generator: torch.Generator
) -> Tensor:
    """Draw centres of crops from that of the image, by half its sides, shape `(n, 2)`: x, then y.

    Uniform over the positions of whole pixels, or, with `halves`, of half pixels.
    """
    u = torch.rand((len(sizes[0]), 2), generator=generator, device=generator.device)
    spare = torch.stack([width - sizes[0], height - sizes[1]], dim=1)
    step = 1.0 if halves else 2.0
    places = torch.floor(u * (2.0 / step * spare + 1.0)).minimum(2.0 / step * spare)
    shift = step * places - spare
    return torch.stack([shift[:, 0] / width, shift[:, 1] / height], dim=1)


def resized_crop(x: Tensor, scale: Tensor, shift: Tensor, flip: Tensor, padding: str) -> Tensor:
    r"""Flip images where told, cut a box out of each, and enlarge it to the size of the image.

    Point $u \in [-1, 1]^2$ of the result is point `scale` $u$ + `shift` of the (flipped) image,
    read bilinearly, pixels being areas (`align_corners` off).

    Parameters
    ----------
    x
        Images, shape `(n, channels, height, width)`.
    scale
        Sides of the boxes by those of the image, in (0, 1], shape `(n, 2)`: width, then height.
    shift
        Centres of the boxes, shape `(n, 2)`: x, then y; the image is [-1, 1].
    flip
        Bool, shape `(n,)`: mirror left and right first.
    padding
        `"edge"`: outside the box its own edge goes on, as if it were cut out first;
        `"reflect"`: the image goes on, mirrored beyond its own edge.

    """
    n, _, height, width = x.shape
    axes = []
    for axis, size in enumerate((width, height)):
        centres = (2.0 * torch.arange(size, device=x.device, dtype=x.dtype) + 1.0) / size - 1.0
        half, middle = (v[:, axis : axis + 1].to(x.dtype) for v in (scale, shift))
        at = half * centres + middle  # (n, size)
        if padding == "edge":
            reach = half - 1.0 / size  # to the centre of the last pixel of the box
            at = at.clamp(middle - reach, middle + reach)
        axes.append(at)
    across = torch.where(flip[:, None], -axes[0], axes[0])
    grid = torch.stack(
        [across[:, None, :].expand(n, height, width), axes[1][:, :, None].expand(n, height, width)],
        dim=3,
    )
    mode = "border" if padding == "edge" else "reflection"
    return functional.grid_sample(x, grid, mode="bilinear", padding_mode=mode, align_corners=False)
