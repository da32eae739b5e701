"""How a data set is split into training, validation and test samples, in values that a card stores."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

from core.data.image_set import ImageSet
from core.data.splits import Split, published_split, random_split

_USUAL_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Division:
    """The publisher's own split if there is one, or a random one.

    ``test_share`` of all images are kept for testing, unless the publisher's split has a test part.
    ``val_share`` of the other images are used for validation. 0 validates on the publisher's test images;
    without a published split, 0 means 0.2. With ``whole_groups``, a group (frames of one sign, cells of one
    patient) is never on two sides. ``seed`` is for all random choices.
    """

    split: Literal["published", "random"] = "published"
    val_share: Annotated[float, Field(ge=0, lt=1)] = _USUAL_SHARE
    seed: Annotated[int, Field(ge=0)] = 0
    test_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    whole_groups: bool = True


def divided(images: ImageSet, division: Division) -> Split:
    """The training, validation and test samples of a data set, without those that decisions exclude.

    Raises:
        DataError: there are too few images for a validation or a test set.
    """
    if images.corrected is not None:
        whole = divided(replace(images, labels=images.corrected.given, corrected=None), division)
        kept = ~images.corrected.excluded
        return Split(*(side[kept[side]] for side in (whole.train, whole.val, whole.test)))
    if not division.whole_groups:
        images = replace(images, groups=None)
    is_published = division.split == "published" and images.published is not None
    share = division.val_share if division.val_share or is_published else _USUAL_SHARE
    divide = published_split if is_published else random_split
    return divide(images, val_share=share, seed=division.seed, test_share=division.test_share)
