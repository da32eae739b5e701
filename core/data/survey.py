"""One pass over all images: which can be read, how large they are, how they look from afar."""

import hashlib
import os
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.data.image_set import Files, ImageSet, Pixels
from core.errors import DataError, ImageError
from core.images import FORMATS, MAX_BYTES, upright_rgb

SIDE = 16  # Of a look, in pixels.
_DIGEST = 16  # Bytes.
_AHEAD = 2  # Images in flight for each worker.


@dataclass(frozen=True, slots=True, eq=False)
class Surveyed:
    """One image of the pass.

    ``image`` is upright RGB; it is None, and ``error`` says why, where the image is broken. ``size`` is its
    (width, height) in pixels, (0, 0) if broken. ``mode`` is the file's own, as Pillow names it (``CMYK``).
    ``digest`` (16 bytes of BLAKE2b) is of the file's bytes, or of the pixels where none is read as it is.
    ``look`` (16, 16) is the upright picture in grey, each value the average of its area, 0 to 255.
    """

    index: int
    image: Image.Image | None
    error: str | None
    size: tuple[int, int]
    mode: str
    digest: bytes
    look: NDArray[np.uint8]


def survey(images: ImageSet, *, workers: int) -> Iterator[Surveyed]:
    """Every image, in index order, read by ``workers`` threads: at most twice as many are held at once.

    Broken images are given with their error, none is raised. Stopped early, the rest is never read.
    """
    pool = ThreadPoolExecutor(workers)
    flight: deque[Future[Surveyed]] = deque()
    try:
        for index in range(len(images)):
            if len(flight) == _AHEAD * workers:
                yield flight.popleft().result()
            flight.append(pool.submit(_surveyed, images, index))
        while flight:
            yield flight.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _surveyed(images: ImageSet, index: int) -> Surveyed:
    if isinstance(images.image, Files):
        return _of_file(images.image.root / images.sample_ids[index], index)
    try:
        image = images.image(index)
    except ImageError as error:
        return _broken(index, str(error), b"")
    content = f"{image.size}".encode() + image.tobytes()
    grey = isinstance(images.image, Pixels) and images.image.array.ndim == 3
    return _whole(index, image, "L" if grey else "RGB", content)


def _of_file(path: Path, index: int) -> Surveyed:
    try:
        data = _bytes(path)
    except (OSError, ValueError) as error:
        return _broken(index, f"cannot be read: {error}", b"")
    try:
        return _whole(index, upright_rgb(data), _mode(data), data)
    except ImageError as error:
        return _broken(index, str(error), data)


def _bytes(path: Path) -> bytes:
    """As much as `upright_rgb` accepts and one byte more; regular files only, as a pipe may never end."""
    if not path.is_file():
        raise FileNotFoundError(f"{path.name!r} is missing or is no file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _mode(data: bytes) -> str:
    """By the header alone, of a file that `upright_rgb` took."""
    try:
        return Image.open(BytesIO(data), formats=FORMATS).mode
    except Exception:  # In a part that does not make the picture, and which upright_rgb therefore left out.
        return "unknown"


def _whole(index: int, image: Image.Image, mode: str, content: bytes) -> Surveyed:
    look = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return Surveyed(index, image, None, image.size, mode, _digest(content), np.asarray(look))


def _broken(index: int, error: str, content: bytes) -> Surveyed:
    return Surveyed(index, None, error, (0, 0), "", _digest(content), np.zeros((SIDE, SIDE), np.uint8))


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST).digest()


@dataclass(frozen=True, slots=True, eq=False)
class SurveyTable:
    """What a whole pass over N images found, without the pictures.

    ``ok`` (N,) bool; ``errors``, index to reason, has the others. ``widths`` and ``heights`` (N,) int32 in
    pixels, upright; ``modes`` (N,) str; ``digests`` (N, 16) and ``looks`` (N, 16, 16) uint8.
    """

    ok: NDArray[np.bool_]
    errors: dict[int, str]
    widths: NDArray[np.int32]
    heights: NDArray[np.int32]
    modes: NDArray[np.str_]
    digests: NDArray[np.uint8]
    looks: NDArray[np.uint8]

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, each.name)) for each in fields(self) if each.name != "errors"}
        if len(lengths) != 1:
            raise ValueError(f"the columns differ in length: {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.ok)

    @classmethod
    def collect(cls, surveyed: Iterable[Surveyed], num_images: int) -> Self:
        """The table of a pass over ``num_images``; the pictures are let go one by one.

        Raises:
            ValueError: The pass ended before its last image.
        """
        table = cls._empty(num_images)
        seen = 0
        for each in surveyed:
            table._fill(each)
            seen += 1
        if seen != num_images:
            raise ValueError(f"got {seen} images of a pass over {num_images}")
        return table

    @classmethod
    def _empty(cls, num_images: int) -> Self:
        return cls(
            ok=np.zeros(num_images, np.bool_),
            errors={},
            widths=np.zeros(num_images, np.int32),
            heights=np.zeros(num_images, np.int32),
            modes=np.zeros(num_images, "<U8"),
            digests=np.zeros((num_images, _DIGEST), np.uint8),
            looks=np.zeros((num_images, SIDE, SIDE), np.uint8),
        )

    def _fill(self, each: Surveyed) -> None:
        index = each.index
        self.ok[index] = each.error is None
        if each.error is not None:
            self.errors[index] = each.error
        self.widths[index], self.heights[index] = each.size
        self.modes[index] = each.mode
        self.digests[index] = np.frombuffer(each.digest, np.uint8)
        self.looks[index] = each.look

    def save(self, path: Path) -> None:
        """Write an .npz file, whole or not at all, in place of any that is there."""
        arrays = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "errors"}
        arrays["broken"] = np.array(list(self.errors), np.int64)
        arrays["reasons"] = np.array(list(self.errors.values()), np.str_)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with draft.open("wb") as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The table that `save` wrote; nothing in the file is unpickled.

        Raises:
            DataError: The file is missing, damaged or no such table.
        """
        try:
            with np.load(path) as stored:
                arrays = {name: stored[name] for name in stored.files}
            errors = dict(zip(arrays.pop("broken").tolist(), arrays.pop("reasons").tolist(), strict=True))
            return cls(errors=errors, **arrays)
        except (
            OSError,
            EOFError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            zipfile.BadZipFile,
        ) as error:
            raise DataError(f"{path} is not a readable survey; delete it and look again: {error}") from error
