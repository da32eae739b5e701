"""`python -m core`, or another program, in a process that a test can watch, interrupt and kill.

Each is forked from one process that has imported the libraries: they take seconds, the commands here less.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from core import files
from core.files import places
from tests.support.paths import ROOT
from tests.support.programs import waiting

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "lightning",
        "timm",
        *(f"core.commands.{name}" for name in ("evaluating", "filters", "planning", "training")),
    ]
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command that runs, or has run, and what it prints."""

    process: ForkServerProcess
    _folder: Path

    @property
    def printed(self) -> str:
        """What has come on stdout so far."""
        return (self._folder / "1").read_text(encoding="utf-8")

    @property
    def errors(self) -> str:
        """What has come on stderr so far."""
        return (self._folder / "2").read_text(encoding="utf-8")

    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.is_alive()

    def wait_for_line(self, start: str) -> None:
        """Return once it has printed a line that starts so."""
        waiting.until(lambda: f"\n{start}" in f"\n{self.printed}", is_alive=self.is_alive)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def status(self) -> int:
        """Its exit status, once it has ended; of a signal that killed it, the negative number."""
        self.process.join()
        assert self.process.exitcode is not None
        return self.process.exitcode


@contextmanager
def started(*arguments: str, program: str = "core") -> Iterator[Command]:
    """Start ``python -m PROGRAM`` with these arguments and the test's own environment."""
    with TemporaryDirectory() as folder:
        outputs = [Path(folder, name) for name in "12"]
        for path in outputs:
            path.touch()
        process = _FORKS.Process(target=_run, args=(program, arguments, outputs, dict(os.environ)))
        process.start()
        try:
            yield Command(process, Path(folder))
        finally:
            process.kill()
            process.join()


def run(*arguments: str, program: str = "core") -> str:
    """What the program prints; it must succeed."""
    with started(*arguments, program=program) as command:
        assert command.status() == 0, command.errors
        return command.printed


@dataclass(frozen=True, slots=True)
class Forked:
    """A command that `core.processes` has started; of `subprocess.Popen`, what is asked there."""

    process: ForkServerProcess

    @property
    def returncode(self) -> int | None:
        """Its exit status, None while it runs."""
        return self.process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, once it has ended."""
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired("core", timeout or 0)
        return self.process.exitcode


def start(*arguments: str, log: Path, output: int = subprocess.STDOUT) -> Forked:
    """In place of `core.processes.start`, which starts Python anew."""
    files.make_folder(log.parent)
    log.write_bytes(b"")
    outputs = [log if output == subprocess.STDOUT else Path(os.devnull), log]
    process = _FORKS.Process(target=_run, args=("core", arguments, outputs, places.environment()))
    process.start()
    return Forked(process)


def _run(program: str, arguments: tuple[str, ...], outputs: list[Path], environment: dict[str, str]) -> None:
    for number, path in enumerate(outputs, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), number)
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.fsync = lambda fd: None  # noqa: ARG005 (called by this name; the tests themselves do not wait either)
    # As programs have it: workers forked from another process would outlive a command that is killed.
    multiprocessing.set_start_method(None, force=True)
    sys.argv[1:] = arguments
    runpy.run_module(program, run_name="__main__", alter_sys=True)
