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


def test_groups_may_be_split_where_the_division_says_so(images: ImageSet) -> None:
    grouped = replace(images, groups=np.arange(40) // 4)
    whole = divided(grouped, Division("random", 0.25, test_share=0.2))
    assert not set(whole.test // 4) & set(whole.train // 4)
    mixed = divided(grouped, Division("random", 0.25, test_share=0.2, whole_groups=False))
    assert mixed.test.tolist() == divided(images, Division("random", 0.25, test_share=0.2)).test.tolist()
    assert set(mixed.test // 4) & set(mixed.train // 4)
