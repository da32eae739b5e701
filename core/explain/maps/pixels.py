"""Attributions of single pixels, by captum; this module only connects its methods.

Every method gives one number per input pixel (N, H, W) for the score that a direction (N, C) picks. It runs
the network itself, once or many times for each score; a forward pass made before cannot replace these.
"""

import dataclasses
import functools
import importlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.errors import LayerError
from core.explain.maps.cam import class_activation_maps
from core.explain.network.hooks import capture
from core.explain.network.tracing import Trace, differentiable, logits_of, towards, trace
from core.explain.network.twin import replace, twin

# captum warns at every call that it sets hooks; here it sets them on a private copy.
warnings.filterwarnings("ignore", message="Setting backward hooks on ReLU activations")

OnProgress = Callable[[float], None]

_STEPS, _STEPS_AT_ONCE = 50, 10
_WINDOWS_PER_SIDE, _WINDOWS_AT_ONCE = 7, 8


@dataclass(slots=True, eq=False)
class PixelQuestion:
    """What a pixel method is asked: model, batch (N, channels, H, W), direction (N, C), for some a layer.

    ``on_progress`` receives the share done before every pass of a slow method; an exception from it stops the
    method. ``traced`` is a forward pass of the same batch that recorded the layer, if there is one already.
    """

    model: nn.Module
    batch: Tensor
    direction: Tensor
    target_layer: str = ""
    on_progress: OnProgress = field(default=lambda _share: None)
    traced: Trace | None = None

    def score(self, batch: Tensor, direction: Tensor) -> Tensor:
        """The explained score (N,). The lock is held for single passes: other sessions can run in between."""
        with capture(self.model, {}), differentiable():
            # A clone: the network may begin with an operation in place.
            score: Tensor = (logits_of(self.model(batch.clone())) * direction).sum(1)
        return score


PixelMethod = Callable[[PixelQuestion], Tensor]
PIXEL_METHODS: dict[str, PixelMethod] = {}


def register_pixel_method(method: PixelMethod) -> PixelMethod:
    """Offer a method under its own name, here and on the pages; for use as a decorator.

    The method takes a `PixelQuestion` and gives attributions (N, H, W).

    Raises:
        ValueError: there is a method of this name.
    """
    name = method.__name__
    if name in PIXEL_METHODS:
        raise ValueError(f"a pixel method named {name!r} is registered already")
    PIXEL_METHODS[name] = _with_gradients(method)
    return method


def _with_gradients(method: PixelMethod) -> PixelMethod:
    """The method, made to work in inference mode too, in which Lightning validates."""

    @functools.wraps(method)
    def outside(question: PixelQuestion) -> Tensor:
        with torch.inference_mode(mode=False), differentiable():
            batch, direction = question.batch.clone(), question.direction.clone()
            return method(dataclasses.replace(question, batch=batch, direction=direction))

    return outside


def attribution(
    model: nn.Module,
    batch: Tensor,
    *,
    class_idx: int | Sequence[int],
    against: int | None = None,
    method: PixelMethod | None = None,
    target_layer: str = "",
) -> Tensor:
    """Attributions (N, H, W) of the input's pixels for the logit of a class: signed and unscaled.

    Runs the network once for the logits, and then as often as the method needs: once for `saliency`, five
    times ten images for `integrated_gradients` of one image, about 25 times eight for `occlusion`, once for
    `guided_grad_cam`. Model, modes, hooks and ``requires_grad`` are afterwards as they were; the caller's
    batch is not touched.

    Args:
        model: any network that gives logits (N, C).
        batch: preprocessed images (N, channels, H, W), on the model's device.
        class_idx: the class to explain, for all images or one for each.
        against: a class whose logit is subtracted: why the one and not the other.
        method: `saliency` (the default), `integrated_gradients`, `occlusion`, `guided_grad_cam`, or a
            function of your own (see `register_pixel_method`).
        target_layer: a layer by its name in ``named_modules()``; only `guided_grad_cam` needs one.

    Raises:
        LayerError: no such layer, the method needs one, or the network gives no logits or no gradients.
        ValueError: no such class.

    Example:
        >>> maps = attribution(model, batch, class_idx=281, method=integrated_gradients)
        >>> heatmap(maps, size=(224, 224))
    """
    method = saliency if method is None else method
    traced = trace(model, batch, [target_layer] if target_layer else [])
    direction = towards(traced.logits.detach(), class_idx, against)
    return _with_gradients(method)(PixelQuestion(model, batch, direction, target_layer, traced=traced))


@register_pixel_method
def saliency(question: PixelQuestion) -> Tensor:
    """Magnitude of the score's gradient, maximum over the colours (Simonyan 2013, arXiv:1312.6034, 3.1)."""
    method = _captum().Saliency(question.score)
    gradients = method.attribute(_input(question), additional_forward_args=question.direction)
    return _detached(gradients).amax(1)


@register_pixel_method
def integrated_gradients(question: PixelQuestion) -> Tensor:
    """Gradients integrated from a flat mean-coloured image; they sum to the difference of the two scores.

    Sundararajan 2017, arXiv:1703.01365, eq. 3, as a midpoint sum of 50 steps. Not captum's default
    quadrature: finding its nodes took up to ten times as long as running the network (eigenvalues beside
    torch's threads).
    """
    at_once = max(_STEPS_AT_ONCE, len(question.batch))
    passes = -(-_STEPS // (at_once // len(question.batch)))
    method = _captum().IntegratedGradients(_counted(question, passes))
    attribution = method.attribute(
        _input(question),
        additional_forward_args=question.direction,
        method="riemann_middle",
        n_steps=_STEPS,
        internal_batch_size=at_once,
    )
    return _detached(attribution).sum(1)


@register_pixel_method
def occlusion(question: PixelQuestion) -> Tensor:
    """How far the score falls when a mean-coloured square covers a pixel (Zeiler 2013, arXiv:1311.2901).

    The square has a seventh of the input's side and moves by half its own side.
    """
    height, width = question.batch.shape[2:]
    window = tuple(max(1, side // _WINDOWS_PER_SIDE) for side in (height, width))
    stride = tuple(max(1, side // 2) for side in window)
    rows, columns = (
        -(-(side - size) // step) + 1
        for side, size, step in zip((height, width), window, stride, strict=True)
    )
    passes = -(-rows * columns // _WINDOWS_AT_ONCE) + 1
    method = _captum().Occlusion(_counted(question, passes))
    with torch.no_grad():
        attribution = method.attribute(
            question.batch.detach(),
            sliding_window_shapes=(question.batch.shape[1], *window),
            strides=(question.batch.shape[1], *stride),
            additional_forward_args=question.direction,
            perturbations_per_eval=_WINDOWS_AT_ONCE,
        )
    # All colours of a pixel are covered at once and have the same value.
    return _detached(attribution)[:, 0]


@register_pixel_method
def guided_grad_cam(question: PixelQuestion) -> Tensor:
    """Guided backpropagation times Grad-CAM, bilinear (Selvaraju 2017, arXiv:1610.02391, section 3.2).

    Guides through ReLUs that are modules; other activations pass their usual gradient.
    """
    if not question.target_layer:
        raise LayerError("guided_grad_cam needs a target layer, such as that of default_layer")
    guided = _captum().GuidedBackprop(_Scored(_with_plain_relus(question.model)))
    attribution = guided.attribute(_input(question), additional_forward_args=question.direction)
    layer = question.target_layer
    traced = question.traced or trace(question.model, question.batch, [layer])
    maps = class_activation_maps(traced, question.direction, target_layers=[layer])[layer].relu()
    size = question.batch.shape[2:]
    regions = F.interpolate(maps[:, None], size, mode="bilinear", align_corners=False)
    return (_detached(attribution) * regions).sum(1)


def _captum() -> ModuleType:
    """captum's methods, imported at first use: that takes half a second."""
    return importlib.import_module("captum.attr")


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


def _counted(question: PixelQuestion, passes: int) -> Callable[[Tensor, Tensor], Tensor]:
    done = 0

    def score(batch: Tensor, direction: Tensor) -> Tensor:
        nonlocal done
        question.on_progress(min(1.0, done / passes))
        done += 1
        return question.score(batch, direction)

    return score


def _input(question: PixelQuestion) -> Tensor:
    """A copy that requires gradients: captum would set that on the caller's tensor."""
    return question.batch.detach().clone().requires_grad_()


def _detached(attribution: Tensor) -> Tensor:
    detached = attribution.detach()
    return detached.float() if detached.dtype in {torch.float16, torch.bfloat16} else detached
