"""What a pass over images does about those that cannot be read: few are left out, many stop it."""

from core.data.image_set import ImageSet
from core.errors import AwayImageError, DataError

FEW = 5  # Damaged images that any data set may have.
SHARE = 0.02  # Of all images: above it, something is wrong with the folder or its disk, not with an image.


def refuse_many(num_broken: int, images: ImageSet, num_images: int) -> None:
    """DataError where more of ``num_images`` of a data set are damaged than a result should leave out."""
    where = str(images.root or images.name)
    if num_broken == num_images:
        raise DataError(f"none of the {num_images} images of {where!r} can be read")
    if num_broken > max(FEW, SHARE * num_images):
        raise DataError(
            f"{num_broken} of {num_images} images of {where!r} cannot be read, more than {SHARE:.0%}; "
            "'python -m core data DIR' lists them: repair or delete them"
        )


def away(images: ImageSet, error: AwayImageError | str) -> DataError:
    """What to say of an image that cannot be read at present; that it is damaged, nobody knows."""
    if images.root is not None and not images.root.is_dir():
        return DataError(f"the folder {str(images.root)!r} is missing; connect its disk, then start again")
    return DataError(f"{error}; connect its disk, or open the folder anew if files were deleted")
