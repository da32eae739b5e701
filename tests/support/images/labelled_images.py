"""Image sets that are only labels and groups, and what is asserted of how they are divided."""

import numpy as np
from PIL import Image

from core.data.image_set import ImageSet, Labels
from core.data.splits import Split


def image_set(
    labels: list[int] | Labels,
    *,
    groups: list[int] | Labels | None = None,
    published: list[str] | None = None,
) -> ImageSet:
    """Images without content of classes 0, 1, …, with these labels, groups and published parts."""
    numbers = np.asarray(labels, np.int64)
    return ImageSet(
        name="made",
        class_names=tuple(map(str, range(int(numbers.max()) + 1))),
        labels=numbers,
        sample_ids=range(len(numbers)),
        image=lambda _index: Image.new("RGB", (1, 1)),
        fingerprint="",
        groups=None if groups is None else np.asarray(groups, np.int64),
        published=None if published is None else np.array(published),
    )


def assert_partition(split: Split, size: int) -> None:
    """Each of ``size`` images is in one part, and each part is in order."""
    together = np.concatenate([split.train, split.val, split.test])
    assert np.array_equal(np.sort(together), np.arange(size))
    for part in (split.train, split.val, split.test):
        assert part.dtype == np.int64
        assert np.all(np.diff(part) > 0)


def counts(images: ImageSet, indices: Labels) -> list[int]:
    """How many of these images each class has."""
    return np.bincount(images.labels[indices], minlength=len(images.class_names)).tolist()
