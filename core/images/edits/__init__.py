"""Edits of a photo, as data: each hides a part, or changes the whole. The same edits give the same pixels."""

from collections.abc import Sequence

from PIL import Image

from core.errors import EditError
from core.images.edits.changes import Change
from core.images.edits.fills import Photos, filled
from core.images.edits.parts import Brush, Part, Polygon, Rectangle, WholeObject

Edit = Part | Change
MOST_EDITS = 1_000


def no_other_photos(name: str) -> Image.Image:
    """Refuses every photo: for edits that use none."""
    raise EditError(f"there is no photo {name!r} here")


def edited(photo: Image.Image, edits: Sequence[Edit], photos: Photos = no_other_photos) -> Image.Image:
    """An upright RGB photo after all edits, in their order; a new image.

    Outside of the parts that are hidden, pixels stay bit-equal.

    Args:
        photo: upright, RGB.
        edits: from `core.images.edits.written.parsed`, or made in code.
        photos: gives the other photos that edits name.

    Raises:
        EditError: an edit does not fit the photo, or names a photo that is not there.
    """
    changed = photo.copy()
    for number, edit in enumerate(edits, 1):
        try:
            changed = _after(changed, edit, photos)
        except EditError as error:
            raise EditError(f"edit {number}: {error}") from error
    return changed


def _after(photo: Image.Image, edit: Edit, photos: Photos) -> Image.Image:
    if not isinstance(edit, Rectangle | Brush | Polygon | WholeObject):
        return edit.changed(photo, photos)
    inside = edit.marked(photo)
    if not inside.any():
        raise EditError(f"this {edit.tool} misses the photo of {photo.width} × {photo.height} pixels")
    return filled(photo, ~inside if edit.outside else inside, edit.fill, photos)
