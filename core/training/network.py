"""The network of a recipe: built, loaded with its initial weights, and partly frozen."""

import copy
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from core.checkpoints import paths, store
from core.errors import CheckpointError, RecipeError
from core.images.preprocess import Preprocess
from core.models import heads, options, pretrained, registry
from core.models.auxiliary import auxiliary_heads, ending_in
from core.models.frozen_norms import freeze_norms
from core.models.heads import Head
from core.models.inner_dropout import set_inner_dropout
from core.models.layer_table import LayerTable, layer_table
from core.training.settings.recipe import Recipe
from core.training.settings.schema import Model, Picture

_FROM = "checkpoint:"
_SURELY_ENOUGH = 128  # Pixels: architectures halve their input five times, and some crop borders too.


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network that is ready to train, from the layer ``trained_from`` on; empty for the whole network."""

    model: nn.Module
    preprocess: Preprocess
    trained_from: str

    @property
    def is_head_only(self) -> bool:
        """Whether nothing but the last layer, or a new head, is trained."""
        return bool(self.trained_from) and self.trained_from == heads.head_name(self.model)


def base_of(settings: Model) -> str | None:
    """The name of the installed weights that this training starts from, if any."""
    if settings.weights.startswith(_FROM):
        return store.read_card(_start(settings)).base
    return paths.BUILT_IN if settings.weights == paths.BUILT_IN else None


def network(recipe: Recipe, num_classes: int) -> Network:
    """The network of a recipe; new weights are drawn from its seed.

    Tensors are in channels-last order, which trains faster on CPUs and GPUs.

    Raises:
        RecipeError: settings that contradict each other.
        CheckpointError: weights are missing or do not fit.
    """
    settings = recipe.model
    head = head_of(settings)
    torch.manual_seed(recipe.seed)
    model = registry.build(architecture_of(settings), num_classes, head)
    _load_weights(model, settings, num_classes)
    model = model.to(memory_format=torch.channels_last)
    first = freeze(model, settings)
    _regularise(model, settings)
    if recipe.loss.auxiliary and not _learning_auxiliary(model):
        lacks = "only frozen" if auxiliary_heads(model) else "no"
        raise RecipeError(f"{settings.architecture} has {lacks} auxiliary heads for loss.auxiliary")
    preprocess = preprocess_of(recipe)
    _refuse_small(model, preprocess, settings.architecture)
    return Network(model, preprocess, first)


def freeze(model: nn.Module, settings: Model) -> str:
    """Freeze what is not trained; gives the name of the first layer that is, empty for the whole network."""
    first = heads.head_name(model) if settings.train_from == "head" else settings.train_from
    heads.freeze_until(model, first)
    return first


def described_layers(recipe: Recipe, num_classes: int) -> LayerTable:
    """The layers of the recipe's network, with those that it trains; without the memory of its weights.

    Raises:
        RecipeError, CheckpointError, LayerError: as `network`.
    """
    model, preprocess = described_network(recipe, num_classes), preprocess_of(recipe)
    try:
        return layer_table(model, preprocess.blank_input().to("meta"))
    except NotImplementedError:  # An operation without a shape rule: on real weights then.
        return layer_table(model.to_empty(device="cpu"), preprocess.blank_input())
    except (RuntimeError, ValueError, AssertionError) as error:
        raise _too_small(preprocess, recipe.model.architecture) from error


def described_network(recipe: Recipe, num_classes: int) -> nn.Module:
    """The recipe's network on the meta device, frozen as in training; raises as `network`."""
    settings = recipe.model
    shared = registry.skeleton(architecture_of(settings), num_classes, head_of(settings))
    model = copy.deepcopy(shared)
    freeze(model, settings)
    _regularise(model, settings)
    return model


def _regularise(model: nn.Module, settings: Model) -> None:
    """Freeze batch norm and set the rate of dropout; RecipeError where there is none of it."""
    if settings.frozen_norms and settings.weights == pretrained.NONE:
        raise RecipeError("model.frozen_norms keeps statistics, which random weights lack; set model.weights")
    if settings.frozen_norms and not freeze_norms(model):
        raise RecipeError(f"{settings.architecture} has no batch norm for model.frozen_norms")
    if settings.inner_dropout >= 0 and not set_inner_dropout(model, settings.inner_dropout):
        raise RecipeError(f"{settings.architecture} has no dropout layers for model.inner_dropout")


def _learning_auxiliary(model: nn.Module) -> list[str]:
    """The names of the auxiliary heads that are not frozen."""
    return [
        head
        for head in auxiliary_heads(model)
        if any(parameter.requires_grad for parameter in model.get_submodule(head).parameters())
    ]


@torch.no_grad()
def _refuse_small(model: nn.Module, preprocess: Preprocess, architecture: str) -> None:
    """Raise RecipeError for images too small for the network or its auxiliary heads; tried on one."""
    auxiliary, blank = _learning_auxiliary(model), preprocess.blank_input()
    if min(preprocess.input_size) >= _SURELY_ENOUGH and not auxiliary:
        return
    was_training = model.training
    try:
        model.eval()(blank)
        for head in auxiliary:
            ending_in(model, head)(blank)
    except (RuntimeError, ValueError, AssertionError) as error:
        raise _too_small(preprocess, architecture) from error
    finally:
        model.train(was_training)


def _too_small(preprocess: Preprocess, architecture: str) -> RecipeError:
    size = " x ".join(map(str, preprocess.input_size))
    return RecipeError(f"images of {size} pixels do not fit {architecture}; set image.size, or leave it out")


def architecture_of(settings: Model) -> str:
    """The architecture with the options that its initial weights need."""
    if settings.weights.startswith(_FROM):
        return options.as_published(store.read_card(_start(settings)).architecture)
    if settings.weights == pretrained.PUBLISHED:
        return options.as_published(settings.architecture)
    return options.as_from_scratch(settings.architecture)


def head_of(settings: Model) -> Head:
    """The head that replaces the architecture's own, if the recipe asks for one."""
    return Head(hidden=settings.hidden, dropout=settings.dropout)


def preprocess_of(recipe: Recipe) -> Preprocess:
    """The preprocess of the initial weights, or of the architecture, with the recipe's changes."""
    settings = recipe.model
    if settings.weights.startswith(_FROM):
        usual = store.read_card(_start(settings)).preprocess
    else:
        usual = registry.default_preprocess(settings.architecture)
    return _changed(usual, recipe.image)


def _changed(usual: Preprocess, image: Picture) -> Preprocess:
    size = (image.size, image.size) if image.size else usual.input_size
    resize = image.resize or (None if image.size else usual.resize)
    mean, std = image.mean or usual.mean, image.std or usual.std
    if len(mean) != len(usual.mean):
        raise RecipeError(f"image.mean has {len(mean)} numbers; the network reads {len(usual.mean)} channels")
    try:
        return replace(
            usual,
            input_size=size,
            resize=resize,
            mean=mean,
            std=std,
            centred=usual.centred or image.centred,
        )
    except ValueError as error:
        raise RecipeError(f"image: {error}") from error


def _load_weights(model: nn.Module, settings: Model, num_classes: int) -> None:
    if settings.weights.startswith(_FROM):
        tensors = _of_checkpoint(model, settings)
    else:
        head = head_of(settings)
        tensors = pretrained.weights_for(settings.architecture, settings.weights, num_classes, head)
    model.load_state_dict(tensors, strict=False)


def _of_checkpoint(model: nn.Module, settings: Model) -> dict[str, Tensor]:
    """The tensors of a checkpoint, without its head if the model has another one."""
    start = store.load(_start(settings))
    if settings.architecture not in {start.card.architecture, start.card.architecture.partition("?")[0]}:
        raise RecipeError(
            f"model.weights are of {start.card.architecture}, model.architecture is {settings.architecture}"
        )
    wanted = {name: tensor.shape for name, tensor in model.state_dict().items()}
    theirs = start.model.state_dict()
    return {name: value for name, value in theirs.items() if wanted.get(name) == value.shape}


def _start(settings: Model) -> Path:
    name = settings.weights.removeprefix(_FROM)
    try:
        return store.find(name)
    except CheckpointError as error:
        raise CheckpointError(f"the recipe starts from {name!r}: {error}; train it first") from error
