"""Architectures of torchvision."""

from typing import cast

from torch import Tensor, nn
from torchvision import models

from core.preprocess import Preprocess


def names() -> list[str]:
    """Every classifier of torchvision."""
    return cast("list[str]", models.list_models(module=models))


def build(name: str, num_classes: int) -> nn.Module:
    """The network with random weights."""
    # As with their published weights: these two rescale their input inside. Initialising takes a minute.
    extras = {"transform_input": True, "init_weights": False} if name in {"googlenet", "inception_v3"} else {}
    return cast("nn.Module", models.get_model(name, weights=None, num_classes=num_classes, **extras))


def preprocess(name: str) -> Preprocess:
    """From the transforms of its default published weights."""
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
    """The tensors of its default published weights, downloaded where they are not at hand."""
    return cast("dict[str, Tensor]", models.get_model(name, weights="DEFAULT").state_dict())


def address(name: str) -> str:
    """The file of its default published weights."""
    return str(models.get_model_weights(name)["DEFAULT"].url)
