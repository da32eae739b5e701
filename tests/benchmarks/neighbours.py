"""The nine nearest of many samples through a sketch, against a search among all: recall, time, memory.

Run: ``python tests/benchmarks/neighbours.py [--samples 1000000]``; needs 2.6 GB of disk for a million.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.evaluation.feature_space.neighbours import FeatureSpace
from core.evaluation.feature_space.sketch import Sketch

_WIDTH, _LATENT, _GROUPS = 1_280, 200, 1_000
_AT_ONCE = 20_000
_QUERIES, _NUMBER = 12, 9


def main() -> None:
    """Print the time to read the features, that of a search, and the share of true neighbours found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        features = _features(Path(folder) / "features.npy", options.samples)
        start, used = time.perf_counter(), time.process_time()
        sketch = Sketch.of(features)
        wall, processor = time.perf_counter() - start, time.process_time() - used
        megabytes = sketch.points.numel() * sketch.points.element_size() / 1e6
        print(f"sketch: {wall:.1f} s, {processor:.1f} s of processor time, {megabytes:.0f} MB")
        _search(FeatureSpace(features, sketch))


def _search(space: FeatureSpace) -> None:
    queries = np.random.default_rng(1).integers(0, len(space.features), _QUERIES)
    found, waits = [], []
    for row in queries.tolist():
        start, used = time.perf_counter(), time.process_time()
        found.append(set(space.nearest(space.features[row], _NUMBER).rows.tolist()))
        waits.append((time.perf_counter() - start, time.process_time() - used))
    wall, processor = np.median(waits, axis=0).tolist()
    print(f"a search: {wall:.3f} s, {processor:.3f} s of processor time")
    true = _slow(space.features, queries)
    recall = [len(one & set(other)) / _NUMBER for one, other in zip(found, true.tolist(), strict=True)]
    print(f"recall at {_NUMBER}: {np.mean(recall):.3f}, at least {min(recall):.3f}, of {_QUERIES} searches")


def _features(path: Path, number: int) -> NDArray[np.float16]:
    """Features as of a network: groups in 200 directions of falling spread, noise in all, cut at 0."""
    random = np.random.default_rng(0)
    features = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(number, _WIDTH))
    spread = np.arange(1, _LATENT + 1)[:, None] ** 0.5
    directions = (random.standard_normal((_LATENT, _WIDTH)) / spread).astype(np.float32)
    centres = random.standard_normal((_GROUPS, _LATENT)).astype(np.float32)
    for first in range(0, number, _AT_ONCE):
        count = min(_AT_ONCE, number - first)
        latent = random.standard_normal((count, _LATENT)).astype(np.float32)
        latent += centres[random.integers(0, _GROUPS, count)]
        noise = 0.5 * random.standard_normal((count, _WIDTH), dtype=np.float32)
        features[first : first + count] = np.maximum(latent @ directions + noise - 1, 0)
    return features


def _slow(features: NDArray[np.float16], queries: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows (Q, 9) of the nearest samples of each query, among all."""
    ones = torch.nn.functional.normalize(torch.from_numpy(features[queries].astype(np.float32)))
    cosines = torch.cat(
        [
            ones @ torch.nn.functional.normalize(torch.from_numpy(piece.astype(np.float32))).T
            for piece in np.array_split(features, -(-len(features) // _AT_ONCE))
        ],
        1,
    )
    rows: NDArray[np.int64] = cosines.topk(_NUMBER).indices.numpy()
    return rows


if __name__ == "__main__":
    main()
