"""A network that ends in an auxiliary head gives the class scores of this head."""

import pytest
import torch
from torch import nn

from core.errors import CheckpointError
from core.explain import class_activation_map, grad_cam
from core.models import registry
from core.models.auxiliary import auxiliary_heads, ending_in

HEADS = {"torchvision:googlenet": ("aux1", "aux2"), "torchvision:inception_v3": ("AuxLogits",)}


def _build(architecture: str) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return registry.build(architecture, 3)


@pytest.mark.parametrize(("architecture", "heads"), HEADS.items())
def test_the_auxiliary_heads_are_those_of_the_article(architecture: str, heads: tuple[str, ...]) -> None:
    with torch.device("meta"):
        assert auxiliary_heads(registry.build(architecture, 3)) == heads
        assert auxiliary_heads(registry.build(f"{architecture}?aux_logits=false", 3)) == ()


@pytest.mark.parametrize("rescales", ["false", "true"])
def test_its_scores_are_those_that_training_adds_to_the_loss(rescales: str) -> None:
    model = _build(f"torchvision:googlenet?transform_input={rescales}")
    batch = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    model.training = True  # The network alone, not its layers: it then gives all logits, without dropout.
    with torch.inference_mode():
        outputs = model(batch)
        model.training = False
        for head, logits in (("aux1", outputs.aux_logits1), ("aux2", outputs.aux_logits2)):
            assert torch.equal(ending_in(model, head)(batch), logits)


def test_it_is_explained_as_any_other_network_at_the_same_layers() -> None:
    model = ending_in(_build("torchvision:googlenet"), "aux1")
    batch = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    kwargs = {"target_layer": "inception4a", "class_idx": 2}
    found = class_activation_map(model, batch, method=grad_cam, **kwargs)
    maps = nn.Sequential(*list(model.children())[:-1])(batch).detach().requires_grad_()
    (gradients,) = torch.autograd.grad(model.aux1(maps)[0, 2], maps)
    expected = (gradients.mean((2, 3), keepdim=True) * maps).sum(1)
    torch.testing.assert_close(found, expected.detach())


def test_a_head_that_a_network_lacks_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(CheckpointError, match="GoogLeNet has no auxiliary head 'aux3'; there is aux1, aux2"):
        ending_in(_build("torchvision:googlenet"), "aux3")
    with pytest.raises(CheckpointError, match="ResNet has no auxiliary head 'aux1'; there is none"):
        ending_in(_build("torchvision:resnet18"), "aux1")
