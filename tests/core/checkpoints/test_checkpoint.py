"""A checkpoint folder gives back the network that was put in."""

import json
from dataclasses import replace

import pytest
import timm.data
import torch
from safetensors.torch import load_file

from core.checkpoints import paths, store
from core.checkpoints.paths import CARD, WEIGHTS
from core.checkpoints.store import Checkpoint
from core.errors import CheckpointError
from core.models import registry
from core.models.heads import Head
from tests.support.stored.numbered_checkpoints import random_batch


def test_loaded_for_speed_a_network_says_the_same_to_rounding(small: Checkpoint) -> None:
    batch = random_batch(small)
    fast = store.load_for_speed(small.folder).model
    assert any(
        tensor.is_contiguous(memory_format=torch.channels_last)
        for tensor in fast.parameters()
        if tensor.ndim == 4
    )
    torch.testing.assert_close(fast(batch), store.load(small.folder).model(batch), rtol=1e-4, atol=1e-6)


def test_saved_loaded_and_built_a_network_gives_the_same_logits_bit_for_bit(small: Checkpoint) -> None:
    model = registry.build(small.card.architecture, 5)
    batch = random_batch(small)
    with torch.inference_mode():
        expected = model(batch)
    loaded = store.load(store.save("again", small.card, model.state_dict()))
    assert torch.equal(loaded.model(batch), expected)
    assert not torch.equal(small.model(batch), expected)  # Other random weights.


def test_a_loaded_network_is_frozen_in_evaluation_mode_and_as_precise_as_asked(small: Checkpoint) -> None:
    assert small.name == "small"
    assert not small.model.training
    assert not any(parameter.requires_grad for parameter in small.model.parameters())
    half = store.load(small.folder, dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in half.model.parameters()} == {torch.bfloat16}
    assert half.model(half.blank_input()).shape == (1, 5)


@pytest.mark.parametrize(("device", "rounds"), [("cpu", True), ("cuda", False), ("cuda:1", False)])
def test_a_network_on_a_gpu_computes_convolutions_in_full_float32(
    small: Checkpoint, monkeypatch: pytest.MonkeyPatch, *, device: str, rounds: bool
) -> None:
    """Afterwards TF32 is as it was before the test; the network itself stays on the CPU here."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    monkeypatch.setattr(torch.nn.Module, "to", lambda model, *_arguments: model)
    store.load(small.folder, device=device)
    assert torch.backends.cudnn.allow_tf32 is rounds


def test_the_card_comes_back_with_its_checksum_and_versions(small: Checkpoint) -> None:
    card = replace(small.card, metrics={"val_accuracy": 0.5}, versions={"torch": "1.0"}, source="größer")
    saved = store.save("a-b_c.1", card, {"x": torch.ones(2)})
    stored = store.read_card(saved)
    assert stored.weights_sha256 is not None
    assert len(stored.weights_sha256) == 64
    assert stored.versions["torch"] == "1.0"
    assert stored.versions["timm"] == timm.__version__
    assert replace(stored, weights_sha256=None, versions={}) == replace(
        card, weights_sha256=None, versions={}
    )
    assert (saved.stat().st_mode & 0o777) == 0o755  # Not the private mode of a temporary folder.


def test_over_a_base_only_the_tensors_that_differ_are_kept(imagenet: Checkpoint) -> None:
    """Five classes of their own on the built-in backbone: two tensors of 294."""
    own = {"classifier.weight": torch.randn(5, 1280), "classifier.bias": torch.randn(5)}
    names = tuple("abcde")
    card = replace(imagenet.card, base="imagenet", class_names=names, weights_sha256=None)
    loaded = store.load(store.save("five", card, own))
    assert set(load_file(loaded.folder / WEIGHTS)) == set(own)
    batch = random_batch(imagenet, count=1)
    with torch.inference_mode():
        features = imagenet.model.forward_head(imagenet.model.forward_features(batch), pre_logits=True)
        expected = features @ own["classifier.weight"].T + own["classifier.bias"]
        torch.testing.assert_close(loaded.model(batch), expected)


def test_a_tensor_of_the_folder_wins_over_the_bases(imagenet: Checkpoint) -> None:
    bias = imagenet.model.classifier.bias + torch.arange(1000)
    card = replace(imagenet.card, weights_sha256=None)
    loaded = store.load(store.save("shifted", card, {"classifier.bias": bias}))
    batch = random_batch(imagenet, count=1)
    torch.testing.assert_close(loaded.model(batch), imagenet.model(batch) + torch.arange(1000))


def test_a_base_that_is_not_installed_is_named(small: Checkpoint) -> None:
    saved = store.save("x", replace(small.card, base="jft"), {})
    with pytest.raises(CheckpointError, match="no base weights named 'jft'; there is 'imagenet'"):
        store.load(saved)


def test_weights_stored_in_half_precision_load_as_float32(small: Checkpoint) -> None:
    tensors = {
        name: value.half() if value.is_floating_point() else value
        for name, value in small.model.state_dict().items()
    }
    loaded = store.load(store.save("half", small.card, tensors))
    for name, value in loaded.model.state_dict().items():
        assert value.dtype == small.model.state_dict()[name].dtype
        assert torch.equal(value, tensors[name].to(value.dtype))
    assert (loaded.folder / WEIGHTS).stat().st_size < 0.6 * (small.folder / WEIGHTS).stat().st_size


def test_a_head_of_several_layers_is_built_again(small: Checkpoint) -> None:
    head = Head(hidden=(7, 6), dropout=0.25)
    model = registry.build(small.card.architecture, 5, head)
    card = replace(small.card, head=head)
    loaded = store.load(store.save("deep", card, model.state_dict()))
    assert loaded.card.head == head
    batch = random_batch(small)
    assert torch.equal(loaded.model(batch), model(batch))
    assert [layer.p for layer in loaded.model.modules() if isinstance(layer, torch.nn.Dropout)][-1] == 0.25


def test_how_a_training_went_comes_back_from_the_card(small: Checkpoint) -> None:
    card = replace(
        small.card,
        status="stopped",
        reason="by hand",
        recipe={"epochs": 3, "augment": {"zoom": [0.9, 1.1]}},
        data={"fingerprint": "ab", "counts": [1, 2]},
        training={"started": "2024-01-01T00:00:00", "seconds": 1.5},
    )
    stored = store.read_card(store.save("x", card, {"x": torch.ones(1)}))
    for name in ("status", "reason", "recipe", "data", "training", "head"):
        assert getattr(stored, name) == getattr(card, name)


def test_a_card_from_before_there_was_training_still_loads() -> None:
    stored = json.loads((paths.root() / paths.BUILT_IN / CARD).read_text())
    assert not {"status", "recipe", "head"} & set(stored)
    card = store.read_card(paths.root() / paths.BUILT_IN)
    assert (card.status, card.reason, card.recipe, card.data, card.training) == ("finished", "", {}, {}, {})
    assert card.head == Head()
