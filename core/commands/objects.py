"""The command ``objects``: how large the objects of an evaluation are, and the share of the heat on them."""

import argparse

from core.checkpoints import store
from core.commands.options import engines, evaluated
from core.commands.options.numbers import place
from core.mistakes import on_objects, reports
from core.mistakes.on_objects import ObjectsOfSamples
from core.mistakes.reports import OBJECTS, ReportPlace
from core.predictions import evaluations
from core.shares import percent


def add_objects(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``objects``."""
    parser.set_defaults(run=_objects)
    evaluated.add_checkpoint(parser)
    evaluated.add_evaluation(parser)
    parser.add_argument(
        "--masks",
        type=place,
        metavar="DIR",
        help="folder of masks with the photos' names, in black where there is no object (default: those that "
        "the data set brings, or trimaps or boxes beside the photos)",
    )
    parser.add_argument("--out", type=place, metavar="DIR", help="also write objects.json there")


def _objects(options: argparse.Namespace) -> int:
    evaluation = evaluations.find(store.find(options.checkpoint), options.evaluation)
    made = ReportPlace(options.out, OBJECTS) if options.out else reports.kept(evaluation, OBJECTS)
    with made.held():
        found = on_objects.of_samples(evaluation, options.masks, engines.drawing(made.progress_file))
        on_objects.keep(evaluation, found)
        made.write(on_objects.json_of(evaluation, found))
    print(_in_words(found))
    print(f"-> columns object_size and heat_on_object in {evaluation.folder / 'properties.parquet'}")
    return 0


def _in_words(objects: ObjectsOfSamples) -> str:
    return (
        f"{objects.num_marked:,} of {len(objects.heat):,} samples have a mask; heat on the object: "
        f"{percent(objects.heat_where_right)} where the prediction is right, "
        f"{percent(objects.heat_where_wrong)} where it is wrong"
    )
