"""Find copies: samples with equal content, and images that were re-encoded, scaled or brightened."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from core.data.image_set import Labels

Looks = NDArray[np.uint8]
_Scalar = TypeVar("_Scalar", bound=np.generic)

_MARGIN = 2  # Grey levels: smaller differences in flat areas would give noisy bits.
_BANDS = 4
_BITS = 3  # Bits that may differ: fewer than there are bands.
_BEYOND_BAND = np.uint64(1 << 48)  # A difference below this leaves the first band equal.
# Bits of rows and columns that are both even, even and odd, and so on: each band covers the whole image.
# With four strips, one could be an empty border in every image.
_ORDER = np.arange(64).reshape(4, 2, 4, 2).transpose(1, 3, 0, 2).ravel()

# Tuned on pets, ImageNet and MNIST. Photos that were saved again differ by 2.7 on average and 17 at most;
# digits of two writers can differ as little on average, but then by 30 and more at some pixel.
_FLATTEST = 4.0  # Grey levels of contrast; below this, any two images are similar.
_DISTANCE = 4.0  # Grey levels, on average.
_SHARE = 0.12  # Relative to the contrast, on average.
_ANYWHERE = 24.0  # Grey levels, at each of the 256 pixels.

# Limits of the work on each band: 51,000 of MNIST's digits take 33 and 3 million.
_COMPARED = 200_000_000  # Pairs of hashes.
_CONFIRMED = 6_000_000  # Pairs of looks.
_KEPT = 200_000  # Pairs.
_CHUNK = 8_192  # Looks at a time: 8 MB in float32.


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Indices of looks that are nearly the same: ``left[k] < right[k]``, sorted.

    ``complete`` is False if there may be more: a limit of the work was reached.
    """

    left: Labels
    right: Labels
    complete: bool


def content_numbers(digests: NDArray[np.uint8]) -> Labels:
    """A number for each sample (N,), equal exactly for equal digests (N, 16); from 0, without gaps."""
    words = np.ascontiguousarray(digests).view(np.uint64)
    order = np.lexsort(words.T)
    differs = (words[order[1:]] != words[order[:-1]]).any(axis=1)
    numbers = np.zeros(len(words), np.int64)
    numbers[order[1:]] = np.cumsum(differs)
    return numbers


def near_pairs(looks: Looks) -> Pairs:
    """Pairs of looks (N, 16, 16) that show the same image, without comparing all pairs.

    Candidates have hashes (`difference_hash`) that differ in at most 3 of 64 bits, so that at least one of
    4 bands of 16 bits is equal (pigeonhole principle). For each band, looks are sorted by it and then by the
    other bits; each is compared with the next, the second next and so on with an equal band, until all or
    2e8 comparisons are done. Beyond that, pairs may be missed, and ``complete`` is False. Candidates count if
    they are `alike`. Mirrored, rotated and cropped copies are not found.
    """
    busy = np.flatnonzero(_by_chunk(_contrast, looks) >= _FLATTEST)
    looks = looks[busy]
    hashes, coarse = _by_chunk(difference_hash, looks), _by_chunk(_coarse, looks)
    bands = [_in_band(looks, coarse, np.roll(hashes, -band, axis=1)) for band in range(_BANDS)]
    left, right = busy[np.unique(np.concatenate([pairs for pairs, _ in bands], axis=1), axis=1)]
    return Pairs(left, right, complete=all(complete for _, complete in bands))


def difference_hash(looks: Looks) -> NDArray[np.uint16]:
    """64 bits of each look (N, 16, 16), as 4 bands (N, 4) of 16.

    A bit for each of the 8 x 8 blocks b of 2 x 2 pixels: b[r, (c + 1) mod 8] - b[r, c] > 2 grey levels.
    """
    blocks = looks.reshape(-1, 8, 2, 8, 2).sum(axis=(2, 4), dtype=np.int16)
    bits = np.roll(blocks, -1, axis=2) - blocks > 4 * _MARGIN
    return np.packbits(bits.reshape(-1, 64).take(_ORDER, axis=1), axis=1).view(np.uint16)


def alike(some: Looks, others: Looks) -> NDArray[np.bool_]:
    """Whether looks (N, 16, 16) and others (N, 16, 16) show the same image, (N,).

    After subtracting each look's mean, pixels differ by at most 24 grey levels, and on average by at most
    4 grey levels and 12% of the contrast. The contrast is the mean absolute deviation of the flatter look,
    and must be at least 4 grey levels.
    """
    contrast = np.minimum(_contrast(some), _contrast(others))
    differences = np.abs(_centred(some) - _centred(others))
    enough = np.minimum(_DISTANCE, _SHARE * contrast)
    same: NDArray[np.bool_] = (differences.mean((1, 2)) <= enough) & (differences.max((1, 2)) <= _ANYWHERE)
    return same & (contrast >= _FLATTEST)


def _centred(looks: Looks) -> NDArray[np.float32]:
    means: NDArray[np.float32] = looks.mean((1, 2), np.float32, keepdims=True)
    return looks - means


def _contrast(looks: Looks) -> NDArray[np.float32]:
    deviations: NDArray[np.float32] = np.abs(_centred(looks)).mean((1, 2))
    return deviations


def _coarse(looks: Looks) -> NDArray[np.float32]:
    """Means of 4 x 4 pixels, (N, 16); their mean difference never exceeds that of the pixels."""
    means: NDArray[np.float32] = _centred(looks).reshape(-1, 4, 4, 4, 4).mean((2, 4)).reshape(-1, 16)
    return means


def _by_chunk(function: Callable[[Looks], NDArray[_Scalar]], looks: Looks) -> NDArray[_Scalar]:
    starts = range(0, max(1, len(looks)), _CHUNK)
    return np.concatenate([function(looks[start : start + _CHUNK]) for start in starts])


def _in_band(looks: Looks, coarse: NDArray[np.float32], hashes: NDArray[np.uint16]) -> tuple[Labels, bool]:
    """Pairs (2, M) that are alike among hashes (N, 4) with the same first band; and whether these are all."""
    numbers = hashes.astype(">u2").view(">u8")[:, 0].astype(np.uint64)
    order = np.argsort(numbers)
    kept, num_kept, num_candidates = [np.empty((2, 0), np.int64)], 0, 0
    for places in _neighbours(numbers[order]):
        kept.append(_confirmed(looks, coarse, np.sort(order[places], axis=0)))
        num_kept += kept[-1].shape[1]
        num_candidates += places.shape[1]
        if num_kept > _KEPT or num_candidates > _CONFIRMED:
            return np.concatenate(kept, axis=1), False
    return np.concatenate(kept, axis=1), _num_pairs(hashes[:, 0]) <= _COMPARED


def _num_pairs(band: NDArray[np.uint16]) -> int:
    counts = np.bincount(band)
    return int((counts * (counts - 1) // 2).sum())


def _neighbours(numbers: NDArray[np.uint64]) -> Iterator[NDArray[np.int64]]:
    """Pairs (2, M) of positions in sorted numbers (N,) with the same band and at most 3 different bits."""
    starts = np.arange(len(numbers))
    shift = num_compared = 0
    while len(starts) and num_compared < _COMPARED:
        shift += 1
        starts = starts[: np.searchsorted(starts, len(numbers) - shift)]
        differing = numbers[starts] ^ numbers[starts + shift]
        same_band = differing < _BEYOND_BAND
        starts, differing = starts[same_band], differing[same_band]
        num_compared += len(starts)
        close = starts[np.bitwise_count(differing) <= _BITS]
        yield np.stack([close, close + shift])


def _confirmed(looks: Looks, coarse: NDArray[np.float32], pairs: Labels) -> Labels:
    """The pairs (2, M) that are alike."""
    kept = [np.empty((2, 0), np.int64)]
    for start in range(0, pairs.shape[1], _CHUNK):
        part = pairs[:, start : start + _CHUNK]
        part = part[:, np.abs(coarse[part[0]] - coarse[part[1]]).mean(1) <= 1.01 * _DISTANCE]  # Rounding.
        kept.append(part[:, alike(looks[part[0]], looks[part[1]])])
    return np.concatenate(kept, axis=1)
