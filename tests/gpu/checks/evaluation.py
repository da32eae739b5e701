"""An evaluation from JPEG files, against the usual loop and against the CPU's own."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import torch
from torchvision import datasets, transforms

from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.data.workers import usual_workers
from tests.gpu import commands, networks
from tests.gpu.bench import Bench
from tests.gpu.photos import class_folders
from tests.gpu.table import Row

_APART = 1e-3  # The largest difference of two probabilities.
_BATCH = 32


def rows(bench: Bench) -> Iterator[Row]:
    """The same table as on the CPU; photos a second."""
    folder = networks.random("evaluated", networks.residual(bench), side=bench.size(64, 224))
    few = class_folders(bench.folder / "few", bench.size(8, 16), (200, 150))
    table, on_cpu = (
        _table(folder, few, name, device) for name, device in (("there", bench.device), ("here", "cpu"))
    )
    worst = max(abs(ours - theirs) for ours, theirs in zip(table, on_cpu, strict=True))
    yield Row(
        f"probabilities of {len(table)} photos",
        f"{worst:.1e}",
        f"{_APART:.0e} of the CPU's",
        ok=worst <= _APART,
    )
    num, size = bench.size((16, (200, 150)), (4000, (500, 375)))
    many = class_folders(bench.folder / "many", num, size)
    rate = num / bench.seconds(lambda: _evaluate(folder, many, "many", bench.device))
    checkpoint = store.load(folder, device=bench.device)
    loop = num / bench.seconds(lambda: _usual_loop(checkpoint, many))
    yield Row(
        f"evaluation of {num} photos of {size[0]} x {size[1]}",
        f"{rate:.0f} photos/s",
        f"ImageFolder loop {loop:.0f}: {rate / loop:.2f} times",
    )


def _evaluate(folder: Path, data: Path, name: str, device: str) -> None:
    commands.done("evaluate", folder.name, "--data", data, "--split", "all", "--as", name, "--device", device)


def _table(folder: Path, data: Path, name: str, device: str) -> list[float]:
    """The probability of each photo's own class."""
    _evaluate(folder, data, name, device)
    (path,) = folder.glob(f"evaluations/{name}/predictions.parquet")
    column: list[float] = pq.read_table(path)["p_label"].to_pylist()
    return column


def _usual_loop(checkpoint: Checkpoint, data: Path) -> int:
    """What one would write: the number of right predictions."""
    preprocess = checkpoint.card.preprocess
    change = transforms.Compose(
        [
            transforms.Resize(preprocess.resize or preprocess.input_size),
            transforms.CenterCrop(preprocess.input_size),
            transforms.ToTensor(),
            transforms.Normalize(preprocess.mean, preprocess.std),
        ]
    )
    images = datasets.ImageFolder(data, change)
    batches = torch.utils.data.DataLoader(images, _BATCH, num_workers=usual_workers())
    num_right = 0
    with torch.inference_mode():
        for pixels, labels in batches:
            num_right += int((checkpoint.model(pixels.to(checkpoint.device)).argmax(1).cpu() == labels).sum())
    return num_right
