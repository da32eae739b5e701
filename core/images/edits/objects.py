"""The object at a place of a photo, by its colours: GrabCut (Rother 2004, doi:10.1145/1015706.1015720)."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 200  # Longer photos are cut at this size: the time grows with the number of pixels.
_ROUNDS = 3
_SURE, _LIKELY = 0.03, 0.3  # Radii around a point, as shares of the longer side.
_EDGE = 0.02  # Of each side: background, as an object that was clicked is rarely cut off all around.


def in_box(photo: Image.Image, box: Sequence[float]) -> NDArray[np.bool_]:
    """The pixels of the object that a box surrounds, boolean (H, W); none where the box is off the photo."""
    small, scale = _small(photo)
    left, top, right, bottom = (round(max(0, edge) * scale) for edge in box)
    labels = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    labels[top:bottom, left:right] = cv2.GC_PR_FGD
    return _cut(photo, small, labels)


def at_point(photo: Image.Image, point: Sequence[float]) -> NDArray[np.bool_]:
    """The pixels of the object at a point (x, y), boolean (H, W); none where the point is off the photo."""
    if not (0 <= point[0] < photo.width and 0 <= point[1] < photo.height):
        return np.zeros((photo.height, photo.width), bool)
    small, scale = _small(photo)
    rows, columns = np.indices(small.shape[:2]) + 0.5
    distance = np.hypot(columns - point[0] * scale, rows - point[1] * scale) / max(small.shape[:2])
    labels = np.where(distance <= _LIKELY, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    across, down = (max(1, round(_EDGE * side)) for side in (small.shape[1], small.shape[0]))
    labels[:down] = labels[-down:] = labels[:, :across] = labels[:, -across:] = cv2.GC_BGD
    labels[distance <= max(_SURE, distance.min())] = cv2.GC_FGD
    return _cut(photo, small, labels)


def _small(photo: Image.Image) -> tuple[NDArray[np.uint8], float]:
    small = photo.copy()
    small.thumbnail((_SIDE, _SIDE))
    return np.asarray(small), small.width / photo.width


def _cut(photo: Image.Image, small: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The foreground that GrabCut finds from first labels; these where there is nothing to tell apart."""
    foreground = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if foreground.any() and not foreground.all():
        cv2.setRNGSeed(0)  # It begins with clusters at random.
        models = (np.zeros((1, 65)), np.zeros((1, 65)))
        cv2.grabCut(small, labels, (0, 0, 1, 1), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
        foreground = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))
    wide = Image.fromarray(foreground.astype(np.float32)).resize(photo.size, Image.Resampling.BILINEAR)
    return np.asarray(wide) >= 0.5
