"""Download a public data set, whole or not at all: into a temporary folder, checked, then moved."""

import contextlib
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError

from core.data.downloads.progress import OnProgress, watched
from core.data.sources import catalogue
from core.data.sources.source import Source
from core.errors import DataError
from core.files import locks, places

_SILENCE_S = 60.0


def fetch(name: str, into: Path | None = None, *, on_progress: OnProgress = lambda _progress: None) -> Path:
    """Download a data set, whole or not at all; gives the folder to load it from.

    It is downloaded next to ``into`` (`places.data_root` / name if None), checked, and then moved there.

    Raises:
        DataError: It cannot be downloaded, or was interrupted; no partial files remain.
    """
    source, target = catalogue.source_named(name), (into or places.data_root() / name).absolute()
    if source.fetch is None:
        raise DataError(f"{name} cannot be downloaded by a program; {catalogue.advice(source, target)}")
    present = source.find(target)
    if present is not None:
        return present
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DataError(f"{str(target)!r} holds other files than {name}; choose a new or empty folder")
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
            raise FileNotFoundError("the downloaded files are not the data set")
        if target.is_dir():
            target.rmdir()
        folder.rename(target)


def is_downloading(target: Path) -> bool:
    """Whether a process is downloading this folder."""
    return locks.is_held(_lock_of(target))


def _lock_of(target: Path) -> Path:
    return target.parent / f".{target.name}.lock"


def parts_of(target: Path) -> list[Path]:
    """The temporary folders of downloads to this folder that are running or were killed."""
    return list(target.parent.glob(f".{target.name}.part-*"))


def clean(target: Path) -> None:
    """Delete the temporary folders of killed downloads."""
    for left in parts_of(target):
        shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _impatient() -> Iterator[None]:
    """Give up on a server after one minute of silence; the default is to wait forever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_SILENCE_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """A temporary folder next to the target, deleted afterwards unless renamed; old ones go first."""
    clean(target)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.part-", dir=target.parent))
    folder.chmod(0o755)  # mkdtemp makes it private.
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _reason(error: BaseException) -> str:
    """The reason of an error in one line; torchvision's have several."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, socket.gaierror | ConnectionError | TimeoutError):
        return "its server cannot be reached; check this machine's network connection"
    words = str(cause)
    return " ".join(words.split())[:200] or type(error).__name__
