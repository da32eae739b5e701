"""The command ``drift``: are new photos like those that a network was validated on?"""

import argparse
import sys

from core.checkpoints import store
from core.commands.options import engines, evaluated
from core.commands.options.numbers import place
from core.data.sources.photos import photos_below
from core.mistakes import drift
from core.mistakes.reports import DRIFT, ReportPlace
from core.predictions.properties import metadata

_PRINTED = 5


def add_drift(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``drift``."""
    parser.set_defaults(run=_drift)
    evaluated.add_checkpoint(parser)
    parser.add_argument(
        "--data", type=place, required=True, metavar="DIR", help="folder of new photos; labels are not needed"
    )
    parser.add_argument(
        "--metadata",
        type=place,
        metavar="FILE",
        help="CSV file with columns of your own on the new photos, joined by path; columns that the "
        "evaluation has too are compared",
    )
    evaluated.add_evaluation(
        parser, "evaluation whose photos are the known ones (default: the first of the checkpoint)"
    )
    evaluated.add_seed(parser, "for the random divisions of the test")
    engines.add(parser)
    evaluated.add_out(parser)


def _drift(options: argparse.Namespace) -> int:
    folder = store.find(options.checkpoint)
    images = photos_below(options.data)
    if options.metadata:
        described = metadata.described(images, options.metadata)
        images = described.images
        for note in described.notes:
            print(note, file=sys.stderr)
    made = ReportPlace(options.out, DRIFT)
    with made.held():
        found = drift.report(
            folder,
            images,
            options.evaluation,
            engines.engine(options),
            seed=options.seed,
            on_progress=engines.drawing(made.progress_file),
        )
        made.write(drift.json_of(found))
    print(found.sentence)
    for each in found.strangest[:_PRINTED]:
        print(f"  {found.new.sample_ids[each.row]}: {each.cause}")
    print(f"-> {made.path}")
    return 0
