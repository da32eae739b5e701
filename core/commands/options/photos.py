"""What the commands on photos share: options, the checkpoint, and an output folder for each photo."""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain, count
from pathlib import Path

from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.commands.options.complaint import complain
from core.commands.options.numbers import place
from core.device import usable_device
from core.errors import CoreError


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """Add ``--checkpoint``; the default is the built-in ImageNet classifier."""
    parser.add_argument("--checkpoint", default=paths.BUILT_IN, metavar="NAME", help="default: %(default)s")


def add_photos(parser: argparse.ArgumentParser) -> None:
    """Add photos, checkpoint, layer, class, device and output folder."""
    parser.add_argument("images", nargs="+", type=place, metavar="IMAGE", help="photos in any common format")
    add_checkpoint(parser)
    parser.add_argument("--layer", help="a layer listed by 'layers' (default: the last convolutional layer)")
    parser.add_argument(
        "--class", dest="wanted", metavar="NAME_OR_INDEX", help="default: the predicted class"
    )
    parser.add_argument("--device", help="cpu, cuda, cuda:1 … (default: the fastest available)")
    parser.add_argument(
        "--out",
        type=place,
        required=True,
        metavar="DIR",
        help="output folder, with one folder per image in it",
    )


def checkpoint_of(options: argparse.Namespace) -> Checkpoint:
    """The chosen checkpoint on the chosen device; a note on stderr where that device is missing."""
    device, note = usable_device(options.device)
    if note:
        print(note, file=sys.stderr)
    return store.load_for_speed(store.find(options.checkpoint), device=device)


def for_each(options: argparse.Namespace, work: Callable[[Path, Path], None]) -> int:
    """Call ``work`` with each photo and its folder; print errors and go on; 1 if there were any, else 0."""
    failures = 0
    for path, name in zip(options.images, folder_names(options.images), strict=True):
        try:
            work(path, options.out / name)
        except CoreError as error:
            failures += complain(f"{path}: {error}")
    return min(failures, 1)


def folder_names(paths: Sequence[Path]) -> list[str]:
    """The stem of each file; its whole name, or a number too, where two folders would have the same name."""
    stems = Counter(path.stem for path in paths)
    names: list[str] = []
    for path in paths:
        name = path.stem if stems[path.stem] == 1 else path.name
        numbered = (f"{name}-{number}" for number in count(2))
        names.append(next(candidate for candidate in chain([name], numbered) if candidate not in names))
    return names
