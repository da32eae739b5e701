"""Guided Grad-CAM: the detail of guided backpropagation, within the regions of Grad-CAM."""

from torch import Tensor, nn
from torch.nn import functional as F

from core.errors import LayerError
from core.explain.maps.cam import class_activation_maps
from core.explain.maps.pixels.registry import register_pixel_method
from core.explain.maps.pixels.with_captum import captum, detached
from core.explain.maps.question import PixelQuestion
from core.explain.network.tracing import logits_of, trace
from core.explain.network.twin import replace, twin


@register_pixel_method
def guided_grad_cam(question: PixelQuestion) -> Tensor:
    """Guided backpropagation times Grad-CAM, bilinear (Selvaraju 2017, arXiv:1610.02391, section 3.2).

    Guides through ReLUs that are modules; other activations pass their usual gradient.
    """
    if not question.target_layer:
        raise LayerError("guided_grad_cam needs a target layer, such as that of default_layer")
    guided = captum().GuidedBackprop(_Scored(_with_plain_relus(question.model)))
    attribution = guided.attribute(question.leaf(), additional_forward_args=question.direction)
    layer = question.target_layer
    traced = question.traced or trace(question.model, question.batch, [layer])
    maps = class_activation_maps(traced, question.direction, target_layers=[layer])[layer].relu()
    size = question.batch.shape[2:]
    regions = F.interpolate(maps[:, None], size, mode="bilinear", align_corners=False)
    return (detached(attribution) * regions).sum(1)


class _Scored(nn.Module):
    """The network with the explained score as its output: captum needs a module."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Tensor, direction: Tensor) -> Tensor:
        score: Tensor = (logits_of(self.model(batch.clone())) * direction).sum(1)
        return score


class _ClippedReLU(nn.ReLU):
    """ReLU6 as a subclass of `nn.ReLU`, the only class whose gradients captum replaces."""

    def forward(self, batch: Tensor) -> Tensor:
        return batch.clamp(0, 6)


def _with_plain_relus(model: nn.Module) -> nn.Module:
    """A private copy in which captum takes ReLU6 for ReLU."""
    other = twin(model)
    for module in list(other.modules()):
        if isinstance(module, nn.ReLU6):
            replace(other, module, _ClippedReLU())
    return other
