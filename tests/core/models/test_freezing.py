"""What is frozen stays as it was, dropout there rests, and all else learns."""

import pytest
import torch
from torch import Tensor, nn

from core.errors import LayerError
from core.models import registry
from core.models.frozen_norms import freeze_norms, rest_norms
from core.models.heads import (
    Head,
    freeze_until,
    keep_frozen_in_eval,
)
from core.models.inner_dropout import set_inner_dropout
from tests.support.networks.tiny_models import InPlaceCnn, noise, seeded


# Its twin is in test_heads.py.
def _meta(architecture: str, head: Head | None = None) -> nn.Module:
    with torch.device("meta"):
        return registry.build(architecture, 7, head or Head())


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
