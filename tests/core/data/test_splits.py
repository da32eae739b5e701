"""Splits: every index once, classes in their share, groups whole, the same for the same seed."""

import numpy as np
import pytest

from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.data.splits import Split, published_split, random_split
from core.errors import DataError
from tests.support.effort.counted_calls import num_calls
from tests.support.images.labelled_images import assert_partition, counts, image_set
from tests.support.paths import DATA


def real(name: str) -> ImageSet:
    if catalogue.find(name, DATA) is None:
        pytest.skip(f"there is no {name} in {DATA}")
    return catalogue.load(name, DATA)


def shared_groups(images: ImageSet, split: Split) -> set[int]:
    assert images.groups is not None
    return set(images.groups[split.train].tolist()) & set(images.groups[split.val].tolist())


# Without groups.


def test_each_class_gives_its_share() -> None:
    images = image_set([0] * 1_000 + [1] * 100 + [2] * 10)
    split = random_split(images, 0.2, seed=0)
    assert counts(images, split.val) == [200, 20, 2]
    assert counts(images, split.train) == [800, 80, 8]
    assert len(split.test) == 0
    assert_partition(split, 1_110)


@pytest.mark.parametrize(
    ("size", "share", "expected"),
    [(1, 0.5, 0), (2, 0.01, 1), (2, 0.99, 1), (3, 0.9, 2), (5, 0.1, 1), (20, 0.1, 2), (21, 0.1, 2)],
)
def test_a_class_of_two_or_more_is_on_both_sides_and_one_alone_trains(
    size: int, share: float, expected: int
) -> None:
    images = image_set([0] * size + [1] * 2)
    split = random_split(images, share, seed=3)
    assert counts(images, split.val) == [expected, 1]


@pytest.mark.parametrize("groups", [None, [index // 2 for index in range(200)]])
def test_the_seed_alone_decides(groups: list[int] | None) -> None:
    images = image_set([index % 4 // 2 for index in range(200)], groups=groups)
    first, same, other = (random_split(images, 0.25, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.val, same.val)
    assert not np.array_equal(first.val, other.val)


def test_random_states_of_numpy_are_left_alone() -> None:
    np.random.seed(7)  # noqa: NPY002 (the state that must not move)
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    random_split(image_set([0, 0, 1, 1]), 0.5, seed=1)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_nothing_to_spare_is_said_in_words() -> None:
    with pytest.raises(
        DataError, match="every class of made has too few images for validation; expected two"
    ):
        random_split(image_set([0, 1, 2]), 0.5, seed=0)
    with pytest.raises(DataError, match="too few groups for validation"):
        random_split(image_set([0, 0, 1, 1], groups=[0, 0, 1, 1]), 0.5, seed=0)
    with pytest.raises(DataError, match="no published validation part; choose a share for it above 0"):
        random_split(image_set([0, 0, 1, 1]), 0, seed=0)


@pytest.mark.parametrize("share", [-0.1, 1, 1.5])
def test_a_share_outside_0_to_1_breaks_the_contract(share: float) -> None:
    with pytest.raises(ValueError, match="the share for validation must lie in 0 to 1"):
        random_split(image_set([0, 0, 1, 1]), share, seed=0)


# With groups.


@pytest.mark.parametrize("seed", range(100))
def test_no_group_is_ever_on_both_sides(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size, num_classes, num_groups = (int(rng.integers(*limits)) for limits in ((20, 400), (2, 9), (4, 60)))
    labels = rng.integers(0, num_classes, size) % rng.integers(1, num_classes + 1)
    images = image_set(labels, groups=rng.integers(0, num_groups, size))
    split = random_split(images, float(rng.uniform(0.05, 0.6)), seed)
    assert shared_groups(images, split) == set()
    assert_partition(split, size)
    assert set(labels[split.train].tolist()) == set(labels.tolist())  # Every class trains.


@pytest.mark.parametrize("seed", range(50))
def test_every_class_of_two_groups_of_its_own_is_on_both_sides(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks = [(label, int(rng.integers(1, 50))) for label in range(8) for _ in range(int(rng.integers(2, 9)))]
    labels = [label for label, length in tracks for _ in range(length)]
    groups = [number for number, (_, length) in enumerate(tracks) for _ in range(length)]
    images = image_set(labels, groups=groups)
    split = random_split(images, 0.2, seed)
    assert shared_groups(images, split) == set()
    assert min(counts(images, split.val)) >= 1
    assert min(counts(images, split.train)) >= 1


@pytest.mark.parametrize("seed", range(20))
def test_shares_are_met_to_half_a_group(seed: int) -> None:
    """Tracks of one length: the number taken is the share of them, rounded."""
    labels, groups = np.repeat(np.arange(5), 300), np.repeat(np.arange(50), 30)
    images = image_set(labels, groups=groups)
    assert counts(images, random_split(images, 0.2, seed).val) == [60] * 5
    assert counts(images, random_split(images, 0.33, seed).val) == [90] * 5


def test_patients_with_several_classes_keep_the_shares() -> None:
    """200 patients of 5 to 60 cells, each infected to a different degree."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(200), rng.integers(5, 60, 200))
    labels = (rng.random(len(groups)) < rng.random(200)[groups]).astype(np.int64)
    images = image_set(labels, groups=groups)
    for seed in range(10):
        split = random_split(images, 0.15, seed)
        shares = np.array(counts(images, split.val)) / np.bincount(labels)
        assert np.abs(shares - 0.15).max() < 0.03


def test_a_class_of_one_group_trains_with_all_that_is_in_that_group() -> None:
    images = image_set([0, 1, 1, 1, 1, 1], groups=[0, 0, 1, 1, 2, 2])
    for seed in range(20):
        split = random_split(images, 0.4, seed)
        assert {0, 1} <= set(split.train.tolist())
        assert len(split.val) == 2


def test_tracks_of_gtsrb_stay_whole_and_every_sign_is_on_both_sides() -> None:
    images = real("gtsrb")
    for seed in range(5):
        split = published_split(images, 0.2, seed)
        assert shared_groups(images, split) == set()
        shares = np.array(counts(images, split.val)) / 120
        assert 0.1 < shares.min() <= shares.max() < 0.32
        assert abs(shares.mean() - 0.2) < 0.02


def test_patients_of_malaria_stay_whole_and_both_classes_are_on_both_sides() -> None:
    images = real("malaria")
    for seed in range(10):
        split = random_split(images, 0.2, seed)
        assert shared_groups(images, split) == set()
        assert min(*counts(images, split.val), *counts(images, split.train)) >= 6


# What was published.


def test_the_publisher_s_parts_are_kept() -> None:
    images = image_set([0, 1, 0, 1, 0, 1], published=["val", "train", "train", "test", "test", "val"])
    split = published_split(images, 0.5, seed=0)
    assert [part.tolist() for part in (split.train, split.val, split.test)] == [[1, 2], [0, 5], [3, 4]]


def test_validation_is_drawn_from_the_training_part_and_never_from_the_test() -> None:
    published = ["train"] * 100 + ["test"] * 50
    images = image_set([index % 2 for index in range(150)], published=published)
    split = published_split(images, 0.2, seed=0)
    assert np.array_equal(split.test, np.arange(100, 150))
    assert counts(images, split.val) == [10, 10]
    assert_partition(split, 150)


def test_with_a_share_of_0_the_published_test_part_validates() -> None:
    images = image_set([0, 1, 0, 1], published=["train", "train", "test", "test"])
    split = published_split(images, 0, seed=0)
    assert [part.tolist() for part in (split.train, split.val, split.test)] == [[0, 1], [2, 3], []]


@pytest.mark.parametrize("published", [None, ["train"] * 100, ["test"] * 100])
def test_without_two_published_parts_the_split_is_random(published: list[str] | None) -> None:
    images = image_set([index % 2 for index in range(100)], published=published)
    assert np.array_equal(published_split(images, 0.3, 5).val, random_split(images, 0.3, 5).val)


def test_a_random_split_heeds_nothing_published() -> None:
    images = image_set([0, 1] * 50, published=["train"] * 50 + ["test"] * 50)
    split = random_split(images, 0.5, seed=0)
    assert 0 < np.sum(split.val < 50) < 50
    assert len(split.test) == 0


@pytest.mark.parametrize("per_track", [None, 30])
def test_ten_times_the_images_are_at_most_ten_times_the_work(per_track: int | None) -> None:
    def many(num: int) -> ImageSet:
        labels = np.sort(np.random.default_rng(0).integers(0, 100, num))
        return image_set(labels, groups=None if per_track is None else np.arange(num) // per_track)

    calls = [num_calls(lambda num=num: random_split(many(num), 0.1, seed=0)) for num in (10_000, 100_000)]
    assert calls[1] < 12 * calls[0]
    assert per_track or calls[1] < 200  # Without groups, nothing is done image by image.
    assert abs(len(random_split(many(100_000), 0.1, seed=0).val) - 10_000) < 300
