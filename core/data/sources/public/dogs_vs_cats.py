"""Dogs vs Cats, a Kaggle competition: labels in file names; its unlabelled ``test1`` is not used."""

from pathlib import Path

from core.data.sources.folder import file_names, listing
from core.data.sources.source import Source

_PLACES = (".", "train", "dogs-vs-cats", "dogs-vs-cats/train", "dogs-vs-cats-kaggle/train")
_KINDS = {"cat", "dog"}


def _fits(folder: Path) -> bool:
    if not file_names.fits(folder):
        return False
    images = (entry.name for entry in listing.visible(folder) if listing.is_image(entry))
    return all(file_names.label_of(name) in _KINDS for name in images)


SOURCE = Source(
    name="dogs-vs-cats",
    title="Dogs vs Cats of Kaggle: 25,000 photos, 2 classes",
    where="https://www.kaggle.com/c/dogs-vs-cats, with an account there, and unzip its train.zip so that "
    "DIR/train/cat.0.jpg exists",
    find=lambda folder: listing.first_place(folder, _PLACES, _fits),
    load=lambda folder: file_names.images_named("dogs-vs-cats", folder),
)
