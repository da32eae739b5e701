"""Does a heat map lie on the object? For photos whose object is marked by a mask or a box."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

TOLERANCE = 15.0  # Pixels, as in Zhang 2016.
_BLOB = 4  # Standard deviations of the blob in the centre, along a side.


@dataclass(frozen=True, slots=True)
class Overlap:
    """How a heat map and a mask overlap, each in [0, 1].

    ``pointing`` is 1 if the brightest pixel lies on the mask or near it, 0 if not; of several brightest
    pixels, the share that does (Zhang 2016, arXiv:1608.00507). ``energy`` is the share of the
    heat inside the mask (Wang 2020, arXiv:1910.01279). ``iou`` is intersection over union of
    the mask and all pixels above a threshold, at the best threshold for this mask.
    """

    pointing: float
    energy: float
    iou: float


@dataclass(frozen=True, slots=True)
class Localisation:
    """The overlap of a heat map with a mask, beside what needs no network.

    ``centre`` is the overlap of a blob in the middle of the photo; ``area`` the mask's share of the pixels,
    which is the energy and the IoU of a uniform heat map.
    """

    overlap: Overlap
    centre: Overlap
    area: float


def localisation(
    heat: NDArray[np.floating], mask: NDArray[np.bool_], tolerance: float = TOLERANCE
) -> Localisation:
    """How well a heat map (H, W) shows the object of a mask (H, W), over the pixels that were seen.

    Args:
        heat: any scale; negative values count as 0, and a map without positive values as uniform. NaN where
            the network saw nothing, or where the mask is unsure: such pixels are left out.
        mask: true on the object.
        tolerance: in pixels of the map, between the brightest pixel and the mask.

    Raises:
        ValueError: the shapes differ, or no pixel of the mask was seen.
    """
    if heat.shape != mask.shape:
        raise ValueError(f"a mask {mask.shape} does not fit a heat map {heat.shape}")
    seen = ~np.isnan(heat)
    if not (mask & seen).any():
        raise ValueError("the mask has no pixel that the network saw")
    inside, distances = mask[seen], distance_transform_edt(~mask)[seen]
    near = distances <= tolerance
    blob = _centre(heat.shape)[seen]
    return Localisation(
        _overlap(heat[seen], inside, near), _overlap(blob, inside, near), float(inside.mean())
    )


def _overlap(heat: NDArray[np.floating], inside: NDArray[np.bool_], near: NDArray[np.bool_]) -> Overlap:
    """Of the pixels that were seen (P,)."""
    positive = np.maximum(heat.astype(np.float64), 0)
    values = positive if positive.any() else np.ones_like(positive)
    return Overlap(
        pointing=float(near[values == values.max()].mean()),
        energy=float(values[inside].sum() / values.sum()),
        iou=_best_iou(values, inside),
    )


def _best_iou(values: NDArray[np.float64], inside: NDArray[np.bool_]) -> float:
    order = np.argsort(-values, kind="stable")
    ordered, hits = values[order], np.cumsum(inside[order])
    above = np.arange(1, len(values) + 1)
    # Equal values pass a threshold together.
    is_last = np.append(ordered[1:] < ordered[:-1], np.True_)
    return float((hits / (above + inside.sum() - hits))[is_last].max())


def _centre(shape: tuple[int, ...]) -> NDArray[np.float64]:
    rows, columns = (((np.arange(side) + 0.5) / side - 0.5) * _BLOB for side in shape)
    blob: NDArray[np.float64] = np.exp(-(rows[:, None] ** 2 + columns**2) / 2)
    return blob
