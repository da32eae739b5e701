"""What a network of many classes sees in a group: only what the held-out half confirms is said."""

import numpy as np
import pytest

from core.evaluation.groups.sightings import sightings

_NAMES = tuple(f"class {index}" for index in range(200))


def _seen(rng: np.random.Generator, is_inside: np.ndarray, share: float) -> np.ndarray:
    """Five classes at random for each sample; class 7 first in a share of the group."""
    seen = rng.integers(10, 200, size=(len(is_inside), 5))
    seen[is_inside & (rng.random(len(is_inside)) < share), 0] = 7
    return seen


@pytest.mark.parametrize("seed", range(5))
def test_a_class_that_is_seen_in_the_group_only_is_said_with_its_shares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    is_inside = np.arange(160) < 60
    seen = _seen(rng, is_inside, 0.6)
    first, *others = sightings(seen, _NAMES, is_inside, np.zeros(160, int))
    assert first.class_name == "class 7"
    assert first.inside == pytest.approx(0.6, abs=0.2)
    assert first.outside == 0
    assert others == []
    assert str(first) == f"more class 7: {first.inside:.0%}, elsewhere 0%"


def test_of_what_is_seen_everywhere_alike_hardly_anything_is_said() -> None:
    said = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        seen = rng.zipf(1.5, size=(200, 5)) % 200
        said += len(sightings(seen, _NAMES, np.arange(200) < 80, rng.integers(3, size=200)))
    assert said <= 4


def test_a_class_that_goes_with_the_true_class_is_not_said() -> None:
    """The group has more dogs; among dogs it sees no more of class 7 than elsewhere."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [100, 100])
    is_inside = rng.random(200) < np.where(labels == 0, 0.7, 0.2)
    assert sightings(_seen(rng, labels == 0, 0.8), _NAMES, is_inside, labels) == []


def test_a_group_without_others_has_no_words() -> None:
    assert sightings(np.zeros((20, 5), int), _NAMES, np.ones(20, bool), np.zeros(20, int)) == []
