"""CIFAR-10 (Krizhevsky 2009), read by torchvision: the files are pickles, checked before they are opened."""

from pathlib import Path

import numpy as np

from core.data.image_set import ImageSet, Pixels, fingerprint_of_pixels
from core.data.sources.folder import listing
from core.data.sources.source import Source
from core.errors import DataError

_NAME = "cifar-10"
_FOLDER = "cifar-10-batches-py"


def _find(folder: Path) -> Path | None:
    batches = listing.first_place(folder, (".", _FOLDER, f"cifar-10/{_FOLDER}"), _fits)
    return batches and batches.absolute()


def _fits(folder: Path) -> bool:
    return folder.absolute().name == _FOLDER and (folder / "batches.meta").is_file()


def _load(folder: Path) -> ImageSet:
    from torchvision.datasets import CIFAR10  # noqa: PLC0415 (two seconds, only where it is needed)

    try:
        train, test = CIFAR10(folder.parent, train=True), CIFAR10(folder.parent, train=False)
    except RuntimeError as error:
        raise DataError(
            f"the files of {_NAME} in {str(folder)!r} are damaged; download them again"
        ) from error
    pixels = np.concatenate([train.data, test.data])
    labels = np.array([*train.targets, *test.targets], np.int64)
    sizes = {"train": len(train), "test": len(test)}
    return ImageSet(
        name=_NAME,
        class_names=tuple(train.classes),
        labels=labels,
        sample_ids=[f"{_NAME}/{part}/{index}" for part, size in sizes.items() for index in range(size)],
        image=Pixels(pixels),
        fingerprint=fingerprint_of_pixels(pixels, labels),
        published=np.repeat(list(sizes), list(sizes.values())),
    )


def _fetch(folder: Path) -> None:
    from torchvision.datasets import CIFAR10  # noqa: PLC0415 (as above)

    CIFAR10(folder, download=True)


SOURCE = Source(
    name=_NAME,
    title="CIFAR-10: 60,000 colour images of 32 × 32 pixels, 10 classes",
    where="https://www.cs.toronto.edu/~kriz/cifar.html, the Python version, and unpack it so that "
    f"DIR/{_FOLDER}/data_batch_1 exists",
    find=_find,
    load=_load,
    fetch=_fetch,
    num_bytes=170_498_071,
    licence="none stated; its author asks to be cited",
)
