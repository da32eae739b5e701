"""What every source of data gives: images by index, labels, class names, groups, a fingerprint."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core import files, images
from core.errors import AwayError, FileError

Labels = NDArray[np.int64]
_SPOT_CHECKS = 1_000
_MOST_PIECES = 64  # Megabytes of one file that a fingerprint is of.


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Files that do not count, all for the same reason: how many, and paths of the first of them."""

    reason: str
    num_files: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        """``3 .txt files``, ``1 image beside the class folders``."""
        one = re.sub(r"\b(file|image|link|name|folder|pipe)s\b", r"\1", self.reason, count=1)
        return f"{self.num_files:,} {one if self.num_files == 1 else self.reason}"


@dataclass(frozen=True, slots=True, eq=False)
class ImageSet:
    """N images with labels.

    ``image`` gives the upright RGB picture of an index and raises ImageError for one that is broken.
    ``sample_ids`` are unique and stable: the path below ``root`` with forward slashes, or, where the images
    are embedded and ``root`` is None, a name such as ``digits/17``. ``groups`` (N,) numbers what belongs
    together and must not be torn apart by a split (frames of one sign, cells of one patient).
    ``published`` (N,) is the publisher's own split, each entry ``train``, ``val`` or ``test``. The
    ``fingerprint`` is of names, labels and contents, the same on every machine.

    ``left_out`` is what lies below the root and does not count, None where nobody has looked; ``empty`` are
    class folders without an image, which are no classes; ``layout`` is how somebody chose to read the folder.
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

    def __post_init__(self) -> None:
        lengths = {
            len(each)
            for each in (self.labels, self.sample_ids, self.groups, self.published)
            if each is not None
        }
        if len(lengths) != 1 or not len(self.labels):
            raise ValueError(f"labels, sample_ids, groups and published differ in length: {sorted(lengths)}")
        if self.labels.min() < 0 or self.labels.max() >= len(self.class_names):
            raise ValueError(f"labels must lie in 0 to {len(self.class_names) - 1}")

    def __len__(self) -> int:
        return len(self.labels)

    def path(self, index: int) -> Path | None:
        """The file of a sample, None where the images are embedded."""
        return None if self.root is None else self.root / self.sample_ids[index]


@dataclass(frozen=True, slots=True)
class Files:
    """Images in files below a folder: index to upright RGB picture."""

    root: Path
    sample_ids: Sequence[str]

    def __call__(self, index: int) -> Image.Image:
        """The picture; ImageError if the file is missing or broken."""
        return images.read(self.root / self.sample_ids[index])


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """Images in one uint8 array (N, H, W), grey, or (N, H, W, 3): index to RGB picture."""

    array: NDArray[np.uint8]

    def __call__(self, index: int) -> Image.Image:
        """The picture."""
        return Image.fromarray(self.array[index]).convert("RGB")


def fingerprint_of_files(root: Path, sample_ids: Sequence[str], labels: Labels) -> str:
    """Of all names, sizes and labels, and of the contents of 1,000 files spread evenly over them.

    Of a huge file, its beginning counts; of one that may not be read, nothing but its name and size.

    Raises:
        OSError: a file is not there, or its disk does not answer.
    """
    digest = hashlib.blake2b(digest_size=16)
    checked = set(np.linspace(0, len(sample_ids) - 1, _SPOT_CHECKS).astype(int).tolist())
    for index, sample_id in enumerate(sample_ids):
        path = root / sample_id
        name = sample_id if sample_id.isascii() else unicodedata.normalize("NFC", sample_id)
        digest.update(f"{name}\0{path.stat().st_size}\0{labels[index]}\n".encode())
        if index in checked:
            for piece in _pieces(path):
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
    """Of all pixels and labels."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(str(array.shape).encode())
    digest.update(np.ascontiguousarray(array).data)
    digest.update(np.ascontiguousarray(labels).data)
    return digest.hexdigest()
