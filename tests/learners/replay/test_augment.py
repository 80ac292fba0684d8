"""Views of a batch: golden crops, naive colours, statistics, determinism; the sixteen variants."""

import colorsys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from torch.nn import functional  # noqa: E402  (after the skip)

from olearn.learners.replay.augment import (  # noqa: E402
    crop_view,
    grey,
    jitter_colours,
    row_view,
    strong_view,
    turn_hue,
)
from olearn.learners.replay.crops import draw_shifts, draw_sizes, resized_crop  # noqa: E402
from olearn.learners.replay.rotations import expand_variants, variant_labels  # noqa: E402


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def naive_jitter(image, factors, order, hue, turn):
    """One image (3, h, w) in float64: the four changes one after the other."""
    steps = [*order[:turn], "hue", *order[turn:]]
    for step in steps:
        if step == "hue":
            pixels = image.reshape(3, -1).T
            turned = []
            for r, g, b in pixels:
                h, s, v = colorsys.rgb_to_hsv(r, g, b)
                turned.append(colorsys.hsv_to_rgb((h + hue) % 1.0, s, v))
            image = np.array(turned).T.reshape(image.shape)
            continue
        luminance = np.tensordot([0.299, 0.587, 0.114], image, 1)
        reference = [0.0, luminance.mean(), luminance][step]
        image = np.clip(factors[step] * image + (1 - factors[step]) * reference, 0.0, 1.0)
    return image


def test_reflected_crops_and_flips_are_golden(golden):
    """Crops with given latents, the flip and grey equal the reference's; (1, 1, 0, 0) is x."""
    file = golden("onpro")
    x, latents = file["aug/x"], file["aug/crop_latents"]
    flip, keep = torch.ones(3, dtype=torch.bool), torch.zeros(3, dtype=torch.bool)
    whole, centre = torch.ones(3, 2), torch.zeros(3, 2)
    got = resized_crop(x, latents[:, :2], latents[:, 2:], keep, "reflect")
    torch.testing.assert_close(got, file["aug/crop_out"], rtol=1e-6, atol=1e-12)
    mirrored = resized_crop(x, whole, centre, flip, "reflect")
    torch.testing.assert_close(mirrored, file["aug/hflip_out"], rtol=1e-6, atol=1e-12)
    torch.testing.assert_close(resized_crop(x, whole, centre, keep, "reflect"), x)
    torch.testing.assert_close(resized_crop(mirrored, whole, centre, flip, "edge"), x)
    torch.testing.assert_close(grey(x), file["aug/gray_out"], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("flipped", [False, True])
def test_crops_with_edges_are_cut_then_enlarged(flipped):
    """A box of whole pixels equals cutting it out and interpolating it alone."""
    x = torch.rand((1, 3, 12, 10), generator=seeded(1), dtype=torch.float64)
    left, top, w, h = 2, 5, 7, 4
    scale = torch.tensor([[w / 10, h / 12]], dtype=torch.float64)
    shift = torch.tensor([[(2 * left + w) / 10 - 1, (2 * top + h) / 12 - 1]], dtype=torch.float64)
    source = x.flip(3) if flipped else x
    box = source[:, :, top : top + h, left : left + w]
    expected = functional.interpolate(box, size=(12, 10), mode="bilinear", align_corners=False)
    got = resized_crop(x, scale, shift, torch.tensor([flipped]), "edge")
    torch.testing.assert_close(got, expected)


def test_sizes_of_crops_have_the_reference_means(golden):
    """Mean width, height and area over 20,000 draws, as the reference's, to 0.004."""
    w, h = draw_sizes(20_000, 32, 32, 0.3, seeded(1))
    means = torch.stack([w.mean() / 32, h.mean() / 32, (w * h).mean() / 1024]).double()
    torch.testing.assert_close(
        means, golden("onpro")["aug/latent_stats_mean_w_h_area"], rtol=0, atol=0.004
    )


def test_crops_lie_inside_at_every_place():
    """Boxes stand on whole (or half) pixels, inside the image, at all places about as often."""
    sizes = (torch.full((9000,), 6.0), torch.full((9000,), 8.0))
    for halves, places in ((False, [-1, 0, 1]), (True, [-1, -0.5, 0, 0.5, 1])):
        shift = draw_shifts(sizes, 8, 8, halves, seeded(2))
        x, counts = torch.unique(shift[:, 0] * 4, return_counts=True)
        assert x.tolist() == places
        assert counts.min() > 0.9 * 9000 / len(places)
        assert shift[:, 1].abs().max() == 0.0


def test_colours_equal_the_naive_order_of_changes():
    """Each image gets its own order of brightness, contrast, saturation and hue."""
    generator = seeded(3)
    x = torch.rand((24, 3, 4, 4), generator=generator, dtype=torch.float64)
    factors = 0.6 + 0.8 * torch.rand((24, 3), generator=generator, dtype=torch.float64)
    order = torch.rand((24, 3), generator=generator).argsort(dim=1)
    hue = 0.2 * torch.rand(24, generator=generator, dtype=torch.float64) - 0.1
    turn = torch.arange(24) % 4
    got = jitter_colours(x, factors, order, hue, turn)
    for i in range(24):
        expected = naive_jitter(
            x[i].numpy(), factors[i].tolist(), order[i].tolist(), hue[i].item(), int(turn[i])
        )
        np.testing.assert_allclose(got[i].numpy(), expected, atol=1e-12)


def test_hue_of_greys_and_whole_turns():
    """Grey has no hue; a third of the circle turns red to green; no angle changes no bit."""
    grey_image = torch.full((1, 3, 2, 2), 0.4)
    torch.testing.assert_close(turn_hue(grey_image, torch.tensor([0.3])), grey_image)
    red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
    green = turn_hue(red, torch.tensor([1 / 3]))
    torch.testing.assert_close(green.flatten(), torch.tensor([0.0, 1.0, 0.0]), atol=1e-6, rtol=0)
    x = torch.rand((2, 3, 4, 4), generator=seeded(4))
    assert torch.equal(turn_hue(x, torch.zeros(2)), x)


@pytest.mark.parametrize("view", [strong_view, crop_view])
@pytest.mark.parametrize("shape", [(6, 3, 8, 8), (6, 1, 7, 9), (6, 5)])
def test_views_depend_on_the_generator_alone(view, shape):
    """Same generator, same bits; the input stays; values stay in the range of the input."""
    x = torch.rand(shape, generator=seeded(5))
    before = x.clone()
    first, second = view(x, seeded(6)), view(x, seeded(6))
    assert first.shape == x.shape
    assert torch.equal(first, second)
    assert torch.equal(x, before)
    assert not torch.equal(first, view(x, seeded(7)))
    if len(shape) == 4:
        assert first.min() >= 0.0
        assert first.max() <= 1.0


def test_rows_move_by_differences_of_rows():
    """The order of the columns does not matter, and a column that does not vary stays."""
    x = torch.randn((64, 5), generator=seeded(12))
    x[:, 2] = 1.5
    order = torch.tensor([3, 0, 2, 4, 1])
    moved = row_view(x, seeded(13))
    assert torch.equal(row_view(x[:, order], seeded(13)), moved[:, order])
    assert torch.equal(moved[:, 2], x[:, 2])
    spread = (moved - x).std(dim=0)[[0, 1, 3, 4]]
    torch.testing.assert_close(spread, torch.full((4,), 0.1 * 2**0.5), rtol=0.3, atol=0)


def test_shares_of_grey_and_flipped_views():
    """A fifth of the strong views is grey, a quarter of OnPro's; images differ in one batch."""
    x = torch.rand((1, 3, 4, 4), generator=seeded(8)).expand(4000, 3, 4, 4)
    for view, share in ((strong_view, 0.2), (crop_view, 0.25)):
        out = view(x, seeded(9))
        is_grey = (out[:, 0] - out[:, 1]).abs().amax(dim=(1, 2)) < 1e-6
        assert is_grey.double().mean().item() == pytest.approx(share, abs=0.02)
    ramp = torch.linspace(0, 1, 8).expand(4000, 1, 8, 8)
    falling = (crop_view(ramp, seeded(10))[:, 0, 0].diff(dim=1) <= 0).all(dim=1)
    assert falling.double().mean().item() == pytest.approx(0.5, abs=0.03)


def test_sixteen_variants_are_golden(golden):
    """The index table of a 4 by 4 image and a random batch equal the reference's exactly."""
    file = golden("onpro")
    numbers = torch.arange(16).view(1, 1, 4, 4)
    assert torch.equal(expand_variants(numbers)[:, 0], file["rot16/index4x4"].long())
    assert torch.equal(expand_variants(file["rot16/x"]), file["rot16/out"])


@pytest.mark.parametrize("side", [1, 5, 6])
def test_variants_move_pixels_only(side):
    """Every variant holds each pixel once, block 0 the images themselves."""
    x = torch.arange(2 * side * side).view(2, 1, side, side)
    out = expand_variants(x)
    assert torch.equal(out[:2], x)
    assert torch.equal(out.flatten(1).sort(dim=1).values, x.flatten(1).repeat(16, 1))


def test_labels_of_variants_are_pairs():
    """Equal codes mean equal label and equal variant; rows of a table have one variant."""
    labels = torch.tensor([3, -1, 3])
    codes = variant_labels(labels, 48)
    pairs = [(int(y), k) for k in range(16) for y in labels]
    for i in range(48):
        assert (codes == codes[i]).tolist() == [pair == pairs[i] for pair in pairs]
    rows = torch.rand((3, 4), generator=seeded(11))
    assert torch.equal(expand_variants(rows), rows)
    assert len(variant_labels(labels, 3)) == 3


def test_images_that_are_not_square_have_eight_variants():
    """They are not turned by 90 and 270 degrees; the others are those of square images."""
    x = torch.arange(24).view(1, 1, 4, 6)
    out = expand_variants(x)
    assert out.shape == (8, 1, 4, 6)
    assert torch.equal(out[4:], out[:4].flip(2, 3))
