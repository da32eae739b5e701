"""The command ``evaluate``: predictions and metrics of a checkpoint on a data set."""

import argparse
import sys
from pathlib import Path
from typing import Any

from core.checkpoints import store
from core.commands.options import corrected, engines, evaluated, layouts
from core.commands.options.numbers import place_or_address
from core.commands.options.resumable import resumable
from core.data import corrections
from core.data.image_set import ImageSet
from core.data.sources.folder import remote
from core.data.survey.report import left_out_in_words
from core.evaluation.groups.group_test import in_words
from core.predictions import evaluations, group_tests, sample_features
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.naming import name_for
from core.predictions.evaluating.samples import note_on_data, open_images, remember_images, samples_of
from core.predictions.properties import metadata
from core.predictions.properties.metadata import Described


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``evaluate``."""
    parser.set_defaults(run=_evaluate)
    evaluated.add_checkpoint(parser)
    parser.add_argument(
        "--data",
        type=place_or_address,
        metavar="DIR",
        help="folder of images in any known layout, or its address, such as s3://bucket/photos",
    )
    layouts.add(parser)
    corrected.add(parser)
    parser.add_argument("--split", default="val", metavar="S", help="train, val, test or all (default: val)")
    parser.add_argument(
        "--as",
        dest="name",
        default="",
        metavar="NAME",
        help="name of the evaluation (default: data set and split, such as digits-val)",
    )
    parser.add_argument(
        "--metadata",
        type=Path,
        metavar="FILE",
        help="CSV file with columns of your own, joined by path or sample id; kept in properties.parquet",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="overwrite an evaluation of that name that was made with other images or weights",
    )
    engines.add(parser)


@resumable
def _evaluate(options: argparse.Namespace) -> int:
    folder = store.find(options.checkpoint)
    images, place = _opened(folder, options)
    described = metadata.described(images, options.metadata) if options.metadata else Described(images)
    samples = samples_of(store.read_card(folder), described.images, options.split)
    keep = Keep(options.name or name_for(samples), place, options.replace)
    evaluations.refuse_odd(keep.name)
    engine = engines.engine(options)
    left_out = left_out_in_words((*(images.left_out or ()), *samples.unknown))
    for each in filter(None, [note_on_data(folder, images), left_out, *described.notes]):
        print(each, file=sys.stderr)
    if place:
        remember_images(folder, images, place)
    metrics = evaluate(folder, samples, engine, keep=keep, on_progress=engines.draw)
    _report(options.checkpoint, evaluations.data_name(images), keep.name, metrics)
    evaluation = evaluations.find(folder, keep.name)
    for score in group_tests.scores(evaluation):
        print(f"  kept group {in_words(score)}")
    if sample_features.read(evaluation) is None:
        print("no features kept: the network does not end in a linear layer", file=sys.stderr)
    return 0


def _opened(folder: Path, options: argparse.Namespace) -> tuple[ImageSet, Path | None]:
    """The images with corrected labels, and their folder, which is remembered; None for an address."""
    if isinstance(options.data, str):
        known = store.read_card(folder).class_names
        images, place = remote.open_address(options.data, layout=options.layout, known=known), None
    else:
        images, place = open_images(folder, options.data, options.layout), options.data
    return corrections.applied(images, options.corrections) if options.corrections else images, place


def _report(name: str, images: str, evaluation: str, metrics: dict[str, Any]) -> None:
    print(f"{name} on {metrics['num_samples']} images of {images}, saved as {evaluation}:")
    for number in ("accuracy", "balanced_accuracy", "majority_baseline", "log_loss", "ece"):
        print(f"  {number.replace('_', ' '):18} {metrics[number]:.4f}")
    print(f"  mistakes           {metrics['num_mistakes']}")
    if metrics["num_broken"]:
        print(f"unreadable images left out: {metrics['num_broken']}", file=sys.stderr)
