"""The form of every data set: images by index, labels, class names, groups, and a fingerprint."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core import files, images
from core.errors import AwayError, FileError

Labels = NDArray[np.int64]
Metadatum = str | int | float
_SPOT_CHECKS = 1_000
_MOST_PIECES = 64
MOST_BYTES = _MOST_PIECES * 2**20  # Of a file that count in a fingerprint.


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Files that are left out for one reason: how many, and the paths of the first."""

    reason: str
    num_files: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        """``3 .txt files``, ``1 image beside the class folders``."""
        one = re.sub(r"\b(file|image|link|name|folder|pipe)s\b", r"\1", self.reason, count=1)
        return f"{self.num_files:,} {one if self.num_files == 1 else self.reason}"


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """What decisions have changed: the labels as they are on disk (N,), and which images are left out (N,).

    ``sha256`` is of the file with the decisions, see `core.data.corrections`.
    """

    given: Labels
    excluded: NDArray[np.bool_]
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class ImageSet:
    """N images with labels.

    ``image`` gives the upright RGB image of an index and raises ImageError for a broken one. ``sample_ids``
    are unique and stable: the path below ``root`` with forward slashes, or a name such as ``digits/17`` if
    the images are embedded and ``root`` is None. ``groups`` (N,) numbers the groups that a split keeps whole
    (frames of one sign, cells of one patient). ``published`` (N,) is the published split, each entry
    ``train``, ``val`` or ``test``. The ``fingerprint`` is made from names, labels and contents, the same on
    every machine.

    ``left_out`` are files below the root that are not used, None if they were not counted; ``empty`` are
    class folders without images, which are ignored; ``layout`` is the reading of the folder that the user
    chose. ``metadata`` are columns by name with one value an image, such as its camera; None is unknown.
    ``corrected`` says what decisions of the user have changed; images that they exclude keep their index.
    ``mask`` gives the pixels of an index's object, boolean (H, W); None if the data set brings no masks.
    """

    name: str
    class_names: tuple[str, ...]
    labels: Labels
    sample_ids: Sequence[str]
    image: Callable[[int], Image.Image]
    fingerprint: str
    root: Path | None = None
    groups: Labels | None = None
    published: NDArray[np.str_] | None = None
    left_out: tuple[LeftOut, ...] | None = None
    empty: tuple[str, ...] = ()
    layout: str = ""
    metadata: Mapping[str, Sequence[Metadatum | None]] = field(default_factory=dict)
    corrected: Corrected | None = None
    mask: Callable[[int], NDArray[np.bool_]] | None = None

    def __post_init__(self) -> None:
        lengths = {
            len(each)
            for each in (self.labels, self.sample_ids, self.groups, self.published, *self.metadata.values())
            if each is not None
        }
        if len(lengths) != 1 or not len(self.labels):
            raise ValueError(
                f"labels, sample_ids, groups, published and metadata differ in length: {sorted(lengths)}"
            )
        if self.labels.min() < 0 or self.labels.max() >= len(self.class_names):
            raise ValueError(f"labels must lie in 0 to {len(self.class_names) - 1}")

    def __len__(self) -> int:
        return len(self.labels)

    def path(self, index: int) -> Path | None:
        """The file of a sample; None if the images are embedded."""
        return None if self.root is None else self.root / self.sample_ids[index]


@dataclass(frozen=True, slots=True)
class Files:
    """Images in files below a folder: from index to upright RGB image."""

    root: Path
    sample_ids: Sequence[str]

    def __call__(self, index: int) -> Image.Image:
        """The image; ImageError if the file is missing or broken."""
        return images.read(self.root / self.sample_ids[index])


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """Images in one uint8 array (N, H, W), grey, or (N, H, W, 3): from index to RGB image."""

    array: NDArray[np.uint8]

    def __call__(self, index: int) -> Image.Image:
        """The image."""
        return Image.fromarray(self.array[index]).convert("RGB")


def fingerprint_of_files(root: Path, sample_ids: Sequence[str], labels: Labels) -> str:
    """`fingerprint_of` files below a folder. Of a protected file, only name and size count.

    Raises:
        OSError: a file is missing, or its disk does not respond.
    """
    return fingerprint_of(
        sample_ids, labels, lambda name: (root / name).stat().st_size, lambda name: _pieces(root / name)
    )


def fingerprint_of(
    sample_ids: Sequence[str],
    labels: Labels,
    size_of: Callable[[str], int],
    pieces_of: Callable[[str], Iterator[bytes]],
) -> str:
    """A fingerprint of all names, sizes and labels, and of the contents of 1,000 files, evenly spread.

    ``pieces_of`` gives the content of a file, at most its first `MOST_BYTES`.
    """
    digest = hashlib.blake2b(digest_size=16)
    checked = set(np.linspace(0, len(sample_ids) - 1, _SPOT_CHECKS).astype(int).tolist())
    for index, sample_id in enumerate(sample_ids):
        name = sample_id if sample_id.isascii() else unicodedata.normalize("NFC", sample_id)
        digest.update(f"{name}\0{size_of(sample_id)}\0{labels[index]}\n".encode())
        if index in checked:
            for piece in pieces_of(sample_id):
                digest.update(piece)
    return digest.hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        yield from islice(files.pieces(path), _MOST_PIECES)
    except AwayError:
        raise
    except FileError:
        return


def fingerprint_of_pixels(array: NDArray[np.uint8], labels: Labels) -> str:
    """A fingerprint of all pixels and labels."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(str(array.shape).encode())
    digest.update(np.ascontiguousarray(array).data)
    digest.update(np.ascontiguousarray(labels).data)
    return digest.hexdigest()
