"""An augmented image depends on its key alone, and leaves all random numbers as they were."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.augment import Augment, augmented, transform
from core.data.batches import ImageDataset
from core.data.cache import Decoded
from core.data.image_set import ImageSet, Pixels
from core.data.survey.image_facts import SurveyTable, survey
from tests.support.images.augmented import COLOUR, EVERYTHING, PLAIN, changed, random_pixels


@pytest.fixture
def shifted_random() -> Iterator[None]:
    """Global random numbers that are not those of a fresh process, put back afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(99)
        torch.rand(7)
        yield


def test_an_image_is_changed_by_its_key_alone_not_by_its_company_or_place() -> None:
    pixels = random_pixels(4, preprocess=COLOUR)
    change = transform(EVERYTHING, COLOUR)
    keys = [(1, 10), (1, 11), (2, 10), (3, 7)]
    together = augmented(pixels, change, 5, keys)
    order = [2, 0, 3]
    assert torch.equal(augmented(pixels[order], change, 5, [keys[each] for each in order]), together[order])
    for image, key, expected in zip(pixels, keys, together, strict=True):
        assert torch.equal(augmented(image[None], change, 5, [key])[0], expected)


def test_epoch_index_and_seed_each_make_another_change() -> None:
    image = random_pixels(1, preprocess=COLOUR)
    change = transform(EVERYTHING, COLOUR)
    found = [
        augmented(image, change, seed, [key])
        for seed, key in [(0, (0, 0)), (0, (0, 1)), (0, (1, 0)), (1, (0, 0)), (0, (11, 0)), (0, (1, 10))]
    ]
    for one, other in ((a, b) for place, a in enumerate(found) for b in found[:place]):
        assert not torch.equal(one, other)
    assert all(each.shape == (1, 3, 16, 20) for each, _ in pairwise(found))


@pytest.mark.usefixtures("shifted_random")
def test_global_random_numbers_neither_matter_nor_are_touched() -> None:
    pixels = random_pixels(3, preprocess=COLOUR)
    first = changed(EVERYTHING, pixels, preprocess=COLOUR)
    torch.manual_seed(1234)
    np.random.seed(5)  # noqa: NPY002 (the old global state is what must not matter)
    before, old = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert torch.equal(changed(EVERYTHING, pixels, preprocess=COLOUR), first)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.random.get_state()[1].tolist() == old  # noqa: NPY002


def test_the_random_numbers_of_gpus_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """There, those of dropout are drawn, in the same process that augments."""
    seeds: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeds.append)
    changed(EVERYTHING, random_pixels(2))
    assert seeds == []


@pytest.mark.usefixtures("shifted_random")
def test_also_an_error_leaves_the_random_numbers_as_they_were() -> None:
    before = torch.get_rng_state()
    with pytest.raises(ValueError, match="argument 2 is longer"):
        augmented(random_pixels(1), transform(EVERYTHING, PLAIN), 0, [(0, 0), (0, 1)])
    assert torch.equal(torch.get_rng_state(), before)


def test_the_callers_pixels_stay_as_they_were() -> None:
    pixels = random_pixels(4)
    before = pixels.clone()
    changed(EVERYTHING, pixels)
    assert torch.equal(pixels, before)


def test_pictures_without_augmentation_are_the_centre_as_in_use() -> None:
    array = np.random.default_rng(0).integers(0, 256, (3, 40, 50, 3), np.uint8)
    images = ImageSet("x", ("a", "b"), np.array([0, 1, 0]), ["0", "1", "2"], Pixels(array), "0")
    table = SurveyTable.collect(survey(images, workers=1), 3)
    decoded = Decoded(images, COLOUR, table, None)
    expected = torch.stack([COLOUR.pixels(Image.fromarray(each)) for each in array])
    for augment in (None, Augment(), Augment(patch="black")):
        pixels, labels, indices = ImageDataset(decoded, augment).__getitems__([(4, 2), (9, 0)])
        assert torch.equal(pixels, expected[[2, 0]])
        assert (labels.tolist(), indices.tolist()) == ([0, 0], [2, 0])
    other, _, _ = ImageDataset(decoded, EVERYTHING).__getitems__([(4, 2)])
    assert not torch.equal(other[0], expected[2])
