"""How large objects are at the network's input, where the data have boxes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.data.image_set import ImageSet, Labels
from core.data.sources.boxes import ObjectBox, box_of
from core.images.preprocess import Preprocess
from core.shares import whole_percent

_MOST = 500  # Images.
SMALLEST = 8.0  # Pixels: the shorter side of an object that a network can still tell from others.
_CUT = 0.5  # Of the box.


@dataclass(frozen=True, slots=True)
class ObjectSizes:
    """Of ``num_boxes`` objects: the median of the shorter side at the network's input, in pixels.

    A ``share_small`` is shorter than 8 pixels there; the centre crop removes more than half of ``share_cut``.
    Both are in [0, 1].
    """

    num_boxes: int
    median_side: float
    share_small: float
    share_cut: float

    @property
    def in_words(self) -> str:
        """``35 pixels in the median; 3% below 8 pixels; 0% cut off``."""
        small, cut = whole_percent(self.share_small), whole_percent(self.share_cut)
        median = f"{self.median_side:.0f} pixels in the median of {self.num_boxes:,}"
        return f"{median}; {small} below {SMALLEST:.0f} pixels, {cut} mostly cut off"


def object_boxes(images: ImageSet, indices: Labels, *, seed: int = 0) -> list[ObjectBox]:
    """The boxes of at most 500 of these images, drawn by ``seed``; none where the data have none."""
    drawn = np.random.default_rng(seed).permutation(indices)[:_MOST].tolist()
    return list(_boxes(images, drawn))


def _boxes(images: ImageSet, indices: list[int]) -> Iterator[ObjectBox]:
    for index in indices:
        path = images.path(index)
        if path is not None and (box := box_of(path)) is not None:
            yield box


def object_sizes(boxes: list[ObjectBox], preprocess: Preprocess) -> ObjectSizes | None:
    """The sizes of objects after resize and crop; None without boxes."""
    if not boxes:
        return None
    sides = np.array([_shorter_side(box, preprocess) for box in boxes])
    seen = np.array([_share_seen(box, preprocess) for box in boxes])
    small, cut = (sides < SMALLEST).mean(), (seen < _CUT).mean()
    return ObjectSizes(len(boxes), float(np.median(sides)), float(small), float(cut))


def _shorter_side(box: ObjectBox, preprocess: Preprocess) -> float:
    """In pixels of the network's input."""
    window, (height, width) = preprocess.window(box.size), preprocess.input_size
    return min(
        (box.right - box.left) * width / (window.right - window.left),
        (box.bottom - box.top) * height / (window.bottom - window.top),
    )


def _share_seen(box: ObjectBox, preprocess: Preprocess) -> float:
    """The share of the box's area that the network sees."""
    window = preprocess.window(box.size)
    width = min(box.right, window.right) - max(box.left, window.left)
    height = min(box.bottom, window.bottom) - max(box.top, window.top)
    return max(0.0, width) * max(0.0, height) / ((box.right - box.left) * (box.bottom - box.top))
