"""The command ``drift``: are new photos like those that a network was validated on?"""

import argparse

from core.checkpoints import store
from core.commands.options import engines
from core.commands.options.numbers import LARGEST_SEED, place, whole
from core.data.sources.photos import photos_below
from core.mistakes import drift
from core.mistakes.reports import DRIFT, ReportPlace

_PRINTED = 5


def add_drift(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``drift``."""
    parser.set_defaults(run=_drift)
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="name of the checkpoint")
    parser.add_argument(
        "--data", type=place, required=True, metavar="DIR", help="folder of new photos; labels are not needed"
    )
    parser.add_argument(
        "--evaluation",
        metavar="NAME",
        help="evaluation whose photos are the known ones (default: the first of the checkpoint)",
    )
    parser.add_argument(
        "--seed",
        type=whole(0, LARGEST_SEED),
        default=0,
        metavar="S",
        help="for the random divisions of the test (default: 0)",
    )
    engines.add(parser)
    parser.add_argument("--out", type=place, required=True, metavar="DIR", help="output folder")


def _drift(options: argparse.Namespace) -> int:
    folder = store.find(options.checkpoint)
    made = ReportPlace(options.out, DRIFT)
    with made.held():
        found = drift.report(
            folder,
            photos_below(options.data),
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
