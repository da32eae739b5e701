"""The command ``fix``: a checkpoint made from another for a group of its mistakes, and the proof."""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow.parquet as pq

from core.checkpoints import store
from core.commands.options import corrected, evaluated
from core.commands.options.numbers import place
from core.evaluation.comparing import proof
from core.evaluation.comparing.proof import ALL_SAMPLES
from core.mistakes import reports
from core.mistakes.on_objects import heat_on_objects
from core.predictions import evaluations
from core.predictions.evaluating.samples import images_of
from core.training.fixes import kinds
from core.training.fixes.fixing import Choices, Fix
from core.training.fixes.kept import KeptMaps, kept_fix, like_new_in_words, maps_in_words
from core.training.fixes.known_groups import find_group


def add_fix(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fix``."""
    parser.set_defaults(run=_fix)
    evaluated.add_checkpoint(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(["kinds of fixes:", *map(_described, kinds.KINDS)])
    parser.add_argument(
        "--group",
        default=ALL_SAMPLES,
        metavar="NAME",
        help="a group that 'groups' found (default: all samples)",
    )
    parser.add_argument(
        "--by", required=True, choices=kinds.KINDS, metavar="KIND", help="what is changed; see below"
    )
    parser.add_argument("--out", required=True, metavar="NAME", help="name of the new checkpoint")
    evaluated.add_evaluation(parser, "where the group was found (default: the first that has it)")
    evaluated.add_seed(parser, "decides which samples are used and which prove")
    corrected.add(parser)
    parser.add_argument(
        "--drift",
        type=place,
        metavar="FILE",
        help="drift.json of 'drift', for --by augment (default: the one of the page)",
    )
    parser.add_argument("--json", action="store_true", help="print the proof as JSON")


def _described(by: str) -> str:
    kind = kinds.KINDS[by]
    return f"  {by}\n      {kind.does}\n      Needs {kind.needs_in_words}."


def _fix(options: argparse.Namespace) -> int:
    folder = store.find(options.checkpoint)
    done = kinds.fix(
        folder,
        options.group,
        by=options.by,
        name=options.out,
        evaluation=options.evaluation,
        choices=Choices(options.seed, options.corrections, options.drift or _of_page(folder, options)),
    )
    maps = _maps(options.checkpoint, options.out)
    if options.json:
        print(json.dumps(asdict(done.proof), ensure_ascii=False))
        return 0
    _print(done, maps)
    print(f"{done.folder}: compare with {options.checkpoint} on {done.evaluation}")
    return 0


def _of_page(folder: Path, options: argparse.Namespace) -> Path | None:
    """The report on drift that the page has made; None for a fix that needs none."""
    if options.by != "augment":
        return None
    group = find_group(folder, options.group, options.evaluation)
    return reports.kept(group.evaluation, reports.DRIFT).path


def _print(done: Fix, maps: KeptMaps | None) -> None:
    kept = kept_fix(store.read_card(done.folder))
    if kept is not None and kept.like_new is not None:
        print(like_new_in_words(kept.like_new))
    print(proof.in_words(done.proof))
    for line in proof.lines(done.proof):
        print(f"  {line}")
    if maps:
        print(f"  {maps_in_words(maps)}")


def _maps(before: str, after: str) -> KeptMaps | None:
    """Where both networks look in photos of the group that the fix did not use; kept in the card.

    None where the data set brings no masks of the objects.
    """
    folder = store.find(after)
    card = store.read_card(folder)
    evaluation = evaluations.find(folder, card.fix["proved_in"])
    images = images_of(evaluation)
    group = set(find_group(store.find(before), card.fix["group"], card.fix["found_in"]).samples)
    proved = pq.read_table(evaluation.table, columns=["sample_id"])["sample_id"].to_pylist()
    row_of = {name: index for index, name in enumerate(images.sample_ids)}
    indices = [row_of[name] for name in proved if name in group]
    known = [heat_on_objects(each, images, indices) for each in (store.find(before), folder)]
    first, second = known
    if first is None or second is None:
        return None
    maps = KeptMaps(first.energy, second.energy, first.area, first.num_images)
    store.update(folder, replace(card, fix=card.fix | {"maps": asdict(maps)}))
    return maps
