"""Gradients of a score, also where a ReLU that is shut lets none through."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node

OfScore = Callable[[Tensor, Tensor], Tensor]

# What autograd calls ReLU and ReLU6.
_RELUS = ("ReluBackward", "HardtanhBackward")


def gradients(score: Tensor, images: Tensor) -> Tensor:
    """The gradient of a score at images (N, colours, H, W)."""
    return torch.autograd.grad(score, images)[0]


def gradients_before_relu(score: Tensor, images: Tensor) -> Tensor:
    """The same as if the last ReLU before the score had let everything through.

    Found by going back from the score through operations that have one input each, such as a mean or a part
    of it; a convolution, which also has weights, ends the way, and then this is the gradient as it is.
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
