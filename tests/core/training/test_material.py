"""What is said of the parts of a training's data."""

import numpy as np
import pytest

from core.data.cache import Decoded
from core.data.image_set import ImageSet
from core.training.material import Material, unvalidated_in_words


@pytest.mark.parametrize(
    ("val", "said"),
    [
        ([1, 3, 5], None),
        # Class b is trained on, and all its validation images are missing.
        ([1, 5], "no validation image is of class 'b': "),
        ([1], "no validation image is of class 'b', nor of 1 others: "),
    ],
)
def test_a_class_without_validation_images_is_named(val: list[int], said: str | None) -> None:
    labels, ids = np.array([0, 0, 1, 1, 2, 2]), tuple("012345")
    images = ImageSet("made", ("a", "b", "c", "unused"), labels, ids, print, "f00")
    data = Material(Decoded(images, None, None, None), np.array([0, 2, 4]), np.array(val))  # type: ignore[arg-type]
    told = unvalidated_in_words(data)
    assert told is said if said is None else told is not None and told.startswith(said)
