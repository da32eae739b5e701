"""Are planted groups found, is clean data left alone, and how long does a wide data set take?

Run: ``python tests/benchmarks/groups.py [--seeds 20] [--wide 100000]``.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.evaluation.feature_space.neighbours import FeatureSpace
from core.evaluation.feature_space.plane import main_plane
from core.evaluation.groups.group import groups
from core.evaluation.groups.population import Population
from tests.support.results.planted_groups import KINDS, clean, planted

_WIDTH = 1_280


def main() -> None:
    """Print a table of planted kinds, then clean data, then the time for a wide data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--wide", type=int, default=0, metavar="N", help="samples of the wide data set")
    options = parser.parse_args()
    seeds = range(options.seeds)
    if seeds:
        _draw_planted(seeds)
    if options.wide:
        _draw_wide(options.wide)


def _draw_planted(seeds: range) -> None:
    print("| planted | error inside | reported | of ten, mean | at least 8 of ten |")
    print("| --- | --- | --- | --- | --- |")
    for error in (0.6, 0.3):
        for kind in KINDS:
            _draw_kind(kind, error, seeds)
    reported = sum(bool(groups(clean(seed)).groups) for seed in seeds)
    print(f"\nclean: {reported} of {len(seeds)} seeds with a group")


def _draw_kind(kind: str, error: float, seeds: range) -> None:
    hits = []
    for seed in seeds:
        made = planted(kind, seed, error=error)
        listed = groups(made.population).groups[:1]
        hits += [made.hits(each.rows) for each in listed]
    share = f"{len(hits)} of {len(seeds)}"
    print(
        f"| {kind} | {error} | {share} | {np.mean(hits):.1f} | {sum(hit >= 8 for hit in hits)} |", flush=True
    )


def _draw_wide(size: int) -> None:
    made = planted("darkness", 0, size=size)
    rng = np.random.default_rng(0)
    narrow = made.population.features
    wide = narrow @ rng.normal(size=(narrow.shape[1], _WIDTH)).astype(np.float16) / 6
    wide += rng.normal(size=wide.shape).astype(np.float16) / 4
    known = made.population
    population = Population(
        known.class_names, known.labels, known.predicted, known.p_label, known.properties, wide
    )
    start, used = time.perf_counter(), time.process_time()
    result = groups(population)
    wall, processor = time.perf_counter() - start, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"\n{size:,} x {_WIDTH}: {wall:.0f} s, {processor:.0f} s of processor time, {memory:.1f} GB at most"
    )
    print(f"{len(result.groups)} groups, {made.hits(result.groups[0].rows)} of ten planted")
    _draw_space(wide)


def _draw_space(features: NDArray[np.float16]) -> None:
    """The time of the map, and that of the nine nearest samples: the median of 20."""
    start, used = time.perf_counter(), time.process_time()
    main_plane(features)
    wall, processor = time.perf_counter() - start, time.process_time() - used
    print(f"map: {wall:.1f} s, {processor:.1f} s of processor time")
    space = FeatureSpace.of(features)
    waits = []
    for row in range(0, len(features), len(features) // 20):
        start, used = time.perf_counter(), time.process_time()
        space.nearest(features[row])
        waits.append((time.perf_counter() - start, time.process_time() - used))
    wall, processor = np.median(waits, axis=0).tolist()
    print(f"nine nearest samples: {wall:.3f} s, {processor:.3f} s of processor time")


if __name__ == "__main__":
    main()
