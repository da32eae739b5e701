"""The weighting that the book *Modern Computer Vision with PyTorch* prints under the name of Grad-CAM."""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from core.errors import LayerError
from core.explain.maps.cam import wide
from core.explain.maps.question import PixelQuestion
from core.explain.maps.regions.registry import activations_of, register_region_method
from core.explain.network.hooks import capture, module_named
from core.explain.network.tracing import logits_of


@register_region_method
def weight_grad_cam(question: PixelQuestion) -> Tensor:
    """Each channel's weight is the mean gradient of the filter that makes it (Ayyadevara and Reddy 2020).

    As in *Modern Computer Vision with PyTorch*, section "Class activation maps", with its erratum: the mean
    over the channels of weight times activation, without ReLU, and less the map's minimum, so that it is
    drawn from minimum to maximum. Grad-CAM takes the mean gradient of the activations instead. A filter's
    gradient is that of its output times its input: here, a weight also grows with what the filter reads.

    The filters are those of the layer, if it is a convolution; else those of the last convolution before the
    layer's end whose output has the layer's shape. One pass, and one with gradients for each image.
    """
    activations = activations_of(question, "weight_grad_cam")
    filters = f"{_last_convolution(question)}.weight"
    weights = torch.stack([_weights(alone, filters) for alone in question.each_image()])
    maps = (weights[:, :, None, None] * activations).mean(1)
    return maps - maps.amin((1, 2), keepdim=True)


def _weights(question: PixelQuestion, name: str) -> Tensor:
    """The mean gradient of each of the filters of this name (K,), for one image."""
    filters = question.model.get_parameter(name).detach().clone().requires_grad_()
    with capture(question.model, {}), torch.enable_grad():
        logits = logits_of(functional_call(question.model, {name: filters}, (question.batch.clone(),)))
        score = (logits * question.direction).sum()
    (gradients,) = torch.autograd.grad(score, filters)
    return wide(gradients.flatten(1)).mean(1)


def _last_convolution(question: PixelQuestion) -> str:
    """The last convolution that had run when the layer ended, of those with an output of its shape.

    Raises:
        LayerError: there is none.
    """
    layer = module_named(question.model, question.target_layer)
    names = {module: name for name, module in question.model.named_modules() if isinstance(module, nn.Conv2d)}
    ran: dict[str, torch.Size] = {}
    found: list[str] = []

    def hook(module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> None:
        if not isinstance(output, Tensor):
            return
        if module in names:
            ran.pop(names[module], None)
            ran[names[module]] = output.shape
        if module is layer:
            found.extend(name for name, shape in ran.items() if shape == output.shape)

    with capture(question.model, dict.fromkeys((*names, layer), hook)), torch.no_grad():
        question.model(question.batch[:1].clone())
    if not found:
        raise LayerError(
            f"weight_grad_cam needs a layer that ends in a convolution; before the end of "
            f"{question.target_layer!r} none gives as many channels, rows and columns"
        )
    return found[-1]
