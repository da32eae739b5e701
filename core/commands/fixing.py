"""The command ``fix``: a checkpoint made from another for a group of its mistakes, and the proof."""

import argparse
import json
from dataclasses import asdict

from core.checkpoints import store
from core.commands.options import corrected
from core.commands.options.numbers import LARGEST_SEED, whole
from core.evaluation.comparing import proof
from core.training.fixes import kinds
from core.training.fixes.fixing import Choices


def add_fix(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fix``."""
    parser.set_defaults(run=_fix)
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="name of the checkpoint")
    parser.add_argument("--group", required=True, metavar="NAME", help="a group that 'groups' found")
    parser.add_argument("--by", required=True, choices=kinds.KINDS, help="what is changed")
    parser.add_argument("--out", required=True, metavar="NAME", help="name of the new checkpoint")
    parser.add_argument(
        "--evaluation", metavar="NAME", help="where the group was found (default: the first that has it)"
    )
    parser.add_argument(
        "--seed",
        type=whole(0, LARGEST_SEED),
        default=0,
        metavar="S",
        help="decides which samples are used and which prove (default: 0)",
    )
    corrected.add(parser)
    parser.add_argument("--json", action="store_true", help="print the proof as JSON")


def _fix(options: argparse.Namespace) -> int:
    done = kinds.fix(
        store.find(options.checkpoint),
        options.group,
        by=options.by,
        name=options.out,
        evaluation=options.evaluation,
        choices=Choices(options.seed, options.corrections),
    )
    if options.json:
        print(json.dumps(asdict(done.proof), ensure_ascii=False))
        return 0
    print(proof.in_words(done.proof))
    for line in proof.lines(done.proof):
        print(f"  {line}")
    print(f"{done.folder}: compare with {options.checkpoint} on {done.evaluation}")
    return 0
