"""The options that name a checkpoint and one of its evaluations, a seed, and the folder of the results."""

import argparse

from core.commands.options.numbers import LARGEST_SEED, place, whole


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """Add ``CHECKPOINT``."""
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="name of the checkpoint")


def add_evaluation(
    parser: argparse.ArgumentParser,
    what: str = "name of the evaluation (default: the first of the checkpoint)",
) -> None:
    """Add ``--evaluation``."""
    parser.add_argument("--evaluation", metavar="NAME", help=what)


def add_seed(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``--seed``, 0 by default."""
    parser.add_argument(
        "--seed", type=whole(0, LARGEST_SEED), default=0, metavar="S", help=f"{what} (default: 0)"
    )


def add_out(parser: argparse.ArgumentParser) -> None:
    """Add ``--out``, which is required."""
    parser.add_argument("--out", type=place, required=True, metavar="DIR", help="output folder")
