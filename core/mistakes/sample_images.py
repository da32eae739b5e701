"""The images of a predictions table's samples, if they are on this machine."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from PIL import Image

from core import images
from core.data.image_set import ImageSet
from core.errors import AwayImageError, ImageError
from core.evaluation.selection import Sample
from core.images.limits import own


@dataclass(frozen=True, slots=True, eq=False)
class SampleImages:
    """A data set's images by sample id."""

    images: ImageSet
    places: Mapping[str, int] = field(default_factory=dict)

    def file_of(self, sample: Sample) -> bytes:
        """The image file of a sample, or a PNG file if the images are embedded.

        Raises:
            ImageError: the data set on this machine has no such sample, or it cannot be read.
        """
        return self.content(sample.sample_id)

    def content(self, sample_id: str) -> bytes:
        """The image file of the sample of this name; raises as `file_of`."""
        if self.images.root is not None:
            return _bytes_below(self.images.root, sample_id)
        if sample_id not in self.places:
            raise ImageError(f"{self.images.name!r} on this machine has no sample {sample_id!r}")
        file = io.BytesIO()
        self.images.image(self.places[sample_id]).save(file, "PNG")
        return file.getvalue()

    def image_of(self, sample: Sample) -> Image.Image:
        """The upright RGB image of a sample; raises as `file_of`."""
        return images.upright_rgb(self.file_of(sample), own())


def sample_images(images: ImageSet) -> SampleImages:
    """The images of a data set by sample id."""
    # Files are found by their names; only embedded images need their index.
    known = {} if images.root else {sample_id: place for place, sample_id in enumerate(images.sample_ids)}
    return SampleImages(images, known)


def _bytes_below(root: Path, name: str) -> bytes:
    # A table may come from another source: it may only name files below the data set's folder.
    inside = PurePosixPath(name)
    if inside.is_absolute() or ".." in inside.parts:
        raise ImageError(f"the sample {name!r} is not below the folder of the data set")
    try:
        return images.content(root / inside)
    except AwayImageError as error:
        raise ImageError(f"{error}; choose the folder of these images") from error
