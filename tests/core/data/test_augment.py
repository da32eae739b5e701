"""Augmentation does what it says, by the image's key alone, and nothing where nothing is asked."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from core.data.augment import COLOURS, Augment
from core.images.preprocess import Preprocess
from tests.support.images.augmented import COLOUR, EACH, EVERYTHING, PLAIN, changed, random_pixels

GREY = Preprocess((16, 20), 28, (0.5,), (0.5,))


def test_the_default_is_none_and_every_setting_is_something() -> None:
    assert Augment().is_none
    assert Augment(patch="white", fill="grey").is_none  # Colours of what does not happen.
    for name, value in EACH.items():
        assert not Augment(**{name: value}).is_none


@pytest.mark.parametrize("name", [name for name in EACH if name != "crop"])
def test_every_setting_changes_some_image(name: str) -> None:
    pixels = random_pixels(8)
    assert not torch.equal(changed(Augment(**{name: EACH[name]}), pixels), pixels)


def test_a_crop_changes_the_image_more_the_smaller_it_may_be() -> None:
    pixels = random_pixels(16)
    some, much = ((changed(Augment(crop=crop), pixels).float() - pixels).abs().mean() for crop in (0.9, 0.1))
    assert 0 < some < much


@pytest.mark.parametrize("preprocess", [COLOUR, PLAIN])
def test_the_default_only_cuts_the_margin_off(preprocess: Preprocess) -> None:
    """At a random place, of which there are (2 · margin + 1) squared."""
    pixels = random_pixels(8, preprocess=preprocess)
    places = range(2 * preprocess.margin + 1)
    for image, cut in zip(pixels, changed(Augment(), pixels, preprocess=preprocess), strict=True):
        windows = [image[:, top : top + 16, left : left + 20] for top in places for left in places]
        assert any(torch.equal(cut, window) for window in windows)


def test_over_many_keys_the_cut_reaches_every_edge() -> None:
    rows = torch.arange(24, dtype=torch.uint8)[None, :, None].expand(3, 24, 28)
    firsts = changed(Augment(), rows.repeat(100, 1, 1, 1), preprocess=COLOUR)[:, 0, 0, 0]
    assert set(firsts.tolist()) == set(range(9))


@pytest.mark.parametrize(("name", "axis"), [("flip", -1), ("vertical_flip", -2)])
def test_a_flipped_image_is_the_mirrored_one_in_half_of_the_cases(name: str, axis: int) -> None:
    pixels = random_pixels(1).repeat(200, 1, 1, 1)
    found = changed(Augment(**{name: True}), pixels)
    mirrored = pixels[0].flip(axis)
    as_it_was = sum(torch.equal(image, pixels[0]) for image in found)
    turned = sum(torch.equal(image, mirrored) for image in found)
    assert as_it_was + turned == 200
    assert 70 < turned < 130  # Four standard deviations of a fair coin.


@pytest.mark.parametrize("patch", COLOURS)
def test_a_patch_has_its_colour_and_2_to_20_percent_of_the_area(patch: str) -> None:
    side = 100
    preprocess = Preprocess((side, side), None, (0.5,) * 3, (0.5,) * 3)
    pixels = torch.full((40, 3, side, side), 77, dtype=torch.uint8)
    found = changed(Augment(occlusion=1.0, patch=patch), pixels, preprocess=preprocess)
    covered = found != 77
    assert (found[covered] == COLOURS[patch]).all()
    assert torch.equal(covered.any(1), covered.all(1))  # All channels of a pixel.
    areas = covered[:, 0].float().mean((1, 2))
    assert areas.min() > 0.019  # Sides are whole pixels.
    assert areas.max() < 0.21
    assert areas.max() - areas.min() > 0.1
    for mask in covered[:, 0]:  # One rectangle.
        rows, columns = mask.any(1), mask.any(0)
        assert torch.equal(mask, rows[:, None] & columns[None])


def _covered(patch: str) -> tuple[Tensor, Tensor]:
    """Images of 77 under a patch (N, 3, 60, 60), and where they are covered (N, 60, 60)."""
    preprocess = Preprocess((60, 60), None, (0.5,) * 3, (0.5,) * 3)
    pixels = torch.full((40, 3, 60, 60), 77, dtype=torch.uint8)
    found = changed(Augment(occlusion=1.0, patch=patch), pixels, preprocess=preprocess)
    return found, (found != 77).any(1)


def test_a_patch_of_a_random_colour_has_one_colour_and_each_image_another() -> None:
    found, covered = _covered("colour")
    colours = {
        tuple(image[:, mask].unique(dim=1).flatten().tolist())
        for image, mask in zip(found, covered, strict=True)
    }
    assert {len(colour) for colour in colours} == {3}  # One number for each channel.
    assert len(colours) == 40
    assert 0.019 < covered.float().mean((1, 2)).min() < covered.float().mean((1, 2)).max() < 0.21


def test_a_patch_of_noise_is_uniform_over_all_levels() -> None:
    found, covered = _covered("noise")
    levels = found.permute(1, 0, 2, 3)[:, covered].float()
    standard_error = 255 / 12**0.5 / levels.shape[1] ** 0.5
    assert (levels.mean(1) - 127.5).abs().max() < 5 * standard_error
    assert (levels.min(), levels.max()) == (0, 255)


@pytest.mark.parametrize("patch", ["grey", "colour"])
def test_occlusion_is_a_probability(patch: str) -> None:
    pixels = torch.full((200, 3, 16, 20), 77, dtype=torch.uint8)
    hit = (changed(Augment(occlusion=0.25, patch=patch), pixels) != 77).flatten(1).any(1).sum()
    assert 26 < hit < 74  # Four standard deviations.


@pytest.mark.parametrize("fill", COLOURS)
@pytest.mark.parametrize("preprocess", [PLAIN, replace(PLAIN, mean=(0.5,), std=(0.5,))])
def test_corners_that_a_change_opens_have_the_colour_of_fill(fill: str, preprocess: Preprocess) -> None:
    """Half as large, an image of 77 lies in the middle; all else is fill, but for blended edges."""
    pixels = torch.full((1, len(preprocess.mean), 16, 20), 77, dtype=torch.uint8)
    found = changed(Augment(zoom=(0.5, 0.5), fill=fill), pixels, preprocess=preprocess)
    corners = found[..., [0, 0, -1, -1], [0, -1, 0, -1]]
    assert set(corners.flatten().tolist()) == {COLOURS[fill]}
    assert (found[..., 5:11, 6:14] == 77).all()


@pytest.mark.parametrize(("fill", "mode"), [("reflect", "symmetric"), ("nearest", "edge")])
def test_beyond_its_edges_an_image_goes_on_mirrored_or_with_its_outermost_pixels(
    fill: str, mode: str
) -> None:
    """Shifted by whole pixels, it is a window of the image padded as NumPy pads it."""
    pixels = random_pixels(20)
    found = changed(Augment(translate=0.4, fill=fill), pixels)
    moved = changed(Augment(translate=0.4), pixels)
    reach = 8
    padded = np.pad(pixels.numpy(), ((0, 0), (0, 0), (reach, reach), (reach, reach)), mode=mode)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (16, 20), (2, 3))
    for image, plain, places in zip(
        found.numpy(), moved.numpy(), windows.transpose(0, 2, 3, 1, 4, 5), strict=True
    ):
        same = (places == image).all((2, 3, 4))
        assert same.sum() == 1
        (row,), (column,) = same.nonzero()
        inside = np.s_[
            :,
            max(0, reach - row) : 16 - max(0, row - reach),
            max(0, reach - column) : 20 - max(0, column - reach),
        ]
        assert (plain[inside] == image[inside]).all()


def test_where_the_image_reaches_the_fill_makes_no_difference() -> None:
    """Turned, sheared and magnified as torchvision does, to a grey level: the middle of the image."""
    pixels = random_pixels(30)
    settings = {"rotation": 20.0, "shear": 10.0, "zoom": (1.5, 2.0), "translate": 0.05}
    black = changed(Augment(**settings), pixels)[..., 5:11, 6:14].short()
    for fill in ("reflect", "nearest"):
        other = changed(Augment(**settings, fill=fill), pixels)[..., 5:11, 6:14].short()
        assert (other - black).abs().max() <= 1
        assert not torch.equal(black, pixels[..., 5:11, 6:14].short())


@pytest.mark.parametrize("fill", ["reflect", "nearest"])
def test_a_plain_image_stays_plain_without_empty_corners(fill: str) -> None:
    pixels = torch.full((20, 3, 16, 20), 200, dtype=torch.uint8)
    found = changed(Augment(rotation=180, translate=1, zoom=(0.1, 1), shear=40, fill=fill), pixels)
    assert torch.equal(found, pixels)


def test_a_channel_shift_adds_to_each_channel_a_number_of_its_own() -> None:
    pixels = torch.full((100, 3, 16, 20), 100, dtype=torch.uint8)
    found = changed(Augment(channel_shift=0.2), pixels)
    levels = found[..., 0, 0].float()
    assert torch.equal(found, found[..., :1, :1].expand_as(found))
    assert 49 <= levels.min() < 55
    assert 145 < levels.max() <= 151
    assert torch.corrcoef(levels.T).triu(1).abs().max() < 0.4  # Four standard deviations of independent ones.
    bright = torch.full((20, 3, 16, 20), 250, dtype=torch.uint8)
    assert changed(Augment(channel_shift=1.0), bright).max() == 255


def test_black_fill_is_the_default() -> None:
    pixels = torch.full((20, 3, 16, 20), 200, dtype=torch.uint8)
    found = changed(Augment(rotation=45), pixels)
    assert found.min() == 0
    assert torch.equal(found, changed(Augment(rotation=45, fill="black"), pixels))


def test_brightness_and_gamma_stay_within_their_bounds() -> None:
    pixels = torch.full((100, 3, 16, 20), 100, dtype=torch.uint8)
    bright = changed(Augment(brightness=0.2), pixels)
    assert 80 <= bright.min() < 85
    assert 115 < bright.max() <= 120
    curved = changed(Augment(gamma=(0.8, 1.25)), pixels)
    low, high = (255 * (100 / 255) ** exponent for exponent in (1.25, 0.8))
    assert low - 1 <= curved.min() < curved.max() <= high + 1
    assert changed(Augment(gamma=(2.0, 2.0)), pixels).float().mean() == pytest.approx(
        255 * (100 / 255) ** 2, abs=1
    )


def test_a_translation_moves_whole_pixels_no_further_than_said() -> None:
    pixels = torch.zeros(60, 3, 16, 20, dtype=torch.uint8)
    pixels[:, :, 8, 10] = 255
    found = changed(Augment(translate=0.25), pixels)
    places = found[:, 0].flatten(1).argmax(1)
    rows, columns = places // 20 - 8, places % 20 - 10
    assert (rows.abs().max().item(), columns.abs().max().item()) == (4, 5)


def test_a_nearest_preprocess_makes_no_new_colours() -> None:
    preprocess = replace(PLAIN, interpolation="nearest")
    pixels = (torch.rand(10, 3, 16, 20, generator=torch.Generator().manual_seed(0)) > 0.5).byte() * 200
    augment = Augment(rotation=40, zoom=(0.8, 1.3), shear=10, crop=0.5)
    assert set(changed(augment, pixels, preprocess=preprocess).unique().tolist()) == {0, 200}


@pytest.mark.parametrize("preprocess", [COLOUR, GREY, PLAIN])
@pytest.mark.parametrize("name", [*EACH, "all of them"])
def test_every_setting_gives_uint8_of_the_input_size(preprocess: Preprocess, name: str) -> None:
    augment = EVERYTHING if name == "all of them" else Augment(**{name: EACH[name]})
    found = changed(augment, random_pixels(3, preprocess=preprocess), preprocess=preprocess)
    assert found.dtype == torch.uint8
    assert found.shape == (3, len(preprocess.mean), 16, 20)


def test_factors_are_those_of_the_interval() -> None:
    pixels = random_pixels(4)
    darker = changed(Augment(brightness_factor=(0.25, 0.25)), pixels).float()
    assert (darker - pixels.float() / 4).abs().max() <= 1
    drawn = changed(
        Augment(brightness_factor=(0.5, 1.0)), torch.full((40, 3, 16, 20), 200, dtype=torch.uint8)
    )
    levels = drawn[:, 0, 0, 0].float() / 200
    assert levels.min() >= 0.49
    assert levels.max() <= 1
    assert levels.max() - levels.min() > 0.35
    grey = changed(Augment(saturation_factor=(0.01, 0.01)), pixels).float()
    assert (grey - grey.mean(1, keepdim=True)).abs().max() <= 3


@pytest.mark.parametrize("settings", [{"blur": 0.2}, {"resolution": 0.2}])
def test_blur_and_resolution_take_detail_away_and_leave_flat_images(settings: dict[str, float]) -> None:
    flat = torch.full((2, 3, 16, 20), 77, dtype=torch.uint8)
    assert torch.equal(changed(Augment(**settings), flat), flat)
    checked = ((torch.arange(16)[:, None] + torch.arange(20)) % 2 * 255).to(torch.uint8).repeat(30, 3, 1, 1)
    found = changed(Augment(**settings), checked).float()
    contrasts = found.std((1, 2, 3)) / checked.float().std()
    assert contrasts.min() < 0.1  # A checkerboard of single pixels turns grey.
    assert (found.mean((1, 2, 3)) - 127.5).abs().max() < 8


def test_grey_images_have_no_hue_or_saturation_to_change() -> None:
    preprocess = replace(PLAIN, mean=(0.5,), std=(0.5,))
    pixels = random_pixels(4, preprocess=preprocess)
    assert torch.equal(changed(Augment(hue=0.5, saturation=1.0), pixels, preprocess=preprocess), pixels)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"translate": 1.1}, r"translate 1\.1 must lie in 0 to 1"),
        ({"crop": -0.1}, r"crop -0\.1 must lie in 0 to 1"),
        ({"occlusion": 2}, "occlusion 2 must lie in 0 to 1"),
        ({"brightness": float("nan")}, "brightness nan must lie in 0 to 1"),
        ({"contrast": 1.5}, r"contrast 1\.5 must lie in 0 to 1"),
        ({"saturation": -1}, "saturation -1 must lie in 0 to 1"),
        ({"hue": 0.6}, r"hue 0\.6 must lie in 0 to 0\.5"),
        ({"rotation": -10}, "rotation -10 must lie in 0 to 180"),
        ({"rotation": 200}, "rotation 200 must lie in 0 to 180"),
        ({"shear": 90}, "shear 90 must lie in 0 to 89"),
        ({"zoom": (0.0, 1.0)}, r"zoom \[0\.0, 1\.0\] must be two numbers above 0, the smaller first"),
        ({"zoom": (1.2, 1.1)}, r"zoom \[1\.2, 1\.1\] must be two numbers above 0, the smaller first"),
        ({"gamma": (-1.0, 1.0)}, r"gamma \[-1\.0, 1\.0\] must be two numbers above 0, the smaller first"),
        ({"gamma": (float("nan"), 1.0)}, r"gamma \[nan, 1\.0\] must be two numbers above 0"),
        ({"channel_shift": 1.1}, r"channel_shift 1\.1 must lie in 0 to 1"),
        ({"brightness_factor": (0.8, 0.2)}, r"brightness_factor \[0\.8, 0\.2\] must be two numbers above 0"),
        ({"blur": 0.6}, r"blur 0\.6 must lie in 0 to 0\.5"),
        ({"resolution": 0.0}, r"resolution 0\.0 must lie above 0, up to 1"),
        ({"patch": "pink"}, "patch 'pink' is none of black, grey, white, colour, noise$"),
        ({"fill": "mean"}, "fill 'mean' is none of black, grey, white, reflect, nearest$"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Augment(**settings)


def test_the_greatest_settings_still_work() -> None:
    greatest = Augment(
        rotation=180, shear=89, translate=1, crop=0, hue=0.5, brightness=1, contrast=1, saturation=1
    )
    assert changed(greatest, random_pixels(8)).shape == (8, 3, 16, 20)
