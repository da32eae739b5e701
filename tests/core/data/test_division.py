"""How a data set is divided: as published, or at random by the seed."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.data.division import Division, divided
from core.data.image_set import ImageSet


@pytest.fixture
def images() -> ImageSet:
    """Forty samples of two classes, without a published split."""
    labels = np.arange(40) % 2
    return ImageSet("made", ("a", "b"), labels, tuple(map(str, range(40))), _no_image, "f00")


def _no_image(index: int) -> Image.Image:
    raise AssertionError(index)


def test_a_share_of_nothing_validates_on_the_published_test_images_or_else_on_a_fifth(
    images: ImageSet,
) -> None:
    parts = divided(images, Division(val_share=0.0))
    assert (len(parts.train), len(parts.val), len(parts.test)) == (32, 8, 0)
    halves = np.array(["train", "test"])[np.arange(40) // 20]
    published = divided(replace(images, published=halves), Division(val_share=0.0))
    assert published.train.tolist() == list(range(20))
    assert published.val.tolist() == list(range(20, 40))


def test_a_random_division_takes_no_notice_of_the_publishers(images: ImageSet) -> None:
    halves = np.array(["train", "test"])[np.arange(40) // 20]
    random = Division("random", 0.25, seed=1)
    parts = divided(replace(images, published=halves), random)
    assert (len(parts.train), len(parts.val), len(parts.test)) == (30, 10, 0)
    assert parts.val.tolist() == divided(images, random).val.tolist()
    assert parts.val.tolist() != divided(images, replace(random, seed=2)).val.tolist()
