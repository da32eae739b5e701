"""Which clustering finds planted groups of mistakes: k-means, Gaussian mixtures, or HDBSCAN?

Run: ``python tests/benchmarks/clusterings.py [--seeds 20] [--kinds watermark,darkness]``.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN
from sklearn.mixture import GaussianMixture

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.evaluation.groups import clusters
from core.evaluation.groups.group import groups
from tests.support.results.planted_groups import KINDS, clean, planted

Points = NDArray[np.float32]
Partitions = Callable[[Points, int], Iterator[NDArray[np.float64]]]


def mixtures(points: Points, seed: int, *, covariance: str) -> Iterator[NDArray[np.float64]]:
    """For Gaussian mixtures of few and of more parts, how far each point is from each part (n, k)."""
    rng = np.random.default_rng(seed)
    fitted = points[rng.permutation(len(points))[:4_000]]
    for number in (2, 3, 5, 8):
        if len(fitted) >= 10 * number:
            parts = GaussianMixture(
                number, covariance_type=covariance, random_state=seed, reg_covar=1e-3 * float(points.var())
            )
            yield -np.log(parts.fit(fitted).predict_proba(points) + 1e-12)


def hdbscan(points: Points, _seed: int) -> Iterator[NDArray[np.float64]]:
    """For two least sizes, how far each point is from each cluster (n, k); noise is nearest to the last."""
    for least in (10, 20):
        if len(points) < 2 * least:
            continue
        found = HDBSCAN(min_cluster_size=least, copy=True).fit(points)
        places = np.full((len(points), int(found.labels_.max()) + 2), 1.0)
        places[:, -1] = 0.5
        for number in range(places.shape[1] - 1):
            inside = found.labels_ == number
            places[inside, number] = -found.probabilities_[inside]
        yield places


CLUSTERINGS: dict[str, Partitions] = {
    "k-means": clusters._partitions,
    "mixtures, diagonal": partial(mixtures, covariance="diag"),
    "mixtures, spherical": partial(mixtures, covariance="spherical"),
    "mixtures, one covariance": partial(mixtures, covariance="tied"),
    "HDBSCAN": hdbscan,
}


def main() -> None:
    """Print a row for each clustering: planted groups found, clean seeds with a group, processor seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--kinds", default="watermark,darkness", help=f"of {', '.join(KINDS)}")
    options = parser.parse_args()
    kinds, seeds = options.kinds.split(","), range(options.seeds)
    cases = [(kind, error) for error in (0.6, 0.3) for kind in kinds]
    heads = [f"{kind}, {error:.0%} wrong" for kind, error in cases]
    print("|", " | ".join(["clustering", *heads, "clean", "processor seconds a search"]), "|")
    print("|", " | ".join(["---"] * (len(heads) + 3)), "|")
    for name, partitions in CLUSTERINGS.items():
        clusters._partitions = partitions
        begun = time.process_time()
        found = [_found(kind, error, seeds) for kind, error in cases]
        reported = sum(bool(groups(clean(seed)).groups) for seed in seeds)
        seconds = (time.process_time() - begun) / (len(seeds) * (len(cases) + 1))
        print("|", " | ".join(map(str, [name, *found, reported, f"{seconds:.2f}"])), "|", flush=True)


def _found(kind: str, error: float, seeds: range) -> int:
    """In how many seeds at least eight of the first ten samples of the first group are planted."""
    made = [planted(kind, seed, error=error) for seed in seeds]
    firsts = [(each, groups(each.population).groups[:1]) for each in made]
    return sum(bool(first) and each.hits(first[0].rows) >= 8 for each, first in firsts)


if __name__ == "__main__":
    main()
