"""What the test of a map costs after the map itself, and whether half precision gives the same verdicts.

``python tests/benchmarks/trust.py FOLDER [--photos N]``, from the project root: a folder of photos, for the
built-in network. First the time, in turns, of a forward pass, of a map, and of its test in float32 and in
bfloat16, as the pages run them: memory that is freed goes back to the system. Then, over photos and nine
pairs of method and layer, how far the scores and verdicts of both precisions agree.
"""

import argparse
import copy
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.checkpoints import (
    paths,
    store,  # Before torch: core says how OpenMP's threads wait.
)

# isort: split
import numpy as np
import torch
from torch import Tensor

from core import images
from core.checkpoints.store import Checkpoint
from core.explain.trust.agreement import rank_correlation
from core.explanation.answer import Explanation
from core.explanation.asking import explain
from core.explanation.question import Question
from core.explanation.trust import Trust, trust

_PAIRS = [
    (method, layer)
    for method in ("grad_cam", "layer_cam", "xgrad_cam")
    for layer in ("blocks.4", "blocks.5", "bn2")
]


def batches(folder: Path, network: Checkpoint, number: int) -> list[Tensor]:
    """So many photos of the folder, evenly spaced, as the network's input."""
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    chosen = found[:: max(1, len(found) // number)][:number]
    return [network.card.preprocess.batch([images.read(path)]) for path in chosen]


def asked(network: Checkpoint, batch: Tensor, method: str, layer: str) -> Explanation:
    """The map of the predicted class."""
    return explain(network, batch, Question(method, (layer,)))[0][0]


def print_times(network: Checkpoint, half: Checkpoint, batch: Tensor, repeats: int) -> None:
    """Print medians of wall and of processor time; contestants take turns."""
    answer = asked(network, batch, "grad_cam", "bn2")
    earlier = list(trust(network, batch, answer).values())
    contestants: dict[str, Callable[[], object]] = {
        "forward pass": lambda: _forward(network, batch),
        "Grad-CAM at bn2": lambda: asked(network, batch, "grad_cam", "bn2"),
        "its test, float32": lambda: trust(network, batch, answer),
        "another map's test": lambda: trust(network, batch, answer, beside=earlier),
        "its test, bfloat16": lambda: trust(half, batch, answer),
    }
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, contestant in contestants.items():
            started, before = time.perf_counter(), time.process_time()
            contestant()
            seconds[name].append((time.perf_counter() - started, time.process_time() - before))
    print("| what | ms | processor ms |\n| --- | --- | --- |")
    for name, each in seconds.items():
        wall, processor = (1000 * statistics.median(values) for values in zip(*each, strict=True))
        print(f"| {name} | {wall:.0f} | {processor:.0f} |", flush=True)


def print_agreement(network: Checkpoint, half: Checkpoint, photos: list[Tensor]) -> None:
    """Print how far the scores and verdicts of both precisions agree."""
    both: list[tuple[Trust, Trust]] = []
    for batch in photos:
        for method, layer in _PAIRS:
            answer = asked(network, batch, method, layer)
            tests = [trust(each, batch, answer).get(layer) for each in (network, half)]
            both += [(tests[0], tests[1])] if tests[0] and tests[1] else []
    scores = torch.tensor([[each.faithful.score for each in pair] for pair in both]).T
    correlation = float(rank_correlation(scores[:1], scores[1:]))
    same = np.mean([first.verdict.grade == second.verdict.grade for first, second in both])
    print(f"{len(both)} maps: rank correlation of scores {correlation:.4f}, ")
    print(f"largest difference {(scores[0] - scores[1]).abs().max():.3f}, verdicts the same {same:.1%}")


def _forward(network: Checkpoint, batch: Tensor) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = network.model(batch)
    return logits


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    network = store.load_for_speed(store.find(paths.BUILT_IN), device="cpu")
    half = replace(network, model=copy.deepcopy(network.model).bfloat16())
    photos = batches(options.folder, network, options.photos)
    print_times(network, half, photos[0], options.repeats)
    print_agreement(network, half, photos)


if __name__ == "__main__":
    main()
