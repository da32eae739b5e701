"""What is tested: pairs that fit each other, and a seeded sample of photos, which are found again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.errors import DataError, LayerError
from core.trust.pairs import MethodAtLayer, pairs_for
from core.trust.photos import open_any, remember_photos, remembered_photos, sampled
from tests.support.images.image_sets import picture


def test_by_default_each_method_of_one_pass_is_tested_at_each_stage_that_it_fits(small: Checkpoint) -> None:
    pairs = pairs_for(small)
    assert MethodAtLayer("cam", "bn2") in pairs
    assert [pair.layer for pair in pairs if pair.method == "cam"] == ["bn2"]
    assert len([pair for pair in pairs if pair.method == "grad_cam"]) > 3
    assert not [pair for pair in pairs if pair.method in {"score_cam", "occlusion", "le_grad"}]


def test_named_methods_and_layers_are_tested_or_refused(small: Checkpoint) -> None:
    assert pairs_for(small, ["cam", "grad_cam", "saliency", "score_cam"], ["bn2", "blocks.1"]) == (
        MethodAtLayer("cam", "bn2"),
        MethodAtLayer("grad_cam", "bn2"),
        MethodAtLayer("grad_cam", "blocks.1"),
        MethodAtLayer("saliency", "input"),
        MethodAtLayer("score_cam", "bn2"),
        MethodAtLayer("score_cam", "blocks.1"),
    )
    with pytest.raises(LayerError, match="cam needs the layer that a pooled linear head reads"):
        pairs_for(small, ["cam"], ["blocks.1"])
    with pytest.raises(LayerError, match="attention"):
        pairs_for(small, ["grad_cam", "le_grad"])
    with pytest.raises(LayerError, match="no layer named 'conv9'"):
        pairs_for(small, [], ["conv9"])


def test_a_sample_is_drawn_by_its_seed_without_repeats(loaded: Checkpoint, images: ImageSet) -> None:
    first, same, other = (sampled(loaded.folder, images, 5, seed=seed).indices for seed in (1, 1, 2))
    assert first.tolist() == same.tolist() != other.tolist()
    whole = sampled(loaded.folder, images, 100)
    assert sorted(whole.indices.tolist()) == list(range(11))
    with pytest.raises(DataError, match="no images in a split 'none'; there is"):
        sampled(loaded.folder, _divided(images), 5, split="none")


def test_only_photos_of_the_split_are_drawn(loaded: Checkpoint, images: ImageSet) -> None:
    divided = _divided(images)
    assert sorted(sampled(loaded.folder, divided, 100).indices.tolist()) == [8, 9, 10]
    assert len(sampled(loaded.folder, divided, 100, split="all").indices) == 11


def test_each_group_gives_one_photo_before_any_gives_two(loaded: Checkpoint, images: ImageSet) -> None:
    """Six, four and one frame of three signs."""
    groups = np.array([0] * 6 + [1] * 4 + [2])
    for seed in range(5):
        drawn = sampled(loaded.folder, _grouped(images, groups), 4, seed=seed).indices
        assert sorted(groups[drawn[:3]].tolist()) == [0, 1, 2]


def test_photos_without_labels_are_opened_too(loaded: Checkpoint, tmp_path: Path) -> None:
    for name in ("b", "a"):
        picture(tmp_path / "flat" / f"{name}.png")
    images = open_any(loaded.folder, tmp_path / "flat")
    assert images.sample_ids == ["a.png", "b.png"]
    assert sampled(loaded.folder, images, 1, name="holidays").name == "holidays"
    with pytest.raises(DataError, match="is not a folder of labelled images"):
        open_any(loaded.folder, tmp_path / "nowhere")


def test_the_photos_tested_last_are_found_again(loaded: Checkpoint, images: ImageSet) -> None:
    assert remembered_photos(loaded.folder) is None
    remember_photos(loaded.folder, images)
    again = remembered_photos(loaded.folder)
    assert again is not None
    assert again.fingerprint == images.fingerprint


def _divided(images: ImageSet) -> ImageSet:
    return replace(images, published=np.array(["train"] * 8 + ["val"] * 3))


def _grouped(images: ImageSet, groups: np.typing.NDArray[np.int64]) -> ImageSet:
    return replace(images, groups=groups)
