"""Features are what the last layer reads, pooled over positions, whatever kind of layer that is."""

import pytest
import torch
from torch import Tensor, nn

from core.predictions.sample_features import logits_and_features, num_features, source


class _Tokens(nn.Module):
    """A linear layer for each of four tokens; their mean are the logits."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 5)

    def forward(self, batch: Tensor) -> Tensor:
        logits: Tensor = self.fc(batch.flatten(2).transpose(1, 2)).mean(1)
        return logits


_HEADS = {
    "pooled": nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(3, 5)),
    "without bias": nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 5, bias=False)),
    "convolution": nn.Sequential(nn.Conv2d(3, 5, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    "tokens": _Tokens(),
}


@pytest.mark.parametrize("name", list(_HEADS))
@torch.no_grad()
def test_weights_times_features_are_the_logits(name: str) -> None:
    model = _HEADS[name].eval()
    batch = torch.rand(7, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    layer = source(model)
    assert layer is not None
    logits, features = logits_and_features(model, batch, layer)
    assert features.dtype == torch.float16
    assert features.shape == (7, num_features(layer))
    bias = 0 if layer.bias is None else layer.bias
    torch.testing.assert_close(features.float() @ layer.weight.flatten(1).T + bias, logits, rtol=0, atol=2e-3)
    torch.testing.assert_close(logits, model(batch))


def test_features_beyond_float16_are_its_largest_number() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 1))
    layer = source(model)
    assert layer is not None
    _, features = logits_and_features(model, torch.tensor([[1e6, -1e6]]), layer)
    assert features.tolist() == [[65_504, -65_504]]


def test_a_network_without_a_linear_layer_has_none() -> None:
    assert source(nn.Sequential(nn.Flatten(), nn.ReLU())) is None
