"""Image files below a folder: which files count, their order, and the image set that they form."""

import errno
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import files
from core.data.image_set import Files, ImageSet, LeftOut, fingerprint_of_files
from core.errors import AwayError, DataError, FileError


def words(text: str) -> tuple[str, ...]:
    """The words of a text, for readable lists."""
    return tuple(text.split())


SUFFIXES = words(
    ".jpg .jpeg .jfif .jpe .pjpeg .pjp .mpo .png .apng .webp .gif .tif .tiff .bmp .dib .ppm .pgm .pbm "
    ".pnm .pfm"
)
# Reasons to leave out a file or folder.
SYSTEM = "system files"
NOT_UTF8 = "names not in UTF-8"
DEAD_LINK = "broken links"
NO_FILE = "special files (pipes, devices)"
NOT_OPENED = "of a format not opened here: export JPEG or PNG instead"
NO_ENDING = "files without an extension, not images"

_FOREIGN = frozenset(words(".heic .heif .avif .jxl .jp2 .j2k .svg .psd .cr2 .cr3 .nef .arw .dng .raw .dcm"))
# Files with these endings are not opened to check whether they are images.
_OTHER = frozenset(
    words(
        """
        .txt .csv .tsv .json .jsonl .xml .yaml .yml .toml .ini .cfg .md .rst .html .htm .css .js .pdf .doc
        .docx .xls .xlsx .ppt .pptx .zip .tar .gz .tgz .bz2 .xz .7z .rar .zst .py .ipynb .m .r .sh .bat .npy
        .npz .mat .pkl .pickle .pt .pth .ckpt .h5 .hdf5 .onnx .safetensors .parquet .arrow .feather
        .tfrecord .lmdb .mdb .db .sqlite .mp4 .avi .mov .mkv .webm .mp3 .wav .log .bak .lock .exe .dll .so
        .url .lnk .part
        """
    )
)
_MAGIC = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8[79]a|RIFF.{4}WEBP|BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0"
    rb"|II\*\0|MM\0\*|P[1-6]\s",
    re.DOTALL,
)
_MAGIC_BYTES = 32
# Files of desktops, disks and network storage; also names that begin with a dot, or with @Syno.
_SYSTEM_NAMES = frozenset(
    (
        *words(
            """
            __macosx _ds_store thumbs.db ehthumbs.db desktop.ini lost+found __pycache__
            $recycle.bin $winreagent $windows.~bt $windows.~ws recycler recycled msocache config.msi wpsystem
            onedrivetemp wudownloadcache
            @eadir @tmp @recycle @recently-snapshot @__thumb @sharebin @sharesnap @appstore @apptemp
            @download @database #recycle #snapshot ~snapshot aquota.user aquota.group
            """
        ),
        "icon\r",
        "system volume information",
        "network trash folder",
        "temporary items",
    )
)
_SYSTEM_KINDS = re.compile(r"\..*|@syno.*|synophoto_thumb.*|found\.\d{3}", re.IGNORECASE | re.DOTALL)
_ITS_OWN_FAULT = {errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR}


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """N image files: paths below the root, labels, names of groups, and the published split.

    ``left_out`` are the other files below the root, None if they were not counted. ``empty`` names class
    folders without images, ``layout`` is the reading of the folder that the user chose.
    """

    class_names: tuple[str, ...]
    sample_ids: list[str]
    labels: list[int]
    groups: list[str] | None = None
    published: list[str] | None = None
    left_out: tuple[LeftOut, ...] | None = None
    empty: tuple[str, ...] = ()
    layout: str = ""


def image_set(name: str, root: Path, listing: Listing) -> ImageSet:
    """The images of a listing, with their fingerprint.

    Raises:
        DataError: There are no images, one cannot be read, or a table names a file outside ``root``.
    """
    if not listing.sample_ids:
        raise DataError(f"no image in {str(root)!r}; expected files that end in {', '.join(SUFFIXES)}")
    _refuse_outside(root, listing.sample_ids)
    labels = np.array(listing.labels, np.int64)
    try:
        fingerprint = fingerprint_of_files(root, listing.sample_ids, labels)
    except OSError as error:
        if not root.is_dir():
            raise DataError(
                f"the folder {str(root)!r} is missing; connect its disk, then start again"
            ) from error
        msg = f"cannot read {error.filename!r}, which {name} should have; unpack or download it again"
        raise DataError(str(error) if isinstance(error, FileError) else msg) from error
    return ImageSet(
        name=name,
        class_names=listing.class_names,
        labels=labels,
        sample_ids=listing.sample_ids,
        image=Files(root, listing.sample_ids),
        fingerprint=fingerprint,
        root=root,
        groups=None if listing.groups is None else numbered(listing.groups),
        published=None if listing.published is None else np.array(listing.published),
        left_out=listing.left_out,
        empty=listing.empty,
        layout=listing.layout,
    )


def _refuse_outside(root: Path, sample_ids: Sequence[str]) -> None:
    """DataError if a table in the data set names files outside the data set's folder."""
    for sample_id in sample_ids:
        if sample_id.startswith("/") or ".." in sample_id.split("/"):
            raise DataError(
                f"the data set in {str(root)!r} names {sample_id!r}, which is outside; remove this entry"
            )


def indexed(classes: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
    """The distinct class names in natural order, and for each name in ``classes`` its index among them."""
    class_names = tuple(sorted(set(classes), key=natural))
    index = {class_name: number for number, class_name in enumerate(class_names)}
    return class_names, [index[each] for each in classes]


def numbered(values: Iterable[str | int]) -> NDArray[np.int64]:
    """For each value (N,) its index among the sorted distinct values."""
    return np.unique(np.array(list(values)), return_inverse=True)[1].astype(np.int64)


def natural(text: str) -> tuple[list[str | int], str]:
    """A sort key: ``2`` before ``10``, case only as the last criterion, equal for all Unicode forms."""
    text = unicodedata.normalize("NFC", text)
    parts = re.split(r"(\d+)", text.casefold())
    return [int(part) if odd % 2 else part for odd, part in enumerate(parts)], text


def is_system(name: str) -> bool:
    """Whether a file or folder belongs to a desktop, a disk or a network storage system."""
    return _SYSTEM_KINDS.fullmatch(name) is not None or name.casefold() in _SYSTEM_NAMES


def is_utf8(name: str) -> bool:
    """Whether a file name is valid UTF-8."""
    return name.isascii() or not any("\ud800" <= each <= "\udfff" for each in name)


def reason_against(entry: os.DirEntry[str]) -> str | None:
    """Why a file is left out; None for an image file. ``entry`` is not a folder.

    Raises:
        AwayError: its disk does not respond.
    """
    if not is_utf8(entry.name):
        return NOT_UTF8
    if is_system(entry.name):
        return SYSTEM
    if not _asked(entry, entry.is_file):
        return DEAD_LINK if entry.is_symlink() and not Path(entry.path).exists() else NO_FILE
    reason, ending = _reason_by_ending(entry.name), _ending(entry.name)
    is_told_by_name = reason is None or ending in _FOREIGN or ending in _OTHER
    return None if not is_told_by_name and _is_image_inside(Path(entry.path)) else reason


def reason_against_name(name: str) -> str | None:
    """Why a file of this name is left out, without a look at its content; None for an image file."""
    if not is_utf8(name):
        return NOT_UTF8
    return SYSTEM if is_system(name) else _reason_by_ending(name)


def is_image(entry: os.DirEntry[str]) -> bool:
    """Whether this is an image file."""
    return not is_folder(entry) and reason_against(entry) is None


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether this is a folder, or a link to one."""
    return _asked(entry, entry.is_dir)


def visible(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The entries of a folder except system files, unordered; none if the folder cannot be read."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if is_utf8(entry.name) and not is_system(entry.name))
    except (OSError, ValueError):
        return


def subfolders(folder: Path) -> list[str]:
    """The names of the folders in a folder, in natural order."""
    return sorted((entry.name for entry in visible(folder) if is_folder(entry)), key=natural)


def images_in(folder: Path) -> list[str]:
    """The names of the images directly in a folder, in natural order."""
    return sorted((entry.name for entry in visible(folder) if is_image(entry)), key=natural)


def first_place(folder: Path, places: Iterable[str], fits: Callable[[Path], bool]) -> Path | None:
    """The first of some paths below a folder that fits; paths that cannot be read do not fit."""
    return next((folder / place for place in places if _quietly(fits, folder / place)), None)


def _quietly(fits: Callable[[Path], bool], place: Path) -> bool:
    try:
        return fits(place)
    except (OSError, ValueError):  # For example no permission, or a name that is too long.
        return False


def _asked(entry: os.DirEntry[str], question: Callable[[], bool]) -> bool:
    """The disk's answer; False if the entry itself is faulty: a cycle of links, or too long a name."""
    try:
        return question()
    except OSError as error:
        if error.errno in _ITS_OWN_FAULT:
            return False
        raise AwayError(
            f"cannot read {entry.path!r}: {error.strerror}; check that its disk is connected"
        ) from error


def _reason_by_ending(name: str) -> str | None:
    ending = _ending(name)
    if ending in SUFFIXES:
        return None
    if ending in _FOREIGN:
        return f"{ending} files {NOT_OPENED}"
    return f"{ending} files" if ending in _OTHER or re.fullmatch(r"\.\w{1,12}", ending) else NO_ENDING


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 (a Path for each of a million names)


def _is_image_inside(path: Path) -> bool:
    try:
        return _MAGIC.match(files.head(path, _MAGIC_BYTES)) is not None
    except AwayError:
        raise
    except FileError:
        return False
