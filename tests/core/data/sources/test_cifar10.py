"""CIFAR-10 is what torchvision reads, after its checksums."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest

from core.data.sources import catalogue
from core.errors import DataError


def test_cifar_10_is_read_by_torchvision_after_its_checksums(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.datasets import CIFAR10

    def write(name: str, content: object) -> str:
        data = pickle.dumps(content)
        (tmp_path / "cifar-10-batches-py" / name).write_bytes(data)
        return hashlib.md5(data, usedforsecurity=False).hexdigest()

    (tmp_path / "cifar-10-batches-py").mkdir()
    pixels = np.arange(2 * 3_072, dtype=np.uint32).astype(np.uint8).reshape(2, 3_072)
    train = write("data_batch_1", {"data": pixels, "labels": [1, 0]})
    test = write("test_batch", {"data": pixels[:1], "labels": [1]})
    meta = write("batches.meta", {"label_names": ["airplane", "automobile"]})
    monkeypatch.setattr(CIFAR10, "train_list", [["data_batch_1", train]])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", test]])
    monkeypatch.setattr(CIFAR10, "meta", {"filename": "batches.meta", "key": "label_names", "md5": meta})

    images = catalogue.load("cifar-10", tmp_path)
    assert (images.class_names, images.labels.tolist()) == (("airplane", "automobile"), [1, 0, 1])
    assert images.published is not None
    assert images.published.tolist() == ["train", "train", "test"]
    assert np.array_equal(np.asarray(images.image(1)), pixels[1].reshape(3, 32, 32).transpose(1, 2, 0))

    write("test_batch", "changed")
    with pytest.raises(DataError, match=r"the files of cifar-10 in .* are damaged; download them again"):
        catalogue.load("cifar-10", tmp_path)
