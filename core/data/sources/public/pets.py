"""Oxford-IIIT Pet (Parkhi 2012): photos of cats and dogs, by breed or by species.

The lists are not read by torchvision: its class names are wrong if breeds are missing.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from core import files
from core.data.image_set import ImageSet
from core.data.sources.folder import listing
from core.data.sources.folder.listing import Listing
from core.data.sources.source import Source
from core.errors import DataError

_PLACES = (
    ".",
    "oxford-iiit-pet",
    # Both sources use the same files, which either may have downloaded.
    "pets-breeds/oxford-iiit-pet",
    "pets-cat-dog/oxford-iiit-pet",
)
_LISTS = {"trainval": "train", "test": "test"}
_NUM_BYTES = 791_918_971 + 19_173_078
_SPECIES = {"1": "Cat", "2": "Dog"}
_WHERE = (
    "https://www.robots.ox.ac.uk/~vgg/data/pets and unpack images.tar.gz and annotations.tar.gz into "
    "DIR/oxford-iiit-pet"
)


def _find(folder: Path) -> Path | None:
    return listing.first_place(folder, _PLACES, _fits)


def _fits(folder: Path) -> bool:
    lists = [(folder / "annotations" / f"{name}.txt").is_file() for name in _LISTS]
    return all(lists) and (folder / "images").is_dir()


def _load(name: str, class_of: Callable[[str, str], str], folder: Path) -> ImageSet:
    try:
        rows = [(split, *row) for file, split in _LISTS.items() for row in _rows(folder, file)]
    except (OSError, ValueError) as error:
        raise DataError(
            f"the lists in {str(folder / 'annotations')!r} are damaged; unpack them again"
        ) from error
    class_names, labels = listing.indexed([class_of(image, species) for _, image, species in rows])
    photos = Listing(
        class_names,
        sample_ids=[f"images/{image}.jpg" for _, image, _ in rows],
        labels=labels,
        published=[split for split, _, _ in rows],
    )
    return listing.image_set(name, folder, photos)


def _rows(folder: Path, name: str) -> list[tuple[str, str]]:
    """Image and species of each line: ``Abyssinian_100 1 1 1`` is image, breed, species, breed of species."""
    lines = files.read_text(folder / "annotations" / f"{name}.txt").splitlines()
    fields = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return [(image, species) for image, _, species, _ in fields]


def _breed(image: str, _species: str) -> str:
    return " ".join(part.title() for part in image.split("_")[:-1])


def _cat_or_dog(_image: str, species: str) -> str:
    return _SPECIES.get(species, species)


def _fetch(folder: Path) -> None:
    from torchvision.datasets import OxfordIIITPet  # noqa: PLC0415 (two seconds, only where it is needed)

    OxfordIIITPet(folder, download=True)


BREEDS = Source(
    name="pets-breeds",
    title="Oxford-IIIT Pet: 7,349 photos, 37 breeds of cats and dogs",
    where=_WHERE,
    find=_find,
    load=partial(_load, "pets-breeds", _breed),
    fetch=_fetch,
    num_bytes=_NUM_BYTES,
    licence="CC BY-SA 4.0",
)
CAT_DOG = Source(
    name="pets-cat-dog",
    title="Oxford-IIIT Pet: 7,349 photos, cat or dog",
    where=_WHERE,
    find=_find,
    load=partial(_load, "pets-cat-dog", _cat_or_dog),
    fetch=_fetch,
    num_bytes=_NUM_BYTES,
    licence="CC BY-SA 4.0",
)
