"""The command that looks for what excites channels: examples."""

import argparse
import sys
from collections.abc import Sequence

from core.checkpoints.store import Checkpoint
from core.commands.options.complaint import complain
from core.commands.options.numbers import place
from core.commands.options.photos import add_checkpoint, checkpoint_of
from core.data.image_set import ImageSet
from core.data.workers import usual_workers
from core.device import keep_freed_memory
from core.errors import CheckpointError
from core.explain.network.layers import default_layer
from core.explanation.explanation import layers_of
from core.inside.examples import export
from core.inside.examples import stored_examples as known
from core.inside.examples.patches import drawing
from core.inside.examples.search import collect
from core.inside.examples.stored_examples import Examples

_INTERRUPTED = 130  # As a shell has it for Ctrl-C.


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this command to a parser."""
    parser = commands.add_parser(
        "examples", help="the nine patches of a data set that excite each channel most"
    )
    parser.set_defaults(run=_examples)
    add_checkpoint(parser)
    parser.add_argument(
        "--layer",
        action="append",
        metavar="L",
        help="name from 'layers', may be repeated (default: the last convolutional layer)",
    )
    parser.add_argument(
        "--data",
        type=place,
        metavar="DIR",
        help="a data set, or any photos (default: those of the last time)",
    )
    parser.add_argument("--device", help="cpu, cuda, cuda:1 … (default: the fastest that is there)")
    parser.add_argument("--out", type=place, required=True, metavar="DIR", help="where the files go")


def _examples(options: argparse.Namespace) -> int:
    keep_freed_memory()
    checkpoint = checkpoint_of(options)
    layers = list(dict.fromkeys(options.layer or [default_layer(layers_of(checkpoint))]))
    images = known.open_photos(checkpoint.folder, options.data)
    try:
        found = _found(checkpoint, layers, images)
    except KeyboardInterrupt:
        complain("interrupted; what is done is kept, and the same command goes on from there")
        return _INTERRUPTED
    if options.data:
        known.remember_photos(checkpoint.folder, options.data)
    if found.about.num_broken:
        print(f"{found.about.num_broken} images cannot be read and are left out", file=sys.stderr)
    for layer in layers:
        size = found.about.layers[layer]
        draw = drawing(size, checkpoint.card.preprocess.input_size)
        silent = export.save(options.out, found, layer, images, draw)
        total = f"{found.about.num_images} images of {images.name}"
        print(f"{total}: {layer}, {size.num_channels} channels, {silent} silent -> {options.out}")
    return 0


def _found(checkpoint: Checkpoint, layers: Sequence[str], images: ImageSet) -> Examples:
    """From the table that is there, if it has these layers of this network and these images."""
    try:
        there = known.read(checkpoint.folder)
    except CheckpointError:  # Damaged, which says to collect them again: so it is done.
        there = None
    if there and there.is_of(checkpoint.card, images) and there.about.layers.keys() >= set(layers):
        return there
    return collect(checkpoint, layers, images, workers=usual_workers(), on_progress=_count)


def _count(done: int, total: int) -> None:
    """As in core.commands.evaluating."""
    if sys.stderr.isatty():
        print(f"\r{done} of {total} images", end="\n" if done == total else "", file=sys.stderr, flush=True)
