"""Download a public data set, whole or not at all: next to its place, checked, then moved there."""

import contextlib
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError

from core import places
from core.data.downloads.progress import OnProgress, watched
from core.data.sources import catalogue
from core.data.sources.source import Source
from core.errors import DataError
from core.files import locks

_SILENCE_S = 60.0


def fetch(name: str, into: Path | None = None, *, on_progress: OnProgress = lambda _progress: None) -> Path:
    """Download a data set, whole or not at all, and give the folder to load it from.

    It is downloaded next to ``into`` (`data_root` / name if None), checked, and then moved there.

    Raises:
        DataError: It cannot be downloaded, or was interrupted; nothing of it is left.
    """
    source, target = catalogue.source_named(name), (into or places.data_root() / name).absolute()
    if source.fetch is None:
        raise DataError(f"{name} cannot be downloaded by a program; {catalogue.advice(source, target)}")
    found = source.find(target)
    if found is not None:
        return found
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DataError(f"{str(target)!r} holds something else than {name}; name a new or empty folder")
    try:
        _download(source, source.fetch, target, on_progress)
    except (Exception, KeyboardInterrupt) as error:  # Network, disk, archive: no list of types is complete.
        raise DataError(
            f"{name} was not downloaded ({_reason(error)}); {catalogue.advice(source, target)}"
        ) from error
    return source.find(target) or target


def _download(
    source: Source, download: Callable[[Path], None], target: Path, on_progress: OnProgress
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    taken = BlockingIOError("another process is downloading it")
    # A short wait: `is_downloading` holds the lock for a moment.
    with locks.held(_lock_of(target), taken, wait_s=0.5), _temporary(target) as folder:
        with watched(folder, target, source.num_bytes, on_progress), _impatient():
            download(folder)
        if source.find(folder) is None:
            raise FileNotFoundError("what came is not the data set")
        if target.is_dir():
            target.rmdir()
        folder.rename(target)


def is_downloading(target: Path) -> bool:
    """Whether a process is downloading this folder."""
    return locks.is_held(_lock_of(target))


def _lock_of(target: Path) -> Path:
    return target.parent / f".{target.name}.lock"


def parts_of(target: Path) -> list[Path]:
    """What processes have downloaded of this folder that were killed, or are at it."""
    return list(target.parent.glob(f".{target.name}.part-*"))


def clean(target: Path) -> None:
    """Delete what killed processes have left."""
    for left in parts_of(target):
        shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _impatient() -> Iterator[None]:
    """A server that says nothing for a minute is away; without this, it is waited for without end."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_SILENCE_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """A folder next to the target, gone afterwards unless renamed; so are those of killed processes."""
    clean(target)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.part-", dir=target.parent))
    folder.chmod(0o755)  # Not for its maker alone, as mkdtemp has it.
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _reason(error: BaseException) -> str:
    """One line, as of torchvision's several."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, socket.gaierror | ConnectionError | TimeoutError):
        return "there is no connection to its server; is this machine on the network?"
    words = str(cause)
    return " ".join(words.split())[:200] or type(error).__name__
