"""What a heat map costs, beside three peers: ``python tests/benchmarks/explain.py``, from the project root.

One table: the plain forward pass in milliseconds, then Grad-CAM as multiples of it. In each repetition
every contestant runs once, in rotated order; a multiple is the median over repetitions of its time by the
plain pass's in the same repetition, so that a machine that slows down does so for all. Run it on an idle
machine. Exit status 1 if maps disagree.
"""

import argparse
import importlib.metadata
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.checkpoints import (
    paths,
    store,  # Before torch: core says how OpenMP's threads wait.
)

# isort: split
import torch
from contestants import (
    Contestant,
    Maps,
    Task,
    as_shown_by,
    captum,
    min_max,
    plain,
    pytorch_grad_cam,
    seewhy,
    torchcam,
    trainable,
)
from PIL import Image
from torch import Tensor, nn

from core.explain.network.layers import default_layer, spatial_layers, stages
from core.images.sample_photos import SAMPLES, sample
from core.models import registry

MODELS = ("lite0", "resnet18", "densenet121", "vgg16")
PEERS: dict[str, Contestant] = {"torchcam": torchcam, "captum": captum, "pytorch-grad-cam": pytorch_grad_cam}
DISTRIBUTIONS = {"torchcam": "torchcam", "captum": "captum", "pytorch-grad-cam": "grad-cam"}
BATCH_SIZES = (1, 16)
WARM_UPS = 2
TOLERANCE = 1e-3  # Of maps that run from 0 to 1.
# Four of the deepest layers; nothing overwrites their outputs in place, so that every peer can take part.
DEEPEST = {
    "lite0": ("blocks.5", "blocks.6", "conv_head", "bn2"),
    "resnet18": ("layer4.0", "layer4.1.conv1", "layer4.1.conv2", "layer4.1"),
}
# A ReLU in place follows this layer, and these two keep activations that it overwrites: their maps are wrong.
OVERWRITTEN = {("densenet121", "features"): ("torchcam", "pytorch-grad-cam")}


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One row to measure."""

    model_name: str
    what: str
    task: Task
    excused: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured: the plain pass, multiples of it, and each peer's worst difference to ours."""

    case: Case
    plain_ms: float
    multiples: Mapping[str, float]
    spread: float  # Half the range of the middle half of our multiples.
    differences: Mapping[str, float]

    @property
    def agrees(self) -> bool:
        """Whether every peer that reads the right activations gives our maps."""
        return all(
            difference <= TOLERANCE
            for peer, difference in self.differences.items()
            if peer not in self.case.excused
        )

    def __str__(self) -> str:
        numbers = " | ".join(f"{multiple:.2f}" for multiple in self.multiples.values())
        wrong = {peer: value for peer, value in self.differences.items() if peer in self.case.excused}
        right = max(value for peer, value in self.differences.items() if peer not in wrong)
        notes = "".join(f"; {peer} {value:.2f}" for peer, value in wrong.items())
        start = f"| {self.case.model_name} | {self.case.what} | {len(self.case.task.batch)} "
        return f"{start}| {self.plain_ms:.1f} | {numbers} | {self.spread:.2f} | {right:.0e}{notes} |"


def main() -> int:
    """Print the machine and the table; 1 if maps disagree where no peer is known to be at fault."""
    options = _options()
    peers = {name: trainable(peer) for name, peer in PEERS.items()} if options.trainable else PEERS
    print(machine())
    print(header())
    rows: list[Row] = []
    for case in cases(options.models, (1,) if options.quick else BATCH_SIZES):
        rows.append(measured(case, {"ours": seewhy, **peers}, options.repeats))
        print(rows[-1], flush=True)
    print(f"\nLoad average at the end: {os.getloadavg()[0]:.1f}.")
    for row in rows:
        if not row.agrees:
            print(f"maps disagree: {row.case.model_name} {row.case.what}: {row.differences}", file=sys.stderr)
    return 0 if all(row.agrees for row in rows) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7, help="repetitions, 7 unless told")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--quick", action="store_true", help="single images only")
    parser.add_argument("--trainable", action="store_true", help="unfrozen parameters for peers")
    return parser.parse_args()


def cases(model_names: Sequence[str], batch_sizes: Sequence[int]) -> Iterator[Case]:
    """Rows in order: each model's last and an early layer by batch size, then twenty maps of one image."""
    for name in model_names:
        model = network(name)
        layers = spatial_layers(model, photos(1))
        spatial = [layer.name for layer in stages(layers)]
        for label, layer in (("last", default_layer(layers)), ("early", spatial[1])):
            for size in batch_sizes:
                excused = OVERWRITTEN.get((name, layer), ())
                yield Case(name, f"{label}: {layer}", _task(model, photos(size), (layer,)), excused)
        if name in DEEPEST:
            for target_layers in (tuple(spatial[-4:]), DEEPEST[name]):
                what = f"20 maps: {', '.join(target_layers)}"
                yield Case(name, what, _task(model, photos(1), target_layers, top=5))


def network(name: str) -> nn.Module:
    """The built-in checkpoint, or torchvision's network with seeded random weights; frozen."""
    if name == "lite0":
        return store.load(store.find(paths.BUILT_IN)).model
    torch.manual_seed(0)
    return registry.build(f"torchvision:{name}", 1000).requires_grad_(requires_grad=False)


def photos(count: int) -> Tensor:
    """The sample photos, preprocessed, again and again up to ``count``."""
    preprocess = registry.default_preprocess("torchvision:resnet18")
    images = [Image.open(BytesIO(sample(name))).convert("RGB") for name in SAMPLES]
    return preprocess.batch(list(islice(cycle(images), count)))


def _task(model: nn.Module, batch: Tensor, target_layers: tuple[str, ...], top: int = 1) -> Task:
    with torch.inference_mode():
        best = model(batch).topk(top).indices
    return Task(model, batch, target_layers, tuple(best.T.tolist()))


def measured(case: Case, contestants: Mapping[str, Contestant], repeats: int) -> Row:
    """Compare the maps, then time everyone ``repeats`` times in rotated order."""
    everyone = {"plain": plain, **contestants}
    maps = {name: _timed(contestant, case.task)[1] for name, contestant in everyone.items()}
    seconds: dict[str, list[float]] = {name: [] for name in everyone}
    names = list(everyone)
    for turn in range(WARM_UPS - 1 + repeats):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            seconds[name].append(_timed(everyone[name], case.task)[0])
    kept = {name: values[-repeats:] for name, values in seconds.items()}
    ratios = {
        name: [value / unit for value, unit in zip(kept[name], kept["plain"], strict=True)]
        for name in contestants
    }
    return Row(
        case,
        plain_ms=1000 * statistics.median(kept["plain"]),
        multiples={name: statistics.median(values) for name, values in ratios.items()},
        spread=_spread(ratios["ours"]),
        differences={peer: difference(maps["ours"], maps[peer], peer, case.task) for peer in PEERS},
    )


def _timed(contestant: Contestant, task: Task) -> tuple[float, Maps]:
    with contestant(task) as run:
        started = time.perf_counter()
        maps = run()
        return time.perf_counter() - started, maps


def difference(ours: Maps, theirs: Maps, peer: str, task: Task) -> float:
    """The largest between any two cells, of maps that run from 0 to 1, over all layers and questions."""
    size = (task.batch.shape[2], task.batch.shape[3])
    pairs = zip(ours, theirs, strict=True)
    worst = [(as_shown_by(peer, mine, size) - min_max(other)).abs().max() for mine, other in pairs]
    return float(torch.stack(worst).max())  # Not Python's `max`, which may pass over a NaN.


def _spread(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    first, _, third = statistics.quantiles(values, n=4)
    return (third - first) / 2


def machine() -> str:
    """Processor, cores, versions and load, one line."""
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        processor = info.partition("model name")[2].partition("\n")[0].strip("\t :")
    except OSError:
        processor = platform.processor()
    threads = f"{os.cpu_count()} cores, {torch.get_num_threads()} threads"
    versions = f"torch {torch.__version__}, Python {platform.python_version()}"
    return f"{processor}, {threads}, {versions}, load average {os.getloadavg()[0]:.1f}\n"


def header() -> str:
    """The two lines that a markdown table starts with."""
    peers = [f"{peer} {importlib.metadata.version(DISTRIBUTIONS[peer])}" for peer in PEERS]
    columns = ["model", "layer", "batch", "plain ms", "ours", *peers, "± ours", "worst difference"]
    return f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"


if __name__ == "__main__":
    sys.exit(main())
