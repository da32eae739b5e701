"""The memory of a training step, from shapes alone: no weights are allocated and nothing is computed."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from core.models.heads import keep_frozen_in_eval
from core.training.network import described_network, preprocess_of
from core.training.settings.recipe import Recipe
from core.training.settings.schema import Optimiser

_FEW = 2  # Images of the pass: batch norm needs two.
_BYTES = 4  # Of a number in float32.
# Numbers that an optimiser keeps for each weight.
_KEPT = {"adam": 2, "adamw": 2, "rmsprop": 1, "sgd": 0}
_HALVES = {"16-mixed", "bf16-mixed"}


@dataclass(frozen=True, slots=True)
class StepMemory:
    """Bytes that a training step needs: once, and for each image of a batch.

    ``fixed`` are weights, their gradients, and what the optimiser keeps. ``per_image`` are the activations
    that the backward pass needs, with the largest one and its gradient on top.
    """

    fixed: int
    per_image: int

    def of(self, num_images: int) -> int:
        """For a batch of that many images."""
        return self.fixed + num_images * self.per_image

    def most_images(self, num_bytes: int) -> int:
        """The largest batch that fits in so many bytes; 0 if not even one image does."""
        return max(0, (num_bytes - self.fixed) // self.per_image)


def step_memory(recipe: Recipe, num_classes: int) -> StepMemory:
    """The memory of a step of this recipe, of tensors only; libraries and a GPU's context need more.

    Activations of 16 bits, in mixed precision, are taken to be half as large.

    Raises:
        CoreError: as `network`.
    """
    model, preprocess = described_network(recipe, num_classes), preprocess_of(recipe)
    model.train()
    keep_frozen_in_eval(model)
    batch = preprocess.blank_input().to("meta").expand(_FEW, -1, -1, -1)
    saved = _saved(model, batch)
    learned = sum(each.numel() for each in model.parameters() if each.requires_grad)
    weights = sum(each.numel() for each in (*model.parameters(), *model.buffers()))
    scale = 0.5 if recipe.speed.precision in _HALVES else 1
    per_image = scale * (sum(saved) + 2 * max(saved, default=0)) / _FEW + batch[0].numel() * _BYTES
    return StepMemory(_BYTES * (weights + learned * (1 + _kept(recipe.optimiser))), round(per_image))


def _kept(optimiser: Optimiser) -> int:
    has_momentum = optimiser.name in {"sgd", "rmsprop"} and optimiser.momentum > 0
    return _KEPT[optimiser.name] + has_momentum


def _saved(model: nn.Module, batch: Tensor) -> list[int]:
    """The bytes of each tensor that a backward pass needs, without weights; each counts once."""
    own = {each.untyped_storage()._cdata for each in (*model.parameters(), *model.buffers())}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.untyped_storage()._cdata not in own:
            kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with torch.enable_grad(), saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = model(batch)
        del outputs
    return [each.untyped_storage().nbytes() for each in kept.values()]
