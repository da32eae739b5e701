"""False alarms of the drift test over many seeds, and how often a shift of brightness by 20% is found.

Run: ``python tests/benchmarks/drift.py [--seeds 100]``. Photos are the shipped digits' own features and
properties, divided at random: 159 known, 200 new.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.arrays import IntArray
from core.checkpoints import store
from core.evaluation.drift.two_samples import Seen, compare
from core.predictions import evaluations, seen_photos

_NEW, _DIMMER = 200, 0.8


def main() -> None:
    """Print the shares of seeds with p at most 0.01, 0.05 and 0.1, without and with a shift."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    options = parser.parse_args()
    seen = seen_photos.of_evaluation(evaluations.find(store.find("digits"))).seen
    alike, dimmer = [], []
    for seed in range(options.seeds):
        order = np.random.default_rng(seed).permutation(len(seen))
        known, new = seen.some(order[_NEW:]), seen.some(order[:_NEW])
        alike.append(compare(known, new, seed).p)
        dimmer.append(compare(known, _dimmed(seen, order[:_NEW]), seed).p)
    print("| photos | p <= 0.01 | p <= 0.05 | p <= 0.1 |")
    print("| --- | --- | --- | --- |")
    for name, found in (("alike", alike), ("20% dimmer", dimmer)):
        counts = " | ".join(str(sum(p <= limit for p in found)) for limit in (0.01, 0.05, 0.1))
        print(f"| {name} | {counts} |")


def _dimmed(seen: Seen, rows: IntArray) -> Seen:
    """These photos with four fifths of their brightness; all else is as it was."""
    new = seen.some(rows)
    brightness = new.properties["brightness"] * _DIMMER
    return Seen(new.features, {**new.properties, "brightness": brightness}, new.predicted, new.confidence)


if __name__ == "__main__":
    main()
