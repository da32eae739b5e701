"""Scikit-learn's digits: 1,797 handwritten digits of 8 x 8 pixels, shipped with scikit-learn."""

from pathlib import Path

import numpy as np

from core.data.image_set import ImageSet, Pixels, fingerprint_of_pixels
from core.data.sources.source import Source


def _load(_folder: Path) -> ImageSet:
    from sklearn.datasets import load_digits  # noqa: PLC0415 (a second, only where it is needed)

    digits = load_digits()
    # Values 0 to 16, bright ink, scaled to 0 to 255.
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    labels = digits.target.astype(np.int64)
    return ImageSet(
        name="digits",
        class_names=tuple("0123456789"),
        labels=labels,
        sample_ids=[f"digits/{index}" for index in range(len(labels))],
        image=Pixels(pixels),
        fingerprint=fingerprint_of_pixels(pixels, labels),
    )


SOURCE = Source(
    name="digits",
    title="Handwritten digits of scikit-learn: 1,797 grey images of 8 × 8 pixels, 10 classes",
    where="nowhere: they come with scikit-learn",
    find=lambda folder: folder,
    load=_load,
    is_embedded=True,
)
