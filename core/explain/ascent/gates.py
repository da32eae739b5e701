"""Gradients of a score, also where a closed ReLU lets none through."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node

OfScore = Callable[[Tensor, Tensor], Tensor]

# Names of ReLU and ReLU6 in autograd.
_RELUS = ("ReluBackward", "HardtanhBackward")


def gradients(score: Tensor, images: Tensor) -> Tensor:
    """The gradient of a score with respect to images (N, colours, H, W)."""
    return torch.autograd.grad(score, images)[0]


def gradients_before_relu(score: Tensor, images: Tensor) -> Tensor:
    """The gradient as if the last ReLU before the score were the identity.

    The ReLU is found by going back from the score through operations with one input, such as a mean or an
    index. If there is another operation before a ReLU, such as a convolution, this is the usual gradient.
    """
    relu = _relu_before(score.grad_fn)
    if relu is None:
        return gradients(score, images)
    before, output = relu.next_functions[0]
    if before is None:
        return gradients(score, images)
    (at_relu,) = torch.autograd.grad(score, [GradientEdge(relu, 0)], retain_graph=True)
    return torch.autograd.grad([GradientEdge(before, output)], images, [at_relu])[0]


def _relu_before(node: Node | None) -> Node | None:
    while node is not None and not node.name().startswith(_RELUS):
        node = node.next_functions[0][0] if len(node.next_functions) == 1 else None
    return node
