"""Tokens and channels that come last: the same maps, evidence and stages as of convolutions."""

from dataclasses import replace

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import models

from core.errors import LayerError
from core.explain.maps.cam import CAM_METHODS, class_activation_maps
from core.explain.maps.evidence import logit_evidence
from core.explain.network.activations import activations
from core.explain.network.layers import Layer, default_layer, spatial_layers, stages
from core.explain.network.layout import ChannelsLast, Layout, Maps, Tokens, layout_of
from core.explain.network.tracing import towards, trace
from tests.support.networks.tiny_models import noise, seeded

ROWS, COLUMNS, WIDTH = 3, 4, 6


class TokenNet(nn.Module):
    """Patches of 4 x 4, two layers of attention, and a linear head: images (N, 3, 12, 16), logits (N, 3).

    Reads the token of the class, which stands in front; without one, the mean of all tokens.
    """

    def __init__(self, *, num_extra: int = 1) -> None:
        super().__init__()
        self.num_extra = num_extra
        self.patches = nn.Conv2d(3, WIDTH, 4, stride=4)
        self.extra = nn.Parameter(torch.randn(1, num_extra, WIDTH))
        self.first, self.second = Mixing(), Mixing()
        self.head = nn.Linear(WIDTH, 3)

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3)."""
        tokens = self.patches(batch).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.extra.expand(len(batch), -1, -1), tokens], 1)
        tokens = self.second(self.first(tokens))
        logits: Tensor = self.head(tokens[:, 0] if self.num_extra else tokens.mean(1))
        return logits


class Mixing(nn.Module):
    """Attention of one head, and a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.key, self.value = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (N, T, K) to as many."""
        weights = (tokens @ self.key(tokens).transpose(1, 2)).softmax(2)
        mixed: Tensor = tokens + weights @ self.value(tokens)
        return mixed


class LastNet(nn.Module):
    """A convolution, then a linear layer on channels that come last, their mean, and a linear head."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.mix, self.head = nn.Conv2d(3, 5, 4, stride=4), nn.Linear(5, 24), nn.Linear(24, 3)

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3)."""
        logits: Tensor = self.head(self.mix(self.patches(batch).movedim(1, 3)).mean((1, 2)))
        return logits


@pytest.fixture
def images() -> Tensor:
    return noise(2, 3, 12, 16, seed=1)


# Layouts.


@pytest.mark.parametrize(
    ("shape", "side", "expected"),
    [
        ((2, 64, 56, 56), (224, 224), Maps()),
        ((2, 56, 56, 96), (224, 224), ChannelsLast()),
        ((2, 7, 7, 768), (224, 224), ChannelsLast()),
        ((2, 7, 7, 7), (224, 224), Maps()),
        ((2, 768, 1, 1), (224, 224), Maps()),
        ((2, 64, 28, 27), (224, 224), Maps()),
        ((2, 5, 10, 11), (16, 17), Maps()),
        ((2, 6, 8, 12), (12, 16), Maps()),  # Six channels, without padding; not 6 x 8 cells of twelve.
        ((2, 197, 192), (224, 224), Tokens((14, 14), 1)),
        ((2, 198, 192), (224, 224), Tokens((14, 14), 2)),
        ((2, 201, 192), (224, 224), Tokens((14, 14), 5)),
        ((2, 3136, 64), (224, 224), Tokens((56, 56), 0)),
        ((2, 13, 6), (12, 16), Tokens((3, 4), 1)),
        ((2, 28, 6), (224, 128), Tokens((7, 4), 0)),
        ((2, 215, 6), (224, 224), None),
        ((128, 49, 96), (224, 224), None),
        ((2, 1000), (224, 224), None),
    ],
)
def test_rows_and_columns_are_found_by_the_image_that_was_given(
    shape: tuple[int, ...], side: tuple[int, int], expected: Layout | None
) -> None:
    assert layout_of(torch.zeros(shape), torch.zeros(2, 3, *side)) == expected


def test_token_17_of_14_in_a_row_is_in_the_second_row() -> None:
    tokens = torch.arange(197.0)[None, :, None].expand(1, -1, 5)
    maps = Tokens((14, 14), 1).maps(tokens)
    assert maps.shape == (1, 5, 14, 14)
    assert maps[0, 3, 1, 2] == 17  # The class token, 14 of the first row, then the third of the second.


@pytest.mark.parametrize(
    ("layout", "shape"),
    [(Maps(), (2, 5, 3, 4)), (ChannelsLast(), (2, 3, 4, 5)), (Tokens((3, 4), 2), (2, 14, 5))],
)
def test_maps_that_are_put_back_give_the_output_again(layout: Layout, shape: tuple[int, ...]) -> None:
    output = noise(*shape)
    maps = layout.maps(output)
    assert maps.shape == (2, 5, 3, 4)
    assert torch.equal(layout.put(maps, output), output)
    doubled = layout.put(2 * maps, output)
    assert torch.equal(layout.maps(doubled), 2 * maps)
    if isinstance(layout, Tokens):
        assert torch.equal(doubled[:, :2], output[:, :2])


# What is explained.


@pytest.mark.parametrize("layer", ["patches", "first.key", "first", "second.value"])
def test_recording_tokens_leaves_the_logits_and_gives_autograds_gradients(layer: str, images: Tensor) -> None:
    net = seeded(TokenNet)
    traced = trace(net, images, [layer])
    torch.testing.assert_close(traced.logits, net(images))
    kept: list[Tensor] = []
    handle = net.get_submodule(layer).register_forward_hook(lambda _module, _given, gave: kept.append(gave))
    logits = net(images)
    handle.remove()
    (gradient,) = torch.autograd.grad(logits[:, 2].sum(), kept[0])
    if layer != "patches":
        kept[0], gradient = (
            each[:, 1:].reshape(2, ROWS, COLUMNS, WIDTH).permute(0, 3, 1, 2) for each in (kept[0], gradient)
        )
    torch.testing.assert_close(traced.activations[layer], kept[0])
    expected = (gradient.mean((2, 3), keepdim=True) * kept[0]).sum(1)
    assert expected.abs().max() > 0
    torch.testing.assert_close(
        class_activation_maps(traced, towards(traced.logits, 2))[layer], expected.detach()
    )


@pytest.mark.parametrize(
    ("net", "layer"), [(seeded(LastNet), "mix"), (seeded(lambda: TokenNet(num_extra=0)), "second")]
)
def test_where_the_mean_of_the_tokens_is_read_cells_and_bias_sum_to_the_logit(
    net: nn.Module, layer: str, images: Tensor
) -> None:
    traced = trace(net, images, [layer])
    evidence = logit_evidence(traced, towards(traced.logits.detach(), 1), layer)
    assert evidence is not None
    assert evidence.cells.shape == (2, ROWS, COLUMNS)
    torch.testing.assert_close(
        evidence.cells.double().sum((1, 2)) + evidence.bias, traced.logits[:, 1], rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize(("method", "peer"), [("grad_cam", "GradCAM"), ("hires_cam", "HiResCAM")])
@pytest.mark.parametrize("name", ["timm:vit", "torchvision:swin_t"])
@pytest.mark.slow
def test_maps_of_transformers_are_those_of_pytorch_grad_cam(method: str, peer: str, name: str) -> None:
    peers = pytest.importorskip("pytorch_grad_cam")
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if name == "timm:vit":
            size = {"img_size": 64, "depth": 3, "embed_dim": 24, "num_heads": 3, "num_classes": 5}
            net, layer = timm.create_model("vit_tiny_patch16_224", **size), "blocks.2.norm1"
        else:
            net, layer = models.swin_t(num_classes=5), "features.5"
    net = net.double().eval().requires_grad_(requires_grad=False)
    batch = noise(2, 3, 64, 64)

    def maps_of(output: Tensor) -> Tensor:
        if name == "timm:vit":
            return output[:, 1:].reshape(len(output), 4, 4, -1).permute(0, 3, 1, 2)
        return output.permute(0, 3, 1, 2)

    with getattr(peers, peer)(net, [net.get_submodule(layer)], reshape_transform=maps_of) as theirs:
        expected = torch.from_numpy(
            theirs(batch.clone().requires_grad_(), [ClassifierOutputTarget(3)] * 2)
        ).double()
    traced = trace(net, batch, [layer])
    maps = class_activation_maps(traced, towards(traced.logits, 3), method=CAM_METHODS[method])[layer]
    ours = F.interpolate(_to_one(maps.relu())[:, None], (64, 64), mode="bilinear", align_corners=False)[:, 0]
    assert (ours.amax((1, 2)) > 0.5).all()
    torch.testing.assert_close(_to_one(ours), expected, rtol=0, atol=1e-5)


def _to_one(maps: Tensor) -> Tensor:
    """From each map's least to its greatest value."""
    shifted = maps - maps.amin((1, 2), keepdim=True)
    return shifted / shifted.amax((1, 2), keepdim=True)


def test_activations_are_laid_out_as_patches(images: Tensor) -> None:
    net = seeded(TokenNet)
    with torch.no_grad():
        patches = net.patches(images)
    found = activations(net, images, ["patches", "first"])
    assert torch.equal(found["patches"], patches)
    tokens = torch.cat([net.extra.expand(2, -1, -1), patches.flatten(2).transpose(1, 2)], 1)
    expected = net.first(tokens)[:, 1:].reshape(2, ROWS, COLUMNS, WIDTH).permute(0, 3, 1, 2)
    torch.testing.assert_close(found["first"], expected.detach())


# Layers and stages.


def test_behind_the_last_attention_to_the_class_tokens_lead_nowhere(images: Tensor) -> None:
    layers = {layer.name: layer for layer in spatial_layers(seeded(TokenNet), images[:1])}
    assert [name for name, layer in layers.items() if layer.is_dead_end] == ["second"]
    assert layers["first"] == Layer(
        "first", "Mixing", (WIDTH, ROWS, COLUMNS), is_convolution=False, has_tokens=True
    )
    with pytest.raises(LayerError, match="no layer with a spatial output"):
        stages([replace(layer, is_dead_end=True) for layer in layers.values()])


def test_all_tokens_count_where_their_mean_is_read(images: Tensor) -> None:
    layers = spatial_layers(seeded(lambda: TokenNet(num_extra=0)), images[:1])
    assert not any(layer.is_dead_end for layer in layers)
    assert default_layer(layers) == "second"


def test_a_new_head_of_zeros_makes_no_layer_a_dead_end(images: Tensor) -> None:
    net = seeded(TokenNet)
    nn.init.zeros_(net.head.weight)
    assert not any(layer.is_dead_end for layer in spatial_layers(net, images[:1]))
