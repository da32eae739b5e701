"""The option ``--corrections``: decisions on labels, applied to a data set once it is open."""

import argparse

from core.commands.options.numbers import place


def add(parser: argparse.ArgumentParser) -> None:
    """Add ``--corrections`` to a command that reads labels."""
    parser.add_argument(
        "--corrections",
        type=place,
        metavar="FILE",
        help="CSV file of decisions on labels (sample_id, decision, label): keep, relabel, exclude or "
        "unsure; images on disk are not changed",
    )
