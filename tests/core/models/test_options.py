"""Options after an architecture's name, heads of other programs, and inputs that are no colour photo."""

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torch import nn

from core.errors import CheckpointError
from core.images.preprocess import Preprocess, colours
from core.models import heads, layered_head, options, registry
from core.models.heads import Head, HeadLayers


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "shape"),
    [
        ("timm:test_resnet?in_chans=1", (1, 1, 64, 64)),
        ("timm:test_resnet?img_size=96&in_chans=6", (1, 6, 96, 96)),
        ("torchvision:resnet18?in_chans=4", (1, 4, 64, 64)),
        ("torchvision:vit_b_32?img_size=64", (1, 3, 64, 64)),
        ("torchvision:densenet121?in_chans=2", (1, 2, 64, 64)),
        ("timm:test_vit?img_size=96", (1, 3, 96, 96)),
    ],
)
def test_a_network_of_another_size_or_other_channels_takes_such_images(
    architecture: str, shape: tuple[int, ...]
) -> None:
    assert registry.build(architecture, 3)(torch.zeros(shape)).shape == (1, 3)
    preprocess = registry.default_preprocess(architecture)
    assert len(preprocess.mean) == len(preprocess.std) == shape[1]
    if "img_size" in architecture:
        assert preprocess.input_size == shape[2:]


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (
            "timm:test_resnet?size=3",
            "no option 'size' in 'timm:test_resnet\\?size=3'; there is img_size, in_ch",
        ),
        ("timm:test_resnet?in_chans=0", "option 'in_chans=0' of .*: expected 1 to 64"),
        ("timm:test_vit?img_size=99999", "option 'img_size=99999' of .*: expected 8 to 4096"),
        ("timm:test_resnet?in_chans=x", "option 'in_chans=x' of .*: invalid literal"),
        ("timm:test_resnet?global_pool=/etc", "option 'global_pool=/etc' of"),
        (
            "timm:test_resnet?transform_input=true",
            "has no option 'transform_input'; there is in_chans, img_size",
        ),
        ("seewhy:chollet-mnist?in_chans=3", "has no option 'in_chans'; it has none"),
        ("torchvision:vit_b_32?img_size=65", "cannot be built: Input shape indivisible"),
    ],
)
def test_an_option_without_sense_is_refused_in_words(architecture: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        registry.skeleton(architecture, 2)


@pytest.mark.parametrize("name", ["torchvision:googlenet", "torchvision:inception_v3"])
def test_an_input_is_rescaled_inside_only_where_that_was_chosen(name: str) -> None:
    assert not registry.skeleton(name, 3).get_submodule("").transform_input
    chosen = options.as_published(name)
    assert chosen == f"{name}?transform_input=true"
    assert registry.skeleton(chosen, 3).get_submodule("").transform_input
    assert options.as_published(f"{name}?transform_input=false") == f"{name}?transform_input=false"
    assert (
        options.as_from_scratch("timm:resnet18") == options.as_published("timm:resnet18") == "timm:resnet18"
    )


@pytest.mark.parametrize("architecture", ["torchvision:regnet_y_400mf", "timm:test_resnet", "seewhy:malaria"])
def test_a_skeleton_has_the_names_and_shapes_of_its_network_and_no_memory(architecture: str) -> None:
    skeleton, real = registry.skeleton(architecture, 3), registry.build(architecture, 3)
    shapes = {name: tensor.shape for name, tensor in real.state_dict().items()}
    assert {name: tensor.shape for name, tensor in skeleton.state_dict().items()} == shapes
    assert all(parameter.is_meta for parameter in skeleton.parameters())


@pytest.mark.slow
def test_a_described_head_has_the_names_and_gives_the_logits_of_its_original() -> None:
    original = torchvision.models.resnet18(num_classes=3).eval()
    original.fc = nn.Sequential(
        nn.Dropout(0.5),
        nn.Linear(512, 8),
        nn.BatchNorm1d(8),
        nn.GELU(),
        nn.Sequential(nn.Linear(8, 3, bias=False)),
    )
    original.eval()
    layers = ("1=linear:512:8", "2=norm:8", "act=gelu", "4.0=linear_without_bias:8:3")
    model = registry.build("torchvision:resnet18", 3, Head(layers=layers, at="fc"))
    model.load_state_dict(original.state_dict())
    batch = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(model(batch), original(batch))
    assert isinstance(model.fc, HeadLayers)
    assert heads.head_name(model) == "fc"
    features, head = heads.features_and_head(model)
    assert torch.equal(head(features(batch)), original(batch))


@pytest.mark.parametrize(
    "layer", ["0=conv:3:3", "0=linear:3", "0=linear:0:3", "0=relu:3", "a..b=relu", "0=linear:100000:100000"]
)
def test_a_head_that_cannot_be_built_is_refused(layer: str) -> None:
    with pytest.raises(ValueError, match="head layer"):
        Head(layers=(layer,), at="fc")
    with pytest.raises(ValueError, match="at most 32"):
        layered_head.check(["=relu"] * 33)
    with pytest.raises(ValueError, match="needs the module that it replaces"):
        Head(layers=("=relu",))


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6])
def test_a_photo_fills_any_number_of_channels_and_is_shown_in_its_colours(channels: int) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8)
    preprocess = Preprocess((8, 8), None, (0.5,) * channels, (0.5,) * channels)
    pixels = preprocess.pixels(Image.fromarray(rgb))
    assert pixels.shape == (channels, 8, 8)
    assert preprocess.batch([Image.fromarray(rgb)]).shape == (1, channels, 8, 8)
    assert colours(pixels).shape == (3, 8, 8)
    if channels >= 3:
        assert np.array_equal(colours(pixels).permute(1, 2, 0).numpy(), rgb)
    if channels == 4:
        assert pixels[3].eq(255).all()  # A photo is opaque.
    if channels == 6:
        assert torch.equal(pixels[:3], pixels[3:])


def test_mean_and_std_follow_the_channels_and_the_crop_the_size() -> None:
    usual = Preprocess((224, 224), 256, (0.4, 0.5, 0.6), (0.1, 0.2, 0.3))
    assert options.for_channels(usual, 1).mean == (0.5,)
    assert options.for_channels(usual, 6).std == (0.1, 0.2, 0.3, 0.1, 0.2, 0.3)
    assert options.at_size(usual, (448, 448)).resize == 512
    assert options.at_size(usual, (128, 128)).resize == 146
