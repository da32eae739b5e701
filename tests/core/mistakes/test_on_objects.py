"""The heat on objects is the mean of each map's energy inside the mask."""

from dataclasses import replace

import numpy as np
import pytest

from core.data.sources.public import shortcut
from core.mistakes.on_objects import heat_on_objects
from tests.support.paths import ROOT

FOLDER = ROOT / "checkpoints" / "shortcut"


def test_it_is_the_share_of_the_positive_map_inside_the_mask() -> None:
    images = shortcut.images()
    whole = replace(images, mask=lambda _index: np.ones((64, 64), bool))
    found = heat_on_objects(FOLDER, whole, [3, 4, 5])
    assert found is not None
    assert (found.energy, found.area, found.num_images) == (1, 1, 3)
    halves = [
        heat_on_objects(FOLDER, replace(images, mask=lambda _index, side=side: side), [3, 4, 5])
        for side in (
            np.arange(64 * 64).reshape(64, 64) % 64 < 32,
            np.arange(64 * 64).reshape(64, 64) % 64 >= 32,
        )
    ]
    assert sum(each.energy for each in halves if each) == pytest.approx(1)
    assert [each.area for each in halves if each] == [0.5, 0.5]


def test_data_without_masks_give_nothing() -> None:
    assert heat_on_objects(FOLDER, replace(shortcut.images(), mask=None), [3]) is None
