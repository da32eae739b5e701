"""Class activation maps: where in a layer the evidence for a class lies.

A method is only its weights; `class_activation_maps` does the rest, the same for all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.errors import LayerError
from core.explain.maps.gradients import gradients
from core.explain.network.tracing import Trace, towards, trace

# From logits and the direction of a score (N, C) to the direction of another score.
Turn = Callable[[Tensor, Tensor], Tensor]

# Of Finer-CAM: the number of similar classes, and the weight of their mean logit.
_SIMILAR, _STRENGTH = 3, 0.6


def _only_this_score(_turn: Turn) -> Tensor:
    raise ValueError("this evidence has the gradients of one score only")


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a method may use: activations and gradients (N, K, h, w) of a layer, for one score per image.

    ``gradients_of`` gives the gradients of another score, at the cost of another backward pass.
    """

    activations: Tensor
    gradients: Tensor
    find_head_weights: Callable[[], Tensor | None] = lambda: None
    gradients_of: Callable[[Turn], Tensor] = _only_this_score

    @property
    def head_weights(self) -> Tensor | None:
        """The score's weights (N, K) in a linear head that reads this layer's mean; None without one."""
        return self.find_head_weights()


CamMethod = Callable[[Evidence], Tensor]
CAM_METHODS: dict[str, CamMethod] = {}


def register_cam(method: CamMethod) -> CamMethod:
    """Offer a method under its own name, here and on the pages; for use as a decorator.

    The method takes `Evidence` and gives weights that broadcast to the activations (N, K, h, w); the map is
    the sum over the channels of weights times activations.

    Raises:
        ValueError: there is a method of this name.

    Example:
        >>> @register_cam
        ... def my_cam(evidence: Evidence) -> Tensor:
        ...     return evidence.gradients.relu()
    """
    name = method.__name__
    if name in CAM_METHODS:
        raise ValueError(f"a CAM method named {name!r} is registered already")
    CAM_METHODS[name] = method
    return method


@register_cam
def cam(evidence: Evidence) -> Tensor:
    """CAM: the head's own weights; mean of the map + bias = logit (Zhou 2016, arXiv:1512.04150, eq. 2)."""
    weights = evidence.head_weights
    if weights is None:
        raise LayerError("cam needs the layer that a pooled linear head reads; grad_cam works at any layer")
    return weights[:, :, None, None]


@register_cam
def grad_cam(evidence: Evidence) -> Tensor:
    """Grad-CAM: each channel's mean gradient (Selvaraju 2017, arXiv:1610.02391, eq. 1)."""
    return evidence.gradients.mean((2, 3), keepdim=True)


@register_cam
def grad_cam_pp(evidence: Evidence) -> Tensor:
    """Grad-CAM++: positive gradients, weighed per position (Chattopadhay 2018, arXiv:1710.11063, eq. 19).

    As in the paper's own code, the score enters through its exponential, whose factor cancels later.
    """
    gradients = evidence.gradients
    total = evidence.activations.sum((2, 3), keepdim=True)
    # g² / (2 g² + g³ ΣA), shortened by g²: the same number, and no underflow for small gradients.
    alpha = 1 / (2 + gradients * total)
    alpha = torch.where((gradients != 0) & alpha.isfinite(), alpha, 0)
    return (alpha * gradients.relu()).sum((2, 3), keepdim=True)


@register_cam
def hires_cam(evidence: Evidence) -> Tensor:
    """HiResCAM: the gradient itself, per position (Draelos 2020, arXiv:2011.08891, eq. 4)."""
    return evidence.gradients


@register_cam
def xgrad_cam(evidence: Evidence) -> Tensor:
    """XGrad-CAM: gradients averaged by each channel's activation (Fu 2020, arXiv:2008.02312, eq. 8)."""
    total = evidence.activations.sum((2, 3), keepdim=True)
    weighed = (evidence.gradients * evidence.activations).sum((2, 3), keepdim=True)
    return torch.where(total != 0, weighed / total, 0)


@register_cam
def layer_cam(evidence: Evidence) -> Tensor:
    """LayerCAM: positive gradients, per position (Jiang 2021, doi:10.1109/TIP.2021.3089943, eq. 5)."""
    return evidence.gradients.relu()


@register_cam
def eigen_cam(evidence: Evidence) -> Tensor:
    """Eigen-CAM: the first principal component of the activations (Muhammad 2020, arXiv:2008.00299).

    It is the same for every class: it shows what the layer responds to. Its sign, which the decomposition
    leaves open, is the one with which the map's sum is positive. Not centred, as in the paper; in
    pytorch-grad-cam each channel's mean is subtracted first.
    """
    channels = evidence.activations.flatten(2)
    component = torch.linalg.svd(channels, full_matrices=False).U[:, :, 0]
    total = (component * channels.sum(2)).sum(1, keepdim=True)
    return torch.where(total < 0, -component, component)[:, :, None, None]


@register_cam
def finer_cam(evidence: Evidence) -> Tensor:
    """Finer-CAM: Grad-CAM of the class against the classes most similar to it (Zhang 2025, arXiv:2501.11309).

    The score is the class's logit less 0.6 times the mean logit of the three classes whose logits
    are closest to it. A score with a class to compare with stays as it is.
    """
    return evidence.gradients_of(against_similar).mean((2, 3), keepdim=True)


def against_similar(logits: Tensor, direction: Tensor) -> Tensor:
    """The direction (N, C) of a class's score less 0.6 times the mean of the three closest other logits."""
    chosen = direction != 0
    distances = (logits - (logits * direction).sum(1, keepdim=True)).abs().masked_fill(chosen, torch.inf)
    num_similar = min(_SIMILAR, logits.shape[1] - 1)
    similar = distances.topk(num_similar, dim=1, largest=False).indices
    turned = direction.scatter(1, similar, -_STRENGTH / max(1, num_similar))
    return torch.where((direction < 0).any(1, keepdim=True), direction, turned)


def class_activation_maps(
    traced: Trace,
    direction: Tensor,
    *,
    method: CamMethod = grad_cam,
    target_layers: Sequence[str] | None = None,
) -> dict[str, Tensor]:
    """Raw maps (N, h, w) of recorded layers, by name: signed, unscaled, before any ReLU.

    Does not run the network: ask one trace about as many classes, layers and methods as you like.

    Args:
        traced: what `trace` gave.
        direction: the score to explain of each image (N, C), from `towards`; or several scores, stacked
            (S, N, C), for maps (S, N, h, w). That can be faster than one by one.
        method: one of `CAM_METHODS`, such as `grad_cam`, or a function of your own (see `register_cam`).
        target_layers: some of the recorded layers; None for all.

    Raises:
        LayerError: a layer was not recorded or has no influence on the logits, or the method does not fit it.

    Example:
        >>> traced = trace(model, batch, ["layer3", "layer4"])
        >>> directions = torch.stack([towards(traced.logits, idx) for idx in (281, 282)])
        >>> maps = class_activation_maps(traced, directions)["layer4"]
    """
    recorded = traced.activations
    layers = recorded if target_layers is None else {name: _recorded(traced, name) for name in target_layers}
    if not traced.logits.requires_grad:
        raise LayerError(_no_influence(next(iter(layers))))
    with torch.inference_mode(mode=False), torch.no_grad():
        directions = direction.clone().reshape(-1, *traced.logits.shape)
        of_scores = gradients(traced.logits, list(layers.values()), directions)
        by_score = [
            _maps_of_score(traced, score, dict(zip(layers, at_layers, strict=True)), method)
            for score, at_layers in zip(directions, of_scores, strict=True)
        ]
        stacked = {name: torch.stack([maps[name] for maps in by_score]) for name in layers}
    return stacked if direction.ndim == 3 else {name: maps[0] for name, maps in stacked.items()}


def class_activation_map(
    model: nn.Module,
    batch: Tensor,
    *,
    target_layer: str,
    class_idx: int | Sequence[int],
    against: int | None = None,
    method: CamMethod = grad_cam,
) -> Tensor:
    """Raw maps (N, h, w) of one layer for the logit of one class: signed, unscaled, before any ReLU.

    Runs the network once. Model, modes, hooks and ``requires_grad`` are afterwards as they were; the caller's
    batch is not touched. `heatmap` makes the maps displayable.

    Args:
        model: any network that gives logits (N, C).
        batch: preprocessed images (N, channels, H, W), on the model's device.
        target_layer: a layer by its name in ``named_modules()``; `default_layer` suggests one.
        class_idx: the class to explain, for all images or one for each.
        against: a class whose logit is subtracted: why the one and not the other.
        method: one of `CAM_METHODS`, such as `grad_cam`, or a function of your own (see `register_cam`).

    Raises:
        LayerError: no such layer, the method does not fit it, or the network gives no logits.
        ValueError: no such class.

    Example:
        >>> layer = default_layer(spatial_layers(model, batch[:1]))
        >>> maps = class_activation_map(model, batch, target_layer=layer, class_idx=281)
    """
    traced = trace(model, batch, [target_layer])
    direction = towards(traced.logits, class_idx, against)
    return class_activation_maps(traced, direction, method=method)[target_layer]


def _recorded(traced: Trace, target_layer: str) -> Tensor:
    if target_layer not in traced.activations:
        known = ", ".join(map(repr, traced.activations))
        raise LayerError(f"layer {target_layer!r} was not recorded; this trace has {known or 'no layers'}")
    return traced.activations[target_layer]


def _no_influence(target_layer: str) -> str:
    return f"layer {target_layer!r} has no influence on the logits"


def _maps_of_score(
    traced: Trace, direction: Tensor, at_layers: Mapping[str, Tensor | None], method: CamMethod
) -> dict[str, Tensor]:
    return {
        name: _weighted_sum(_evidence(traced, direction, name, gradient), method)
        for name, gradient in at_layers.items()
    }


def _evidence(traced: Trace, direction: Tensor, target_layer: str, gradient: Tensor | None) -> Evidence:
    if gradient is None:
        raise LayerError(_no_influence(target_layer))

    def head_weights() -> Tensor | None:
        head = traced.pooled_head(target_layer)
        return None if head is None else wide(direction) @ wide(head.weight)

    def gradients_of(turn: Turn) -> Tensor:
        turned, layer = turn(traced.logits.detach(), direction), traced.activations[target_layer]
        (other,) = torch.autograd.grad(traced.logits, layer, turned, retain_graph=True)
        return wide(other)

    activations = wide(traced.activations[target_layer].detach())
    return Evidence(activations, wide(gradient), head_weights, gradients_of)


def _weighted_sum(evidence: Evidence, method: CamMethod) -> Tensor:
    return (method(evidence) * evidence.activations).sum(1)


def wide(tensor: Tensor) -> Tensor:
    """At least float32: sums over bfloat16 channels would lose the small ones."""
    return tensor.float() if tensor.dtype in {torch.float16, torch.bfloat16} else tensor
