"""Which photos are least like the known ones, and in what."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import DoubleArray, FloatArray, IntArray
from core.evaluation.drift.causes import RESOLUTION, has_words, in_words
from core.evaluation.drift.two_samples import Seen

FEATURES = "features"
_TO_SIGMA = 1.4826  # From a median absolute deviation to a standard deviation, in a normal distribution.
_SMALLEST = 0.05  # Spread of a property's logarithm: a difference of a tenth is never strange.
_LEAST = 0.01  # Of the median: smaller values, such as the sharpness of an empty photo, count as this.
_MOST = 5_000  # Known photos that each new one is compared with.
_AT_ONCE = 1_024
_TINY = 1e-12  # Squared distance of copies.


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


def feature_deviations(
    known: NDArray[np.floating], new: NDArray[np.floating] | None = None, seed: int = 0
) -> DoubleArray:
    """How much farther each new photo (N,) is from its nearest known photo than known ones are from theirs.

    Distances are between features of unit variance; the deviation is of their logarithm, 0 for nearer ones.
    Without ``new``, it is of each known photo itself. Of more than 5,000 known photos, ``seed`` draws some.
    """
    drawn = np.arange(len(known))
    if len(known) > _MOST:
        drawn = np.sort(np.random.default_rng(seed).choice(len(known), _MOST, replace=False))
    some = np.asarray(known[drawn], np.float32)
    mean, deviation = some.mean(0), some.std(0)
    scale = np.where(deviation > 0, deviation, 1)
    some = (some - mean) / scale
    own = _log_nearest(some, some, np.arange(len(some)))
    middle, spread = _middle_and_spread(own)
    photos, places = known if new is None else new, np.full(len(known if new is None else new), -1)
    if new is None:
        places[drawn] = np.arange(len(drawn))
    nearest = [
        _log_nearest((np.asarray(photos[part], np.float32) - mean) / scale, some, places[part])
        for part in np.array_split(np.arange(len(photos)), -(-len(photos) // _AT_ONCE))
    ]
    return np.asarray((np.concatenate(nearest) - middle).clip(0) / max(spread, _SMALLEST))


def _log_nearest(photos: FloatArray, known: FloatArray, places: IntArray) -> DoubleArray:
    """ln of the distance (n,) to the nearest known photo, but the one in ``places`` (n,), -1 for none."""
    apart = (photos**2).sum(1)[:, None] + (known**2).sum(1) - 2 * photos @ known.T
    rows = np.flatnonzero(places >= 0)
    apart[rows, places[rows]] = np.inf
    return np.asarray(np.log(apart.min(1).astype(np.float64).clip(_TINY)) / 2)


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
