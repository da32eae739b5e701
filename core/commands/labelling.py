"""The command ``labels``: labels that are suspected to be wrong, as a table and as tasks for Label Studio."""

import argparse
import sys

from core import files
from core.checkpoints import store
from core.commands.options import evaluated
from core.commands.options.numbers import place
from core.data import corrections
from core.mistakes import decisions, wrong_labels
from core.mistakes.wrong_labels import WrongLabels

_TABLE, _TASKS = "labels.csv", "label-studio.json"


def add_labels(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``labels``."""
    parser.set_defaults(run=_labels)
    evaluated.add_checkpoint(parser)
    evaluated.add_evaluation(parser)
    parser.add_argument(
        "--corrections",
        type=place,
        metavar="FILE",
        help="decisions on labels, written into the tasks for Label Studio as annotations",
    )
    evaluated.add_out(parser)


def _labels(options: argparse.Namespace) -> int:
    wrong = wrong_labels.read(store.find(options.checkpoint), options.evaluation)
    if wrong.caution:
        print(wrong.caution, file=sys.stderr)
    decided = corrections.read(options.corrections) if options.corrections else {}
    files.write(files.make_folder(options.out) / _TABLE, wrong_labels.csv_of(wrong))
    files.write(options.out / _TASKS, decisions.label_studio(wrong, decided.values()))
    print(_summary(wrong), f"-> {options.out / _TABLE}")
    return 0


def _summary(wrong: WrongLabels) -> str:
    return (
        f"{wrong.num_suspects:,} of {wrong.table.num_rows:,} labels of {wrong.evaluation.name} are "
        "suspected to be wrong"
    )
