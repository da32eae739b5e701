"""Our own architectures are those of their sources, and weights to begin with fit or are refused."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from core.errors import CheckpointError
from core.explain.network.layers import default_layer, spatial_layers
from core.explain.network.receptive_field import receptive_field
from core.models import registry
from core.models.families import seewhy_family
from core.models.heads import head_name
from core.models.textbooks.chollet import ResidualBlock
from core.models.textbooks.mini_xception import XceptionBlock


@dataclass(frozen=True, slots=True)
class Stated:
    """What a source says: parameters that learn, its number of outputs, input channels, dropout rates."""

    parameters: int
    outputs: int
    channels: int = 3
    dropout: tuple[float, ...] = ()


# A row for each architecture of our own.
STATED = {
    "chollet-mnist": Stated(372_234, outputs=10, channels=1),
    "chollet-mnist-without-pooling": Stated(372_234, outputs=10, channels=1),
    "chollet-mnist-dense": Stated(407_050, outputs=10, channels=1),
    "chollet-dogs-cats": Stated(1_569_089, outputs=1),
    "chollet-residual": Stated(297_697, outputs=1),
    "mini-xception": Stated(718_849, outputs=1, dropout=(0.5,)),
    "minception": Stated(7_156_184, outputs=200, dropout=(0.5,)),
    "two-conv-mnist": Stated(21_840, outputs=10, channels=1, dropout=(0.5,) * 2),
    "two-conv-pets": Stated(28_121_432, outputs=2, dropout=(0.5,) * 3),
    "four-blocks": Stated(61_338, outputs=10),
    "malaria": Stated(1_951_362, outputs=2, dropout=(0.2,) * 7),
    "road-signs": Stated(263_211, outputs=43, dropout=(0.2,) * 5),
    "road-signs-bn": Stated(263_851, outputs=43, dropout=(0.2,) * 5),
    "road-signs-bn-dropout": Stated(263_851, outputs=43, dropout=(0.2,) * 5),
    "road-signs-bn-late-dropout": Stated(263_851, outputs=43, dropout=(0.2,) * 2),
}
every_network = pytest.mark.parametrize("name", seewhy_family.names())


def _build(name: str, num_classes: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return registry.build(f"seewhy:{name}", num_classes)


def _batch(name: str, count: int = 1) -> Tensor:
    preprocess = registry.default_preprocess(f"seewhy:{name}")
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, len(preprocess.mean), *preprocess.input_size, generator=generator)


def _statistics(model: nn.Module) -> int:
    """Numbers in running means and variances, which a Keras summary counts as parameters."""
    return sum(value.numel() for name, value in model.named_buffers() if "running" in name)


# Our own networks.


@every_network
def test_a_network_has_as_many_parameters_as_its_source_says(name: str) -> None:
    stated = STATED[name]
    with torch.device("meta"):
        model = seewhy_family.build(name, stated.outputs)
    assert sum(parameter.numel() for parameter in model.parameters()) == stated.parameters


def test_the_books_count_of_the_small_xception_includes_its_running_statistics() -> None:
    model = _build("mini-xception", 1)
    assert sum(parameter.numel() for parameter in model.parameters()) + _statistics(model) == 721_857


@every_network
def test_a_network_gives_one_logit_per_class_and_its_last_linear_layer_makes_them(name: str) -> None:
    model, batch = _build(name, 3), _batch(name)
    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    assert model.get_submodule(head_name(model)) is linear[-1]
    with torch.inference_mode():
        logits = model(batch)
        linear[-1].bias.add_(torch.tensor([1.0, 2.0, 3.0]))
        torch.testing.assert_close(model(batch) - logits, torch.tensor([[1.0, 2.0, 3.0]]))


@every_network
def test_dropout_is_as_in_the_source_and_works_in_training_only(name: str) -> None:
    model, batch = _build(name, 3), _batch(name)
    rates = [module.p for module in model.modules() if isinstance(module, nn.Dropout | nn.Dropout2d)]
    assert rates == list(STATED[name].dropout)
    for module in model.modules():  # Batch norm stays in evaluation: dropout alone is looked at.
        module.train(isinstance(module, nn.Dropout | nn.Dropout2d))
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(0)
        assert torch.equal(model(batch), model(batch)) == (not rates)
    model.eval()
    with torch.inference_mode():
        assert torch.equal(model(batch), model(batch))


@pytest.mark.parametrize("name", [name for name in seewhy_family.names() if name != "chollet-mnist-dense"])
def test_a_network_can_be_explained_at_a_layer_before_its_head(name: str) -> None:
    model = _build(name, 2)
    layers = spatial_layers(model, _batch(name))
    assert default_layer(layers).startswith("block")
    assert not any(module.inplace for module in model.modules() if isinstance(module, nn.ReLU))


def test_without_pooling_the_last_maps_are_large_and_see_little_of_the_image() -> None:
    """Three 3x3 convolutions see 7 pixels; with pooling of 2 between them, 3, 4, 8, 10 and then 18."""
    fields = [
        receptive_field(_build(name, 2), "block3", _batch(name))
        for name in ("chollet-mnist", "chollet-mnist-without-pooling")
    ]
    assert [field.cells for field in fields] == [(3, 3), (22, 22)]
    assert [field.size for field in fields] == [(18, 18), (7, 7)]


def test_dropout_of_the_road_signs_stands_where_its_name_says() -> None:
    order = {
        name: [type(module) for module in _build(name, 2).block4] for name in STATED if "road-signs" in name
    }
    convolution, pool = [nn.Conv2d, nn.ReLU], [nn.MaxPool2d]
    behind = [*convolution, nn.BatchNorm2d, nn.Dropout, *pool]
    assert order == {
        "road-signs": [nn.Dropout, *convolution, *pool],
        "road-signs-bn": [nn.Dropout, *convolution, nn.BatchNorm2d, *pool],
        "road-signs-bn-dropout": behind,
        "road-signs-bn-late-dropout": behind,
    }
    late = _build("road-signs-bn-late-dropout", 2)
    assert not any(isinstance(module, nn.Dropout) for module in late[:3].modules())


def test_the_pooled_networks_take_images_of_other_sizes() -> None:
    for name in ("chollet-dogs-cats", "chollet-residual", "mini-xception"):
        with torch.inference_mode():
            assert _build(name, 2)(torch.zeros(1, 3, 101, 130)).shape == (1, 2)


@pytest.mark.parametrize("side", [5, 6])
def test_both_ways_through_a_block_agree_on_odd_and_even_sides(side: int) -> None:
    """Keras' ``same`` padding: a stride of 2 gives half the side, rounded up."""
    batch = torch.zeros(1, 3, side, side)
    for block in (ResidualBlock(3, 4, stride=2), XceptionBlock(3, 4)):
        assert block(batch).shape == (1, 4, 3, 3)
    assert ResidualBlock(3, 4, stride=1)(batch).shape == (1, 4, side, side)


def test_a_residual_block_is_the_sum_of_its_ways() -> None:
    block = ResidualBlock(1, 1, stride=2).requires_grad_(requires_grad=False)
    for convolution in (block.conv1, block.conv2):
        nn.init.dirac_(convolution.weight)
        nn.init.zeros_(convolution.bias)
    nn.init.constant_(block.shortcut.weight, 10)
    nn.init.zeros_(block.shortcut.bias)
    batch = torch.tensor([[[[-1.0, 2], [3, 4]]]])
    assert block(batch).item() == 4 + 10 * -1  # The largest of the pool, ten times the corner.


@every_network
def test_a_network_reads_images_of_as_many_channels_as_its_source(name: str) -> None:
    assert len(registry.default_preprocess(f"seewhy:{name}").mean) == STATED[name].channels


# Names.


def test_xception_is_known_under_its_old_name() -> None:
    with torch.device("meta"):
        model = registry.build("timm:xception", 2)
    assert type(model).__name__ == "Xception"
    assert registry.default_preprocess("timm:xception").input_size == (299, 299)


def test_a_network_of_our_own_that_is_not_there_is_refused_with_names_like_it() -> None:
    with pytest.raises(CheckpointError, match=r"'seewhy:chollet' in seewhy|close: seewhy:chollet"):
        registry.build("seewhy:chollet", 2)
