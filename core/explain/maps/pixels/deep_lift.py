"""DeepLIFT: differences from a reference, carried back through the network in place of gradients."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from core.explain.maps.cam import wide
from core.explain.maps.pixels.registry import register_pixel_method
from core.explain.maps.question import PixelQuestion

_ACTIVATIONS = {
    F.relu, F.relu6, F.hardtanh, F.leaky_relu, F.elu, F.selu, F.celu, F.gelu, F.silu, F.mish, F.softplus,
    F.hardswish, F.hardsigmoid, F.sigmoid, F.tanh, torch.relu, torch.sigmoid, torch.tanh, torch.clamp,
    Tensor.relu, Tensor.sigmoid, Tensor.tanh, Tensor.clamp,
}  # fmt: skip
_LEAST = 1e-6  # Of a difference that is divided by.


@register_pixel_method
def deep_lift(question: PixelQuestion) -> Tensor:
    """DeepLIFT against a flat mean-coloured image, by the rescale rule (Shrikumar 2017, arXiv:1704.02685).

    Where a network has linear layers, activations and max pooling alone, the attributions sum to the
    difference of the two scores. Products, as of attention and of squeeze-and-excitation, and layer norm
    pass their usual gradient. Not captum's: that sees only modules, each of which may run once. One pass of
    each image beside its reference, with gradients.
    """
    inputs = question.leaf()
    with torch.enable_grad(), _Rescaled(len(inputs)):
        pairs = torch.cat([inputs, torch.zeros_like(inputs)])
        scores = question.score(pairs, question.direction.repeat(2, 1))[: len(inputs)]
    (multipliers,) = torch.autograd.grad(scores.sum(), inputs)
    return wide(multipliers * inputs.detach()).sum(1)


class _Rescaled(TorchFunctionMode):
    """Gives activations and max pooling, in this thread, the slope from the reference to the input.

    The second half of each batch are the references of the first.
    """

    def __init__(self, num_images: int) -> None:
        super().__init__()
        self.num_images = num_images

    def __torch_function__(
        self,
        func: Callable[..., Any],
        _types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 (as torch declares it)
        """Run a function of PyTorch, or its rescaled version."""
        given = kwargs or {}
        if not args or not isinstance(args[0], Tensor) or len(args[0].shape) < 2:
            return func(*args, **given)
        is_pair = len(args[0]) % (2 * self.num_images) == 0
        if func in _ACTIVATIONS and is_pair:
            return _rescaled(lambda batch: func(batch, *args[1:], **given), args[0])
        if getattr(func, "__name__", "") == "max_pool2d" and is_pair:
            return _rescaled_pooling(*args, **given)
        return func(*args, **given)


def _rescaled(activation: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
    """An activation's output, of which the gradient is Δoutput / Δinput; its own where Δinput is nearly 0."""
    leaf = batch.detach().requires_grad_()
    output = activation(leaf.clone())  # A clone: it may work in place.
    (own,) = torch.autograd.grad(output.sum(), leaf)
    (lifted, raised), slope = (_difference(leaf.detach()), _difference(output.detach())), own.chunk(2)[0]
    slopes = torch.where(lifted.abs() > _LEAST, raised / lifted, slope).repeat(2, *[1] * (batch.ndim - 1))
    return output.detach() + slopes * (batch - batch.detach())


def _rescaled_pooling(batch: Tensor, *args: Any, **kwargs: Any) -> Tensor:  # noqa: ANN401 (of max_pool2d)
    """Max pooling whose gradient is Δoutput / Δinput at the place of the greater of the two maxima."""
    output, places = F.max_pool2d(batch, *args, **kwargs | {"return_indices": True})
    (ours, theirs), (here, there) = output.detach().chunk(2), places.chunk(2)
    chosen = torch.where(ours >= theirs, here, there).flatten(2)
    images, references = (half.flatten(2).gather(2, chosen).view_as(ours) for half in batch.chunk(2))
    lifted = (images - references).detach()
    slopes = torch.where(lifted.abs() > _LEAST, (ours - theirs) / lifted, 1)
    return torch.cat([ours + slopes * (images - images.detach()), theirs])


def _difference(batch: Tensor) -> Tensor:
    images, references = batch.chunk(2)
    return images - references
