"""Image to batch as torchvision does it, and the way back to the pixels of the original."""

import io
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional as F
from torchvision import transforms
from torchvision.transforms import InterpolationMode

from core import images
from core.images.preprocess import INTERPOLATIONS, Preprocess, Window

IMAGENET = Preprocess((224, 224), 256, (0.5,) * 3, (0.5,) * 3, "bicubic")
CROPPED = Preprocess((64, 64), 72, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
SQUEEZED = Preprocess((48, 80), None, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
SIZES = [
    *product((63, 71, 72, 73, 100, 151), (64, 97, 333)),
    *(
        (64, 72),
        (72, 64),
        (72, 72),
        (300, 400),
        (375, 500),
        (500, 375),
        (3, 900),
        (900, 3),
        (1, 1),
        (2, 1),
        (1, 7),
    ),
]
# What a camera does to an upright picture before it notes the orientation: undone, it is upright again.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def _photo(size: tuple[int, int], seed: int = 0) -> Image.Image:
    """Coarse random colours, so that resizing has edges to blur."""
    width, height = size
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(values)


def _torchvision(preprocess: Preprocess, *, grey: bool = False) -> transforms.Compose:
    filter_ = InterpolationMode(preprocess.interpolation)
    geometry = [transforms.Resize(preprocess.resize or preprocess.input_size, filter_)]
    if preprocess.resize is not None:
        geometry.append(transforms.CenterCrop(preprocess.input_size))
    values = [transforms.ToTensor(), transforms.Normalize(preprocess.mean, preprocess.std)]
    return transforms.Compose([*([transforms.Grayscale()] if grey else []), *geometry, *values])


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_a_batch_is_torchvisions_resize_centre_crop_and_normalise(interpolation: str) -> None:
    preprocess = Preprocess((64, 64), 72, CROPPED.mean, CROPPED.std, interpolation)
    theirs = _torchvision(preprocess)
    for size in SIZES if interpolation in {"bilinear", "bicubic"} else SIZES[::5]:
        photo = _photo(size)
        torch.testing.assert_close(preprocess.batch([photo])[0], theirs(photo), rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [(500, 375), (375, 500), (451, 300), (333, 640)])
def test_so_it_is_with_the_settings_of_the_built_in_network(size: tuple[int, int]) -> None:
    photo = _photo(size)
    expected = _torchvision(IMAGENET)(photo)
    torch.testing.assert_close(IMAGENET.batch([photo])[0], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("input_size", [(48, 80), (80, 48)])
def test_so_it_is_with_an_oblong_input(input_size: tuple[int, int]) -> None:
    preprocess = Preprocess(input_size, 90, CROPPED.mean, CROPPED.std, "bilinear")
    for size in SIZES[::4]:
        photo = _photo(size)
        expected = _torchvision(preprocess)(photo)
        torch.testing.assert_close(preprocess.batch([photo])[0], expected, rtol=0, atol=1e-6)


def test_squeezing_is_torchvisions_resize_to_both_sides() -> None:
    for size in SIZES:
        photo = _photo(size)
        expected = _torchvision(SQUEEZED)(photo)
        torch.testing.assert_close(SQUEEZED.batch([photo])[0], expected, rtol=0, atol=1e-6)
        window = SQUEEZED.window(size)
        assert (window.left, window.top, window.right, window.bottom) == pytest.approx((0, 0, *size))


def test_one_channel_means_grey() -> None:
    grey = Preprocess((28, 28), 32, (0.13,), (0.31,))
    for size in SIZES[::4]:
        photo = _photo(size)
        ours = grey.batch([photo])
        assert ours.shape == (1, 1, 28, 28)
        torch.testing.assert_close(ours[0], _torchvision(grey, grey=True)(photo), rtol=0, atol=1e-6)


def test_images_of_different_sizes_make_one_batch() -> None:
    photos = [_photo((100, 80)), _photo((70, 200), seed=1), _photo((1, 1), seed=2)]
    batch = CROPPED.batch(photos)
    assert batch.dtype == torch.float32
    for image, photo in zip(batch, photos, strict=True):
        assert torch.equal(image, CROPPED.batch([photo])[0])


# The way back.


def test_the_window_of_a_500_by_375_photo_by_hand() -> None:
    """The shorter side to 256: 341 x 256; the crop starts at (58.5, 16), and 58.5 rounds to the even 58."""
    window = IMAGENET.window((500, 375))
    assert window.left == pytest.approx(58 * 500 / 341)
    assert window.right == pytest.approx((58 + 224) * 500 / 341)
    assert window.top == pytest.approx(16 * 375 / 256)
    assert window.bottom == pytest.approx((16 + 224) * 375 / 256)
    share = (window.right - window.left) / 500, (window.bottom - window.top) / 375
    assert share == pytest.approx((224 / 341, 0.875))  # 66% by 88%


def test_a_window_scales_and_has_shares() -> None:
    window = Window(10, 20, 30, 60)
    assert window.scaled(0.5, 2) == Window(5, 40, 15, 120)
    assert window.shares((40, 80)) == Window(0.25, 0.25, 0.75, 0.75)


@pytest.mark.parametrize("size", [(500, 375), (375, 500), (1000, 257), (64, 1200), (300, 300)])
def test_a_pixel_is_unseen_exactly_where_its_centre_is_outside_the_window(size: tuple[int, int]) -> None:
    width, height = size
    window = IMAGENET.window(size)
    heat = IMAGENET.on_image(np.ones((7, 7), np.float32), size)
    columns, rows = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
    seen = (columns >= window.left) & (columns < window.right) & (rows >= window.top) & (rows < window.bottom)
    assert heat.shape == (height, width)
    assert np.array_equal(np.isnan(heat), ~seen)
    assert heat[seen] == pytest.approx(1)
    assert seen.mean() < 1


@pytest.mark.parametrize(
    ("cells", "size"), [((7, 7), (31, 19)), ((3, 5), (40, 60)), ((24, 40), (20, 12)), ((1, 1), (5, 4))]
)
def test_a_map_of_the_whole_image_is_spread_as_torch_does(
    cells: tuple[int, int], size: tuple[int, int]
) -> None:
    """Bilinear between the centres of cells (``align_corners=False``)."""
    values = np.random.default_rng(0).normal(size=cells).astype(np.float32)
    expected = F.interpolate(
        torch.tensor(values)[None, None], size[::-1], mode="bilinear", align_corners=False
    )
    assert SQUEEZED.on_image(values, size) == pytest.approx(expected[0, 0].numpy(), abs=1e-5)


@pytest.mark.slow
def test_a_map_of_a_crop_is_the_crop_of_a_spread_map_where_the_scale_is_whole() -> None:
    """256 of 512 pixels to 224 of 256 cells: 448 pixels in the middle, two for every pixel of the input."""
    preprocess = Preprocess((224, 224), 256, (0.5,), (0.5,))
    values = np.random.default_rng(1).normal(size=(7, 7)).astype(np.float32)
    heat = preprocess.on_image(values, (512, 512))
    expected = F.interpolate(
        torch.tensor(values)[None, None], (448, 448), mode="bilinear", align_corners=False
    )
    assert heat[32:480, 32:480] == pytest.approx(expected[0, 0].numpy(), abs=1e-5)
    assert np.isnan(heat).sum() == 512**2 - 448**2


@pytest.mark.parametrize("preprocess", [CROPPED, SQUEEZED])
def test_drawn_at_half_size_it_is_the_same_map(preprocess: Preprocess) -> None:
    """A linear ramp stays one: a small pixel has the mean of the four that it stands for."""
    ramp = np.linspace(0, 1, 10, dtype=np.float32) + np.linspace(0, 2, 8, dtype=np.float32)[:, None]
    full = preprocess.on_image(ramp, (200, 160))
    half = preprocess.on_image(ramp, (200, 160), drawn=(100, 80))
    assert half.shape == (80, 100)
    assert np.isnan(half).mean() == pytest.approx(np.isnan(full).mean(), abs=0.02)
    # Near the edge of the window the outermost cells are continued as they are.
    inside = np.s_[30:50, 35:65]
    means = full.reshape(80, 2, 100, 2).mean((1, 3))
    assert half[inside] == pytest.approx(means[inside], abs=1e-4)


def _stored(upright: Image.Image, orientation: int) -> bytes:
    turn = STORED[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    (upright if turn is None else upright.transpose(turn)).save(file, "PNG", exif=exif)
    return file.getvalue()


def _centre(heat: NDArray[np.float32]) -> tuple[float, float]:
    """Mean place (x, y) of what is bright."""
    bright = np.nan_to_num(heat)
    y, x = np.indices(bright.shape) + 0.5
    return float((x * bright).sum() / bright.sum()), float((y * bright).sum() / bright.sum())


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("size", [(301, 170), (97, 260), (512, 384), (1203, 311)])
@pytest.mark.parametrize("preprocess", [IMAGENET, CROPPED, SQUEEZED], ids=["imagenet", "cropped", "squeezed"])
def test_a_bright_patch_comes_back_at_its_place_for_every_exif_orientation(
    preprocess: Preprocess, size: tuple[int, int], orientation: int
) -> None:
    """The batch itself is the map: it shows where the network's input came from.

    The patch lies left of and above the middle, well within what the network sees.
    """
    width, height = size
    window = preprocess.window(size)
    side = max(6, min(size) // 6)
    left = round(window.left + (window.right - window.left) * 0.2)
    top = round(window.top + (window.bottom - window.top) * 0.35)
    upright = Image.new("RGB", size)
    upright.paste("white", (left, top, left + side, top + side))
    photo = images.upright_rgb(_stored(upright, orientation))
    assert photo.size == size
    batch = preprocess.batch([photo])[0, 0] * preprocess.std[0] + preprocess.mean[0]
    heat = preprocess.on_image(batch.numpy(), photo.size)
    assert heat.shape == (height, width)
    coarse = max(1, (window.right - window.left) / preprocess.input_size[1])
    assert _centre(heat) == pytest.approx((left + side / 2, top + side / 2), abs=0.15 * coarse)
    assert np.nansum(heat) == pytest.approx(side**2, rel=0.05)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resize": 200}, r"resize 200 does not cover the input size \(224, 224\)"),
        ({"input_size": (0, 224)}, r"does not cover the input size \(0, 224\)"),
        ({"input_size": (224, 300)}, r"resize 256 does not cover the input size \(224, 300\)"),
        ({"mean": (0.5, 0.5)}, "must have the same length, and std must be above 0"),
        ({"mean": (0.5,)}, "must have the same length, and std must be above 0"),
        ({"std": (0.5, 0, 0.5)}, "must have the same length, and std must be above 0"),
        (
            {"interpolation": "hamming"},
            "interpolation 'hamming' is none of bilinear, bicubic, lanczos, nearest",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, object], message: str) -> None:
    settings = {"input_size": (224, 224), "resize": 256, "mean": (0.5,) * 3, "std": (0.5,) * 3}
    with pytest.raises(ValueError, match=message):
        Preprocess(**settings | changes)


def test_a_blank_input_is_an_image_of_the_mean_colour() -> None:
    preprocess = Preprocess((6, 9), None, (0.2, 0.4, 0.6), (0.5, 0.25, 0.1))
    batch = preprocess.batch([Image.new("RGB", (9, 6), (51, 102, 153))])
    torch.testing.assert_close(preprocess.blank_input(), batch)


def test_a_centred_image_has_a_mean_of_zero_and_its_contrast_stays() -> None:
    """Each image by itself, over all channels and pixels."""
    centred = replace(SQUEEZED, centred=True)
    photos = [_photo((80, 48), seed=seed) for seed in range(3)]
    batch, plain = centred.batch(photos), SQUEEZED.batch(photos)
    torch.testing.assert_close(batch, plain - plain.mean((1, 2, 3))[:, None, None, None])
    assert batch.mean((1, 2, 3)).abs().max() < 1e-5
    assert replace(centred, mean=(0.0,) * 3, std=(1.0,) * 3).mean_colour == [0, 0, 0]


def test_a_preprocess_that_does_not_centre_has_the_name_that_it_always_had() -> None:
    """Fingerprints of checkpoints are made of it."""
    name = "Preprocess(input_size=(2, 3), resize=None, mean=(0.5,), std=(0.5,), interpolation='bilinear'"
    plain = Preprocess((2, 3), None, (0.5,), (0.5,))
    assert repr(plain) == f"{name})"
    assert repr(replace(plain, centred=True)) == f"{name}, centred=True)"
