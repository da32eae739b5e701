"""``python -m core COMMAND`` within this process, whose device memory can then be measured and capped."""

import contextlib
import io
import sys
from dataclasses import dataclass

from core.__main__ import main
from core.error_log import LOG
from core.files.places import cache_root


@dataclass(frozen=True, slots=True)
class Ended:
    """The exit status of a command, and what it wrote to stderr."""

    status: int
    errors: str

    @property
    def is_sentence(self) -> bool:
        """Whether it failed with one line that a user can read, and not by a bug."""
        lines = self.errors.strip().splitlines()
        return self.status != 0 and bool(lines) and "unexpected" not in lines[-1]


def run(*arguments: object) -> Ended:
    """Run a command; it prints nothing, but for the traceback of a bug."""
    errors = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        status = main([str(each) for each in arguments])
    log = cache_root() / LOG
    if log.exists():
        print(log.read_text(encoding="utf-8"), file=sys.stderr)
        log.unlink()
    return Ended(status, errors.getvalue())


def done(*arguments: object) -> None:
    """Run a command that must succeed."""
    ended = run(*arguments)
    if ended.status:
        raise RuntimeError(f"{arguments[0]} failed: {ended.errors.strip()}")
