"""All sources of data by name: find, load, recognise and fetch them."""

import contextlib
import difflib
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError

from filelock import FileLock, Timeout

from core import files, places
from core.data.downloads.progress import OnProgress, watched
from core.data.image_set import ImageSet
from core.data.sources.folder import class_folders, file_names, listing, one_class, tree
from core.data.sources.folder.layout import Choice, choice, understand
from core.data.sources.folder.tree import Odd
from core.data.sources.public import (
    cifar10,
    digits,
    dogs_vs_cats,
    gtsrb,
    malaria,
    mnist,
    pets,
    synsets,
    tiny_imagenet,
)
from core.data.sources.source import Source
from core.errors import DataError

_PUBLIC = (
    digits.SOURCE,
    mnist.MNIST,
    mnist.FASHION_MNIST,
    cifar10.SOURCE,
    pets.BREEDS,
    pets.CAT_DOG,
    dogs_vs_cats.SOURCE,
    gtsrb.SOURCE,
    malaria.SOURCE,
    tiny_imagenet.SOURCE,
)
_OWN = (
    synsets.SOURCE,
    file_names.SOURCE,
    class_folders.SOURCE,
)  # Layouts of anybody's files, which have no usual place.
SOURCES: dict[str, Source] = {source.name: source for source in (*_PUBLIC, *_OWN)}
_SILENCE_S = 60.0
_SYSTEM = Path("/usr/share/datasets")  # Where Debian's packages put data sets.


def data_root() -> Path:
    """Where data sets are kept; see `core.places`."""
    return places.data_root()


def find(name: str, folder: Path | None = None) -> Path | None:
    """The folder to load from, at or below the given one (or `data_root`); None if the data are not there.

    Raises:
        DataError: There is no source of that name.
    """
    source = _source(name)
    found = (source.find(place) for place in _places(source, folder))
    return next((place for place in found if place is not None), None)


def load(name: str, folder: Path | None = None, *, layout: str = "", known: Sequence[str] = ()) -> ImageSet:
    """The images of a source.

    ``layout`` and ``known`` classes are for folders of one's own, see `layout.understand`.

    Raises:
        DataError: There is no such source, its files are not there, or they are damaged.
        LayoutError: A folder can be read in several ways.
    """
    source, found = _source(name), find(name, folder)
    if found is None:
        looked = str(folder or data_root() / name)
        raise DataError(f"cannot find {name} in {looked!r}; {_advice(source, folder or data_root() / name)}")
    return class_folders.load(found, layout, known) if source is class_folders.SOURCE else source.load(found)


def open_folder(folder: Path, *, layout: str = "", known: Sequence[str] = ()) -> ImageSet:
    """The images in a folder that somebody names, of whatever source; errors as `recognise` and `load`.

    It may also be the folder of one of the ``known`` classes itself.
    """
    alone = None if layout else one_class.images_of(folder, known)
    if alone is not None:
        return alone
    return load(
        class_folders.SOURCE.name if layout else recognise(folder), folder, layout=layout, known=known
    )


def choices(folder: Path, *, known: Sequence[str] = ()) -> list[Choice]:
    """The ways to read a folder of one's own; none where it is clear."""
    if recognise(folder) != class_folders.SOURCE.name:
        return []
    readings = understand(folder, known=known).readings
    return [choice(each) for each in readings] if len(readings) > 1 else []


def with_left_out(images: ImageSet) -> ImageSet:
    """The same with all that lies beside the images and does not count, for sources that do not look."""
    if images.left_out is not None or images.root is None:
        return images
    top, taken = tree.scan(images.root), set(images.sample_ids)
    reason = f"images without a label in {images.name}"
    others = (Odd(reason, path) for path in tree.images_of(top) if path not in taken)
    odd = (each for each in tree.odd_of(top) if each.path not in taken)
    return replace(images, left_out=tree.by_reason([*others, *odd]))


def recognise(folder: Path) -> str:
    """The name of the source whose layout a folder has: a public data set before a mere layout.

    Raises:
        DataError: It has none, or holds several data sets.
    """
    # The digits are everywhere.
    found = {source.name: source.find(folder) for source in _PUBLIC if source is not digits.SOURCE}
    first = {place: name for name, place in reversed(found.items()) if place is not None}
    if len(first) > 1:
        several = ", ".join(reversed(first.values()))
        raise DataError(
            f"{str(folder)!r} holds several data sets: {several}; name one of them, or its folder"
        )
    own = (source.name for source in _OWN if source.find(folder) is not None)
    name = next(iter(first.values()), None) or next(own, None)
    if name is None:
        _refuse_unreadable(folder)
        wanted = "a folder for each class (DIR/cat/1.jpg) or labels in file names (DIR/cat.1.jpg)"
        lists = sorted(each.name for each in listing.visible(folder) if each.name.endswith((".csv", ".json")))
        unread = f" (labels are not read from {lists[0]!r})" if lists else ""
        raise DataError(f"{str(folder)!r} is no folder of labelled images; expected {wanted}{unread}")
    return name


def _refuse_unreadable(folder: Path) -> None:
    with files.reading(folder):
        if folder.is_dir():
            os.scandir(folder).close()
            return
        is_there = folder.exists()
    if is_there:
        raise DataError(f"{str(folder)!r} is no folder of labelled images but a file; name its folder")
    raise DataError(f"{str(folder)!r} is no folder of labelled images: there is nothing of this name")


def fetch(name: str, into: Path | None = None, *, on_progress: OnProgress = lambda _progress: None) -> Path:
    """Download a data set, whole or not at all, and give the folder to load it from.

    It is downloaded next to ``into`` (`data_root` / name if None), checked, and then moved there.

    Raises:
        DataError: It cannot be downloaded, or was interrupted; nothing of it is left.
    """
    source, target = _source(name), (into or data_root() / name).absolute()
    if source.fetch is None:
        raise DataError(f"{name} cannot be downloaded by a program; {_advice(source, target)}")
    found = source.find(target)
    if found is not None:
        return found
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DataError(f"{str(target)!r} holds something else than {name}; name a new or empty folder")
    try:
        _download(source, source.fetch, target, on_progress)
    except (Exception, KeyboardInterrupt) as error:  # Network, disk, archive: no list of types is complete.
        raise DataError(f"{name} was not downloaded ({_reason(error)}); {_advice(source, target)}") from error
    return source.find(target) or target


def _download(
    source: Source, download: Callable[[Path], None], target: Path, on_progress: OnProgress
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(target), _temporary(target) as folder:
        with watched(folder, target, source.num_bytes, on_progress), _impatient():
            download(folder)
        if source.find(folder) is None:
            raise FileNotFoundError("what came is not the data set")
        if target.is_dir():
            target.rmdir()
        folder.rename(target)


def is_downloading(target: Path) -> bool:
    """Whether a process downloads this folder now."""
    if not _lock_of(target).exists():
        return False
    with contextlib.suppress(Timeout), FileLock(_lock_of(target), timeout=0):
        return False
    return True


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
def _alone(target: Path) -> Iterator[None]:
    """Refuse to download what another process is downloading; a process that was killed holds no lock."""
    try:
        # Not at once: who only looks whether it is held, holds it for a moment.
        with FileLock(_lock_of(target), timeout=0.5):
            yield
    except Timeout as error:
        raise BlockingIOError("another process is downloading it") from error


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


def _source(name: str) -> Source:
    if name not in SOURCES:
        close = difflib.get_close_matches(name, SOURCES)
        known = (
            f"did you mean {' or '.join(map(repr, close))}" if close else f"there are {', '.join(SOURCES)}"
        )
        raise DataError(f"no source of data named {name!r}; {known}")
    return SOURCES[name]


def _places(source: Source, folder: Path | None) -> list[Path]:
    if folder is not None:
        return [folder, folder / source.name]
    own = [data_root() / source.name]
    return own if source in _OWN else [*own, data_root(), _SYSTEM]


def _advice(source: Source, folder: Path) -> str:
    where = source.where.replace("DIR", str(folder))
    command = f", or run: python -m core data {source.name} --fetch" if source.fetch else ""
    return f"get it from {where}{command}"


def _reason(error: BaseException) -> str:
    """One line, as of torchvision's several."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, socket.gaierror | ConnectionError | TimeoutError):
        return "there is no connection to its server; is this machine on the network?"
    words = str(cause)
    return " ".join(words.split())[:200] or type(error).__name__
