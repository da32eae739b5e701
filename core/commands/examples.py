"""The command ``examples``: the image patches that excite each channel most."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from core.checkpoints.store import Checkpoint
from core.commands.options import engines
from core.commands.options.numbers import place, place_or_address
from core.commands.options.photos import add_checkpoint, checkpoint_of
from core.commands.options.resumable import resumable
from core.data.image_set import ImageSet
from core.data.sources.folder import remote
from core.errors import CheckpointError
from core.explain.network.layers import default_layer
from core.explanation.asking import layers_of
from core.inside.examples import export
from core.inside.examples import stored_examples as known
from core.inside.examples.patches import drawing
from core.inside.examples.search import collect
from core.inside.examples.stored_examples import Examples
from core.passes.running import Engine


def add_examples(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``examples``."""
    parser.set_defaults(run=_examples)
    add_checkpoint(parser)
    parser.add_argument(
        "--layer",
        action="append",
        metavar="L",
        help="a layer listed by 'layers'; may be repeated (default: the last convolutional layer)",
    )
    parser.add_argument(
        "--data",
        type=place_or_address,
        metavar="DIR",
        help="a data set, a folder of photos, or the address of class folders (default: those used last)",
    )
    engines.add(parser)
    parser.add_argument("--out", type=place, required=True, metavar="DIR", help="output folder")


@resumable
def _examples(options: argparse.Namespace) -> int:
    engine = engines.engine(options)
    checkpoint = checkpoint_of(options)
    layers = list(dict.fromkeys(options.layer or [default_layer(layers_of(checkpoint))]))
    images = _opened(checkpoint, options.data)
    examples = _collected(checkpoint, layers, images, engine)
    if isinstance(options.data, Path):
        known.remember_photos(checkpoint.folder, options.data)
    if examples.about.num_broken:
        print(f"unreadable images left out: {examples.about.num_broken}", file=sys.stderr)
    for layer in layers:
        size = examples.about.layers[layer]
        draw = drawing(size, checkpoint.card.preprocess.input_size)
        silent = export.save(options.out, examples, layer, images, draw)
        total = f"{examples.about.num_images} images of {images.name}"
        print(f"{total}: {layer}, {size.num_channels} channels, {silent} silent -> {options.out}")
    return 0


def _opened(checkpoint: Checkpoint, data: Path | str | None) -> ImageSet:
    return remote.open_address(data) if isinstance(data, str) else known.open_photos(checkpoint.folder, data)


def _collected(checkpoint: Checkpoint, layers: Sequence[str], images: ImageSet, engine: Engine) -> Examples:
    """From the stored table if it is of this network, these layers and these images; else collected now."""
    try:
        stored = known.read(checkpoint.folder)
    except CheckpointError:  # A damaged table is collected again.
        stored = None
    if stored and stored.is_of(checkpoint.card, images) and stored.about.layers.keys() >= set(layers):
        return stored
    return collect(checkpoint, layers, images, engine, on_progress=engines.draw)
