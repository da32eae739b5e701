"""MNIST and Fashion-MNIST are read from their IDX files, packed or not."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.data.sources import catalogue
from core.data.sources.public import mnist
from core.errors import DataError
from tests.support.images.image_sets import parts, real
from tests.support.paths import DATA


def idx(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_idx(folder: Path, *, train: int = 4, test: int = 2) -> NDArray[np.uint8]:
    """Four files in the manner of MNIST; gives all pixels."""
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (train + test, 28, 28), np.uint8)
    labels = np.arange(train + test, dtype=np.uint8)
    for part, chosen in (("train", slice(train)), ("t10k", slice(train, None))):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(pixels[chosen]))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels[chosen]))
    return pixels


@pytest.mark.parametrize("place", ["FashionMNIST/raw", "", "fashion-mnist", "raw"])
def test_fashion_mnist_is_found_with_its_parts(tmp_path: Path, place: str) -> None:
    pixels = write_idx(tmp_path / "there" / place)
    images = catalogue.load("fashion-mnist", tmp_path / "there")
    assert (parts(images), images.labels.tolist()) == ({"test": 2, "train": 4}, [0, 1, 2, 3, 4, 5])
    assert np.array_equal(np.asarray(images.image(5))[..., 0], pixels[5])
    assert images.class_names[9] == "Ankle boot"
    assert images.sample_ids[4] == "fashion-mnist/test/0"


def test_idx_files_may_be_packed(tmp_path: Path) -> None:
    plain = write_idx(tmp_path / "plain")
    write_idx(tmp_path / "packed")
    for path in list((tmp_path / "packed").iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed = mnist.MNIST.load(tmp_path / "packed")
    assert packed.fingerprint == mnist.MNIST.load(tmp_path / "plain").fingerprint
    assert np.array_equal(np.asarray(packed.image(0))[..., 0], plain[0])


def test_mnist_and_fashion_mnist_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    write_idx(tmp_path / "MNIST" / "raw")
    write_idx(tmp_path / "FashionMNIST" / "raw")
    assert mnist.MNIST.find(tmp_path) == tmp_path / "MNIST" / "raw"
    assert mnist.FASHION_MNIST.find(tmp_path) == tmp_path / "FashionMNIST" / "raw"
    assert mnist.MNIST.find(tmp_path / "FashionMNIST" / "raw") is None
    assert mnist.FASHION_MNIST.find(tmp_path / "MNIST" / "raw") is None


@pytest.mark.parametrize("damage", [b"", b"\0\0\x08\x03\0\0", b"\0\0\x08\x01\0\0\0\x09abc", b"<html>"])
def test_a_damaged_idx_file_is_refused(tmp_path: Path, damage: bytes) -> None:
    write_idx(tmp_path / "raw")
    (tmp_path / "raw" / "train-images-idx3-ubyte").write_bytes(damage)
    with pytest.raises(DataError, match=r"the files of mnist in .* are damaged; download them again"):
        mnist.MNIST.load(tmp_path / "raw")


def test_mnist_is_what_torchvision_reads() -> None:
    from torchvision.datasets import MNIST

    images = real("mnist")
    assert parts(images) == {"test": 8_500, "train": 51_000}
    peer = MNIST(DATA / "mnist", train=False)
    assert np.array_equal(images.labels[51_000:], peer.targets.numpy())
    assert np.array_equal(np.asarray(images.image(51_007))[..., 1], peer.data[7].numpy())
