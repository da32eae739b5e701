"""The half that a fix uses and the half that proves it: of each class and of the group, half is in each."""

import numpy as np
import pytest

from core.errors import FixError
from core.training.fixes.held_out import held_out


def test_each_half_has_half_of_each_class_in_the_group_and_outside() -> None:
    labels, inside = np.arange(400) % 4, np.arange(400) % 20 < 4
    halves = held_out(labels, inside, seed=0)
    assert np.union1d(halves.used, halves.untouched).tolist() == list(range(400))
    assert not np.intersect1d(halves.used, halves.untouched).size
    for rows in (halves.used, halves.untouched):
        counts = np.bincount(2 * labels[rows] + inside[rows])
        np.testing.assert_array_equal(counts, [40, 10] * 4)


def test_a_seed_gives_the_same_halves_and_another_seed_others() -> None:
    labels, inside = np.zeros(100, int), np.arange(100) < 50
    first, again, other = (held_out(labels, inside, seed).used.tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_frames_of_one_video_stay_in_one_half() -> None:
    labels, video = np.repeat([0, 1], 60), np.repeat(np.arange(24), 5)
    halves = held_out(labels, video % 2 == 0, 0, video)
    assert not set(video[halves.used]) & set(video[halves.untouched])
    assert len(halves.used) == 60


def test_a_group_too_small_for_two_halves_is_refused() -> None:
    with pytest.raises(FixError, match="the group has 3 samples here, too few for a half to fix with"):
        held_out(np.zeros(20, int), np.arange(20) < 3, seed=0)
