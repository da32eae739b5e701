"""Architectures of torchvision."""

from typing import cast

from torch import Tensor, nn
from torchvision import models

from core.images.preprocess import Preprocess
from core.models.options import NO_OPTIONS, RESCALING, Options


def names() -> list[str]:
    """All classifiers of torchvision."""
    return cast("list[str]", models.list_models(module=models))


def build(name: str, num_classes: int, chosen: Options = NO_OPTIONS) -> nn.Module:
    """The network with random weights.

    ``transform_input`` and ``aux_logits`` exist only for GoogLeNet and Inception: the first rescales the
    input inside, as their published weights need; the second adds auxiliary heads for training.
    """
    if f"torchvision:{name}" in RESCALING:
        given = chosen.of("in_chans", "transform_input", "aux_logits")
        extras = {"transform_input": False, "init_weights": False} | given  # Initialising takes a minute.
    else:
        given = chosen.of("in_chans", "img_size")
        extras = {"image_size": given["img_size"]} if "img_size" in given and name.startswith("vit_") else {}
    channels = extras.pop("in_chans", given.get("in_chans", 3))
    model = cast("nn.Module", models.get_model(name, weights=None, num_classes=num_classes, **extras))
    if channels != 3:
        _take_channels(model, channels)
    return model


def _take_channels(model: nn.Module, channels: int) -> None:
    """Replace the first convolution by one that reads ``channels`` channels."""
    name, first = next(
        (name, module) for name, module in model.named_modules() if isinstance(module, nn.Conv2d)
    )
    new = nn.Conv2d(
        channels,
        first.out_channels,
        first.kernel_size,  # type: ignore[arg-type]  # always a pair, which its annotation widens
        stride=first.stride,  # type: ignore[arg-type]
        padding=first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    parent, _, attribute = name.rpartition(".")
    setattr(model.get_submodule(parent), attribute, new)


def preprocess(name: str) -> Preprocess:
    """The preprocess in the transforms of its default published weights."""
    settings = models.get_model_weights(name)["DEFAULT"].transforms()
    crop, resize = settings.crop_size[0], settings.resize_size[0]
    return Preprocess(
        input_size=(crop, crop),
        resize=resize,
        mean=tuple(settings.mean),
        std=tuple(settings.std),
        interpolation=settings.interpolation.value,
    )


def published(name: str) -> dict[str, Tensor]:
    """The tensors of its default published weights, downloaded if they are not on this machine."""
    return cast("dict[str, Tensor]", models.get_model(name, weights="DEFAULT").state_dict())


def files_of(name: str) -> list[str]:
    """The file names of its published weights."""
    return [str(entry.url).rpartition("/")[2] for entry in models.get_model_weights(name)]


def address(name: str) -> str:
    """The address of its default published weights."""
    return str(models.get_model_weights(name)["DEFAULT"].url)
