"""MNIST (LeCun 1998) and Fashion-MNIST (Xiao 2017, arXiv:1708.07747): 28 x 28 pixels, four IDX files each.

Not read by torchvision: the files may be gzipped, as in Debian, and in any folder.
"""

import gzip
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import files
from core.data.image_set import ImageSet, Pixels, fingerprint_of_pixels
from core.data.sources.folder import listing
from core.data.sources.source import Source
from core.errors import DataError

_LARGEST = 2**30  # Bytes of a file, unpacked.
_PARTS = {"train": "train", "test": "t10k"}
_FILES = [f"{part}-{kind}-ubyte" for part in _PARTS.values() for kind in ("images-idx3", "labels-idx1")]
_NUMBERED = "its four files train- and t10k-, images and labels, of the kind idx-ubyte or packed as .gz"
_DIGITS = tuple("0123456789")
_CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def _find_mnist(folder: Path) -> Path | None:
    places = ("MNIST/raw", "raw", ".", "mnist/MNIST/raw", "mnist")
    return listing.first_place(folder, places, lambda raw: not _fashion(raw) and _complete(raw))


def _find_fashion_mnist(folder: Path) -> Path | None:
    places = ("FashionMNIST/raw", "raw", ".", "fashion-mnist/FashionMNIST/raw", "fashion-mnist")
    return listing.first_place(folder, places, lambda raw: raw.parent.name != "MNIST" and _complete(raw))


def _fashion(raw: Path) -> bool:
    """Whether the folder names say Fashion-MNIST: both sets have the same file names."""
    return any("fashion" in part.lower() for part in raw.absolute().parts[-2:])


def _complete(raw: Path) -> bool:
    return all((raw / name).is_file() or (raw / f"{name}.gz").is_file() for name in _FILES)


def _load(name: str, class_names: tuple[str, ...], raw: Path) -> ImageSet:
    try:
        return _image_set(name, class_names, raw)
    except (OSError, EOFError, ValueError, IndexError, zlib.error) as error:
        raise DataError(f"the files of {name} in {str(raw)!r} are damaged; download them again") from error


def _image_set(name: str, class_names: tuple[str, ...], raw: Path) -> ImageSet:
    pixels = np.concatenate([_array(raw / f"{part}-images-idx3-ubyte") for part in _PARTS.values()])
    numbers = [_array(raw / f"{part}-labels-idx1-ubyte").astype(np.int64) for part in _PARTS.values()]
    labels = np.concatenate(numbers)
    sizes = dict(zip(_PARTS, map(len, numbers), strict=True))
    return ImageSet(
        name=name,
        class_names=class_names,
        labels=labels,
        sample_ids=[f"{name}/{part}/{index}" for part, size in sizes.items() for index in range(size)],
        image=Pixels(pixels),
        fingerprint=fingerprint_of_pixels(pixels, labels),
        published=np.repeat(list(sizes), list(sizes.values())),
    )


def _array(path: Path) -> NDArray[np.uint8]:
    """The array in an IDX file: two zeros, 8 for bytes, number of axes, sizes (big endian), values."""
    packed = path.with_name(f"{path.name}.gz")
    data = files.read(path, _LARGEST) if path.is_file() else _unpacked(packed)
    if data[:3] != b"\0\0\x08":
        raise ValueError(f"{path.name} is not an IDX file of bytes")
    sizes = np.frombuffer(data, ">u4", data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes.tolist())


def _unpacked(path: Path) -> bytes:
    with files.opened(path) as file, gzip.open(file) as packed:
        data = packed.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(f"{path.name} holds more than {files.in_words(_LARGEST)}")
    return data


def _fetch(kind: str) -> Callable[[Path], None]:
    def fetch(folder: Path) -> None:
        from torchvision import datasets  # noqa: PLC0415 (two seconds, only where it is needed)

        getattr(datasets, kind)(folder, download=True)

    return fetch


MNIST = Source(
    name="mnist",
    title="MNIST: 70,000 handwritten digits of 28 × 28 pixels, 10 classes",
    where=f"https://ossci-datasets.s3.amazonaws.com/mnist and put {_NUMBERED}, into DIR",
    find=_find_mnist,
    load=partial(_load, "mnist", _DIGITS),
    fetch=_fetch("MNIST"),
    num_bytes=9_912_422 + 28_881 + 1_648_877 + 4_542,
    licence="CC BY-SA 3.0",
)
FASHION_MNIST = Source(
    name="fashion-mnist",
    title="Fashion-MNIST: 70,000 grey images of clothes, 28 × 28 pixels, 10 classes",
    where="https://github.com/zalandoresearch/fashion-mnist or Debian's package dataset-fashion-mnist, "
    f"and put {_NUMBERED}, into DIR",
    find=_find_fashion_mnist,
    load=partial(_load, "fashion-mnist", _CLOTHES),
    fetch=_fetch("FashionMNIST"),
    num_bytes=26_421_880 + 29_515 + 4_422_102 + 5_148,
    licence="MIT",
)
