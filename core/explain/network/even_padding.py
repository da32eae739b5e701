"""Convolutions that pad unevenly, as those of networks from TensorFlow: the same outputs in half of the time.

PyTorch's own padding is the same on both sides, so such a convolution first copies its input into a larger
tensor. With a row and a column of zeros before its kernel, the side with less padding needs as much as the
other.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.explain.network.hooks import capture
from core.explain.network.twin import replace


@torch.no_grad()
def pad_evenly(network: nn.Module, batch: Tensor) -> None:
    """Replace, in a private copy of a network, each convolution that pads unevenly for batches of this size.

    Runs the batch (N, channels, H, W) once; a convolution is replaced if its outputs stay the same.
    """
    found: dict[nn.Module, nn.Module] = {}

    def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: object) -> None:
        if isinstance(module, nn.Conv2d) and isinstance(output, Tensor):
            even = _evenly_padded(module, inputs[0], output)
            if even is not None and torch.allclose(even(inputs[0]), output, rtol=1e-3, atol=1e-5):
                found[module] = even

    # Subclasses alone pad their inputs themselves.
    own = [each for each in network.modules() if isinstance(each, nn.Conv2d) and type(each) is not nn.Conv2d]
    with capture(network, dict.fromkeys(own, hook)):
        network(batch.clone())
    for convolution, even in found.items():
        replace(network, convolution, even)


def _evenly_padded(convolution: nn.Conv2d, batch: Tensor, output: Tensor) -> nn.Conv2d | None:
    """A convolution that gives ``output`` if the given one pads by an odd number of rows or columns."""
    before, after = batch.shape[2:], output.shape[2:]
    sides = zip(before, after, convolution.stride, convolution.kernel_size, strict=True)
    rows, columns = ((num - 1) * stride + kernel - side for side, num, stride, kernel in sides)
    if min(rows, columns) < 0 or convolution.dilation != (1, 1) or not (rows % 2 or columns % 2):
        return None
    weight = F.pad(convolution.weight, (columns % 2, 0, rows % 2, 0))
    # Random weights would draw from the caller's generator.
    even: nn.Conv2d = nn.utils.skip_init(
        nn.Conv2d,
        convolution.in_channels,
        convolution.out_channels,
        weight.shape[2:],
        stride=convolution.stride,
        padding=(-(-rows // 2), -(-columns // 2)),
        groups=convolution.groups,
        device=weight.device,
    )
    even.weight, even.bias = nn.Parameter(weight, requires_grad=False), convolution.bias
    return even
