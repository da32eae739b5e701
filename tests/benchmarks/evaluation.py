"""What an evaluation costs: ``evaluate`` against torchvision's ImageFolder, a DataLoader and a forward loop.

``python tests/benchmarks/evaluation.py FOLDER`` (photos in a folder for each class). Both do the whole way
from the folder to the share of right predictions, with the same weights (EfficientNet-Lite0, a random head),
workers and batches; ours also checks every file, and writes table and metrics. Each run is a process of its
own, as settings of memory would carry over; contestants alternate, and medians count.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.data.sources import catalogue
from core.data.workers import usual_workers
from core.device import best_device, keep_freed_memory
from core.models import registry
from core.passes.in_process import InProcess
from core.predictions.evaluating.evaluate import evaluate
from core.predictions.evaluating.samples import samples_of
from tests.support.checkpoints import checkpoints_in

_ARCHITECTURE = "timm:tf_efficientnet_lite0"
_BATCH = 32  # As in core.predicting.evaluate.


def ours(folder: Path, saved: Path, workers: int) -> float:
    """What the command does; gives the accuracy."""
    keep_freed_memory()
    images = catalogue.load(catalogue.recognise(folder), folder)
    samples = samples_of(store.read_card(saved), images, "all")
    return float(evaluate(saved, samples, InProcess(best_device(), workers))["accuracy"])


def plain(folder: Path, saved: Path, workers: int) -> float:
    """What everybody writes; gives the accuracy."""
    from torchvision import datasets, transforms

    card, device = store.read_card(saved), best_device()
    change = transforms.Compose(
        [
            transforms.Resize(card.preprocess.resize, transforms.InterpolationMode.BICUBIC),
            transforms.CenterCrop(card.preprocess.input_size),
            transforms.ToTensor(),
            transforms.Normalize(card.preprocess.mean, card.preprocess.std),
        ]
    )
    images = datasets.ImageFolder(folder, change)
    batches = torch.utils.data.DataLoader(images, batch_size=_BATCH, num_workers=workers)
    model = store.load(saved, device=device).model
    num_right = 0
    with torch.inference_mode():
        for pixels, labels in batches:
            num_right += int((model(pixels.to(device)).argmax(1).cpu() == labels).sum())
    return num_right / len(images)


CONTESTANTS: dict[str, Callable[[Path, Path, int], float]] = {"evaluate": ours, "plain loop": plain}


def random_checkpoint(root: Path, class_names: tuple[str, ...]) -> Path:
    """The backbone of the built-in network under a random head."""
    base = store.load(store.find(paths.BUILT_IN))
    torch.manual_seed(0)
    model = registry.build(_ARCHITECTURE, len(class_names))
    head = {name: value for name, value in model.state_dict().items() if name.startswith("classifier")}
    card = Card(_ARCHITECTURE, class_names, base.card.preprocess)
    with checkpoints_in(root):
        return store.save("random", card, base.model.state_dict() | head)


def timed(name: str, folder: Path, saved: Path, workers: int) -> tuple[float, float]:
    """Seconds and accuracy of one run, in a process of its own."""
    command = [sys.executable, __file__, str(folder), "--one", name, "--saved", str(saved)]
    command += ["--workers", str(workers)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 (this file)
    seconds, accuracy = json.loads(done.stdout.splitlines()[-1])
    return seconds, accuracy


def compare(folder: Path, workers: int, num_runs: int) -> None:
    """Print the table."""
    images = catalogue.load(catalogue.recognise(folder), folder)
    runs: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    accuracies = set()
    with tempfile.TemporaryDirectory() as place:
        saved = random_checkpoint(Path(place), images.class_names)
        for _ in range(num_runs):
            for name, seconds in runs.items():
                taken, accuracy = timed(name, folder, saved, workers)
                seconds.append(taken)
                accuracies.add(round(accuracy, 2))
    if len(accuracies) > 1:
        sys.exit(f"the contestants do not agree: accuracies {sorted(accuracies)}")
    baseline = statistics.median(runs["plain loop"])
    print(f"{len(images)} photos, {workers} workers, batches of {_BATCH}, {best_device()}, {num_runs} runs\n")
    print("| | seconds | photos/s | ratio |\n| --- | --- | --- | --- |")
    for name, seconds in runs.items():
        median = statistics.median(seconds)
        print(f"| {name} | {median:.2f} | {len(images) / median:.1f} | {baseline / median:.2f} |")


def main() -> None:
    """Compare, or run one contestant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=usual_workers())
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--saved", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is None:
        return compare(options.folder, options.workers, options.runs)
    started = time.perf_counter()
    accuracy = CONTESTANTS[options.one](options.folder, options.saved, options.workers)
    print(json.dumps([time.perf_counter() - started, accuracy]))
    return None


if __name__ == "__main__":
    main()
