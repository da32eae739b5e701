"""The command ``groups``: what mistakes have in common, and the groups that are kept as tests."""

import argparse

from core.checkpoints import store
from core.commands.options import engines, evaluated
from core.commands.options.numbers import place, whole
from core.errors import EvaluationError
from core.evaluation.groups.group_test import in_words, summary
from core.mistakes import group_search
from core.mistakes.reports import GROUPS, ReportPlace
from core.predictions import evaluations, group_tests, groups
from core.predictions.evaluations import Evaluation
from core.predictions.groups import KeptGroup, maps_in_words
from core.shares import percent


def add_groups(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``groups``."""
    parser.set_defaults(run=_groups)
    evaluated.add_checkpoint(parser)
    evaluated.add_evaluation(parser)
    parser.add_argument("--out", type=place, metavar="DIR", help="search groups; output folder")
    kept = parser.add_argument_group("groups kept as tests, on which each later evaluation is scored")
    kept.add_argument("--keep", metavar="GROUP", help="keep a group that was found as a test")
    kept.add_argument("--as", dest="name", default="", metavar="NAME", help="name of the test")
    kept.add_argument(
        "--at-least",
        type=whole(1, 100),
        metavar="PERCENT",
        help="accuracy that the test asks for (default: that of all other samples)",
    )
    kept.add_argument("--drop", metavar="NAME", help="keep the test of this name no longer")
    kept.add_argument("--kept", action="store_true", help="print the score of each test")


def _groups(options: argparse.Namespace) -> int:
    if not (options.out or options.keep or options.drop or options.kept):
        raise EvaluationError("nothing to do: give --out DIR to search groups, or --keep, --drop or --kept")
    evaluation = evaluations.find(store.find(options.checkpoint), options.evaluation)
    if options.out:
        _search(evaluation, options)
    if options.drop:
        group_tests.drop(evaluation.of, options.drop)
    if options.keep:
        group_tests.keep(evaluation, options.keep, name=options.name, percent=options.at_least)
    if options.keep or options.drop or options.kept:
        _print_scores(evaluation)
    return 0


def _search(evaluation: Evaluation, options: argparse.Namespace) -> None:
    made = ReportPlace(options.out, GROUPS)
    with made.held():
        content = group_search.find(evaluation, engines.drawing(made.progress_file))
        made.write(content)
        groups.keep(evaluation, content)
    kept = groups.read(evaluation)
    for each in kept.groups if kept else ():
        print(_line(each))
    number = len(kept.groups) if kept else 0
    print(f"{number} groups of mistakes in {evaluation.name} -> {made.path}")


def _print_scores(evaluation: Evaluation) -> None:
    scores = group_tests.scores(evaluation)
    for each in scores:
        print(in_words(each))
    print(f"{summary(scores)} in {evaluation.name}")


def _line(group: KeptGroup) -> str:
    rates = f"wrong {percent(group.error_inside)}, elsewhere {percent(group.error_outside)}"
    maps = f"; {maps_in_words(group.maps)}" if group.maps else ""
    return f"{group.name}: {group.size:,} samples, {rates} (p = {group.p:.1g}){maps}"
