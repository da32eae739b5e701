"""The commands ``explain`` and ``import``."""

import argparse
import sys
from functools import partial
from pathlib import Path

from core import images
from core.checkpoints import store
from core.checkpoints.foreign import importing
from core.checkpoints.foreign.fitting import Wish
from core.checkpoints.store import Checkpoint
from core.commands.options import asked
from core.commands.options.numbers import place
from core.commands.options.photos import add_photos, checkpoint_of, for_each
from core.explanation import export
from core.explanation.photo_series import Explained, explain_each, or_raise
from core.explanation.trust import Trust, trust
from core.models import registry
from core.predictions.top_k import prediction
from core.shares import percent


def add_explain(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``explain``."""
    parser.set_defaults(run=_explain)
    add_photos(parser)
    asked.add(parser)
    parser.add_argument(
        "--auxiliary",
        default="",
        metavar="HEAD",
        help="explain the class scores of an auxiliary head: aux1, aux2 (GoogLeNet), AuxLogits (Inception)",
    )
    parser.add_argument(
        "--trust", action="store_true", help="test each map: does the class follow the places that it marks?"
    )


def add_import(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``import``."""
    parser.set_defaults(run=_import)
    parser.add_argument(
        "weights", type=place, metavar="WEIGHTS", help=".safetensors, or .pt/.pth/.ckpt with a state dict"
    )
    parser.add_argument(
        "--arch",
        required=True,
        metavar="FAMILY:NAME",
        help="timm:NAME, torchvision:NAME or seewhy:NAME; options may follow: timm:NAME?img_size=384",
    )
    parser.add_argument(
        "--classes",
        required=True,
        type=place,
        metavar="FILE",
        help="one class name per line, or JSON, CSV or a Python dictionary of names and indices",
    )
    parser.add_argument(
        "--weights-key",
        default="",
        metavar="KEY",
        help="if the file holds several state dicts, the key of the right one, such as state_dict_ema",
    )
    parser.add_argument(
        "--head-activation",
        default="relu",
        metavar="NAME",
        help="activation between the linear layers of a deeper head, or none (default: %(default)s)",
    )
    parser.add_argument(
        "--preprocess",
        default="",
        metavar="SETTINGS",
        help="such as resize=256,crop=224,mean=0.5,std=0.5,interpolation=bicubic "
        "(default: the architecture's published preprocessing)",
    )
    parser.add_argument("--out", required=True, metavar="NAME", help="name of the new checkpoint")


def _explain(options: argparse.Namespace) -> int:
    checkpoint = store.ending_in(checkpoint_of(options), options.auxiliary)
    opened = [partial(images.read, path) for path in options.images]
    explained = explain_each(checkpoint, opened, asked.question(options, checkpoint))

    def save(path: Path, folder: Path) -> None:
        _save(options, checkpoint, or_raise(next(explained)), path, folder)

    return for_each(options, save)


def _save(
    options: argparse.Namespace, checkpoint: Checkpoint, explained: Explained, path: Path, folder: Path
) -> None:
    (explanation,) = explained.explanations
    trusted = _trusted(checkpoint, explained) if options.trust else None
    export.save(folder, checkpoint, explained.opened.image, explanation, trusted)
    for note in explanation.notes:
        print(f"{path}: {note}", file=sys.stderr)
    best = prediction(explanation.logits, checkpoint.card.class_names, int(explanation.logits.argmax()))
    print(f"{path}: {best.class_name} ({percent(best.probability)}) -> {folder}")
    for each in (trusted or {}).values():
        print(f"  {each.sentence}")


def _trusted(checkpoint: Checkpoint, explained: Explained) -> dict[str, Trust]:
    batch = checkpoint.card.preprocess.normalised(explained.opened.pixels[None])
    return trust(checkpoint, batch, explained.explanations[0])


def _import(options: argparse.Namespace) -> int:
    default = registry.default_preprocess(options.arch)
    class_names = importing.read_class_names(options.classes)
    done = importing.imported(
        options.weights,
        Wish(options.arch, len(class_names), options.weights_key, options.head_activation),
        class_names,
        preprocess=importing.parse_preprocess(options.preprocess, default),
        name=options.out,
    )
    for line in done.report.lines:
        print(line)
    if importing.are_levels(options.preprocess):
        print("mean and std are above 1, so they are taken to be in pixel values from 0 to 255")
    print(f"{options.weights} -> {done.folder}")
    return 0
