"""Receptive fields: against closed forms, against gradients, and where they must be the whole image."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.checkpoints.store import Checkpoint
from core.errors import LayerError
from core.explain.network import receptive_field as module
from core.explain.network.activations import observe
from core.explain.network.receptive_field import Box, ReceptiveField, receptive_field
from tests.support.networks.tiny_models import InPlaceCnn, assert_unchanged, noise, seeded, snapshot

Kept = TypeVar("Kept")


def _closed_form(count: int, pixels: int, *, size: int, stride: int, offset: int) -> np.ndarray:
    """Cell i sees [offset + i stride, … + size), less what is padding."""
    first = offset + stride * np.arange(count)
    return np.stack([first, first + size], 1).clip(0, pixels)


def _by_gradient(model: nn.Module, layer: str, like: Tensor) -> ReceptiveField:
    """The slow way: weights all 1, and which pixels one cell's value changes with, for each cell."""
    for parameter in model.parameters():
        nn.init.ones_(parameter)
    image = torch.ones_like(like).requires_grad_()
    maps = model.get_submodule(layer)(image)
    height, width = maps.shape[2:]
    rows, columns = np.zeros((height, 2), int), np.zeros((width, 2), int)
    for row in range(height):
        for column in range(width):
            (gradient,) = torch.autograd.grad(maps[0, :, row, column].sum(), image, retain_graph=True)
            seen = gradient[0].abs().sum(0).nonzero().numpy()
            rows[row] = seen[:, 0].min(), seen[:, 0].max() + 1
            columns[column] = seen[:, 1].min(), seen[:, 1].max() + 1
    return ReceptiveField(rows, columns, (like.shape[2], like.shape[3]))


class Features(nn.Module):
    """Layers under a name, and a head."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.features = nn.Sequential(*layers)

    def forward(self, batch: Tensor) -> Tensor:
        """Means (N, K)."""
        return self.features(batch).mean((2, 3))


class Residual(nn.Module):
    """Two convolutions beside a shortcut, their sum rectified in place."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, stride=stride, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.shortcut = nn.Conv2d(channels, channels, 1, stride=stride)

    def forward(self, batch: Tensor) -> Tensor:
        """Maps (N, channels, h, w)."""
        return (self.second(self.first(batch).relu()) + self.shortcut(batch)).relu_()


class Gated(nn.Module):
    """Squeeze-and-excitation: each channel times what its mean over the image says."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gate = nn.Conv2d(channels, channels, 1)

    def forward(self, batch: Tensor) -> Tensor:
        """Maps of the same shape."""
        return batch * self.gate(batch.mean((2, 3), keepdim=True)).sigmoid()


@pytest.mark.parametrize(
    ("layers", "size", "stride", "offset"),
    [
        ([nn.Conv2d(2, 3, 3)], 3, 1, 0),
        ([nn.Conv2d(2, 3, 3, padding=1)], 3, 1, -1),
        ([nn.Conv2d(2, 3, 5, stride=2, padding=2)], 5, 2, -2),
        ([nn.Conv2d(2, 3, 3, dilation=4)], 9, 1, 0),
        ([nn.Conv2d(2, 3, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(3, 2, 3, padding=1)], 7, 2, -3),
        ([nn.Conv2d(2, 4, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, groups=4)], 8, 2, -1),
        ([nn.Conv2d(2, 4, 5), nn.AvgPool2d(2), nn.Conv2d(4, 4, 5), nn.MaxPool2d(2)], 16, 4, 0),
        ([nn.Conv2d(2, 4, 1), nn.BatchNorm2d(4), nn.ReLU6(), Gated(4), nn.Conv2d(4, 4, 3)], 3, 1, 0),
        ([nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(2, 4, 3, stride=2), Residual(4, 2)], 15, 4, -6),
    ],
    ids=["valid", "same", "stride", "dilation", "two", "pool", "valid pools", "gate", "residual"],
)
def test_fields_are_those_of_the_closed_form(
    layers: list[nn.Module], size: int, stride: int, offset: int
) -> None:
    """Size and stride grow as r += (k - 1) j, j *= s; the offset is less each padding times its j."""
    model = Features(*layers).eval()
    like = torch.rand(1, 2, 24, 32)
    before = snapshot(model)
    field = receptive_field(model, "features", like)
    assert_unchanged(model, before)
    height, width = model.features(like).shape[2:]
    kwargs = {"size": size, "stride": stride, "offset": offset}
    np.testing.assert_array_equal(field.rows, _closed_form(height, 24, **kwargs))
    np.testing.assert_array_equal(field.columns, _closed_form(width, 32, **kwargs))
    assert field.cells == (height, width)
    assert field.size == (min(size, 24), min(size, 32))


@pytest.mark.slow
@pytest.mark.parametrize(
    "layers",
    [
        [nn.Conv2d(2, 3, 3, dilation=4, padding=4)],
        [nn.Conv2d(2, 3, 3, stride=3, padding=2), nn.Conv2d(3, 2, 2, dilation=2, padding=1)],
        [nn.Conv2d(2, 3, (3, 5), stride=(2, 1), padding=(1, 0), dilation=(1, 2))],
        [nn.Conv2d(2, 3, 3, stride=2, padding=1), nn.AvgPool2d(3, 2, 1), nn.Conv2d(3, 2, 3, padding=1)],
        [nn.Conv2d(2, 3, 3), nn.AdaptiveAvgPool2d((5, 7))],
        [nn.Conv2d(2, 3, 2), nn.ConvTranspose2d(3, 2, 3, stride=2)],
    ],
    ids=["dilation", "stride and dilation", "oblong", "pool", "uneven bins", "transposed"],
)
def test_fields_are_those_of_a_gradient_for_each_cell(layers: list[nn.Module]) -> None:
    model = Features(*layers).eval()
    like = torch.rand(1, 2, 17, 20)
    found = receptive_field(model, "features", like)
    expected = _by_gradient(model, "features", like)
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_array_equal(found.columns, expected.columns)


def test_each_layer_of_a_network_in_place_has_its_own_field() -> None:
    model, like = seeded(InPlaceCnn), noise(1, 3, 8, 8)
    assert receptive_field(model, "features.0", like).size == (3, 3)
    assert receptive_field(model, "features", like).size == (5, 5)
    assert receptive_field(model, "features.norm", like).part(2, 1) == Box(1, 3, 6, 8)


def test_a_cell_that_sees_padding_alone_has_an_empty_part() -> None:
    model = Features(nn.Conv2d(1, 1, 1, padding=2)).eval()
    field = receptive_field(model, "features", torch.rand(1, 1, 4, 4))
    assert field.rows.tolist() == [[4, 4], [4, 4], [0, 1], [1, 2], [2, 3], [3, 4], [4, 4], [4, 4]]
    assert field.size == (1, 1)


@pytest.mark.parametrize("mixing", [nn.GroupNorm(1, 3), nn.Flatten()], ids=["group norm", "flat"])
def test_what_mixes_all_positions_sees_the_whole_image(mixing: nn.Module) -> None:
    model = nn.Sequential(nn.Conv2d(2, 3, 1), mixing).eval()
    field = receptive_field(model, "1", torch.rand(1, 2, 6, 6))
    assert field.is_whole_input
    assert field.part(0, 0) == Box(0, 0, 6, 6)


@pytest.mark.slow
def test_lite0_sees_67_pixels_at_its_third_stage_in_steps_of_8(imagenet: Checkpoint) -> None:
    """Kernels 3 3 3 3 5 5, strides 2 1 2 1 2 1; at a stride of 2, more of the padding is at the end."""
    like = torch.zeros(1, 3, 224, 224)
    field = receptive_field(imagenet.model, "blocks.2", like)
    expected = _closed_form(28, 224, size=67, stride=8, offset=-26)
    np.testing.assert_array_equal(field.rows, expected)
    np.testing.assert_array_equal(field.columns, expected)
    assert not field.is_whole_input
    assert receptive_field(imagenet.model, "bn2", like).is_whole_input


@pytest.mark.parametrize("error", [AssertionError, RuntimeError, ValueError])
def test_a_network_that_takes_one_size_only_is_given_that(error: type[Exception]) -> None:
    class Strict(Features):
        def forward(self, batch: Tensor) -> Tensor:
            if batch.shape[2:] != (40, 48):
                raise error(batch.shape)
            return super().forward(batch)

    field = receptive_field(Strict(nn.Conv2d(1, 1, 5)).eval(), "features", torch.rand(1, 1, 40, 48))
    np.testing.assert_array_equal(field.columns, _closed_form(44, 48, size=5, stride=1, offset=0))


def test_a_field_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model, like = Features(nn.Conv2d(1, 1, 3)).eval(), torch.rand(1, 1, 5, 5)
    first = receptive_field(model, "features", like)
    monkeypatch.setattr(module, "_clear", None)
    assert receptive_field(model, "features", like) is first


def test_an_unknown_layer_is_named() -> None:
    with pytest.raises(LayerError, match="no layer named 'conv9'"):
        receptive_field(Features(nn.Conv2d(1, 1, 3)), "conv9", torch.rand(1, 1, 5, 5))


@pytest.mark.parametrize(
    ("pixels", "width", "most"), [((256, 256), 5, 20), ((256, 320), 5, 20), ((256, 256), 9, 40)]
)
def test_even_steps_and_columns_like_rows_save_passes(
    monkeypatch: pytest.MonkeyPatch, pixels: tuple[int, int], width: int, most: int
) -> None:
    """To halve 256 rows takes 9; where columns are unlike them, as many again, but not one for each pixel."""
    passes: list[Tensor] = []

    def counted(
        model: nn.Module, batch: Tensor, layers: list[str], keep: Callable[[Tensor], Kept]
    ) -> dict[str, Kept]:
        passes.append(batch)
        return observe(model, batch, layers, keep)

    monkeypatch.setattr(module, "observe", counted)
    wide = nn.Conv2d(2, 2, (5, width), padding=(2, width // 2))
    model = Features(nn.Conv2d(1, 2, 3, stride=2, padding=1), nn.ReLU(), wide).eval()
    assert receptive_field(model, "features", torch.rand(1, 1, *pixels)).size == (11, 2 * width + 1)
    assert len(passes) <= most
