"""One forward pass with a graph: any recorded layer and any class can be explained without another pass."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from core.errors import LayerError
from core.explain.network.hooks import ForwardHook, capture, module_named
from core.explain.network.layout import layout_or_refuse

_NEEDS = "a map needs an output of shape (N, K, h, w), (N, h, w, K) or (N, tokens, K)"
_CUT_OFF = "the logits have no gradient: the network detaches a tensor, or runs under torch.no_grad"
# By words of PyTorch's own messages.
_WITHOUT_GRADIENTS = {
    "nference tensor": "the network was made or moved under torch.inference_mode, which forbids gradients; "
    "make it outside, or load its state dict into one that was",
    "does not require grad and does not have a grad_fn": _CUT_OFF,
    "appears to not have been used in the graph": _CUT_OFF,
    "a hook on a tensor that doesn't require gradient": _CUT_OFF,
}


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """The linear layer that gave the logits: ``features @ weight.T + bias`` with features (N, K)."""

    weight: Tensor  # (C, K)
    bias: Tensor  # (C,)


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Logits (N, C) of a forward pass, with a graph back to the activations (N, K, h, w) of layers.

    ``linear_head`` is the linear layer that gave the logits, if one did.
    """

    logits: Tensor
    activations: dict[str, Tensor]
    linear_head: LinearHead | None
    _pooled: dict[str, LinearHead | None] = field(default_factory=dict)

    def pooled_head(self, target_layer: str) -> LinearHead | None:
        """The linear head if it reads exactly the mean of this layer's activations, else None.

        Tested once, by computing it: mean, weight and bias must give the same logits, up to rounding.
        """
        if target_layer not in self._pooled:
            self._pooled[target_layer] = self._pooled_head(target_layer)
        return self._pooled[target_layer]

    def _pooled_head(self, target_layer: str) -> LinearHead | None:
        head, activations = self.linear_head, self.activations[target_layer]
        if head is None or head.weight.shape[1] != activations.shape[1]:
            return None
        logits = activations.detach().float().mean((2, 3)) @ head.weight.float().T + head.bias.float()
        error = (logits - self.logits.detach().float()).norm() / self.logits.detach().float().norm()
        # A half-precision forward pass rounds its pooled features and its logits to about three digits.
        tolerance = 1e-4 if self.logits.dtype in {torch.float32, torch.float64} else 3e-2
        return head if error < tolerance else None


def trace(model: nn.Module, batch: Tensor, target_layers: Sequence[str]) -> Trace:
    """Run a batch once and record the named layers, for `class_activation_maps`.

    The graph starts at the first target layer that runs: nothing before it is recorded. Model, modes, hooks
    and ``requires_grad`` are afterwards as they were; the caller's batch is not touched.

    Args:
        model: any network that gives logits (N, C).
        batch: preprocessed images (N, channels, H, W), on the model's device.
        target_layers: names in ``named_modules()``; an empty list gives logits only.

    Raises:
        LayerError: no such layer, it did not run, its output has no rows and columns, or the network gives no
            logits (N, C).

    Example:
        >>> traced = trace(model, batch, ["layer3", "layer4"])
        >>> maps = class_activation_maps(traced, towards(traced.logits, 281))
    """
    activations: dict[str, Tensor] = {}
    linear: dict[Tensor, nn.Linear] = {}
    hooks: dict[nn.Module, ForwardHook] = {
        module: _remember_linear(linear) for module in model.modules() if isinstance(module, nn.Linear)
    }
    hooks |= {module_named(model, name): _record(activations, name, batch) for name in target_layers}
    # Lightning validates in inference mode, where no gradient is ever recorded.
    with torch.inference_mode(mode=False), capture(model, hooks), torch.enable_grad(), differentiable():
        # A clone: the network may begin with an operation in place.
        logits = model(batch.detach().clone())
    logits = logits_of(logits)
    _check(activations, target_layers)
    last = linear.get(logits)
    return Trace(logits, activations, _head(last) if last is not None else None)


def towards(logits: Tensor, class_idx: int | Sequence[int], against: int | None = None) -> Tensor:
    """The direction (N, C) of a score: the score of each image is the sum of direction × logits.

    Args:
        logits: (N, C), of a `trace`.
        class_idx: the class to explain, for all images or one for each: its logit is the score.
        against: a class whose logit is subtracted: why the one and not the other.

    Raises:
        ValueError: there is no such class, or the number of classes is not that of the images.

    Example:
        >>> towards(torch.zeros(1, 3), 2, against=0)
        tensor([[-1.,  0.,  1.]])
    """
    direction = torch.zeros_like(logits)
    rows = torch.arange(len(logits), device=logits.device)
    classes = torch.as_tensor(class_idx, device=logits.device)
    _refuse_unknown_classes(classes, against, logits)
    direction[rows, classes] = 1
    if against is not None:
        direction[:, against] -= 1
    return direction


def logits_of(output: object) -> Tensor:
    """The output of a network if it is a tensor of logits (N, C); LayerError for anything else."""
    if isinstance(output, Tensor) and output.ndim == 2:
        return output
    given = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    raise LayerError(f"this network gives {given}; a classifier gives logits of shape (N, C)")


@contextmanager
def differentiable() -> Iterator[None]:
    """Turn PyTorch's errors for networks without gradients into a LayerError that says why."""
    try:
        yield
    except RuntimeError as error:
        reason = next((why for told, why in _WITHOUT_GRADIENTS.items() if told in str(error)), None)
        if reason is None:
            raise
        raise LayerError(reason) from error


def _refuse_unknown_classes(classes: Tensor, against: int | None, logits: Tensor) -> None:
    num_images, num_classes = logits.shape
    if classes.ndim and len(classes) != num_images:
        raise ValueError(
            f"got {len(classes)} classes for {num_images} images; give one, or one for each image"
        )
    asked = classes.flatten().tolist() + ([] if against is None else [against])
    for class_idx in asked:
        if not 0 <= class_idx < num_classes:
            raise ValueError(f"there is no class {class_idx}; this network has 0 to {num_classes - 1}")


def _check(activations: dict[str, Tensor], target_layers: Sequence[str]) -> None:
    for name in target_layers:
        if name not in activations:
            raise LayerError(f"layer {name!r} took no part in this forward pass")


def _record(activations: dict[str, Tensor], name: str, batch: Tensor) -> ForwardHook:
    def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> Tensor:
        layout, given = layout_or_refuse(output, name, batch, _NEEDS)
        maps = layout.maps(given)
        activations[name] = maps if maps.requires_grad else maps.detach().requires_grad_()
        # A clone is passed on: the next operation may work in place and would overwrite the recorded tensor.
        return layout.put(activations[name].clone(), given)

    return hook


def _remember_linear(linear: dict[Tensor, nn.Linear]) -> ForwardHook:
    def hook(module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> None:
        if isinstance(output, Tensor) and isinstance(module, nn.Linear):
            linear[output] = module

    return hook


def _head(linear: nn.Linear) -> LinearHead:
    weight = linear.weight.detach()
    bias = linear.bias.detach() if linear.bias is not None else weight.new_zeros(len(weight))
    return LinearHead(weight, bias)
