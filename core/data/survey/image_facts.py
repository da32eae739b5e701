"""One pass over all images: which can be read, their sizes, digests and thumbnails."""

import hashlib
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core import files
from core.data.image_set import Files, ImageSet, Pixels
from core.errors import AwayImageError, DataError, ImageError
from core.files import arrays
from core.images import content, decoded_image
from core.images.limits import own

SIDE = 16  # Pixels of a look, a thumbnail for comparison.
_DIGEST = 16  # Bytes.
_AHEAD = 2  # Images in flight for each worker.


@dataclass(frozen=True, slots=True, eq=False)
class Surveyed:
    """One image of the pass.

    ``image`` is upright RGB; for a broken image it is None, and ``error`` says why. ``size`` is (width,
    height) in pixels, (0, 0) for a broken image. ``mode`` is the file's own in Pillow's terms (``CMYK``).
    ``is_away``: the file could not be read, even after a second; the image may be sound. ``digest`` (16 bytes
    of BLAKE2b) is of the file's bytes, or of the pixels if there is no file. ``look`` (16, 16) is a grey
    thumbnail of the upright image, each value the mean of its area, 0 to 255.
    """

    index: int
    image: Image.Image | None
    error: str | None
    size: tuple[int, int]
    mode: str
    digest: bytes
    look: NDArray[np.uint8]
    is_away: bool = False


def survey(images: ImageSet, *, workers: int) -> Iterator[Surveyed]:
    """Every image, in index order, read by ``workers`` threads; at most twice as many images are in memory.

    Broken images are given with their error; nothing is raised. If the caller stops early, the rest is not
    read.
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
        image = files.patiently(lambda: images.image(index), AwayImageError)
    except ImageError as error:
        return _broken(index, error, b"")
    pixels = f"{image.size}".encode() + image.tobytes()
    grey = isinstance(images.image, Pixels) and images.image.array.ndim == 3
    return _whole(index, image, "L" if grey else "RGB", pixels)


def _of_file(path: Path, index: int) -> Surveyed:
    try:
        data = files.patiently(lambda: content(path), AwayImageError)
    except ImageError as error:
        return _broken(index, error, b"")
    try:
        decoded = decoded_image(data, own())
        return _whole(index, decoded.image, decoded.mode, data)
    except ImageError as error:
        return _broken(index, error, data)


def _whole(index: int, image: Image.Image, mode: str, content: bytes) -> Surveyed:
    look = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return Surveyed(index, image, None, image.size, mode, _digest(content), np.asarray(look))


def _broken(index: int, error: ImageError, content: bytes) -> Surveyed:
    look = np.zeros((SIDE, SIDE), np.uint8)
    is_away = isinstance(error, AwayImageError)
    return Surveyed(index, None, str(error), (0, 0), "", _digest(content), look, is_away)


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST).digest()


@dataclass(frozen=True, slots=True, eq=False)
class SurveyTable:
    """The facts of a whole pass over N images, without the images.

    ``ok`` (N,) bool; for the others, ``errors`` maps the index to the reason. ``widths`` and ``heights`` (N,)
    int32 in pixels, upright; ``modes`` (N,) str; ``digests`` (N, 16) and ``looks`` (N, 16, 16) uint8.
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
        """The table of a pass over ``num_images``; each image is freed after its facts are stored.

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
        """Write an .npz file, whole or not at all; an existing file is replaced."""
        named = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "errors"}
        named["broken"] = np.array(list(self.errors), np.int64)
        named["reasons"] = np.array(list(self.errors.values()), np.str_)
        arrays.write_named(path, **named)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The table that `save` wrote, read without unpickling.

        Raises:
            DataError: The file is missing, damaged or not such a table.
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
            raise DataError(f"{path} is not a readable survey; delete it and try again: {error}") from error
