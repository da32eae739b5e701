"""Each image keeps its object and gets the background of another image, without that one's object."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.data.backgrounds import Backgrounds, Blurred, object_mask
from core.data.batches import ImageDataset
from core.data.cache import Decoded
from core.data.image_set import ImageSet, Pixels
from core.errors import DataError
from core.images.preprocess import Preprocess

SIDE, NUM = 24, 12


def _decoded(*, margin: int = 0) -> Decoded:
    """Images of one grey level each, with a white square of 6 pixels as the object."""
    random, inside = np.random.default_rng(0), np.zeros((NUM, SIDE, SIDE), bool)
    pixels = np.repeat(np.arange(NUM) * 10, SIDE * SIDE).reshape(NUM, SIDE, SIDE).astype(np.uint8)
    for place, (top, left) in enumerate(random.integers(2, SIDE - 8, (NUM, 2))):
        inside[place, top : top + 6, left : left + 6] = True
    pixels[inside] = 255
    images = ImageSet(
        "squares",
        ("a", "b"),
        np.arange(NUM) % 2,
        [f"squares/{index}" for index in range(NUM)],
        Pixels(pixels),
        "print",
        mask=inside.__getitem__,
    )
    size = SIDE - 2 * margin
    preprocess = Preprocess((size, size), resize=SIDE if margin else None, mean=(0.5,), std=(0.5,))
    return Decoded(images, preprocess, None, pixels[:, None])  # type: ignore[arg-type]


def test_the_object_stays_and_all_around_it_is_the_grey_of_another_image() -> None:
    decoded = _decoded()
    swapped = Backgrounds(decoded, np.arange(NUM), 0)(decoded.pixels([3, 4]), [(0, 3), (0, 4)])
    for image, index in zip(swapped[:, 0].numpy(), (3, 4), strict=True):
        mask = object_mask(decoded, index)
        assert (image[mask] == 255).all()
        around = image[~mask].astype(int)
        assert np.ptp(around) <= 5  # What continues the surroundings rounds.
        assert np.median(around) in range(0, NUM * 10, 10)


def test_the_same_seed_epoch_and_image_give_the_same_background() -> None:
    decoded, train = _decoded(), np.arange(NUM)
    keys = [(epoch, index) for epoch in range(4) for index in range(NUM)]
    pixels = decoded.pixels([index for _, index in keys])
    one, again, other = (Backgrounds(decoded, train, seed)(pixels, keys) for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert not torch.equal(one[:NUM], one[NUM : 2 * NUM])


def test_a_data_set_reads_images_with_swapped_backgrounds_without_the_margin() -> None:
    decoded = _decoded(margin=2)
    backgrounds = Backgrounds(decoded, np.arange(NUM), 0)
    read, labels, _ = ImageDataset(decoded, backgrounds=backgrounds).__getitems__([(0, 5)])
    expected = backgrounds(decoded.pixels([5]), [(0, 5)])[..., 2:-2, 2:-2]
    assert torch.equal(read, expected)
    assert labels.tolist() == [1]


def test_images_without_masks_are_refused() -> None:
    decoded = _decoded()
    without = replace(decoded, images=replace(decoded.images, mask=None))
    with pytest.raises(DataError, match="no training image of 'squares' has a mask"):
        Backgrounds(without, np.arange(NUM), 0)


def test_a_blurred_background_has_none_of_the_object_in_it() -> None:
    """A background of one grey level stays as it is, right up to the white object."""
    decoded = _decoded()
    pixels = decoded.pixels([3, 7])
    assert torch.equal(Blurred(decoded, np.arange(NUM))(pixels, [(0, 3), (1, 7)]), pixels)


def test_a_blurred_background_is_a_mean_of_its_surroundings_and_the_object_stays() -> None:
    decoded = _decoded()
    random = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (1, 1, SIDE, SIDE), np.uint8))
    (blurred,) = Blurred(decoded, np.arange(NUM))(random, [(0, 5)])
    mask = torch.from_numpy(object_mask(decoded, 5))
    assert torch.equal(blurred[0][mask], random[0, 0][mask])
    outside, before = blurred[0][~mask].float(), random[0, 0][~mask].float()
    assert outside.std() < 0.4 * before.std()
    assert outside.mean() == pytest.approx(before.mean(), abs=6)


def test_without_masks_nothing_can_be_blurred() -> None:
    decoded = _decoded()
    without = replace(decoded, images=replace(decoded.images, mask=None))
    with pytest.raises(DataError, match=r"data\.blur_backgrounds need masks"):
        Blurred(without, np.arange(NUM))
