"""The options of commands that train: data, changed settings, and the processes of a training."""

import argparse

from core.commands.options import layouts
from core.commands.options.numbers import MOST_MACHINES, MOST_PROCESSES, place, whole


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add ``--data`` and ``--layout``."""
    parser.add_argument("--data", type=place, metavar="DIR", help="folder of images, in any known layout")
    layouts.add(parser)


def add_changes(parser: argparse.ArgumentParser, of: str = "the recipe") -> None:
    """Add ``--set KEY=VALUE``, which may be repeated."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="changes",
        metavar="KEY=VALUE",
        help=f"change a setting of {of}, such as epochs=3; may be repeated",
    )


def add_processes(parser: argparse.ArgumentParser, of: str = "") -> None:
    """Add ``--devices`` and ``--nodes``."""
    parser.add_argument(
        "--devices",
        type=whole(1, MOST_PROCESSES),
        default=1,
        metavar="N",
        help=f"number of processes{of}, one per device",
    )
    parser.add_argument(
        "--nodes", type=whole(1, MOST_MACHINES), default=1, metavar="N", help="number of machines"
    )
