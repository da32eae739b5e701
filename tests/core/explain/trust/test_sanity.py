"""A map that shows what a network has learned loses its order when the weights are random."""

import copy
from itertools import islice
from pathlib import Path

import pytest
import timm
import torch
from torch import Tensor, nn

from core import images
from core.checkpoints.store import Checkpoint
from core.explain import attribution
from core.explain.maps.cam import class_activation_map
from core.explain.network.activations import activations
from core.explain.network.tracing import trace
from core.explain.network.twin import replace, twin
from core.explain.trust.sanity import class_sensitivity, randomised
from tests.support.networks.linear_networks import LinearNet
from tests.support.networks.tiny_models import (
    FlattenCnn,
    GapCnn,
    InPlaceCnn,
    assert_unchanged,
    noise,
    seeded,
    snapshot,
)

attr = pytest.importorskip("captum.attr")


def _gradient(model: nn.Module, batch: Tensor) -> Tensor:
    """Of the first logit, for each pixel, summed over the colours (N, H, W)."""
    pixels = batch.clone().requires_grad_()
    return torch.autograd.grad(model(pixels)[:, 0].sum(), pixels)[0].sum(1)


def _weights_after_each_stage(model: nn.Module, batch: Tensor) -> dict[str, dict[str, Tensor]]:
    """Copies of all tensors of the randomised network, by the name of the stage."""
    states: list[dict[str, Tensor]] = []

    def maps_of(network: nn.Module) -> Tensor:
        states.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
        return torch.zeros(len(batch), 2, 2)

    names = [stage.layer for stage in randomised(model, batch, maps_of)]
    return dict(zip(["trained", *names], states, strict=True))


def _changed(state: dict[str, Tensor], trained: dict[str, Tensor]) -> set[str]:
    return {name.rpartition(".")[0] for name, each in state.items() if not torch.equal(each, trained[name])}


# Randomising.


def test_random_weights_of_a_linear_network_leave_no_order_in_its_gradient() -> None:
    """Of 1,320 cells: the correlation has mean 0 and deviation 1 / √1,319, over 30 seeds 0.005."""
    model, batch = seeded(LinearNet), noise(1, 3, 44, 30)
    ends = [
        list(randomised(model, batch, lambda network: _gradient(network, batch), seed=seed))
        for seed in range(30)
    ]
    correlations = torch.cat([stages[-1].rank_correlation for stages in ends])
    assert abs(correlations.mean()) < 3 * 1319**-0.5 / 30**0.5
    assert 0.7 < correlations.std() * 1319**0.5 < 1.3


def test_weights_are_randomised_from_the_head_down_and_stay_so(model: GapCnn) -> None:
    batch = noise(2, 3, 12, 16)
    states = _weights_after_each_stage(model, batch)
    trained = states.pop("trained")
    assert [_changed(state, trained) for state in states.values()] == [
        {"head"},
        {"head", "backbone.2"},
        {"head", "backbone.2", "backbone.0"},
    ]
    assert list(states) == ["head", "backbone", "backbone.1"]
    assert torch.equal(states["head"]["head.weight"], states["backbone.1"]["head.weight"])


@pytest.mark.parametrize("name", ["test_vit", "test_resnet", "test_efficientnet"])
def test_no_tensor_of_a_network_stays_as_it_was_trained(name: str) -> None:
    """Also position embeddings, which the network itself holds, and statistics of batch norm."""
    model = timm.create_model(name, num_classes=5)
    for parameter in model.parameters():
        nn.init.normal_(parameter, mean=0.1)
    states = list(_weights_after_each_stage(model, noise(1, 3, 160, 160).float()).values())
    trained, last = states[0], states[-1]
    kept = {key for key, tensor in last.items() if torch.equal(tensor, trained[key])}
    assert all(key.endswith("num_batches_tracked") for key in kept)
    first = _changed(states[1], trained)
    assert len(states) >= 4
    assert not {key for key in first if key == "" or "embed" in key or "blocks.0" in key or "conv1" in key}


class _Attention(nn.Module):
    """`nn.MultiheadAttention` reads the weights of its last projection without calling it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.head = nn.Linear(4, 3)

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3) of images (N, 3, H, W)."""
        tokens = self.stem(batch).flatten(2).transpose(1, 2)
        logits: Tensor = self.head(self.attention(tokens, tokens, tokens)[0].mean(1))
        return logits


def test_weights_that_are_read_without_a_call_are_randomised_with_their_module() -> None:
    states = _weights_after_each_stage(seeded(_Attention), noise(1, 3, 4, 4))
    assert list(states) == ["trained", "head", "stem"]
    after_stem = {"attention", "attention.out_proj", "head"}
    assert _changed(states["head"], states["trained"]) == after_stem
    assert _changed(states["stem"], states["trained"]) == after_stem | {"stem"}


def test_random_weights_have_the_size_of_the_trained_ones() -> None:
    """Matrices: mean 0 and the same root mean square. Vectors: the same mean and standard deviation."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(48, 2_000))
    nn.init.normal_(model[1].weight, mean=3, std=4)  # Root mean square: 5.
    nn.init.normal_(model[1].bias, mean=-2, std=0.5)
    state = list(_weights_after_each_stage(model, noise(1, 3, 4, 4).float()).values())[-1]
    weight, bias = state["1.weight"], state["1.bias"]
    assert abs(weight.mean()) < 0.1
    assert abs(weight.std() - 5) < 0.1
    assert abs(bias.mean() + 2) < 0.1
    assert abs(bias.std() - 0.5) < 0.05


def test_batch_norms_have_the_statistics_of_the_random_activations() -> None:
    """Signals neither vanish nor saturate: a channel's mean and deviation are the norm's own weights."""
    model, batch = seeded(InPlaceCnn), noise(4, 3, 12, 16)
    networks: list[nn.Module] = []

    def maps_of(network: nn.Module) -> Tensor:
        networks.append(copy.deepcopy(network))
        return torch.zeros(4, 2, 2)

    list(randomised(model, batch, maps_of))
    norms = ["features.1", "features.norm"]
    outputs = activations(networks[-1], batch, norms)
    for name in norms:
        norm = networks[-1].get_submodule(name)
        torch.testing.assert_close(outputs[name].mean((0, 2, 3)), norm.bias)
        spreads = outputs[name].std((0, 2, 3), correction=0)
        torch.testing.assert_close(spreads, norm.weight.abs(), rtol=1e-3, atol=1e-3)


def test_a_batch_norm_of_one_vector_keeps_its_statistics() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)).double().eval()
    states = _weights_after_each_stage(model, noise(1, 3, 2, 2))
    assert _changed(states["3"], states["trained"]) == {"1", "3"}
    for name in ("2.running_mean", "2.running_var"):
        assert torch.equal(states["3"][name], states["trained"][name])


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(model: GapCnn, batch: Tensor) -> None:
    def correlations(seed: int) -> Tensor:
        stages = randomised(model, batch, lambda network: _gradient(network, batch), seed=seed)
        return torch.stack([stage.rank_correlation for stage in stages])

    assert torch.equal(correlations(3), correlations(3))
    assert not torch.equal(correlations(3), correlations(4))


@pytest.mark.parametrize("build", [GapCnn, InPlaceCnn, FlattenCnn])
def test_a_network_in_use_is_left_as_it_was(build: type[nn.Module], batch: Tensor) -> None:
    model, untouched = seeded(build).train(), batch.clone()
    before = snapshot(model)
    layer = next(name for name in ("backbone", "features") if hasattr(model, name))
    stages = randomised(
        model,
        batch,
        lambda network: class_activation_map(network, batch, target_layer=layer, class_idx=0),
    )
    assert len(list(stages)) >= 2
    assert_unchanged(model, before)
    assert torch.equal(batch, untouched)
    assert not batch.requires_grad


# The control.


def _deep() -> nn.Sequential:
    convolutions = [
        part
        for given, made in ((3, 16), (16, 16), (16, 16), (16, 16))
        for part in (nn.Conv2d(given, made, 3, padding=1), nn.ReLU())
    ]
    return nn.Sequential(*convolutions, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 4))


@pytest.mark.slow
def test_guided_backpropagation_hardly_depends_on_the_head_where_the_gradient_does() -> None:
    """It recovers the image whatever the class (Nie 2018, arXiv:1805.07039): the control that must fail."""
    model, batch = seeded(_deep), noise(4, 3, 24, 24)

    def guided(network: nn.Module) -> Tensor:
        maps: Tensor = attr.GuidedBackprop(copy.deepcopy(network)).attribute(
            batch.clone().requires_grad_(), target=0
        )
        return maps.detach().sum(1)

    by_method = {
        method: torch.stack(
            [next(randomised(model, batch, method, seed=seed)).rank_correlation for seed in range(8)]
        )
        for method in (guided, lambda network: _gradient(network, batch))
    }
    of_guided, of_gradient = (each.mean().item() for each in by_method.values())
    assert of_guided > 0.65
    assert of_gradient < 0.25


class _ClippedAtSix(nn.ReLU):
    """ReLU6 as captum's guided backpropagation knows it."""

    def forward(self, batch: Tensor) -> Tensor:
        """Values in [0, 6]."""
        return batch.clamp(0, 6)


def _for_captum(network: nn.Module) -> nn.Module:
    other = twin(network)
    for module in list(other.modules()):
        if isinstance(module, nn.ReLU6):
            replace(other, module, _ClippedAtSix())
    return other


@pytest.mark.slow
def test_on_real_photos_guided_backpropagation_is_the_last_to_notice_random_weights(
    imagenet: Checkpoint, photos: list[Path]
) -> None:
    """With head and last stage random, 85 % of all weights. Measured: 0.95, gradient 0.37, Grad-CAM -0.05."""
    batch = imagenet.card.preprocess.batch([images.read(path) for path in photos[::125]])
    classes = trace(imagenet.model, batch, []).logits.argmax(1).tolist()

    def guided(network: nn.Module) -> Tensor:
        method = attr.GuidedBackprop(_for_captum(network))
        maps: Tensor = method.attribute(batch.clone().requires_grad_(), target=classes)
        return maps.detach().sum(1)

    def gradient(network: nn.Module) -> Tensor:
        return attribution(network, batch, class_idx=classes)

    def grad_cam(network: nn.Module) -> Tensor:
        return class_activation_map(network, batch, target_layer="bn2", class_idx=classes).relu()

    last = [
        list(islice(randomised(imagenet.model, batch, method), 2))[-1]
        for method in (guided, gradient, grad_cam)
    ]
    assert {stage.layer for stage in last} == {"bn2"}
    correlations = [stage.rank_correlation.mean().item() for stage in last]
    assert correlations[0] > 0.9
    assert max(correlations[1:]) < 0.5


# Classes.


def test_class_sensitivity_is_the_correlation_with_the_first_class() -> None:
    first = noise(6, 5)
    maps = torch.stack([first, 2 * first + 1, -first, noise(6, 5, seed=1)])
    same, reversed_, other = class_sensitivity(maps).tolist()
    assert abs(same - 1) < 1e-12
    assert abs(reversed_ + 1) < 1e-12
    assert abs(other) < 0.5


def test_two_classes_share_a_map_where_their_weights_are_the_same(model: GapCnn, batch: Tensor) -> None:
    with torch.no_grad():
        model.head.weight[1] = 2 * model.head.weight[0]
        model.head.weight[2] = -model.head.weight[0]
    maps = torch.cat(
        [
            class_activation_map(model, batch[:1], target_layer="backbone", class_idx=class_idx)
            for class_idx in range(3)
        ]
    )
    torch.testing.assert_close(class_sensitivity(maps), torch.tensor([1.0, -1], dtype=torch.float64))
