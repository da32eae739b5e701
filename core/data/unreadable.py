"""Decides about unreadable images in a pass: few are left out, many stop it."""

from core.data.image_set import ImageSet
from core.errors import AwayImageError, DataError
from core.shares import whole_percent

FEW = 5  # Damaged images that any data set may have.
SHARE = 0.02  # Of all images: more than that points to the folder or its disk.


def refuse_many(num_broken: int, images: ImageSet, num_images: int) -> None:
    """Raise DataError if too many of ``num_images`` images are damaged for a useful result."""
    where = str(images.root or images.name)
    if num_broken == num_images:
        raise DataError(f"none of the {num_images} images of {where!r} can be read")
    if num_broken > max(FEW, SHARE * num_images):
        raise DataError(
            f"{num_broken} of {num_images} images of {where!r} cannot be read, more than "
            f"{whole_percent(SHARE)}; 'python -m core data DIR' lists them: repair or delete them"
        )


def away(images: ImageSet, error: AwayImageError | str) -> DataError:
    """The error for an image that cannot be read at present, damaged or not."""
    if images.root is not None and not images.root.is_dir():
        return DataError(f"the folder {str(images.root)!r} is missing; connect its disk, then start again")
    return DataError(f"{error}; connect its disk, or open the folder again if files were deleted")
