"""Commands whose finished work is kept: after Ctrl-C, the same command goes on."""

import argparse
from collections.abc import Callable
from functools import wraps

from core.commands.options.complaint import complain

_INTERRUPTED = 130  # The exit status of a shell after Ctrl-C.

Command = Callable[[argparse.Namespace], int]


def resumable(command: Command) -> Command:
    """The command; where it is interrupted, it says how to go on and gives the exit status 130."""

    @wraps(command)
    def run(options: argparse.Namespace) -> int:
        try:
            return command(options)
        except KeyboardInterrupt:
            complain("interrupted; finished work is kept, run the same command to continue")
            return _INTERRUPTED

    return run
