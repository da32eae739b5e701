"""Near copies found by hashing are those that comparing all with all finds."""

from itertools import combinations

import numpy as np
import pytest

from core.data.survey import copies


def pictures(number: int, seed: int) -> np.ndarray:
    """Looks (N, 16, 16) with large areas, as photos have."""
    random = np.random.default_rng(seed)
    areas = random.normal(128, 50, (number, 4, 4)).repeat(4, 1).repeat(4, 2)
    return np.clip(areas + random.normal(0, 10, (number, 16, 16)), 0, 255).astype(np.uint8)


def again(looks: np.ndarray, noise: float, seed: int) -> np.ndarray:
    shift = np.random.default_rng(seed).normal(0, noise, looks.shape)
    return np.clip(np.rint(looks + shift), 0, 255).astype(np.uint8)


def test_pairs_are_those_of_brute_force() -> None:
    for seed, noise in enumerate((1.0, 2.0, 4.0, 6.0)):
        some = pictures(40, seed)
        looks = np.concatenate([some, again(some, noise, seed), pictures(20, seed + 99)])
        bits = np.unpackbits(copies.difference_hash(looks).view(np.uint8), axis=1).astype(int)
        expected = [
            (left, right)
            for left, right in combinations(range(len(looks)), 2)
            if np.abs(bits[left] - bits[right]).sum() <= 3 and copies.alike(looks[[left]], looks[[right]])[0]
        ]
        found = copies.near_pairs(looks)
        assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == expected
        assert found.complete
        assert noise > 2 or len(expected) >= 30


def test_a_brighter_copy_is_alike_and_flat_pictures_are_not() -> None:
    looks = pictures(10, 1)
    brighter = np.minimum(looks.astype(int) + 5, 255).astype(np.uint8)
    flat = np.full((10, 16, 16), 200, np.uint8)
    assert copies.alike(looks, brighter).all()
    assert not copies.alike(looks, looks[::-1]).any()
    assert not copies.alike(flat, flat).any()
    assert len(copies.near_pairs(flat).left) == 0


@pytest.mark.slow
def test_too_many_pairs_are_bounded_and_said_to_be_incomplete() -> None:
    looks = again(pictures(1, 2).repeat(3000, 0), 1.0, 3)
    found = copies.near_pairs(looks)
    assert not found.complete
    assert 200_000 <= len(found.left) <= 4 * 203_000
    assert (found.left < found.right).all()


def test_equal_digests_get_equal_numbers() -> None:
    digests = np.random.default_rng(0).integers(0, 256, (6, 16), dtype=np.uint8)
    digests[4] = digests[1]
    numbers = copies.content_numbers(digests)
    assert sorted(set(numbers.tolist())) == [0, 1, 2, 3, 4]
    assert numbers[4] == numbers[1]
    assert len(copies.near_pairs(np.zeros((0, 16, 16), np.uint8)).left) == 0
