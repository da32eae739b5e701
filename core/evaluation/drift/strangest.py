"""Which photos are least like the known ones, and in what."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import DoubleArray, FloatArray
from core.evaluation.drift.causes import RESOLUTION, has_words, in_words
from core.evaluation.drift.two_samples import Seen

FEATURES = "features"
_TO_SIGMA = 1.4826  # From a median absolute deviation to a standard deviation, in a normal distribution.
_SMALLEST = 0.05  # Spread of a property's logarithm: a difference of a tenth is never strange.
_LEAST = 0.01  # Of the median: smaller values, such as the sharpness of an empty photo, count as this.
_MOST = 5_000  # Known photos that each new one is compared with.
_AT_ONCE = 1_024


@dataclass(frozen=True, slots=True)
class Strange:
    """A new photo by its row, its ``deviation`` from the known ones in ``what``, and the cause in words.

    A deviation counts standard deviations, estimated from the median absolute deviation of the known photos.
    """

    row: int
    deviation: float
    what: str
    cause: str


def strangest(known: Seen, new: Seen, seed: int = 0) -> list[Strange]:
    """All new photos, those least like the known ones first; ``seed`` draws from many known photos."""
    deviations, ratios = _property_deviations(_with_resolution(known), _with_resolution(new))
    if known.features is not None and new.features is not None:
        deviations[FEATURES] = feature_deviations(known.features, new.features, seed)
    if not deviations:
        return [Strange(row, 0.0, "", in_words("", 0.0, 1.0)) for row in range(len(new))]
    names, values = list(deviations), np.array(list(deviations.values()))
    first, largest = values.argmax(0), values.max(0)
    strange = []
    for row in np.argsort(-largest, kind="stable").tolist():
        name = names[first[row]]
        ratio = float(ratios[name][row]) if name in ratios else 1.0
        cause = in_words(name, float(largest[row]), ratio)
        strange.append(Strange(row, float(largest[row]), name, cause))
    return strange


def feature_deviations(known: NDArray[np.floating], new: NDArray[np.floating], seed: int = 0) -> DoubleArray:
    """How much farther each new photo (N,) is from its nearest known photo than known ones are from theirs.

    Distances are between features of unit variance; the deviation is of their logarithm, 0 for nearer ones.
    """
    if len(known) > _MOST:
        known = known[np.sort(np.random.default_rng(seed).choice(len(known), _MOST, replace=False))]
    known, new = (np.asarray(each, np.float32) for each in (known, new))
    mean, deviation = known.mean(0), known.std(0)
    scale = np.where(deviation > 0, deviation, 1)
    known, new = ((each - mean) / scale for each in (known, new))
    usual = np.log(_nearest(known, known, itself=True).clip(1e-6))
    middle, spread = _middle_and_spread(usual)
    apart = np.log(_nearest(new, known, itself=False).clip(1e-6)) - middle
    return np.asarray(apart.clip(0) / max(spread, _SMALLEST))


def _nearest(photos: FloatArray, known: FloatArray, *, itself: bool) -> DoubleArray:
    """The distance (N,) of each photo to the nearest known one; with ``itself``, to the nearest other one."""
    squares = (known**2).sum(1)
    nearest = []
    for first in range(0, len(photos), _AT_ONCE):
        part = photos[first : first + _AT_ONCE]
        apart = (part**2).sum(1)[:, None] + squares - 2 * part @ known.T
        if itself:
            apart[np.arange(len(part)), first + np.arange(len(part))] = np.inf
        nearest.append(apart.min(1))
    return np.asarray(np.sqrt(np.concatenate(nearest).astype(np.float64).clip(0)))


def _with_resolution(seen: Seen) -> dict[str, DoubleArray]:
    """The properties that have words, with the resolution: the side of a square of as many pixels."""
    known = dict(seen.properties)
    if "width" in known and "height" in known:
        known[RESOLUTION] = np.sqrt(known["width"] * known["height"])
    return {name: values for name, values in known.items() if has_words(name)}


def _property_deviations(
    known: Mapping[str, DoubleArray], new: Mapping[str, DoubleArray]
) -> tuple[dict[str, DoubleArray], dict[str, DoubleArray]]:
    """For each property deviations (N,) of the new photos and their ratios (N,) to the median known photo."""
    deviations, ratios = {}, {}
    for name in (name for name in known if name in new):
        usual = known[name][np.isfinite(known[name])]
        if not len(usual) or not np.isfinite(new[name]).any():
            continue
        least = max(_LEAST * float(np.median(usual)), 1e-6)
        middle, spread = _middle_and_spread(np.log(usual.clip(least)))
        apart = np.nan_to_num(np.log(new[name].clip(least)) - middle)
        deviations[name], ratios[name] = np.abs(apart) / max(spread, _SMALLEST), np.exp(apart)
    return deviations, ratios


def _middle_and_spread(values: DoubleArray) -> tuple[float, float]:
    middle = float(np.median(values))
    return middle, _TO_SIGMA * float(np.median(np.abs(values - middle)))
