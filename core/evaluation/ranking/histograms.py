"""Histograms of scores: for each class, how many samples have their log-odds in each bin.

Their size does not depend on the number of samples, and histograms of parts add up to that of the whole.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Log-odds beyond this are in the outermost bins: probabilities within 1e-27 of 0 or 1.
_REACH = 64.0
_MOST_BINS = 2048
_LARGEST = 256_000_000  # Bytes.
_ROWS = 64  # Rows that are sorted into bins at a time.

Counts = NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Counts (2, C, B) of negative and of positive samples of each class, by log-odds."""

    counts: Counts

    @property
    def edges(self) -> NDArray[np.float64]:
        """The log-odds between the bins (B - 1,)."""
        bins = self.counts.shape[2]
        return np.asarray(np.arange(1, bins) * (2 * _REACH / bins) - _REACH, np.float64)


def empty_counts(num_splits: int, num_classes: int) -> Counts:
    """Zeros (S, 2, C, B), one histogram per split, with as many bins as fit into 256 MB, at most 2,048."""
    bins = _MOST_BINS
    while bins > 2 and 2 * num_splits * num_classes * bins * 4 > _LARGEST:
        bins //= 2
    return np.zeros((num_splits, 2, num_classes, bins), np.uint32)


def count(counts: Counts, scores: NDArray[np.float16], label: NDArray[Any], split: NDArray[Any]) -> None:
    """Add the log-odds (N, C) of samples with labels (N,) and splits (N,) to counts (S, 2, C, B)."""
    flat, (_, _, num_classes, bins) = counts.reshape(-1), counts.shape
    first = np.arange(num_classes, dtype=np.int64) * bins
    for start in range(0, len(scores), _ROWS):
        rows = slice(start, start + _ROWS)
        places = np.float32(bins / (2 * _REACH)) * (scores[rows].astype(np.float32) + np.float32(_REACH))
        places = places.clip(0, bins - 1).astype(np.int64) + first
        places += (split[rows].astype(np.int64) * (2 * num_classes * bins))[:, None]
        places[np.arange(len(places)), label[rows]] += num_classes * bins
        np.add.at(flat, places.ravel(), np.uint32(1))
