"""The command ``regions``."""

import argparse
from functools import partial
from pathlib import Path

from core import images
from core.commands.options import asked
from core.commands.options.numbers import share
from core.commands.options.photos import add_photos, checkpoint_of, for_each
from core.explanation.photo_series import explain_each, or_raise
from core.explanation.regions import written
from core.explanation.regions.finding import regions


def add_regions(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``regions``."""
    parser.set_defaults(run=_regions)
    add_photos(parser)
    asked.add_method(parser)
    parser.add_argument(
        "--keep",
        type=share,
        default=0.9,
        metavar="SHARE",
        help="share of the class's probability that a sufficient part must keep (default: %(default)s)",
    )


def _regions(options: argparse.Namespace) -> int:
    checkpoint = checkpoint_of(options)
    opened = [partial(images.read, path) for path in options.images]
    explained = explain_each(checkpoint, opened, asked.question(options, checkpoint))

    def save(path: Path, folder: Path) -> None:
        each = or_raise(next(explained))
        both = regions(checkpoint, each.opened.image, each.explanations[0], options.keep)
        written.save(folder, checkpoint, both)
        print(f"{path} -> {folder} ({both.seconds:.1f} s)")
        for sentence in written.sentences(both, checkpoint.card.class_names):
            print(f"  {sentence}")

    return for_each(options, save)
