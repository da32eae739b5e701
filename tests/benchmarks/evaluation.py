"""What an evaluation costs: ``evaluate`` against a floor, ImageFolder with a DataLoader, and timm's loop.

``python tests/benchmarks/evaluation.py FOLDER`` (photos in a folder for each class). The floor is what
nothing can avoid: decoding all photos on all cores, then the forward passes, with nothing beside them. The
others do the whole way from the folder to the share of right predictions, with the same weights
(EfficientNet-Lite0, a random head), workers and batches; ours also checks every file, and writes table and
metrics. Each run is a process of its own, as settings of memory would carry over; contestants alternate, and
medians count. Processor time counts all threads and worker processes: where other programs share the machine,
it says more than seconds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.data.sources import catalogue
from core.data.workers import usual_workers
from core.device import best_device, keep_freed_memory
from core.models import registry
from core.passes import reading
from core.passes.in_process import InProcess
from core.passes.parts import Chunks, Parts
from core.passes.work import PhotoReader
from core.predictions.evaluating.evaluate import evaluate
from core.predictions.evaluating.samples import samples_of
from tests.support.stored.checkpoints import checkpoints_in

_ARCHITECTURE = "timm:tf_efficientnet_lite0"
_BATCH = 32  # As in core.passes.parts.


@dataclass(frozen=True, slots=True)
class Task:
    """The photos, the checkpoint's folder, and the number of workers that read."""

    folder: Path
    saved: Path
    workers: int


Run = Callable[[], float | None]


def floor(task: Task) -> Run:
    """Decoding alone, then the forward passes alone."""
    keep_freed_memory()
    images = catalogue.load(catalogue.recognise(task.folder), task.folder)
    loaded = store.load_for_speed(task.saved, device=best_device())
    reader = PhotoReader(images, loaded.card.preprocess, np.arange(len(images)))
    chunks = Chunks(Parts(task.folder, len(images), len(images)), [0])

    def run() -> None:
        batches = [batch.pixels for batch in reading.by_threads(reader, chunks, os.cpu_count() or 1)]
        inputs = loaded.card.preprocess.normalised(batches[0]).to(loaded.device)
        with torch.inference_mode():
            for batch in batches:
                loaded.model(inputs[: len(batch)]).cpu()

    return run


def ours(task: Task) -> Run:
    """What the command does; gives the accuracy."""

    def run() -> float:
        keep_freed_memory()
        images = catalogue.load(catalogue.recognise(task.folder), task.folder)
        samples = samples_of(store.read_card(task.saved), images, "all")
        return float(evaluate(task.saved, samples, InProcess(best_device(), task.workers))["accuracy"])

    return run


def plain(task: Task) -> Run:
    """What everybody writes; gives the accuracy."""
    from torchvision import datasets, transforms

    def run() -> float:
        card = store.read_card(task.saved)
        change = transforms.Compose(
            [
                transforms.Resize(card.preprocess.resize, transforms.InterpolationMode.BICUBIC),
                transforms.CenterCrop(card.preprocess.input_size),
                transforms.ToTensor(),
                transforms.Normalize(card.preprocess.mean, card.preprocess.std),
            ]
        )
        images = datasets.ImageFolder(task.folder, change)
        batches = torch.utils.data.DataLoader(images, batch_size=_BATCH, num_workers=task.workers)
        return _share_right(task, images.classes, batches)

    return run


def timms(task: Task) -> Run:
    """The loop of timm's validate.py, by its own data set and loader; gives the accuracy."""
    from timm.data import create_dataset, create_loader

    def run() -> float:
        preprocess = store.read_card(task.saved).preprocess
        height, width = preprocess.input_size
        images = create_dataset("", root=str(task.folder))
        batches = create_loader(
            images,
            input_size=(len(preprocess.mean), height, width),
            batch_size=_BATCH,
            interpolation=preprocess.interpolation,
            mean=preprocess.mean,
            std=preprocess.std,
            crop_pct=height / (preprocess.resize or height),
            num_workers=task.workers,
            device=torch.device(best_device()),
            use_prefetcher=best_device() == "cuda",
            persistent_workers=task.workers > 0,
        )
        return _share_right(task, list(images.reader.class_to_idx), batches)

    return run


@torch.inference_mode()
def _share_right(task: Task, class_names: Sequence[str], batches: Iterable[list[torch.Tensor]]) -> float:
    loaded = store.load(task.saved, device=best_device())
    # ImageFolder sorts upper-case names first.
    known = torch.tensor([loaded.card.class_names.index(name) for name in class_names])
    num_right = num = 0
    for pixels, labels in batches:
        predicted = loaded.model(pixels.to(loaded.device)).argmax(1).cpu()
        num_right += int((predicted == known[labels.cpu()]).sum())
        num += len(labels)
    return num_right / num


CONTESTANTS: dict[str, Callable[[Task], Run]] = {
    "floor: decoding, then forward passes": floor,
    "`evaluate`": ours,
    "ImageFolder, DataLoader, forward loop": plain,
    "timm's validation loop": timms,
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took, and the accuracy that it gave; None for the floor."""

    seconds: float
    processor_seconds: float
    accuracy: float | None


def random_checkpoint(root: Path, class_names: tuple[str, ...]) -> Path:
    """The backbone of the built-in network under a random head."""
    base = store.load(store.find(paths.BUILT_IN))
    torch.manual_seed(0)
    model = registry.build(_ARCHITECTURE, len(class_names))
    head = {name: value for name, value in model.state_dict().items() if name.startswith("classifier")}
    card = Card(_ARCHITECTURE, class_names, base.card.preprocess)
    with checkpoints_in(root):
        return store.save("random", card, base.model.state_dict() | head)


def measured(name: str, task: Task) -> Cost:
    """One run, in a process of its own."""
    command = [sys.executable, __file__, str(task.folder), "--one", name, "--saved", str(task.saved)]
    command += ["--workers", str(task.workers)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 (this file)
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


def cost(name: str, task: Task) -> Cost:
    """One run in this process."""
    run = CONTESTANTS[name](task)
    started, worked = time.perf_counter(), _processor_seconds()
    accuracy = run()
    return Cost(time.perf_counter() - started, _processor_seconds() - worked, accuracy)


def _processor_seconds() -> float:
    """Of this process and of the worker processes that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def compare(folder: Path, workers: int, num_runs: int) -> None:
    """Print the table."""
    images = catalogue.load(catalogue.recognise(folder), folder)
    runs: dict[str, list[Cost]] = {name: [] for name in CONTESTANTS}
    with tempfile.TemporaryDirectory() as place:
        task = Task(folder, random_checkpoint(Path(place), images.class_names), workers)
        for turn in range(num_runs):
            names = list(CONTESTANTS)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                runs[name].append(measured(name, task))
    given = {
        round(each.accuracy, 2) for costs in runs.values() for each in costs if each.accuracy is not None
    }
    if len(given) > 1:
        sys.exit(f"the contestants do not agree: accuracies {sorted(given)}")
    print(f"{len(images)} photos, {workers} workers, batches of {_BATCH}, {best_device()}, {num_runs} runs, ")
    print(f"load average {os.getloadavg()[0]:.1f}\n")
    print("| | photos/s | of the floor | processor ms a photo | of the floor |")
    print("| --- | --- | --- | --- | --- |")
    print(*_rows(runs, len(images)), sep="\n")


def _rows(runs: dict[str, list[Cost]], num_images: int) -> list[str]:
    lowest = next(iter(runs.values()))
    rows = []
    for name, costs in runs.items():
        # Ratios within a turn: a machine that slows down does so for all.
        pairs = list(zip(lowest, costs, strict=True))
        speed = statistics.median(least.seconds / each.seconds for least, each in pairs)
        thrift = statistics.median(least.processor_seconds / each.processor_seconds for least, each in pairs)
        rate = num_images / statistics.median(each.seconds for each in costs)
        work = 1000 * statistics.median(each.processor_seconds for each in costs) / num_images
        rows.append(f"| {name} | {rate:.1f} | {speed:.2f} | {work:.1f} | {thrift:.2f} |")
    return rows


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
        compare(options.folder, options.workers, options.runs)
        return
    one = cost(options.one, Task(options.folder, options.saved, options.workers))
    print(json.dumps([one.seconds, one.processor_seconds, one.accuracy]))


if __name__ == "__main__":
    main()
