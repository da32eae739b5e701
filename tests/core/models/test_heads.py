"""The head is found in every kind of network, replaced, taken off; what comes before it can be frozen."""

import pytest
import torch
from torch import Tensor, nn

from core.errors import CheckpointError, LayerError
from core.models import registry
from core.models.frozen_norms import freeze_norms, rest_norms
from core.models.heads import (
    Head,
    HeadLayers,
    features_and_head,
    freeze_until,
    head_name,
    keep_frozen_in_eval,
    replace_head,
)
from core.models.inner_dropout import set_inner_dropout
from tests.support.tiny_models import GapCnn, InPlaceCnn, assert_unchanged, noise, seeded, snapshot

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


# Freezing.


def _learning(model: nn.Module) -> list[str]:
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]


def test_all_but_the_head_is_frozen_and_thawed_again() -> None:
    model = seeded(InPlaceCnn)
    frozen = freeze_until(model, "head")
    assert _learning(model) == ["head.weight", "head.bias"]
    assert frozen == [name for name, _ in model.named_modules() if name not in {"", "head"}]
    assert freeze_until(model, "") == []
    assert len(_learning(model)) == len(list(model.parameters()))


def test_inside_a_block_only_what_is_before_is_frozen() -> None:
    model = seeded(InPlaceCnn)
    assert freeze_until(model, "features.3") == ["features.0", "features.1", "features.2"]
    assert _learning(model)[:2] == ["features.3.weight", "features.3.bias"]
    assert freeze_until(model, "features") == []


def test_parameters_of_a_network_itself_are_frozen_with_what_comes_first() -> None:
    model = registry.build("timm:vit_tiny_patch16_224", 3)
    freeze_until(model, "blocks.11")
    learning = _learning(model)
    assert {"cls_token", "pos_embed"}.isdisjoint(learning)
    assert all(name.startswith(("blocks.11.", "norm.", "head.")) for name in learning)


def test_a_layer_that_is_not_there_is_refused_with_names_like_it() -> None:
    with pytest.raises(LayerError, match=r"no layer named 'feature.3' to freeze until; close: 'features.3'"):
        freeze_until(seeded(InPlaceCnn), "feature.3")
    with pytest.raises(LayerError, match=r"no layer named 'zzz' to freeze until$"):
        freeze_until(seeded(InPlaceCnn), "zzz")


def _step(model: nn.Module, batch: Tensor) -> None:
    """One step of training, as a training loop makes it."""
    optimizer = torch.optim.SGD((each for each in model.parameters() if each.requires_grad), lr=0.1)
    model.train()
    keep_frozen_in_eval(model)
    model(batch).square().mean().backward()
    optimizer.step()


@pytest.mark.parametrize("layer", ["", "features.3", "dropout", "head"])
def test_a_training_step_leaves_what_is_frozen_as_it_was_bit_for_bit(layer: str) -> None:
    model = seeded(InPlaceCnn)
    frozen = tuple(f"{name}." for name in freeze_until(model, layer))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    _step(model, noise(4, 3, 6, 8))
    same = {name for name, tensor in model.state_dict().items() if torch.equal(tensor, before[name])}
    # A bias before batch norm has no gradient but rounding.
    known = {name for name in before if name.startswith(frozen)} if frozen else set()
    assert known <= same
    assert same - known <= {"features.0.bias", "features.3.bias"}


def test_frozen_batch_norm_and_dropout_rest_in_a_published_kind_of_network() -> None:
    model = registry.build("timm:test_efficientnet", 3)
    frozen = freeze_until(model, "blocks.2")
    before = {name: tensor.clone() for name, tensor in model.named_buffers()}
    _step(model, torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)))
    moved = {name for name, tensor in model.named_buffers() if not torch.equal(tensor, before[name])}
    early = {name for name in before if name.startswith(tuple(f"{part}." for part in frozen))}
    assert early
    assert moved == before.keys() - early


def test_batch_norm_that_is_frozen_stays_while_all_else_learns_and_dropout_works() -> None:
    model = registry.build("seewhy:road-signs-bn", 3)
    assert freeze_norms(model) == 4
    frozen = {name for name in model.state_dict() if ".norm." in name}
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batch = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    model.train()
    keep_frozen_in_eval(model)
    rest_norms(model)
    assert {name for name, module in model.named_modules() if not module.training} == {
        f"block{number}.norm" for number in range(1, 5)
    }
    model(batch).square().mean().backward()
    optimizer.step()
    same = {name for name, tensor in model.state_dict().items() if torch.equal(tensor, before[name])}
    assert same == frozen
    assert len(frozen) == 4 * 5  # Scale, shift, mean, variance, and how often they were updated.


def test_frozen_batch_norm_changes_nothing_in_what_is_frozen_before_a_layer() -> None:
    model = registry.build("seewhy:road-signs-bn", 3)
    freeze_until(model, "block3")
    freeze_norms(model)
    model.train()
    keep_frozen_in_eval(model)
    rest_norms(model)
    assert not any(module.training for block in (model.block1, model.block2) for module in block.modules())
    assert model.block3.dropout.training
    assert model.block3.conv.training
    assert not model.block3.norm.training


# Dropout of the architecture.


def test_the_rate_of_an_architectures_own_dropout_can_be_set_and_the_new_heads_stays() -> None:
    model = _meta("torchvision:vgg16", Head(hidden=(8,), dropout=0.4))
    assert set_inner_dropout(model, 0.2) == 2
    rates = {name: module.p for name, module in model.named_modules() if isinstance(module, nn.Dropout)}
    assert rates == {"classifier.2": 0.2, "classifier.5": 0.2, "classifier.6.dropout1": 0.4}


def test_places_for_dropout_with_a_rate_of_zero_stay_empty() -> None:
    model = _meta("timm:vit_tiny_patch16_224")
    assert set_inner_dropout(model, 0.2) == 0
    assert {module.p for module in model.modules() if isinstance(module, nn.Dropout)} == {0.0}


def test_dropout_belongs_to_what_follows_it_in_its_block() -> None:
    model = registry.build("seewhy:road-signs-bn", 3)
    freeze_until(model, "block3")
    model.train()
    keep_frozen_in_eval(model)
    assert {
        name: model.get_submodule(f"{name}.dropout").training for name in ("block2", "block3", "hidden")
    } == {
        "block2": False,
        "block3": True,
        "hidden": True,
    }
    freeze_until(model, "block3.norm")
    model.train()
    keep_frozen_in_eval(model)
    assert not model.block3.dropout.training
    assert model.block3.norm.training


def test_in_vgg_the_dropout_before_the_only_learning_layer_rests() -> None:
    model = _meta("torchvision:vgg11", None)
    freeze_until(model, "classifier.6")
    model.train()
    keep_frozen_in_eval(model)
    assert [name for name, module in model.named_modules() if module.training] == [
        "",
        "classifier",
        "classifier.6",
    ]


def test_a_network_that_learns_nothing_rests_and_one_that_learns_all_does_not() -> None:
    model = seeded(InPlaceCnn).train()
    keep_frozen_in_eval(model)
    assert all(module.training for module in model.modules())
    keep_frozen_in_eval(model.requires_grad_(requires_grad=False))
    assert not any(module.training for module in model.modules())
