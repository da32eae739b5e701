"""The options of what is asked about a photo: a class against another, and the method of the map."""

import argparse
import sys

from core.checkpoints.store import Checkpoint
from core.explain.network.layers import default_layer
from core.explanation.asking import layers_of
from core.explanation.question import METHODS, Question, Score
from core.predictions.top_k import class_index
from core.trust.report import reading

_USUAL = "grad_cam"


def add(parser: argparse.ArgumentParser) -> None:
    """Add ``--against`` and ``--method``, beside the options of `core.commands.options.photos`."""
    add_method(parser)
    parser.add_argument(
        "--against", metavar="NAME_OR_INDEX", help="explain why the class rather than this one"
    )


def add_method(parser: argparse.ArgumentParser) -> None:
    """Add ``--method`` to a command that asks about one class."""
    parser.set_defaults(against=None)
    parser.add_argument(
        "--method",
        choices=METHODS,
        help=f"default: {_USUAL}; without --layer too, the method and layer that 'trust' recommends",
    )


def question(options: argparse.Namespace, checkpoint: Checkpoint) -> Question:
    """The question that the options ask; a note on stderr where the trust report cannot be read."""
    names, (method, layer) = checkpoint.card.class_names, _method_and_layer(options, checkpoint)
    return Question(
        method=method,
        target_layers=(layer,),
        scores=(
            Score(
                class_index(names, options.wanted) if options.wanted else None,
                class_index(names, options.against) if options.against else None,
            ),
        ),
    )


def _method_and_layer(options: argparse.Namespace, checkpoint: Checkpoint) -> tuple[str, str]:
    """Those asked for; if neither is, those recommended for this network, where its maps have been tested."""
    if options.method is None and options.layer is None and not checkpoint.auxiliary:
        known = reading.known(checkpoint.folder)
        if known.note:
            print(known.note, file=sys.stderr)
        if known.recommended is not None:
            return known.recommended.method, known.recommended.layer
    return options.method or _USUAL, options.layer or default_layer(layers_of(checkpoint))
