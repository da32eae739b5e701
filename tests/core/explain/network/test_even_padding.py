"""Convolutions that pad unevenly, against the same with PyTorch's own padding."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.checkpoints.store import Checkpoint
from core.explain.network.even_padding import pad_evenly
from core.explain.network.folding import for_forward_passes
from tests.support.networks.tiny_models import noise


class Same(nn.Conv2d):
    """As in TensorFlow: one output for each stride, with the odd row and column of padding at the end."""

    def forward(self, batch: Tensor) -> Tensor:
        """Maps (N, K, h, w)."""
        sides = zip(batch.shape[2:], self.stride, self.kernel_size, strict=True)
        rows, columns = (max((-(-side // step) - 1) * step + size - side, 0) for side, step, size in sides)
        halves = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
        return self._conv_forward(F.pad(batch, halves), self.weight, self.bias)


class Doubled(Same):
    """With twice its weights: to pad alike is not enough."""

    def forward(self, batch: Tensor) -> Tensor:
        """Maps (N, K, h, w)."""
        return 2 * super().forward(batch)


def _network(kind: type[nn.Conv2d], **options: int) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(kind(3, 6, **options)).double()


@pytest.mark.parametrize(
    ("size", "options", "is_replaced"),
    [
        ((6, 8), {"kernel_size": 3, "stride": 2}, True),
        ((6, 8), {"kernel_size": 5, "stride": 2, "groups": 3}, True),
        ((6, 7), {"kernel_size": 3, "stride": 2, "bias": False}, True),
        ((7, 7), {"kernel_size": 3, "stride": 2}, False),
        ((6, 8), {"kernel_size": 3, "stride": 1}, False),
        ((6, 8), {"kernel_size": 2, "stride": 2}, False),
    ],
)
def test_outputs_stay_and_what_pads_evenly_is_left_alone(
    size: tuple[int, int], options: dict[str, int], *, is_replaced: bool
) -> None:
    network, batch = _network(Same, **options), noise(2, 3, *size, seed=1)
    expected, before = network(batch), network[0]
    pad_evenly(network, batch)
    assert (network[0] is not before) is is_replaced
    assert (type(network[0]) is nn.Conv2d) is is_replaced
    torch.testing.assert_close(network(batch), expected)


def test_a_convolution_that_does_more_than_pad_is_left_alone() -> None:
    network = _network(Doubled, kernel_size=3, stride=2)
    before = network[0]
    pad_evenly(network, noise(2, 3, 6, 8, seed=1))
    assert network[0] is before


def test_the_callers_random_numbers_stay_the_same() -> None:
    network = _network(Same, kernel_size=3, stride=2)
    torch.manual_seed(3)
    pad_evenly(network, noise(2, 3, 6, 8, seed=1))
    assert torch.equal(torch.rand(1), torch.rand(1, generator=torch.Generator().manual_seed(3)))


def test_a_network_from_tensorflow_has_only_pytorchs_convolutions_for_forward_passes(
    small: Checkpoint,
) -> None:
    quick = for_forward_passes(small.model, small.blank_input())
    kinds = {type(each) for each in quick.modules() if isinstance(each, nn.Conv2d)}
    assert kinds == {nn.Conv2d}
    photo = torch.randn(small.blank_input().shape, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(quick(photo), small.model(photo), rtol=1e-4, atol=1e-4)
