"""Tiny ImageNet: 200 classes of ImageNet at 64 x 64 pixels (Stanford CS231n)."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from core import files
from core.data.image_set import ImageSet
from core.data.sources.folder import listing
from core.data.sources.folder.listing import Listing
from core.data.sources.source import Source
from core.errors import DataError

_NAME = "tiny-imagenet"
_FOLDER = "tiny-imagenet-200"
_URL = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
_MD5 = "90528d7ca1a48142e341f4ef8d21d0de"


def _find(folder: Path) -> Path | None:
    return listing.first_place(folder, (".", _FOLDER), _fits)


def _fits(folder: Path) -> bool:
    needed = ("wnids.txt", "words.txt", "val/val_annotations.txt")
    return all((folder / name).is_file() for name in needed) and (folder / "train").is_dir()


def _load(folder: Path) -> ImageSet:
    wnids = sorted(files.read_text(folder / "wnids.txt").split())
    labels = {wnid: label for label, wnid in enumerate(wnids)}
    train = [(wnid, f"train/{wnid}/images/{name}") for wnid in wnids for name in _train_names(folder, wnid)]
    rows = [*train, *_val_rows(folder)]
    try:
        numbers = [labels[wnid] for wnid, _ in rows]
    except KeyError as error:
        raise DataError(f"val_annotations.txt names {error.args[0]!r}, which wnids.txt does not") from error
    published = ["train" if row < len(train) else "val" for row in range(len(rows))]
    photos = Listing(_class_names(folder, wnids), [path for _, path in rows], numbers, published=published)
    return listing.image_set(_NAME, folder, photos)


def _train_names(folder: Path, wnid: str) -> list[str]:
    names = listing.images_in(folder / "train" / wnid / "images")
    if not names:
        raise DataError(f"no image in {str(folder / 'train' / wnid / 'images')!r}; unpack {_NAME} again")
    return names


def _val_rows(folder: Path) -> Iterator[tuple[str, str]]:
    """Class and path of each line, which is ``val_0.JPEG``, the class, and a box, separated by tabs."""
    for line in files.read_text(folder / "val/val_annotations.txt").splitlines():
        name, wnid, *_box = line.split("\t")
        yield wnid, f"val/images/{name}"


def _class_names(folder: Path, wnids: list[str]) -> tuple[str, ...]:
    """The first synonym of each class; if two classes share it, with their WordNet numbers."""
    lines = files.read_text(folder / "words.txt").splitlines()
    words = {wnid: names.split(",")[0].strip() for wnid, _, names in (line.partition("\t") for line in lines)}
    names = [words.get(wnid, wnid) for wnid in wnids]
    shared = Counter(names)
    return tuple(
        name if shared[name] == 1 else f"{name} ({wnid})" for name, wnid in zip(names, wnids, strict=True)
    )


def _fetch(folder: Path) -> None:
    from torchvision.datasets import utils  # noqa: PLC0415 (two seconds, only where it is needed)

    utils.download_and_extract_archive(_URL, folder, md5=_MD5, remove_finished=True)


SOURCE = Source(
    name=_NAME,
    title="Tiny ImageNet: 110,000 photos of 64 × 64 pixels, 200 classes",
    where=f"{_URL} and unpack it so that DIR/{_FOLDER}/wnids.txt exists",
    find=_find,
    load=_load,
    fetch=_fetch,
    num_bytes=248_100_043,
    licence="that of ImageNet: research and teaching, not for profit",
)
