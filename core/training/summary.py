"""A recipe in words: what is trained, from which weights, on which input, for how long."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from core.data.augment import Augment
from core.images.preprocess import Preprocess
from core.models import registry
from core.models.heads import Head
from core.shares import percent, whole_percent
from core.training.network import head_of, preprocess_of
from core.training.settings.recipe import Recipe
from core.training.settings.schema import EpochSelection, Model, Optimiser, Schedule

_USUAL_CLASSES = 10  # The count of parameters is rounded, so the number of classes hardly matters.
_OPTIMISERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop"}
_CORNERS = {"reflect": "corners mirrored", "nearest": "corners filled with the edges"}
_MEASURES = {
    "val_accuracy": "best validation accuracy",
    "val_loss": "lowest validation loss",
    "val_balanced_accuracy": "best balanced accuracy on the validation images",
    "val_macro_f1": "best macro F1 on the validation images",
}
_STARTS = {
    "none": "random weights",
    "imagenet": "ImageNet weights (built in)",
    "pretrained": "published weights (downloaded)",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the summary."""

    label: str
    text: str


def facts(recipe: Recipe) -> list[Fact]:
    """The settings that matter most, one line each.

    Raises:
        CoreError: the network does not exist, or starts from a checkpoint that is missing.
    """
    return [
        Fact("Network", _network(recipe.model)),
        Fact("Starts from", _start(recipe.model)),
        Fact("Trainable layers", _learns(recipe.model)),
        Fact("Input", _input(preprocess_of(recipe))),
        Fact("Augmentation", ", ".join(augmentation(recipe.augment)) or "none"),
        *_extras(recipe),
        Fact("Trains for", _length(recipe)),
        Fact("Optimiser", _steps(recipe.optimiser, recipe.schedule)),
        Fact("Keeps", _kept(recipe)),
    ]


def _extras(recipe: Recipe) -> Iterator[Fact]:
    """Dropout, loss and backgrounds, where the recipe changes them."""
    model, loss = recipe.model, recipe.loss
    dropout = [f"{model.dropout:g} before the last layer"] if model.dropout else []
    dropout += [f"{model.inner_dropout:g} in the network's own layers"] if model.inner_dropout >= 0 else []
    if dropout:
        yield Fact("Dropout", ", ".join(dropout))
    changes = {
        "rare classes weigh more": loss.class_weights,
        "rare classes are drawn more often": loss.oversample,
        f"auxiliary heads count {loss.auxiliary:g}": loss.auxiliary,
        f"labels smoothed by {loss.label_smoothing:g}": loss.label_smoothing,
    }
    if any(changes.values()):
        yield Fact("Loss", ", ".join(text for text, applies in changes.items() if applies))
    if recipe.data.swap_backgrounds or recipe.data.blur_backgrounds:
        how = "of another training image" if recipe.data.swap_backgrounds else "blurred"
        yield Fact("Backgrounds", f"{how}, where masks mark the objects")


def augmentation(augment: Augment) -> Iterator[str]:
    """The augmentations, one phrase each."""
    yield from _moves(augment)
    if augment.crop < 1:
        yield f"cropped to as little as {whole_percent(augment.crop)}"
    for name in ("brightness", "contrast", "saturation", "hue"):
        if share := getattr(augment, name):
            yield f"{name} ±{whole_percent(share)}"
    yield from _drifts(augment)
    if augment.gamma != (1.0, 1.0):
        yield "gamma {:g} to {:g}".format(*augment.gamma)
    if augment.channel_shift:
        yield f"channels shifted by up to {whole_percent(augment.channel_shift)}"
    if augment.occlusion:
        colour = f" in {augment.patch}" if augment.patch != "colour" else " in random colours"
        yield f"partly covered{colour} ({whole_percent(augment.occlusion)} of them)"


def _drifts(augment: Augment) -> Iterator[str]:
    """What makes images darker, paler or blurred, as photos of another camera are."""
    for name in ("brightness", "contrast", "saturation"):
        low, high = getattr(augment, f"{name}_factor")
        if (low, high) != (1.0, 1.0):
            yield f"{name} × {low:g} to {high:g}"
    if augment.blur:
        yield f"blurred by up to {percent(augment.blur)} of the shorter side"
    if augment.resolution < 1:
        yield f"reduced to as little as {whole_percent(augment.resolution)} of width and height"


def _moves(augment: Augment) -> Iterator[str]:
    if augment.flip:
        yield "mirrored"
    if augment.vertical_flip:
        yield "upside down"
    if augment.rotation:
        yield f"turned by up to {augment.rotation:g}°"
    if augment.shear:
        yield f"sheared by up to {augment.shear:g}°"
    if augment.translate:
        yield f"shifted by up to {whole_percent(augment.translate)}"
    if augment.zoom != (1.0, 1.0):
        yield "zoomed {:g} to {:g} times".format(*augment.zoom)
    if augment.fill in _CORNERS and (
        augment.rotation or augment.shear or augment.translate or augment.zoom[0] < 1
    ):
        yield _CORNERS[augment.fill]


def _network(model: Model) -> str:
    name = model.architecture.partition(":")[2]
    count = _num_weights(model.architecture, head_of(model))
    return name if count is None else f"{name}, about {_rounded(count)} parameters"


def _start(model: Model) -> str:
    name = model.weights.removeprefix("checkpoint:")
    return _STARTS.get(model.weights) or f"the checkpoint {name}"


def _learns(model: Model) -> str:
    frozen = ", batch norm kept frozen" if model.frozen_norms else ""
    if not model.train_from:
        return f"all layers{frozen}"
    return "the last layer only" if model.train_from == "head" else f"from {model.train_from} on{frozen}"


def _input(preprocess: Preprocess) -> str:
    height, width = preprocess.input_size
    return f"{width} × {height} pixels, {'grey' if len(preprocess.mean) == 1 else 'colour'}"


def _length(recipe: Recipe) -> str:
    epochs = f"{recipe.epochs} epoch{'s' if recipe.epochs > 1 else ''}, {recipe.batch_size} images per batch"
    return epochs + (f"; stops after {_stop(recipe.keep)}" if recipe.keep.patience else "")


def _stop(keep: EpochSelection) -> str:
    text = f"{keep.patience} without improvement"
    text += f" of more than {keep.min_delta:g}" if keep.min_delta else ""
    return text + (f" on {keep.baseline:g} or on the best so far" if keep.baseline else "")


def _steps(optimiser: Optimiser, schedule: Schedule) -> str:
    text = f"{_OPTIMISERS[optimiser.name]}, learning rate {optimiser.lr:g}"
    if schedule.drop_after:
        text += f", × {schedule.factor:g} after epoch {' and '.join(map(str, schedule.drop_after))}"
    if schedule.plateau:
        text += f", × {schedule.factor:g} after {schedule.plateau} epochs without improvement"
    return text


def _kept(recipe: Recipe) -> str:
    return f"the epoch with the {_MEASURES[recipe.keep.best]}"


@functools.cache
def _num_weights(architecture: str, head: Head) -> int | None:
    """The number of parameters; None if the network cannot be built without allocating them."""
    try:
        with torch.device("meta"):
            model = registry.build(architecture, _USUAL_CLASSES, head)
    except (RuntimeError, NotImplementedError):
        return None
    return sum(each.numel() for each in model.parameters())


def _rounded(count: int) -> str:
    """A number rounded to two digits: ``370,000``, ``3.4 million``."""
    if count >= 1_000_000:
        return f"{float(f'{count / 1e6:.2g}'):g} million"
    return f"{int(float(f'{count:.2g}')):,}"
