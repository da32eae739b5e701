"""``python -m core COMMAND``: read the arguments, run one command, write each error as one line on stderr."""

import argparse
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

from core import commands, error_log
from core.commands.options.complaint import complain


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status, 0 only if everything succeeded."""
    if not sys.warnoptions:  # Library warnings are for developers; python -W default -m core shows them.
        warnings.simplefilter("ignore")
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser(given).parse_args(given)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return complain("stopped")
    except Exception as error:  # Every error becomes one line, never a traceback.
        return complain(_one_line(error))


def _one_line(error: Exception) -> str:
    """A known error in words; for a bug, the number under which the log has its traceback."""
    known = error_log.sentence(error)
    if known is None and isinstance(error, ValueError) and error_log.is_raised_by_us(error):
        known = str(error)  # A ValueError of our own is about a bad argument.
    if known is not None:
        return known
    logged = error_log.record(error, f"python -m core {' '.join(sys.argv[1:2])}")
    bug = f"unexpected {type(error).__name__}, number {logged.number}"
    return f"{bug}: see {logged.log}" if logged.log else f"{bug}: {logged.traceback}"


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = _Parser(
        prog="python -m core", description="Explain, evaluate and train image classifiers."
    )
    chosen = next((each for each in given if not each.startswith("-")), "")
    commands.add(parser.add_subparsers(required=True, metavar="COMMAND"), chosen)
    return parser


class _Parser(argparse.ArgumentParser):
    """Reports a usage error in one line, as all other errors."""

    def error(self, message: str) -> NoReturn:
        complain(f"{message}; {self.prog} --help lists the options")
        self.exit(2)


if __name__ == "__main__":
    sys.exit(main())
