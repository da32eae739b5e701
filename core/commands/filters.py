"""The command ``filters``: for channels and classes, the image that excites each most, made by ascent."""

import argparse
from dataclasses import replace

from core.checkpoints.store import Checkpoint
from core.commands.options.numbers import LARGEST_SEED, place, whole
from core.commands.options.photos import add_checkpoint, checkpoint_of
from core.device import keep_freed_memory
from core.explain.ascent import LOGITS, Ascended
from core.inside.ascents import export
from core.inside.ascents.images import METHODS, AscentQuestion, ascended, num_channels, question
from core.inside.channels.layer_channels import PAGE, parse_channels
from core.predictions.top_k import class_index

MOST_STEPS = 100_000  # An image stops changing long before, and 64 of them take a day.


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``filters``."""
    parser.set_defaults(run=_filters)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--layer", help="a layer listed by 'layers'")
    what.add_argument(
        "--class",
        dest="wanted",
        action="append",
        metavar="NAME_OR_INDEX",
        help="instead of channels: the image with the highest logit of this class; may be repeated",
    )
    parser.add_argument(
        "--channels", metavar="LIST", help=f"such as 0-63,100 (default: the first {PAGE} channels)"
    )
    parser.add_argument("--method", choices=METHODS, default="plain", help="default: %(default)s")
    parser.add_argument(
        "--steps", type=whole(1, MOST_STEPS), metavar="N", help="default: depends on the method"
    )
    parser.add_argument(
        "--seed",
        type=whole(0, LARGEST_SEED),
        default=0,
        help="seed of the noise that ascent starts from (default: %(default)s)",
    )
    add_checkpoint(parser)
    parser.add_argument("--device", help="cpu, cuda, cuda:1 … (default: the fastest available)")
    parser.add_argument("--out", type=place, required=True, metavar="DIR", help="output folder")


def _filters(options: argparse.Namespace) -> int:
    keep_freed_memory()
    checkpoint = checkpoint_of(options)
    asked = _question(options, checkpoint)
    pictures: list[Ascended] = []
    for each in ascended(checkpoint, asked):
        path = export.save_image(options.out, asked, each)
        pictures.append(each)
        state = "dead" if each.is_dead else f"{each.activation:.4g}"
        print(
            f"{len(pictures)}/{len(asked.channels)} {_name(each, asked, checkpoint)}: {state} -> {path}",
            flush=True,
        )
    export.save_summary(options.out, asked, pictures)
    return 0


def _question(options: argparse.Namespace, checkpoint: Checkpoint) -> AscentQuestion:
    layer = LOGITS if options.wanted else options.layer
    if options.wanted:
        channels = [class_index(checkpoint.card.class_names, each) for each in options.wanted]
    else:
        count = num_channels(checkpoint, layer)
        channels = parse_channels(options.channels or f"0-{min(PAGE, count) - 1}", count)
    asked = question(checkpoint, layer, channels, method=options.method, seed=options.seed)
    if options.steps is None:
        return asked
    return replace(asked, settings=replace(asked.settings, steps=options.steps))


def _name(each: Ascended, asked: AscentQuestion, checkpoint: Checkpoint) -> str:
    if asked.layer != LOGITS:
        return f"channel {each.channel}"
    return f"class {each.channel}, {checkpoint.card.class_names[each.channel]}"
