"""The command ``edit``."""

import argparse
from functools import partial
from pathlib import Path

from PIL import Image

from core import images
from core.commands.options import asked
from core.commands.options.numbers import place
from core.commands.options.photos import add_photos, checkpoint_of, for_each
from core.explanation import edited
from core.images.edits import edited as after_edits
from core.images.edits import written
from core.predictions.top_k import top_k
from core.shares import percent


def add_edit(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``edit``."""
    parser.set_defaults(run=_edit)
    add_photos(parser)
    asked.add(parser)
    parser.add_argument(
        "--edits",
        type=place,
        required=True,
        metavar="FILE",
        help="JSON list of edits, made in their order; places are pixels of the upright photo; "
        f"tools: {', '.join(written.TOOLS)}; photos that edits name lie beside FILE",
    )


def _edit(options: argparse.Namespace) -> int:
    edits = written.read(options.edits)
    checkpoint = checkpoint_of(options)
    question = asked.question(options, checkpoint)

    def save(path: Path, folder: Path) -> None:
        photo = images.read(path)
        image = after_edits(photo, edits, partial(_beside, options.edits))
        shown = edited.explain_both(checkpoint, photo, image, question)
        edited.save(folder, checkpoint, photo, shown, edits)
        before, after = (
            top_k(each.logits, checkpoint.card.class_names, 1)[0] for each in (shown.before, shown.after)
        )
        print(
            f"{path}: {before.class_name} ({percent(before.probability)}) -> "
            f"{after.class_name} ({percent(after.probability)}) -> {folder}"
        )

    return for_each(options, save)


def _beside(edits: Path, name: str) -> Image.Image:
    return images.read(edits.parent / name)
