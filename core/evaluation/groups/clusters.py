"""Clusters of samples that look alike to the network, within a scope.

They are found by k-means, with several numbers of clusters. Gaussian mixtures find planted groups as often
and take up to four times as long. HDBSCAN calls most samples noise: it finds a planted watermark in one of
twenty seeds, k-means in nineteen (`tests/benchmarks/clusterings.py`).
"""

from collections.abc import Iterator

import numpy as np

from core.arrays import FloatArray
from core.evaluation.groups.candidates import LEAST_SIZE, Candidate
from core.evaluation.groups.population import Scope

_FITTED = 4_000
_NUMBERS = (2, 3, 5, 8)
COST = 16.0  # As much as a rule of two conditions: a cluster says less than a rule.


def clusters(scope: Scope, looks: FloatArray, seed: int) -> Iterator[Candidate]:
    """Clusters in ``looks`` (N, d), from several partitions of a scope; typical is what is near the centre.

    Mistakes play no part: the clusters are the same for both halves.
    """
    for places in _partitions(looks[scope.rows], seed):
        centres = places.argmin(axis=1)
        for index in range(places.shape[1]):
            inside = centres == index
            if LEAST_SIZE <= inside.sum() < len(scope.rows):
                yield Candidate(
                    scope, scope.rows[inside], -places[inside, index].astype(np.float64), (), COST
                )


def _partitions(points: FloatArray, seed: int) -> Iterator[FloatArray]:
    """For partitions into few and into more clusters, the distance of each point from each centre (n, k)."""
    from sklearn.cluster import KMeans  # noqa: PLC0415 (a second, only where it is needed)

    rng = np.random.default_rng(seed)
    fitted = points[rng.permutation(len(points))[:_FITTED]]
    for number in _NUMBERS:
        if len(fitted) >= LEAST_SIZE * number:
            yield KMeans(number, n_init=2, random_state=seed).fit(fitted).transform(points)
