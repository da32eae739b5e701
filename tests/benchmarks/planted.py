"""Which maps find an object whose place is known, and are faithful: ``python tests/benchmarks/planted.py``.

From the project root, offline. Scenes are made: an object with an exact mask in one quarter of a texture.
First handwritten digits, with a small network that learns them here; then objects cut from sample photos,
with a checkpoint. A scene counts only if the network gives it the object's class. Every method of ours and
of the peers' takes part, beside the object's mask, a blob in the centre, edges and noise; on photos, methods
that take over a second of each only with ``--slow``. ``--objects`` plants the pictures of a folder instead,
by their transparency; the class is that of the file's name, or else what the network sees on a plain ground.
"""

import argparse
import os
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ["TQDM_DISABLE"] = "1"  # pytorch-grad-cam draws a bar for every map.

from core.checkpoints import (
    paths,
    store,  # Before torch: core says how OpenMP's threads wait.
)

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from core.checkpoints.store import Checkpoint
from core.device import keep_freed_memory
from core.explain import default_layer, spatial_layers
from tests.benchmarks.planting import cutouts, digits, ranking, scenes
from tests.benchmarks.planting.methods import Asked, contestants
from tests.benchmarks.planting.scoring import scored

_CORNERS = 4
_TIMED = 30  # Forward passes.
_GREY = (128, 128, 128)


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """A scene that counts: its object, the question to the methods, and the object's mask (H, W)."""

    name: str
    asked: Asked
    mask: NDArray[np.bool_]


def main() -> None:
    """Print both tables."""
    options = _options()
    keep_freed_memory()
    # Peers warn of hooks and of maps without positive values, for every map.
    warnings.filterwarnings("ignore")
    started = time.perf_counter()
    if not options.objects and options.digits:
        print_digits(options.digits, options.seed)
    checkpoint = store.load_for_speed(store.find(options.checkpoint))
    print_photos(checkpoint, options)
    print_time(checkpoint, time.perf_counter() - started)


def print_time(checkpoint: Checkpoint, seconds: float) -> None:
    """Print how long all this took, and a forward pass for comparison: other programs may slow both."""
    photo, passes = checkpoint.blank_input(), []
    for _ in range(_TIMED):
        begun = time.perf_counter()
        _answer(checkpoint.model, photo)
        passes.append(time.perf_counter() - begun)
    one = float(np.median(passes))
    print(
        f"\n{seconds:.0f} s, as long as {seconds / one:.0f} forward passes, of {1000 * one:.0f} ms each; ",
        end="",
    )
    print(f"load average: {os.getloadavg()[0]:.1f}.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=Path, metavar="DIR", help="pictures with transparent places")
    parser.add_argument("--checkpoint", default=paths.BUILT_IN, metavar="NAME", help="for objects of photos")
    parser.add_argument(
        "--each", type=int, default=1, metavar="N", help="scenes of each object, 1 unless told"
    )
    parser.add_argument("--digits", type=int, default=4, metavar="N", help="scenes of digits, 4 unless told")
    parser.add_argument("--slow", action="store_true", help="all methods on photos too")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def print_digits(num: int, seed: int) -> None:
    """Print the table of digits on textures."""
    model, tried = digits.trained(seed), 0
    layer = default_layer(spatial_layers(model, torch.zeros(1, 3, digits.SIDE, digits.SIDE)))

    def right() -> Iterator[Planted]:
        nonlocal tried
        draw = np.random.default_rng(seed)
        for place, digit in enumerate(digits.held_out()):
            scene = digits.scene(digit, place, draw)
            batch, tried = digits.preprocessed([scene.picture]), place + 1
            if _answer(model, batch) == digit.label:
                yield Planted(scene.name, Asked(model, batch, digit.label, layer), scene.mask)

    found = list(islice(right(), num))
    print(f"Digits on textures: {len(found)} of {tried} scenes are read as the digit and count.\n")
    print_table(found, [0.0] * 3, slow=True)


def print_photos(checkpoint: Checkpoint, options: argparse.Namespace) -> None:
    """Print the table of objects cut from photos, or of a folder's, on textures."""
    objects = cutouts.from_folder(options.objects) if options.objects else cutouts.from_photos()
    found: list[Planted] = []
    num_right = 0
    for each in objects:
        right = list(_right(checkpoint, each, options.seed))
        num_right += len(right)
        found += right[: options.each]
    tried = len(objects) * _CORNERS * len(scenes.TEXTURES)
    kinds = len({planted.name for planted in found})
    print(f"\nObjects of photos, {checkpoint.name}: {num_right} of {tried} scenes get the object's class.")
    print(f"The table has {len(found)} of these, of {kinds} of {len(objects)} objects.\n")
    if found:
        print_table(found, checkpoint.card.preprocess.mean_colour, slow=options.slow)


def print_table(found: Sequence[Planted], colour: Sequence[float], *, slow: bool) -> None:
    """Print the scores of all methods for some scenes."""
    methods = contestants(slow=slow)
    by_scene = [scored(each.asked, each.mask, methods, colour) for each in found]
    for line in ranking.table(by_scene, [each.name for each in found]):
        print(line)
    print(flush=True)


def _right(checkpoint: Checkpoint, each: cutouts.CutOut, seed: int) -> Iterator[Planted]:
    """The scenes of an object, of each texture in each quarter, that the network gives the object's class."""
    model, preprocess = checkpoint.model, checkpoint.card.preprocess
    layer = default_layer(spatial_layers(model, checkpoint.blank_input()))
    classes, side = _classes(checkpoint, each), min(preprocess.input_size)
    draw = np.random.default_rng(seed)
    for corner, texture in product(range(_CORNERS), scenes.textures().values()):
        picture, mask = scenes.plant(each.picture, scenes.ground(texture, side, draw), corner, draw)
        batch = _batch(checkpoint, picture)
        answer = _answer(model, batch)
        if answer in classes:
            yield Planted(each.name, Asked(model, batch, answer, layer), mask)


def _classes(checkpoint: Checkpoint, each: cutouts.CutOut) -> set[int]:
    """The classes that are right for an object; without names, that of the object on a plain ground."""
    names = checkpoint.card.class_names
    known = each.classes or (each.name.replace("_", " "),)
    if found := {idx for idx, name in enumerate(names) if name in known}:
        return found
    side = min(checkpoint.card.preprocess.input_size)
    plain = Image.new("RGB", (side, side), _GREY)
    picture, _ = scenes.plant(each.picture, plain, 0, np.random.default_rng(0))
    return {_answer(checkpoint.model, _batch(checkpoint, picture))}


def _batch(checkpoint: Checkpoint, picture: Image.Image) -> Tensor:
    """A picture of the input's size as the network's input, neither resized nor cropped."""
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]
    return checkpoint.card.preprocess.normalised(pixels)


@torch.inference_mode()
def _answer(model: nn.Module, batch: Tensor) -> int:
    return int(model(batch).argmax())


if __name__ == "__main__":
    main()
