"""Photos at hand give the examples that a slow sort gives, without a file."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.data.sources.photos import photos_at_hand
from core.inside.examples import search
from core.inside.examples.search import collect, examples_among
from tests.support.results.example_search import LAYERS, slow_rows


def _at_hand(loaded: Checkpoint, images: ImageSet) -> tuple[ImageSet, torch.Tensor]:
    """The whole ones of these images in memory, and what the network sees of them."""
    whole = [images.image(index) for index in range(len(images)) if images.sample_ids[index] != "mole/1.png"]
    names = [name for name in images.sample_ids if name != "mole/1.png"]
    pixels = torch.stack([loaded.card.preprocess.pixels(image) for image in whole])
    return photos_at_hand(names, whole.__getitem__, "fingerprint"), pixels


@pytest.mark.parametrize("at_once", [1, 3, 8, 100])
@pytest.mark.parametrize("layer", LAYERS)
def test_photos_at_hand_give_the_nine_of_a_slow_sort_and_leave_nothing_on_disk(
    loaded: Checkpoint, images: ImageSet, layer: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_AT_ONCE", at_once)
    before = {path.name for path in loaded.folder.iterdir()}
    photos, pixels = _at_hand(loaded, images)
    found = examples_among(loaded, layer, photos, pixels)
    names = ("channel", "rank", "sample_id", "class_name", "row", "column", "activation", "mean_activation")
    assert [tuple(row[name] for name in names) for row in found.table.to_pylist()] == slow_rows(
        loaded, photos, layer
    )
    assert (found.about.num_images, found.about.num_broken) == (10, 0)
    assert {path.name for path in loaded.folder.iterdir()} == before


def test_photos_at_hand_are_found_as_a_pass_over_their_folder_finds_them(
    loaded: Checkpoint, images: ImageSet
) -> None:
    found = examples_among(loaded, "block2", *_at_hand(loaded, images)).of("block2")
    collected = collect(loaded, ["block2"], images).of("block2")
    for nine, others in zip(found, collected, strict=True):
        for each, other in zip(nine, others, strict=True):
            assert replace(each, activation=0, class_name="") == replace(other, activation=0, class_name="")
            assert each.activation == pytest.approx(other.activation, rel=1e-5)


def test_places_are_in_pixels_of_the_copies_at_hand(loaded: Checkpoint, images: ImageSet) -> None:
    """Copies of half the size: every place is at half the distance, every value the same."""
    photos, pixels = _at_hand(loaded, images)
    half = replace(photos, image=lambda index: photos.image(index).resize((20, 15)))
    whole = examples_among(loaded, "block1", photos, pixels)
    small = examples_among(loaded, "block1", half, pixels)
    for name in ("x", "y", "left", "top", "right", "bottom"):
        np.testing.assert_allclose(2 * small.table[name].to_numpy(), whole.table[name].to_numpy(), rtol=1e-6)
    assert small.table["activation"].equals(whole.table["activation"])
