"""The command ``activations``: all channels of a layer for photos."""

import argparse
from functools import partial
from pathlib import Path

from core import images
from core.checkpoints.store import Checkpoint
from core.commands.options.photos import add_photos, checkpoint_of, for_each
from core.explain.network.layers import default_layer
from core.explanation.asking import layers_of
from core.inside.channels import export
from core.inside.channels.inspection import inspect
from core.inside.channels.layer_channels import ORDERS
from core.predictions.top_k import class_index


def add_activations(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``activations``."""
    parser.set_defaults(run=_activations)
    add_photos(parser)
    parser.add_argument(
        "--sort",
        choices=ORDERS,
        default="index",
        help="order of the channels in the grid (default: %(default)s)",
    )
    parser.add_argument(
        "--channels", default="", metavar="LIST", help="channels to draw over the photo, such as 0-3,12"
    )


def _activations(options: argparse.Namespace) -> int:
    checkpoint = checkpoint_of(options)
    names = checkpoint.card.class_names
    # Once for all photos: listing the layers runs the network.
    options.layer = options.layer or default_layer(layers_of(checkpoint))
    options.wanted = class_index(names, options.wanted) if options.wanted else None
    return for_each(options, partial(_inspect_one, checkpoint, options))


def _inspect_one(checkpoint: Checkpoint, options: argparse.Namespace, path: Path, folder: Path) -> None:
    image = images.read(path)
    preprocess = checkpoint.card.preprocess
    inspected = inspect(checkpoint, preprocess.batch([image]), options.layer, options.wanted)[0]
    overlays = export.overlays(inspected, options.channels, preprocess, image)
    export.save(folder, inspected, options.sort, overlays)
    silent, total = inspected.stats.silent.sum(), len(inspected.maps)
    print(f"{path}: {options.layer}, {total} channels, {silent} silent -> {folder}")
