"""Weights of filters: whose they are, by construction; their norms and pictures, number by number."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.checkpoints.store import Checkpoint
from core.drawing.channel_grid import page_layout
from core.drawing.render import SIGNED, palette
from core.errors import LayerError
from core.explain.network.channel_source import channel_source
from core.inside.filters.kernels import Filters, as_matrix, by_input_channel, filters_of, in_colour, sheet
from tests.support.networks.tiny_models import InPlaceCnn, assert_unchanged, noise, seeded, snapshot


class Blocks(nn.Module):
    """A stem; a block with gate and shortcut; two branches, put together; channels in reverse."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(inplace=True))
        self.wide = nn.Conv2d(6, 6, 3, padding=1, groups=3)
        self.gate = nn.Conv2d(6, 6, 1)
        self.block = nn.Identity()
        self.left, self.right = nn.Conv2d(6, 2, 1), nn.Conv2d(6, 4, 1)
        self.joined, self.last, self.reversed = nn.Identity(), nn.Conv2d(6, 6, 1), nn.Identity()
        self.spread, self.mixed = nn.Identity(), nn.Linear(6, 6)

    def forward(self, batch: Tensor) -> Tensor:
        """Means (N, 6)."""
        stem = self.stem(batch)
        wide = self.wide(stem)
        gate = self.gate(wide.mean((2, 3), keepdim=True)).sigmoid()
        block = self.block(wide * gate + stem)
        joined = self.joined(torch.cat([self.left(block), self.right(block)], 1))
        last = self.last(joined)
        return self.mixed(
            self.reversed(last.flip(1)).mean((2, 3)) + self.spread(last + last[:, :1]).sum((2, 3))
        )


class Plain(nn.Module):
    """One convolution after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 5, 3, groups=5), nn.BatchNorm2d(5), nn.MaxPool2d(2)
        )
        self.last = nn.Conv2d(5, 7, 1)

    def forward(self, batch: Tensor) -> Tensor:
        """Means (N, 7)."""
        return self.last(self.features(batch)).mean((2, 3))


IMAGE = noise(1, 3, 10, 12).float()


def _filters(weights: np.ndarray, *, groups: int = 1, reads_image: bool = True) -> Filters:
    return Filters("conv", weights.astype(np.float32), groups, reads_image, is_alone=True)


@pytest.mark.parametrize(
    ("layer", "name", "reads_image"),
    [
        ("features.0", "features.0", True),
        ("features.1", "features.0", True),
        ("features.2", "features.2", False),
        ("features.3", "features.2", False),
        ("features", "features.2", False),
        ("last", "last", False),
    ],
)
def test_the_convolution_is_the_layer_or_the_last_before_it(
    layer: str, name: str, *, reads_image: bool
) -> None:
    model = Plain().eval()
    before = snapshot(model)
    source = channel_source(model, layer, IMAGE)
    assert_unchanged(model, before)
    assert (source.name, source.reads_image, source.is_alone) == (name, reads_image, True)
    assert source.convolution is model.get_submodule(name)


def test_a_gate_does_not_make_channels_and_a_shortcut_is_mentioned() -> None:
    model = Blocks().eval()
    stem = channel_source(model, "stem", IMAGE)
    assert (stem.name, stem.reads_image, stem.is_alone) == ("stem.0", True, True)
    block = channel_source(model, "block", IMAGE)
    assert (block.name, block.reads_image, block.is_alone) == ("wide", False, False)


@pytest.mark.parametrize("layer", ["joined", "reversed", "spread", "mixed"])
def test_where_no_convolution_has_a_filter_for_each_channel_that_is_said(layer: str) -> None:
    """Two branches side by side, channels in reverse, one added to all others, a linear layer."""
    with pytest.raises(LayerError, match=f"layer '{layer}' has no convolution with a filter for each of its"):
        channel_source(Blocks().eval(), layer, IMAGE)


def test_layers_that_are_not_there_are_named() -> None:
    with pytest.raises(LayerError, match="no layer named 'conv9'"):
        filters_of(Plain().eval(), "conv9", IMAGE)


def test_a_network_in_training_mode_in_place_and_in_float64_is_left_alone() -> None:
    model = seeded(InPlaceCnn).train()
    before = snapshot(model)
    found = filters_of(model, "features", noise(1, 3, 6, 8))
    assert_unchanged(model, before)
    assert found.name == "features.3"
    np.testing.assert_array_equal(found.weights, model.features[3].weight.detach().float().numpy())


def test_norms_are_the_roots_of_sums_of_squares() -> None:
    weights = np.zeros((3, 2, 2, 2))
    weights[0, 0, 0], weights[1] = (3, 4), 1e-30
    np.testing.assert_allclose(_filters(weights).norms, [5, np.sqrt(8) * 1e-30, 0], rtol=1e-6)
    assert _filters(-weights).peak == 4


@pytest.mark.parametrize(
    ("shape", "groups", "expected"),
    [
        ((4, 6, 3, 3), 1, [(0, 6)] * 4),
        ((6, 2, 3, 3), 3, [(0, 2), (0, 2), (2, 4), (2, 4), (4, 6), (4, 6)]),
        ((4, 1, 3, 3), 4, [(0, 1), (1, 2), (2, 3), (3, 4)]),
        ((4, 1, 3, 3), 2, [(0, 1), (0, 1), (1, 2), (1, 2)]),
    ],
    ids=["plain", "groups", "depthwise", "depthwise, two each"],
)
def test_filters_read_the_channels_of_their_group(
    shape: tuple[int, ...], groups: int, expected: list[tuple[int, int]]
) -> None:
    """The output of a filter changes with these input channels and no others."""
    filters = _filters(np.ones(shape), groups=groups)
    found = [filters.input_channels(channel) for channel in range(shape[0])]
    assert [(each.start, each.stop) for each in found] == expected
    convolution = nn.Conv2d(shape[1] * groups, shape[0], 3, groups=groups)
    image = torch.ones(1, shape[1] * groups, 3, 3, requires_grad=True)
    for channel, each in enumerate(found):
        (gradient,) = torch.autograd.grad(convolution(image)[0, channel].sum(), image)
        assert gradient[0].abs().sum((1, 2)).nonzero().flatten().tolist() == list(each)


def test_colours_of_all_filters_are_on_one_scale_around_grey() -> None:
    weights = np.zeros((2, 3, 1, 2))
    weights[1, :, 0, 0], weights[0, :, 0, 1] = (2, -2, 0), (1, 0.5, -1)
    pictures = in_colour(_filters(weights))
    assert pictures.shape == (2, 1, 2, 4)
    assert pictures[1, 0].tolist() == [[255, 0, 128, 255], [128, 128, 128, 255]]
    assert pictures[0, 0].tolist() == [[128, 128, 128, 255], [191, 159, 64, 255]]


def test_filters_of_a_grey_image_are_grey_and_dead_ones_flat() -> None:
    assert in_colour(_filters(np.array([[[[-1.0, 1]]]])))[0, 0].tolist() == [[0, 0, 0, 255], [255] * 4]
    assert (in_colour(_filters(np.zeros((1, 3, 2, 2))))[..., :3] == 128).all()


def test_what_is_not_read_from_an_image_has_no_colours() -> None:
    deep = _filters(np.ones((2, 3, 3, 3)), reads_image=False)
    assert not deep.have_colours
    with pytest.raises(ValueError, match="filters of 'conv' read 3 channels, not an image"):
        in_colour(deep)
    assert not _filters(np.ones((2, 1, 3, 3))).have_colours
    assert _filters(np.ones((2, 3, 3, 3))).have_colours


def test_kernels_are_on_the_scale_of_the_whole_layer() -> None:
    weights = np.zeros((2, 2, 1, 2))
    weights[0, :, 0], weights[1, 0, 0] = ((-1, 0), (0.5, 1)), (4, -4)
    first, second = by_input_channel(_filters(weights), 0), by_input_channel(_filters(weights), 1)
    colours = palette(SIGNED)
    assert first.shape == (2, 1, 2, 4)
    assert second[0, 0].tolist() == [[*colours[255], 255], [*colours[0], 255]]
    assert first[:, 0, :, 3].tolist() == [[64, 0], [32, 64]]
    assert first[0, 0, 0, :3].tolist() == colours[round(0.375 * 255)].tolist()


def test_pointwise_filters_are_one_matrix() -> None:
    weights = np.array([[1.0, -1, 0], [0.5, 0, 1]])[..., None, None]
    picture = as_matrix(_filters(weights, reads_image=False))
    assert picture[..., 3].tolist() == [[255, 255, 0], [128, 0, 255]]
    assert picture[0, 1, :3].tolist() == palette(SIGNED)[0].tolist()
    with pytest.raises(ValueError, match=r"filters of 'conv' are \(3, 3\), not 1 x 1"):
        as_matrix(_filters(np.ones((2, 2, 3, 3))))


def test_a_sheet_has_each_pixel_as_a_square_at_its_place() -> None:
    pictures = np.arange(3 * 2 * 2 * 4, dtype=np.uint8).reshape(3, 2, 2, 4)
    layout = page_layout(3, (2, 2), columns=2, side=20)
    drawn = sheet(pictures, layout, ["a", "b", "c"])
    assert layout.tile == (20, 20)
    for position in range(3):
        x, y = layout.corner(position)
        expected = pictures[position].repeat(10, 0).repeat(10, 1)
        np.testing.assert_array_equal(drawn[y : y + 20, x : x + 20], expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layer", "name", "is_alone"),
    [
        ("bn1", "conv_stem", True),
        ("blocks.2", "blocks.2.1.conv_pwl", False),
        ("blocks.2.0.bn2", "blocks.2.0.conv_dw", True),
        ("bn2", "conv_head", True),
    ],
)
def test_lite0_is_traced_to_its_convolutions(
    imagenet: Checkpoint, layer: str, name: str, *, is_alone: bool
) -> None:
    """`blocks.2` ends with a shortcut."""
    found = filters_of(imagenet.model, layer, torch.zeros(1, 3, 224, 224))
    assert (found.name, found.is_alone) == (name, is_alone)
    weight = imagenet.model.get_submodule(name).weight
    np.testing.assert_array_equal(found.weights, weight.numpy())
    np.testing.assert_allclose(found.norms, weight.flatten(1).norm(dim=1).numpy(), rtol=1e-5)
