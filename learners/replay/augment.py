"""Random views of a batch, in pure torch on its device, deterministic given a generator.

Constants are Python numbers, not tensors: these would be copied to the device, which waits.

`strong_view` is that of PCR and HPCR, on pixels in [0, 1]; `crop_view` that of OnPro, on normalised
pixels. Both give standardised rows of a table a little noise.
"""

import torch
from torch import Tensor

from olearn.learners.replay.crops import draw_shifts, draw_sizes, resized_crop

ROW_SHARE = 0.1  # of the difference of two rows that is added to a third
_GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601
_BRIGHTNESS, _CONTRAST, _SATURATION = range(3)


def strong_view(x: Tensor, generator: torch.Generator) -> Tensor:
    """Return crops (a fifth of the area or more), half of them flipped, with colours changed.

    Colours: brightness, contrast, saturation by factors in 0.6..1.4 and hue by -0.1..0.1 of the
    circle, in an order of its own for each image, with probability 0.8; grey with probability 0.2.

    Parameters
    ----------
    x
        Images in [0, 1], `(n, channels, height, width)`, or standardised rows, `(n, columns)`.
    generator
        Source of randomness, on the device of `x`.

    """
    if x.ndim != 4:
        return row_view(x, generator)
    n, _, height, width = x.shape
    sizes = draw_sizes(n, height, width, 0.2, generator)
    shifts = draw_shifts(sizes, height, width, False, generator)
    u = torch.rand((n, 11), generator=generator, device=x.device)
    x = resized_crop(x, _scale(sizes, height, width), shifts, u[:, 0] < 0.5, "edge")
    jittered = u[:, 1] < 0.8
    factors = torch.where(jittered[:, None], 0.6 + 0.8 * u[:, 2:5], 1.0)
    hue = torch.where(jittered, 0.2 * u[:, 5] - 0.1, 0.0)
    x = jitter_colours(x, factors, u[:, 6:9].argsort(dim=1), hue, torch.floor(4.0 * u[:, 9]))
    return torch.where((u[:, 10] < 0.2)[:, None, None, None], grey(x), x)


def crop_view(x: Tensor, generator: torch.Generator) -> Tensor:
    """Return crops (three tenths of the area or more), half of them flipped, a quarter grey.

    Parameters
    ----------
    x
        Normalised images, `(n, channels, height, width)`, or standardised rows, `(n, columns)`.
    generator
        Source of randomness, on the device of `x`.

    """
    if x.ndim != 4:
        return row_view(x, generator)
    n, _, height, width = x.shape
    sizes = draw_sizes(n, height, width, 0.3, generator)
    shifts = draw_shifts(sizes, height, width, True, generator)
    u = torch.rand((n, 2), generator=generator, device=x.device)
    x = resized_crop(x, _scale(sizes, height, width), shifts, u[:, 0] < 0.5, "reflect")
    return torch.where((u[:, 1] < 0.25)[:, None, None, None], grey(x), x)


def row_view(x: Tensor, generator: torch.Generator) -> Tensor:
    """Return rows, to each of which a tenth of the difference of two random rows was added.

    So the noise has the spread of the batch in every direction, leaves alone what does not vary,
    and does not depend on the order of the features.
    """
    u = torch.rand((2, len(x)), generator=generator, device=x.device)
    first, second = u.argsort(dim=1)
    return x + ROW_SHARE * (x[first] - x[second])


def grey(x: Tensor) -> Tensor:
    """Return the luminance of RGB images in all channels; of others, the mean of the channels."""
    if x.shape[1] == 3:
        red, green, blue = x.unbind(dim=1)
        mean = (_GREY[0] * red + _GREY[1] * green + _GREY[2] * blue)[:, None]
    else:
        mean = x.mean(dim=1, keepdim=True)
    return mean.expand_as(x)


def jitter_colours(x: Tensor, factors: Tensor, order: Tensor, hue: Tensor, turn: Tensor) -> Tensor:
    """Change brightness, contrast, saturation and hue of each image in an order of its own.

    Each of the first three blends with a reference (black, the mean grey, the grey image), so that
    one formula serves images at different steps; the hue is turned once, between the blends that
    come before it and those that come after it.

    Parameters
    ----------
    x
        Images in [0, 1], shape `(n, channels, height, width)`.
    factors
        Of brightness, contrast, saturation; 1 changes nothing; shape `(n, 3)`.
    order
        A permutation of 0, 1, 2 for each image: which is first, second, third.
    hue
        Angle by which the hue is turned, of the circle, in [-0.5, 0.5], shape `(n,)`.
    turn
        How many of the three come before the hue, 0..3, shape `(n,)`.

    """
    for early in (True, False):
        for place in range(3):
            kind = order[:, place : place + 1]
            takes_part = (turn[:, None] > place) == early
            factor = torch.where(takes_part, factors.gather(1, kind), 1.0)
            x = _blend(x, kind[:, :, None, None], factor[:, :, None, None])
        if early and x.shape[1] == 3:
            x = turn_hue(x, hue)
    return x


def turn_hue(x: Tensor, angle: Tensor) -> Tensor:
    """Turn the hue of RGB images in [0, 1] by angles of the circle, shape `(n,)`."""
    most, least = x.amax(dim=1), x.amin(dim=1)
    spread = most - least
    by = spread.clamp_min(torch.finfo(x.dtype).tiny)
    r, g, b = x.unbind(dim=1)
    blue_on_top = (r - g) / by + 4.0
    sixths = torch.where(most == g, (b - r) / by + 2.0, blue_on_top)
    sixths = torch.where(most == r, (g - b) / by, sixths) + 6.0 * angle[:, None, None]
    # a channel at angle `a` from its own colour: full to a sixth, none from two sixths on
    places = torch.stack([torch.remainder(sixths + turn, 6.0) for turn in (5.0, 3.0, 1.0)], dim=1)
    lacking = torch.minimum(places, 4.0 - places).clamp(0.0, 1.0)
    turned = most[:, None] - spread[:, None] * lacking
    return torch.where((angle == 0.0)[:, None, None, None], x, turned)


def _blend(x: Tensor, kind: Tensor, factor: Tensor) -> Tensor:
    shade = grey(x)
    reference = torch.where(kind == _CONTRAST, shade.mean(dim=(1, 2, 3), keepdim=True), shade)
    reference = torch.where(kind == _BRIGHTNESS, 0.0, reference)
    return (factor * x + (1.0 - factor) * reference).clamp(0.0, 1.0)


def _scale(sizes: tuple[Tensor, Tensor], height: int, width: int) -> Tensor:
    return torch.stack([sizes[0] / width, sizes[1] / height], dim=1)
