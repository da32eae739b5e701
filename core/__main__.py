"""``python -m core COMMAND``: arguments to one call to files; errors on stderr, one line each."""

import argparse
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

from core import mishaps
from core.commands import evaluating, examples, explaining, filters, inside, training
from core.commands.options.complaint import complain


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 only if all that was asked was done."""
    if not sys.warnoptions:  # Libraries warn developers; who is one asks for it: python -W default -m core
        warnings.simplefilter("ignore")
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return complain("stopped")
    except Exception as error:  # Whatever it is, a person gets one line.
        return complain(_one_line(error))


def _one_line(error: Exception) -> str:
    """Known trouble in words; the number of a fault of ours, which the log has in full."""
    known = mishaps.sentence(error)
    if known is None and isinstance(error, ValueError) and mishaps.is_raised_by_us(error):
        known = str(error)  # An argument has a value that there is not.
    if known is not None:
        return known
    found = mishaps.record(error, f"python -m core {' '.join(sys.argv[1:2])}")
    fault = f"{type(error).__name__}, a fault of this program, number {found.number}"
    return f"{fault}: see {found.log}" if found.log else f"{fault}: {found.traceback}"


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = _Parser(
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


class _Parser(argparse.ArgumentParser):
    """Says in one line, as all our errors, what it does not understand."""

    def error(self, message: str) -> NoReturn:
        complain(f"{message}; {self.prog} --help shows what there is")
        self.exit(2)


if __name__ == "__main__":
    sys.exit(main())
