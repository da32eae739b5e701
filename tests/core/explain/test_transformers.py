"""A vision transformer the whole way: its stages, every method, its channels, and their ascent."""

from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch

from core.checkpoints import store
from core.checkpoints.store import Card, Checkpoint
from core.explain.maps.pixels import PIXEL_METHODS
from core.explain.network.activations import activations
from core.explain.network.layers import spatial_layers, stages
from core.explain.network.tracing import trace
from core.explanation.asking import explain, layers_of, methods_of
from core.explanation.question import METHODS, Question, Score
from core.inside.ascents.images import ascended, question
from core.inside.channels.inspection import inspect
from core.models import registry
from tests.support.networks.tiny_models import noise
from tests.support.results.questions import take_few_samples
from tests.support.stored.checkpoints import checkpoints_in


@pytest.fixture(scope="module")
def vit(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """A vision transformer of six blocks and random weights, with a class token, for images of 160 x 160."""
    architecture = "timm:test_vit"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        tensors = registry.build(architecture, 3).state_dict()
    card = Card(architecture, ("a", "b", "c"), registry.default_preprocess(architecture), source="random")
    with checkpoints_in(tmp_path_factory.mktemp("checkpoints")):
        return store.load(store.save("vit", card, tensors))


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than hundreds for each map."""
    take_few_samples(monkeypatch)


def test_stages_of_a_vision_transformer_are_some_of_its_blocks(vit: Checkpoint) -> None:
    assert [layer.name for layer in stages(layers_of(vit))] == [f"blocks.{block}" for block in range(5)]
    deep = timm.create_model("vit_tiny_patch16_224", depth=12, embed_dim=24, num_heads=3, img_size=64).eval()
    layers = spatial_layers(deep, torch.zeros(1, 3, 64, 64))
    names = [f"blocks.{block}" for block in (0, 2, 5, 7, 10)]
    assert [(layer.name, layer.shape) for layer in stages(layers)] == [(name, (24, 4, 4)) for name in names]


def test_a_vision_transformer_offers_every_method(vit: Checkpoint) -> None:
    assert methods_of(vit) == METHODS


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"cam", "weight_grad_cam"}))
@pytest.mark.slow
def test_every_method_explains_a_vision_transformer(method: str, vit: Checkpoint) -> None:
    batch = noise(2, 3, 160, 160).float()
    answers = explain(vit, batch, Question(method, ("blocks.3",), (Score(1),)))
    for (answer,) in answers:
        ((layer, found),) = answer.maps.items()
        assert found.raw.shape == ((160, 160) if method in PIXEL_METHODS else (10, 10))
        assert found.raw.std() > 0
        assert layer == ("blocks.3" if Question(method).needs_layer else "input")


def test_what_channels_of_tokens_say_for_a_class_is_their_gradient_times_themselves(vit: Checkpoint) -> None:
    batch = noise(1, 3, 160, 160).float()
    (found,) = inspect(vit, batch, "blocks.3", class_idx=2)
    traced = trace(vit.model, batch, ["blocks.3"])
    maps = traced.activations["blocks.3"]
    (gradient,) = torch.autograd.grad(traced.logits[0, 2], maps)
    assert found.maps.shape == tuple(maps.shape[1:])
    torch.testing.assert_close(
        torch.from_numpy(found.contributions), (maps * gradient).sum((2, 3))[0].detach(), rtol=1e-4, atol=1e-6
    )


def test_ascent_gives_a_transformer_the_size_that_it_takes_and_excites_its_channel(
    vit: Checkpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path))
    larger = replace(vit.card.preprocess, input_size=(224, 224), resize=256)
    one_size = timm.create_model("vit_tiny_patch16_224", depth=1, embed_dim=24, num_heads=3).eval()
    asked = question(replace(vit, model=one_size, card=replace(vit.card, preprocess=larger)), "blocks.0", [0])
    assert asked.settings.size == (224, 224)
    asked = question(vit, "blocks.3", [5])
    (found,) = ascended(vit, replace(asked, settings=replace(asked.settings, steps=6)))
    start = activations(vit.model, torch.zeros(1, 3, 160, 160), ["blocks.3"])["blocks.3"][0, 5].mean()
    assert not found.is_dead
    assert found.activation > start + 1
