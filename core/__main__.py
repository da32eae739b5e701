"""``python -m core COMMAND``: arguments to one call to files; errors on stderr, one line each."""

import argparse
import sys
from collections.abc import Sequence

from core.commands import evaluating, examples, explaining, filters, inside, training
from core.commands.complaint import complain
from core.errors import CoreError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 only if all that was asked was done."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (CoreError, ValueError, OSError) as error:
        return complain(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core", description="Why an image classifier decides as it does, and how to train one."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    explaining.add(commands)
    inside.add(commands)
    filters.add(commands)
    examples.add(commands)
    training.add(commands)
    evaluating.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
