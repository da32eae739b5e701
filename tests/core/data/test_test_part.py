"""A part for testing is drawn first, keeps groups whole, and leaves earlier draws as they were."""

import numpy as np
import pytest

from core.data.splits import published_split, random_split
from core.errors import DataError
from tests.support.images.labelled_images import assert_partition, counts, image_set


def test_a_test_part_is_drawn_before_validation_and_shares_nothing_with_it() -> None:
    images = image_set([0] * 1_000 + [1] * 100)
    split = random_split(images, 0.25, seed=3, test_share=0.2)
    assert [counts(images, part) for part in (split.test, split.val, split.train)] == [
        [200, 20],
        [200, 20],
        [600, 60],
    ]
    assert_partition(split, 1_100)


def test_a_group_is_on_one_of_three_sides() -> None:
    """60 patients of 5 to 40 cells in two classes."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), rng.integers(5, 40, 60))
    images = image_set(rng.integers(0, 2, len(groups)), groups=groups)
    for seed in range(10):
        split = random_split(images, 0.2, seed, test_share=0.25)
        sides = [set(groups[part].tolist()) for part in (split.train, split.val, split.test)]
        assert sum(map(len, sides)) == 60
        assert set.union(*sides) == set(range(60))
        assert abs(len(split.test) / len(groups) - 0.25) < 0.04


def test_the_published_test_part_stays_and_another_is_drawn_only_where_it_lacks() -> None:
    published = ["train"] * 80 + ["test"] * 20
    images = image_set([index % 2 for index in range(100)], published=published)
    assert published_split(images, 0.25, 0, test_share=0.5).test.tolist() == list(range(80, 100))
    validated = published_split(images, 0, 0, test_share=0.25)
    assert validated.val.tolist() == list(range(80, 100))
    assert counts(images, validated.test) == [10, 10]
    assert set(validated.test.tolist()) < set(range(80))
    assert_partition(validated, 100)


def test_without_a_test_part_the_draws_are_those_of_earlier_versions() -> None:
    """Shipped cards name a seed: their validation images must stay the same."""
    split = random_split(image_set([index % 2 for index in range(20)]), 0.2, seed=5)
    assert split.val.tolist() == [3, 9, 16, 18]


def test_too_few_groups_for_a_test_part_are_named() -> None:
    with pytest.raises(DataError, match="made has too few groups for testing; expected two in one class"):
        random_split(image_set([0, 0, 1, 1], groups=[0, 0, 1, 1]), 0.2, seed=0, test_share=0.2)
