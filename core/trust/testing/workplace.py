"""Where maps are tested: what was asked for, the progress, a stop for other processes, and a lock."""

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from core import files, processes
from core.checkpoints import paths
from core.errors import EvaluationError, FileError
from core.files import locks, stored
from core.passes import progress
from core.passes.progress import PassProgress, ProgressFile

_ASKED, _LOG = "asked.json", "log.txt"
USUAL_SAMPLES = 24


@dataclass(frozen=True, slots=True)
class TrustOptions:
    """What a test was asked for, as options of the command ``trust``; empty stands for the default.

    ``data`` is a folder of photos or its address, and ``masks`` a folder of masks.
    """

    data: str = ""
    layout: str = ""
    split: str = "val"
    samples: int = USUAL_SAMPLES
    seed: int = 0
    name: str = ""
    methods: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    masks: str = ""

    @property
    def arguments(self) -> list[str]:
        """The options on the command line."""
        single = {key: value for key, value in asdict(self).items() if isinstance(value, str | int)}
        # An equals sign, because a value may begin with a dash.
        given = [f"--{key}={value}" for key, value in single.items() if value != ""]
        several = {"--methods": self.methods, "--layers": self.layers}
        return given + [word for key, values in several.items() if values for word in (key, *values)]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A test that ended before its report, and that can be continued.

    Attributes:
        options: what was asked for.
        num_done: photos that are tested, of ``num_photos``.
        was_stopped: whether it was asked to stop.
        reason: the error that ended it; empty if it was stopped or its process was killed.
    """

    options: TrustOptions
    num_done: int
    num_photos: int
    was_stopped: bool
    reason: str


@contextmanager
def held(place: Path, name: str) -> Iterator[None]:
    """Let only this process test maps in this folder while the block runs.

    Raises:
        EvaluationError: another process does; the message has the checkpoint's ``name``.
    """
    lock = files.make_folder(_work(place)) / paths.LOCK
    with locks.held(lock, EvaluationError(f"another process tests the maps of {name!r}; wait until it ends")):
        yield


def begin(place: Path, options: TrustOptions) -> None:
    """Store what a test is asked for; nothing changes while another process tests maps here."""
    if is_under_way(place):
        return
    files.make_folder(_work(place))
    for of_earlier in (_work(place) / paths.STOP, _progress(place)):
        of_earlier.unlink(missing_ok=True)
    files.write(_work(place) / _ASKED, json.dumps(asdict(options)).encode())


def reporting(place: Path) -> Callable[[PassProgress], None]:
    """A function that shows the progress to other processes, and raises EvaluationError if asked to stop."""
    shown = ProgressFile(_progress(place))

    def report(now: PassProgress) -> None:
        shown.write(now)
        if _is_asked_to_stop(place) and now.done < now.total:
            raise EvaluationError("stopped; finished work is kept, run the same command to continue")

    return report


def is_under_way(place: Path) -> bool:
    """Whether a process tests maps in this folder now."""
    return locks.is_held(_work(place) / paths.LOCK)


def progress_of(place: Path) -> PassProgress | None:
    """The progress of an unfinished test; None before its first photo is read."""
    return progress.read(_progress(place))


def ask_to_stop(place: Path) -> None:
    """Ask the process that tests maps in this folder to stop after the current photos."""
    if is_under_way(place):
        files.write(_work(place) / paths.STOP, b"", durable=False)


def is_stopping(place: Path) -> bool:
    """Whether the process has been asked to stop and has not ended yet."""
    return is_under_way(place) and _is_asked_to_stop(place)


def unfinished(place: Path) -> Unfinished | None:
    """The test in this folder that ended before its report; None if there is none, or a process continues it.

    A record that cannot be read counts as none.
    """
    try:
        options = stored.checked(_schema(), stored.read_json(_work(place) / _ASKED))
    except (ValueError, FileError):
        return None
    if is_under_way(place) or not (_work(place) / _ASKED).exists():  # It may have ended between the two.
        return None
    was_stopped, now = _is_asked_to_stop(place), progress_of(place) or PassProgress(0, options.samples)
    return Unfinished(options, now.done, now.total, was_stopped, "" if was_stopped else _reason(place))


def forget(place: Path) -> None:
    """Delete an unfinished test, also the record of it; EvaluationError if a process works on it."""
    if is_under_way(place):
        raise EvaluationError("the maps are being tested; wait until it ends, or stop it first")
    remove(place)


def remove(place: Path) -> None:
    """Delete all that is kept of unfinished tests in this folder; what cannot be deleted stays."""
    with suppress(FileError):
        files.remove_folder(_work(place))


def log_of(place: Path) -> Path:
    """The log of the background process that tests maps in this folder."""
    return _work(place) / _LOG


def _reason(place: Path) -> str:
    """The error in the log, if that is of the last test: one from a terminal has none."""
    try:
        is_older = log_of(place).stat().st_mtime < (_work(place) / _ASKED).stat().st_mtime
    except OSError:
        return ""
    return "" if is_older else processes.last_error(log_of(place))


def _is_asked_to_stop(place: Path) -> bool:
    return (_work(place) / paths.STOP).exists()


def _progress(place: Path) -> Path:
    return _work(place) / paths.PROGRESS


def _work(place: Path) -> Path:
    return place / paths.TRUST_WORK


@functools.cache
def _schema() -> TypeAdapter[TrustOptions]:
    return TypeAdapter(TrustOptions)
