"""The photos that maps are tested on: a seeded sample of any folder of images."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.checkpoints import paths, store
from core.checkpoints.local import remember_data, remembered_data, remembered_layout
from core.data.image_set import ImageSet, Labels
from core.data.sources.folder.layout import LayoutError
from core.data.sources.photos import photos_below
from core.errors import CoreError, DataError
from core.predictions.evaluating.samples import are_in, open_images, splits_of
from core.predictions.evaluations import data_name


@dataclass(frozen=True, slots=True, eq=False)
class PhotoSample:
    """The photos ``indices`` (n,) of ``images``, in random order; ``name`` says what photos they are.

    ``masks`` is a folder with masks of their objects, None for those that lie beside the photos.
    """

    images: ImageSet
    indices: Labels
    split: str
    seed: int
    name: str
    masks: Path | None = None

    def sample_id(self, position: int) -> str:
        """The name of a photo by its place in the sample."""
        return self.images.sample_ids[self.index(position)]

    def index(self, position: int) -> int:
        """The index of a photo in the data set by its place in the sample."""
        return int(self.indices[position])

    def path(self, position: int) -> str:
        """The file of a photo below the folder of the images; empty for embedded images."""
        return "" if self.images.root is None else self.sample_id(position)


def open_any(folder: Path, data: Path | None, layout: str = "") -> ImageSet:
    """The images in ``data`` as `open_images` reads them, or as photos without labels; none are needed.

    Raises:
        DataError: there are no images, or ``data`` is None and it is unknown which to use.
        LayoutError: the folder can be read in several ways.
    """
    try:
        images = open_images(folder, data, layout)
    except LayoutError:
        raise
    except DataError as error:
        if data is None or not data.is_dir():
            raise
        try:
            return photos_below(data)
        except DataError:
            raise error from None
    return images


def remember_photos(folder: Path, images: ImageSet) -> None:
    """Store where the tested photos are on this machine."""
    remember_data(folder, images.root, images.layout, name=paths.TRUST_LOCAL)


def remembered_photos(folder: Path) -> ImageSet | None:
    """The photos tested last, where they were; None if they are not on this machine.

    Images of an evaluation if no test has been made.
    """
    with suppress(CoreError):
        place = remembered_data(folder, name=paths.TRUST_LOCAL)
        return open_any(folder, place, remembered_layout(folder, name=paths.TRUST_LOCAL))
    return None


def sampled(
    folder: Path, images: ImageSet, num_photos: int, *, seed: int = 0, split: str = "val", name: str = ""
) -> PhotoSample:
    """So many photos of a split, drawn at random; all of them if there are fewer.

    Of photos in groups, such as the frames of one sign, each group gives one before any gives two. Data
    without splits count as one. ``all`` stands for all splits. ``name`` is that of the data set unless given.

    Raises:
        DataError: there is no photo in this split.
    """
    splits = splits_of(store.read_card(folder), images, split)
    among = np.flatnonzero(are_in(images, splits, split))
    drawn = np.random.default_rng(seed).permutation(among)
    if images.groups is not None:
        _, firsts = np.unique(images.groups[drawn], return_index=True)
        is_first = np.isin(np.arange(len(drawn)), firsts)
        drawn = np.concatenate([drawn[is_first], drawn[~is_first]])
    return PhotoSample(images, drawn[:num_photos], split, seed, name or data_name(images))
