"""Contributions of channels sum with the bias to the logit."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.checkpoints.store import Checkpoint
from core.errors import LayerError
from core.explain.network.activations import class_contributions
from core.explain.network.tracing import towards, trace
from tests.support.networks.tiny_models import (
    FlattenCnn,
    GapCnn,
    noise,
    seeded,
)


def _contributions(model: nn.Module, batch: Tensor, layer: str, *classes: int) -> Tensor:
    traced = trace(model, batch, [layer])
    return class_contributions(traced, towards(traced.logits.detach(), *classes), layer)


@pytest.mark.parametrize("class_idx", [0, 1, 2])
def test_contributions_and_bias_sum_to_the_logit_of_a_pooled_linear_head(
    model: GapCnn, batch: Tensor, class_idx: int
) -> None:
    found = _contributions(model, batch, "backbone", class_idx)
    torch.testing.assert_close(found.sum(1) + model.head.bias[class_idx], model(batch)[:, class_idx])


def test_a_contribution_is_the_heads_weight_times_the_channels_mean(model: GapCnn, batch: Tensor) -> None:
    features = model.backbone(batch).mean((2, 3))
    found = _contributions(model, batch, "backbone", 2, 0)
    torch.testing.assert_close(found, (model.head.weight[2] - model.head.weight[0]) * features)


def test_without_a_pooled_head_a_contribution_is_activation_times_gradient_by_finite_differences(
    batch: Tensor,
) -> None:
    """How the logit moves if a channel grows by a millionth of itself, times a million."""
    model = seeded(FlattenCnn)
    maps = model.features(batch).detach()

    def logit(scale: Tensor) -> Tensor:
        return model.classifier(maps * scale[:, None, None])[:, 1]

    steps = 1e-6 * torch.eye(4).double()
    expected = torch.stack([(logit(1 + step) - logit(1 - step)) / 2e-6 for step in steps], 1)
    torch.testing.assert_close(
        _contributions(model, batch, "features", 1), expected.detach(), atol=1e-8, rtol=1e-6
    )


def test_contributions_of_the_built_in_network_sum_to_the_logit(imagenet: Checkpoint) -> None:
    batch = noise(2, 3, 224, 224).float()
    logits = imagenet.model(batch)[:, 281]
    found = _contributions(imagenet.model, batch, "bn2", 281)
    assert found.shape == (2, 1280)
    torch.testing.assert_close(found.sum(1) + imagenet.model.classifier.bias[281], logits)


def test_contributions_of_half_precision_activations_are_summed_in_single(batch: Tensor) -> None:
    model = seeded(GapCnn).bfloat16()
    found = _contributions(model, batch.bfloat16(), "backbone", 1)
    expected = _contributions(seeded(GapCnn), batch, "backbone", 1)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, atol=0.01, rtol=0.1)


def test_a_layer_without_influence_has_no_contributions(batch: Tensor) -> None:
    class Aside(GapCnn):
        def forward(self, batch: Tensor) -> Tensor:
            F.relu(self.backbone(batch))
            logits: Tensor = self.head(batch.mean((2, 3)).repeat(1, 2)[:, :4])
            return logits

    with pytest.raises(LayerError, match="layer 'backbone' has no influence on the logits"):
        _contributions(seeded(Aside), batch, "backbone", 1)
