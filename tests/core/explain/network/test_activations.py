"""Activations equal the modules run by hand."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from core.checkpoints.store import Checkpoint
from core.explain.network.activations import activations, observe
from core.explain.network.tracing import trace
from tests.support.networks.odd_networks import LAYERS, Twice
from tests.support.networks.tiny_models import (
    FlattenCnn,
    GapCnn,
    InPlaceCnn,
    noise,
    seeded,
)


class Swallowing(GapCnn):
    """Carries on after any error of its backbone."""

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3)."""
        try:
            return super().forward(batch)
        except Exception:
            return self.head(torch.zeros(len(batch), 4).to(batch))


@pytest.fixture
def count_runs(monkeypatch: pytest.MonkeyPatch) -> Callable[[nn.Module], list[int]]:
    """A list that grows by one number at each run of a module."""

    def count(module: nn.Module) -> list[int]:
        runs: list[int] = []
        forward = module.forward
        monkeypatch.setattr(module, "forward", lambda batch: runs.append(1) or forward(batch))
        return runs

    return count


def test_activations_equal_the_modules_run_by_hand(model: GapCnn, batch: Tensor) -> None:
    found = activations(model, batch, LAYERS)
    expected = batch
    for name, module in list(model.backbone.named_children())[:3]:
        expected = module(expected)
        assert torch.equal(found[f"backbone.{name}"], expected)
    assert torch.equal(found["backbone"], expected.relu())
    assert list(found) == LAYERS
    assert not any(each.requires_grad for each in found.values())


def test_a_convolution_equals_its_sum_over_the_window(model: GapCnn, batch: Tensor) -> None:
    """One output of 3 x 3 x 3 products and a bias, without torch's convolution."""
    found = activations(model, batch, ["backbone.0"])["backbone.0"]
    convolution = model.backbone[0]
    window = batch[1, :, 2:5, 4:7]
    expected = (window * convolution.weight[2]).sum() + convolution.bias[2]
    torch.testing.assert_close(found[1, 2, 3, 5], expected.detach())


def test_an_image_has_the_same_activations_in_any_batch(model: GapCnn, batch: Tensor) -> None:
    together = activations(model, batch, LAYERS)
    for image in range(2):
        alone = activations(model, batch[image : image + 1], LAYERS)
        for name in LAYERS:
            torch.testing.assert_close(alone[name][0], together[name][image])


def test_vectors_are_maps_of_one_cell(batch: Tensor) -> None:
    model = seeded(FlattenCnn)
    found = activations(model, batch, ["classifier.1", "classifier"])
    expected = model.classifier[:2](model.features(batch))
    assert torch.equal(found["classifier.1"], expected[:, :, None, None])
    assert torch.equal(found["classifier"], model(batch)[:, :, None, None])


def test_operations_in_place_do_not_overwrite_what_was_recorded(batch: Tensor) -> None:
    model = seeded(InPlaceCnn)
    names = ["features.0", "features.1", "features.2", "features.norm", "features"]
    for _ in range(2):  # A whole pass, and one that ends at the last layer.
        found = activations(model, batch, names)
        convolution = model.features[0](batch)
        normed = model.features[1](convolution)
        last = model.features.norm(model.features[3](normed.relu()))
        for name, expected in zip(names, [convolution, normed, normed.relu(), last, last], strict=True):
            assert torch.equal(found[name], expected), name
        assert found["features"].min() < 0


def test_the_callers_batch_is_not_touched() -> None:
    model = nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 4, 1)).double()
    batch = noise(1, 3, 4, 4)
    before = batch.clone()
    assert torch.equal(activations(model, batch, ["0"])["0"], before.relu())
    assert torch.equal(batch, before)


def test_of_a_layer_that_runs_twice_the_last_run_counts_as_for_maps(batch: Tensor) -> None:
    model = seeded(Twice)
    expected = model.second(model.first(batch).relu()).relu()
    for _ in range(3):
        found = activations(model, batch, ["relu"])["relu"]
        assert torch.equal(found, expected)
    assert torch.equal(found, trace(model, batch, ["relu"]).activations["relu"])


def test_a_layer_can_go_by_two_names(batch: Tensor) -> None:
    found = activations(seeded(Twice), batch, ["first", "alias"])
    assert torch.equal(found["first"], found["alias"])
    assert found["first"].shape == (2, 4, 6, 8)


def test_what_comes_after_the_last_wanted_layer_is_not_run_once_that_is_known(
    model: GapCnn, batch: Tensor, count_runs: Callable[[nn.Module], list[int]]
) -> None:
    middle, last, head = (count_runs(each) for each in (model.backbone[2], model.backbone[3], model.head))
    first = activations(model, batch, ["backbone.0", "backbone.2"])
    assert (len(middle), len(last), len(head)) == (1, 1, 1)
    second = activations(model, batch, ["backbone.2", "backbone.0"])
    assert (len(middle), len(last), len(head)) == (2, 1, 1)
    activations(model, batch, ["backbone.0"])
    assert (len(middle), len(last), len(head)) == (2, 1, 1)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_network_that_catches_errors_does_not_catch_the_end_of_the_pass(
    batch: Tensor, count_runs: Callable[[nn.Module], list[int]]
) -> None:
    model = seeded(Swallowing)
    activations(model, batch, ["backbone.0"])
    head = count_runs(model.head)
    activations(model, batch, ["backbone.0"])
    assert head == []


def test_observe_keeps_only_what_is_asked_of_each_layer(model: GapCnn, batch: Tensor) -> None:
    found = observe(model, batch, LAYERS, lambda output: float(output.amin()))
    expected = {name: float(each.amin()) for name, each in activations(model, batch, LAYERS).items()}
    assert found == expected
    assert found["backbone"] == 0 > found["backbone.2"]


@pytest.mark.parametrize("name", ["bn2", "blocks.2"])
def test_activations_of_the_built_in_network_equal_its_modules_run_by_hand(
    imagenet: Checkpoint, name: str
) -> None:
    model, batch = imagenet.model, noise(1, 3, 224, 224).float()
    with torch.no_grad():
        blocks = [model.bn1(model.conv_stem(batch))]
        for block in model.blocks:
            blocks.append(block(blocks[-1]))
        expected = {"blocks.2": blocks[3], "bn2": model.bn2(model.conv_head(blocks[-1]))}
    torch.testing.assert_close(activations(model, batch, [name])[name], expected[name])
