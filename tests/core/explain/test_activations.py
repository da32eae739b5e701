"""Activations equal the modules run by hand, and contributions of channels sum to the logit."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.checkpoints.store import Checkpoint
from core.errors import LayerError
from core.explain.network.activations import activations, class_contributions, observe
from core.explain.network.tracing import towards, trace
from tests.support.tiny_models import (
    FlattenCnn,
    GapCnn,
    InPlaceCnn,
    assert_unchanged,
    noise,
    seeded,
    snapshot,
)

LAYERS = ["backbone.0", "backbone.1", "backbone.2", "backbone"]


class Twice(nn.Module):
    """One ReLU in two places, and the first convolution under two names: logits (N, 5)."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.relu, self.second = nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 5, 2, stride=2)
        self.alias = self.first
        self.spare = nn.Conv2d(3, 4, 1)

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 5)."""
        return self.relu(self.second(self.relu(self.first(batch)))).mean((2, 3))


class Odd(nn.Module):
    """Layers that give what has no channels: a pair, and tokens (N, 3, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.tokens = nn.MaxPool2d(3, return_indices=True), nn.Flatten(2)

    def forward(self, batch: Tensor) -> Tensor:
        """Sums of tokens (N, 3)."""
        return self.tokens(self.pool(batch)[0]).sum(2)


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


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Threads that take turns every few microseconds, as in test_concurrency."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


# Activations


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


# What goes wrong


@pytest.mark.parametrize(
    ("build", "name", "message"),
    [
        (Twice, "third", "no layer named 'third'; this model has 'first', 'relu', 'second'"),
        (Twice, "spare", "layer 'spare' took no part in this forward pass"),
        (Odd, "pool", r"layer 'pool' gives tuple; channels need an output of shape \(N, K, h, w\)"),
        (Odd, "tokens", r"layer 'tokens' gives \(2, 3, 4\); channels need"),
    ],
)
def test_a_layer_without_channels_is_named_and_the_network_stays_as_it_was(
    build: type[nn.Module], name: str, message: str, batch: Tensor
) -> None:
    model = seeded(build).train()
    before = snapshot(model)
    for _ in range(2):
        with pytest.raises(LayerError, match=message):
            activations(model, batch, [name])
        assert_unchanged(model, before)


def test_the_network_stays_as_it_was(batch: Tensor) -> None:
    """Batch norm and dropout in training mode: neither its statistics nor its noise may take part."""
    model = seeded(InPlaceCnn).train()
    model.features[0].weight.grad = torch.ones_like(model.features[0].weight)
    before = snapshot(model)
    expected = activations(seeded(InPlaceCnn), batch, ["features", "dropout"])
    for names in (["features", "dropout"], ["features"], ["features"]):
        found = activations(model, batch, names)
        assert all(torch.equal(found[name], expected[name]) for name in names)
        assert_unchanged(model, before)
    with pytest.raises(RuntimeError, match="size"):
        activations(model, batch[:, :2], ["features"])
    assert_unchanged(model, before)


@pytest.mark.usefixtures("impatient_threads")
def test_two_sessions_on_one_model_get_each_its_own_activations() -> None:
    """Half of the passes end early in the one session while the other is under way."""
    model = seeded(GapCnn)
    photos = [noise(1, 3, 6, 8, seed=1), noise(1, 3, 6, 8, seed=2)]
    expected = [activations(seeded(GapCnn), photo, LAYERS) for photo in photos]
    wanted = [["backbone.0", "backbone.1"], LAYERS]
    start = threading.Barrier(2)

    def wrong_rounds(session: int) -> int:
        start.wait()
        rounds = (activations(model, photos[session], wanted[session]) for _ in range(200))
        return sum(
            not all(torch.equal(found[name], expected[session][name]) for name in wanted[session])
            for found in rounds
        )

    with ThreadPoolExecutor(2) as sessions:
        assert list(sessions.map(wrong_rounds, range(2))) == [0, 0]


# Contributions


def _contributions(model: nn.Module, batch: Tensor, layer: str, *classes: int) -> Tensor:
    traced = trace(model, batch, [layer])
    return class_contributions(traced, towards(traced.logits.detach(), *classes), layer)


@pytest.mark.parametrize("class_idx", [0, 1, 2])
def test_contributions_and_bias_sum_to_the_logit_of_a_pooled_linear_head(
    model: GapCnn, batch: Tensor, class_idx: int
) -> None:
    found = _contributions(model, batch, "backbone", class_idx)
    torch.testing.assert_close(found.sum(1) + model.head.bias[class_idx], model(batch)[:, class_idx])


def test_a_contribution_is_the_heads_weight_times_the_channels_mean(model: GapCnn, batch: Tensor) -> None:
    features = model.backbone(batch).mean((2, 3))
    found = _contributions(model, batch, "backbone", 2, 0)
    torch.testing.assert_close(found, (model.head.weight[2] - model.head.weight[0]) * features)


def test_without_a_pooled_head_a_contribution_is_activation_times_gradient_by_finite_differences(
    batch: Tensor,
) -> None:
    """How the logit moves if a channel grows by a millionth of itself, times a million."""
    model = seeded(FlattenCnn)
    maps = model.features(batch).detach()

    def logit(scale: Tensor) -> Tensor:
        return model.classifier(maps * scale[:, None, None])[:, 1]

    steps = 1e-6 * torch.eye(4).double()
    expected = torch.stack([(logit(1 + step) - logit(1 - step)) / 2e-6 for step in steps], 1)
    torch.testing.assert_close(
        _contributions(model, batch, "features", 1), expected.detach(), atol=1e-8, rtol=1e-6
    )


def test_contributions_of_the_built_in_network_sum_to_the_logit(imagenet: Checkpoint) -> None:
    batch = noise(2, 3, 224, 224).float()
    logits = imagenet.model(batch)[:, 281]
    found = _contributions(imagenet.model, batch, "bn2", 281)
    assert found.shape == (2, 1280)
    torch.testing.assert_close(found.sum(1) + imagenet.model.classifier.bias[281], logits)


def test_contributions_of_half_precision_activations_are_summed_in_single(batch: Tensor) -> None:
    model = seeded(GapCnn).bfloat16()
    found = _contributions(model, batch.bfloat16(), "backbone", 1)
    expected = _contributions(seeded(GapCnn), batch, "backbone", 1)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, atol=0.01, rtol=0.1)


def test_a_layer_without_influence_has_no_contributions(batch: Tensor) -> None:
    class Aside(GapCnn):
        def forward(self, batch: Tensor) -> Tensor:
            F.relu(self.backbone(batch))
            logits: Tensor = self.head(batch.mean((2, 3)).repeat(1, 2)[:, :4])
            return logits

    with pytest.raises(LayerError, match="layer 'backbone' has no influence on the logits"):
        _contributions(seeded(Aside), batch, "backbone", 1)
