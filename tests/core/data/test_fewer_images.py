"""Fewer images of each class: at most so many, or falling by a constant factor."""

import numpy as np

from core.data.splits import at_most, thinned
from tests.support.images.labelled_images import counts, image_set


def test_thinned_classes_fall_by_a_constant_factor() -> None:
    labels = np.repeat(np.arange(3), [100, 80, 60])
    images = image_set(labels)
    some = thinned(np.arange(240), labels, 25.0, seed=0)
    assert counts(images, some) == [100, 20, 4]
    assert np.all(np.diff(some) > 0)
    assert counts(images, thinned(np.arange(240), labels, 1_000.0, seed=0)) == [100, 3, 1]
    assert counts(images, thinned(np.arange(240), labels, 1.1, seed=0)) == [100, 80, 60]


def test_at_most_so_many_of_each_class_are_taken() -> None:
    labels = np.repeat([0, 1, 2], [100, 5, 30])
    indices = np.arange(0, 135, 1)
    few = at_most(indices, labels, 10, seed=0)
    assert np.bincount(labels[few]).tolist() == [10, 5, 10]
    assert np.all(np.diff(few) > 0)
    assert np.array_equal(few, at_most(indices, labels, 10, seed=0))
    assert not np.array_equal(few, at_most(indices, labels, 10, seed=1))


def test_only_the_given_indices_are_chosen_from() -> None:
    labels = np.array([0, 1] * 20)
    few = at_most(np.arange(10, 20), labels, 3, seed=0)
    assert np.bincount(labels[few]).tolist() == [3, 3]
    assert set(few.tolist()) <= set(range(10, 20))
