"""Decodes a data set once: resized images in one memory-mapped file, with a survey beside it."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core import files
from core.data.image_set import ImageSet
from core.data.survey.image_facts import Surveyed, SurveyTable, survey
from core.data.unreadable import away
from core.errors import AwayImageError, DataError, FileError
from core.files import locks
from core.files.places import cache_root
from core.images import VERSION
from core.images.preprocess import Preprocess

MAX_BYTES = 16 * 2**30
_KEEP_FREE = 0.1  # Share of the disk.


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A data set ready to be read in batches: uint8 pixels with `Preprocess.margin` around each input.

    ``array`` is (N, channels, H + 2 margin, W + 2 margin); None if it does not fit on the disk, so that every
    image is decoded on demand.
    """

    images: ImageSet
    preprocess: Preprocess
    survey: SurveyTable
    array: NDArray[np.uint8] | None

    def pixels(self, indices: Sequence[int]) -> Tensor:
        """The images of these indices, uint8 (n, channels, H + 2 margin, W + 2 margin)."""
        if self.array is not None:
            return torch.from_numpy(self.array[np.asarray(indices)])
        margin = self.preprocess.margin
        return torch.stack([self.preprocess.pixels(self._image(index), margin=margin) for index in indices])

    def _image(self, index: int) -> Image.Image:
        try:
            return files.patiently(lambda: self.images.image(index), AwayImageError)
        except AwayImageError as error:
            raise away(self.images, error) from error

    def inputs(self, indices: Sequence[int]) -> Tensor:
        """The same without the margin, as in `Preprocess.batch` before normalisation."""
        return self.preprocess.without_margin(self.pixels(indices))


def decode(
    images: ImageSet,
    preprocess: Preprocess,
    *,
    folder: Path | None = None,
    max_bytes: int = MAX_BYTES,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Decoded:
    """Read every image once, or use the files of an earlier call in ``folder``.

    Where several processes ask for the same, one reads and the others wait. ``max_bytes`` bounds the whole
    folder; the files used longest ago are deleted first, and what does not fit at all is not cached.

    Raises:
        DataError: an image cannot be read at present (not stored as damaged), or none can be read.
    """
    folder = (cache_root() if folder is None else folder) / "images"
    key = _digest(str(VERSION), images.fingerprint, _times(images))
    table_file = folder / f"{key}.survey.npz"
    pixel_file = folder / f"{key}-{_digest(repr(preprocess))}.u8"
    shape = (
        len(images),
        len(preprocess.mean),
        *(side + 2 * preprocess.margin for side in preprocess.input_size),
    )
    with _held(folder, key):
        _drop_cut_short(pixel_file, int(np.prod(shape)))
        fits = pixel_file.exists() or _make_room(folder, int(np.prod(shape)), max_bytes)
        table = _remembered(table_file, len(images))
        if table is None or (fits and not pixel_file.exists()):
            writer = _pixel_writer(pixel_file, preprocess, shape) if fits else iter
            pass_ = survey(images, workers=min(8, os.cpu_count() or 1))
            counted = _counted(_all_there(pass_, images), len(images), on_progress)
            table = SurveyTable.collect(writer(counted), len(images))
            table.save(table_file)
    if not table.ok.any():
        raise DataError(f"none of the {len(images)} images of {images.name!r} can be read")
    return Decoded(images, preprocess, table, _opened(pixel_file, shape))


@contextmanager
def _held(folder: Path, key: str) -> Iterator[None]:
    """Let one process at a time work on these files; DataError if the cache cannot be written."""
    with ExitStack() as lock:
        try:
            lock.enter_context(locks.in_turn(folder / f"{key}.lock"))
        except FileError as error:
            raise DataError(f"{error}; SEEWHY_CACHE may name another folder for the cache") from error
        yield


def _remembered(path: Path, num_images: int) -> SurveyTable | None:
    """The survey of an earlier call; None if there is none, or it is damaged."""
    try:
        table = SurveyTable.read(path)
    except DataError:
        return None
    return table if len(table.ok) == num_images else None


def _all_there(surveyed: Iterable[Surveyed], images: ImageSet) -> Iterator[Surveyed]:
    """Raise DataError at the first unreachable image: it must not be stored as damaged."""
    for each in surveyed:
        if each.is_away:
            raise away(images, each.error or "")
        yield each


def _counted(
    surveyed: Iterable[Surveyed], total: int, on_progress: Callable[[int, int], None]
) -> Iterator[Surveyed]:
    for done, each in enumerate(surveyed, start=1):
        yield each
        on_progress(done, total)


def _pixel_writer(
    path: Path, preprocess: Preprocess, shape: tuple[int, ...]
) -> Callable[[Iterable[Surveyed]], Iterator[Surveyed]]:
    """Passes images on and writes their pixels; the file appears when all of them are on the disk."""

    def write(surveyed: Iterable[Surveyed]) -> Iterator[Surveyed]:
        files.clean(path.parent)
        with files.draft(path) as draft:
            _reserve(draft, int(np.prod(shape)))
            array = np.memmap(draft, np.uint8, "r+", shape=shape)
            for each in surveyed:
                if each.image is not None:
                    array[each.index] = preprocess.pixels(each.image, margin=preprocess.margin).numpy()
                yield each
            array.flush()
            del array

    return write


def _reserve(path: Path, num_bytes: int) -> None:
    """A file with its disk space reserved: a mapped file that runs out of space kills the process."""
    with path.open("wb") as file:
        file.truncate(num_bytes)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, num_bytes)


def _drop_cut_short(path: Path, num_bytes: int) -> None:
    """Delete an incomplete file: a faulty disk may have stored less than was written."""
    with suppress(FileNotFoundError):
        if path.stat().st_size != num_bytes:
            path.unlink()


def _opened(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    try:
        os.utime(path)
        return np.memmap(path, np.uint8, "r", shape=shape)
    except FileNotFoundError:  # It does not fit, or another data set has just taken its space.
        return None


def _make_room(folder: Path, needed: int, max_bytes: int) -> bool:
    """Whether ``needed`` bytes fit, after deleting the pixel files used longest ago if that helps."""
    usage = shutil.disk_usage(folder)
    files = sorted(folder.glob("*.u8"), key=lambda path: path.stat().st_mtime)
    held = sum(path.stat().st_size for path in files)
    if needed > min(max_bytes, usage.free + held - _KEEP_FREE * usage.total):
        return False
    spare = min(max_bytes - held, usage.free - _KEEP_FREE * usage.total)
    for path in files:
        if spare >= needed:
            break
        spare += path.stat().st_size
        path.unlink()  # A training that has it open can use it until it ends.
    return spare >= needed


def _times(images: ImageSet) -> str:
    """When the files were last written: a file changed in place keeps its name and maybe its size."""
    if images.root is None:
        return ""
    times = [_time(images.root / sample_id) for sample_id in images.sample_ids]
    return _digest(str(images.root.resolve()), np.asarray(times).tobytes().hex())


def _time(path: Path) -> int:
    try:
        time = path.stat().st_mtime_ns
    except OSError:
        return 0  # The survey reports it.
    return time if os.access(path, os.R_OK) else -time  # An image that becomes readable is read again.


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()
