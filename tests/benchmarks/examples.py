"""What looking for examples costs: a pass for all channels of two layers against a plain forward pass.

``python tests/benchmarks/examples.py FOLDER`` (any photos). Both read the same photos in the same way, with
the same workers and batches, into EfficientNet-Lite0; ours also finds the receptive fields, keeps the nine
strongest patches of each channel, and writes its state and its table. Each run is a process of its own, timed
once the network is loaded; contestants alternate, and medians count.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.data.sources.photos import photos_below
from core.data.workers import usual_workers
from core.device import best_device, keep_freed_memory
from core.inside.examples.search import collect
from core.passes.in_process import InProcess
from core.passes.work import PhotoReader, together

LAYERS = ("blocks.2", "bn2")


def ours(loaded: Checkpoint, images: ImageSet, workers: int) -> None:
    """What the command does before it draws; into a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(loaded.folder / paths.CARD, place)
        collect(replace(loaded, folder=Path(place)), LAYERS, images, InProcess(loaded.device, workers))


@torch.inference_mode()
def plain(loaded: Checkpoint, images: ImageSet, workers: int) -> None:
    """The whole network over the same batches."""
    preprocess, is_on_gpu = loaded.card.preprocess, loaded.device.startswith("cuda")
    reader = PhotoReader(images, preprocess, np.arange(len(images)))
    batches = torch.utils.data.DataLoader(
        [*range(len(images))],
        batch_size=32,
        collate_fn=lambda positions: together([(each, reader(each)) for each in positions]),
        num_workers=workers,
        pin_memory=is_on_gpu,
    )
    for batch in batches:
        loaded.model(preprocess.normalised(batch.pixels.to(loaded.device, non_blocking=True)))
    if is_on_gpu:
        torch.cuda.synchronize()


CONTESTANTS: dict[str, Callable[[Checkpoint, ImageSet, int], None]] = {
    "examples": ours,
    "plain forward pass": plain,
}


def timed(name: str, folder: Path, workers: int) -> float:
    """Seconds of one run, in a process of its own."""
    command = [sys.executable, __file__, str(folder), "--one", name, "--workers", str(workers)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 (this file)
    return float(json.loads(done.stdout.splitlines()[-1]))


def compare(folder: Path, workers: int, num_runs: int) -> None:
    """Print the table."""
    runs: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    for _ in range(num_runs):
        for name, seconds in runs.items():
            seconds.append(timed(name, folder, workers))
    num_photos = len(photos_below(folder))
    baseline = statistics.median(runs["plain forward pass"])
    print(f"{num_photos} photos, {' + '.join(LAYERS)}, {workers} workers, {best_device()}, {num_runs} runs\n")
    print("| | seconds | photos/s | ratio |\n| --- | --- | --- | --- |")
    for name, seconds in runs.items():
        median = statistics.median(seconds)
        print(f"| {name} | {median:.2f} | {num_photos / median:.1f} | {baseline / median:.2f} |")


def main() -> None:
    """Compare, or run one contestant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=usual_workers())
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", choices=CONTESTANTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is None:
        return compare(options.folder, options.workers, options.runs)
    keep_freed_memory()
    loaded = store.load_for_speed(store.find(paths.BUILT_IN), device=best_device())
    images = photos_below(options.folder)
    started = time.perf_counter()
    CONTESTANTS[options.one](loaded, images, options.workers)
    print(json.dumps(time.perf_counter() - started))
    return None


if __name__ == "__main__":
    main()
