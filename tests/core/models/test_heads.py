"""The head is found in every kind of network, replaced, taken off; what comes before it can be frozen."""

import pytest
import torch
from torch import nn

from core.errors import CheckpointError
from core.models import registry
from core.models.heads import (
    Head,
    HeadLayers,
    features_and_head,
    head_name,
    replace_head,
)
from tests.support.networks.tiny_models import GapCnn, assert_unchanged, noise, seeded, snapshot

HEADS = {
    "timm:tf_efficientnet_lite0": "classifier",
    "timm:resnet18": "fc",
    "timm:legacy_xception": "fc",
    "timm:inception_resnet_v2": "classif",
    "timm:vit_tiny_patch16_224": "head",
    "timm:convnext_atto": "head.fc",
    "timm:dpn48b": "classifier",
    "torchvision:vgg16": "classifier.6",
    "torchvision:resnet18": "fc",
    "torchvision:densenet121": "classifier",
    "torchvision:mobilenet_v3_small": "classifier.3",
    "torchvision:squeezenet1_0": "classifier.1",
    "torchvision:vit_b_16": "heads.head",
    "torchvision:swin_t": "head",
    "torchvision:inception_v3": "fc",
    "seewhy:chollet-residual": "head",
    "seewhy:two-conv-mnist": "head",
}
# Where a small input does, the network is run at less than its usual size.
RUN = {
    "timm:tf_efficientnet_lite0": (3, 64, 64),
    "timm:resnet18": (3, 64, 64),
    "timm:vit_tiny_patch16_224": (3, 224, 224),
    "torchvision:vgg16": (3, 32, 32),
    "seewhy:chollet-residual": (3, 32, 32),
    "seewhy:two-conv-mnist": (1, 28, 28),
}


def _meta(architecture: str, head: Head | None = None) -> nn.Module:
    with torch.device("meta"):
        return registry.build(architecture, 7, head or Head())


def _outputs(layer: nn.Module) -> object:
    return layer.out_channels if isinstance(layer, nn.Conv2d) else layer.out_features


# Finding.


@pytest.mark.parametrize(("architecture", "name"), HEADS.items())
def test_the_head_is_the_layer_that_has_one_output_per_class(architecture: str, name: str) -> None:
    model = _meta(architecture)
    assert head_name(model) == name
    assert _outputs(model.get_submodule(name)) == 7


def test_a_network_without_a_layer_for_its_logits_has_no_head() -> None:
    with pytest.raises(CheckpointError, match="Sequential has no linear or convolutional layer"):
        head_name(nn.Sequential(nn.ReLU(), nn.Flatten()))
    with pytest.raises(CheckpointError, match="VisionTransformerDistilled has 2 heads; expected one"):
        head_name(_meta("timm:deit_tiny_distilled_patch16_224"))


# Replacing.


@pytest.mark.parametrize("architecture", HEADS)
def test_a_head_of_several_layers_has_the_name_the_inputs_and_the_outputs_of_the_old_one(
    architecture: str,
) -> None:
    own, new = _meta(architecture), _meta(architecture, Head(hidden=(50, 20), dropout=0.5))
    name = head_name(own)
    assert head_name(new) == name
    layers, kind = new.get_submodule(name), type(own.get_submodule(name))
    before, after = own.state_dict(), new.state_dict()
    features = before[f"{name}.weight"].shape[1]
    weights = {
        part: tuple(tensor.shape[:2]) for part, tensor in layers.state_dict().items() if "weight" in part
    }
    assert weights == {
        "hidden1.weight": (50, features),
        "hidden2.weight": (20, 50),
        "logits.weight": (7, 20),
    }
    expected = [kind, nn.ReLU, nn.Dropout, kind, nn.ReLU, nn.Dropout, kind]
    assert [type(module) for module in layers.children()] == expected
    rest = {part for part in before if not part.startswith(f"{name}.")}
    assert rest == {part for part in after if not part.startswith(f"{name}.")}


def test_dropout_alone_works_on_the_features() -> None:
    model = seeded(GapCnn)
    replace_head(model, Head(dropout=0.3))
    assert isinstance(model.head, HeadLayers)
    assert [name for name, _ in model.head.named_children()] == ["dropout", "logits"]
    assert model.head.dropout.p == 0.3
    assert model(noise(2, 3, 6, 8)).shape == (2, 3)  # In float64, as the network is.


def test_the_default_head_is_the_networks_own() -> None:
    model = seeded(GapCnn)
    own = model.head
    replace_head(model, Head())
    assert model.head is own


def test_the_new_head_computes_by_hand_the_same() -> None:
    model = seeded(GapCnn)
    replace_head(model, Head(hidden=(5,), dropout=0.9))
    model.eval()
    features, head = features_and_head(model)
    batch = noise(2, 3, 6, 8)
    hidden = (features(batch) @ head.hidden1.weight.T + head.hidden1.bias).relu()
    torch.testing.assert_close(model(batch), hidden @ head.logits.weight.T + head.logits.bias)


def test_a_new_head_of_convolutions_gives_logits_too() -> None:
    model = registry.build("torchvision:squeezenet1_1", 4, Head(hidden=(6,)))
    with torch.inference_mode():
        assert model(torch.zeros(1, 3, 64, 64)).shape == (1, 4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": (0,)}, r"hidden widths \(0,\) must be 1 or more"),
        ({"dropout": 1.0}, "dropout 1.0 must be from 0 to below 1"),
        ({"dropout": -0.1}, "dropout -0.1 must be"),
    ],
)
def test_a_head_that_cannot_be_is_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Head(**settings)


def test_a_head_of_larger_convolutions_is_not_replaced() -> None:
    with pytest.raises(CheckpointError, match=r"the head '0' is Conv2d.*; expected a linear layer or a 1x1"):
        replace_head(nn.Sequential(nn.Conv2d(3, 2, 3)), Head(hidden=(4,)))


# Taking off.


@pytest.mark.parametrize("architecture", RUN)
@pytest.mark.parametrize("head", [Head(), Head(hidden=(6,), dropout=0.5)], ids=["own", "hidden"])
@pytest.mark.slow
def test_the_head_of_the_features_is_the_network_bit_for_bit(architecture: str, head: Head) -> None:
    model = registry.build(architecture, 7, head)
    before = snapshot(model)
    features, own = features_and_head(model)
    batch = torch.randn(2, *RUN[architecture], generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(own(features(batch)), model(batch))
    assert own is model.get_submodule(head_name(model))
    assert_unchanged(model, before)


def test_the_features_share_every_tensor_with_the_network() -> None:
    model = registry.build("timm:test_efficientnet", 7)
    features, head = features_and_head(model)
    shared = {id(tensor) for tensor in (*model.parameters(), *model.buffers())}
    theirs = {id(tensor) for tensor in (*features.parameters(), *features.buffers())}
    assert shared - theirs == {id(tensor) for tensor in head.parameters()}
    assert theirs < shared


def test_a_head_after_which_the_network_goes_on_is_not_taken_off() -> None:
    for head in (Head(), Head(hidden=(3,))):
        with pytest.raises(CheckpointError, match=r"the head 'classifier.1' is a convolution; expected"):
            features_and_head(_meta("torchvision:squeezenet1_0", head))
