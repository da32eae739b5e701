"""The command ``groups``: what mistakes have in common."""

import argparse

from core import files
from core.checkpoints import paths, store
from core.commands.options.numbers import place
from core.predictions import evaluations, groups
from core.predictions.groups import KeptGroup
from core.shares import percent


def add_groups(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``groups``."""
    parser.set_defaults(run=_groups)
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="name of the checkpoint")
    parser.add_argument(
        "--evaluation", metavar="NAME", help="name of the evaluation (default: the first of the checkpoint)"
    )
    parser.add_argument("--out", type=place, required=True, metavar="DIR", help="output folder")


def _groups(options: argparse.Namespace) -> int:
    evaluation = evaluations.find(store.find(options.checkpoint), options.evaluation)
    content = groups.find(evaluation)
    files.write(files.make_folder(options.out) / paths.GROUPS, content)
    groups.keep(evaluation, content)
    kept = groups.read(evaluation)
    for each in kept.groups if kept else ():
        print(_line(each))
    number = len(kept.groups) if kept else 0
    print(f"{number} groups of mistakes in {evaluation.name} -> {options.out / paths.GROUPS}")
    return 0


def _line(group: KeptGroup) -> str:
    rates = f"wrong {percent(group.error_inside)}, elsewhere {percent(group.error_outside)}"
    return f"{group.name}: {group.size:,} samples, {rates} (p = {group.p:.1g})"
