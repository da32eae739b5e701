"""Architectures of timm."""

import functools
from typing import cast

import timm
from torch import Tensor, nn

from core.images.preprocess import Preprocess
from core.models.options import NO_OPTIONS, Options


def names() -> list[str]:
    """All architectures of timm, without the tags of published weights."""
    return list(_names())


@functools.cache
def _names() -> tuple[str, ...]:
    return tuple(timm.list_models())  # It sorts at each call, which takes as long as a small network.


def build(name: str, num_classes: int, chosen: Options = NO_OPTIONS) -> nn.Module:
    """The network with random weights."""
    given = chosen.of("in_chans", "img_size", "global_pool")
    try:
        return cast("nn.Module", timm.create_model(name, num_classes=num_classes, **given))
    except TypeError:
        # A network without a fixed input size accepts any.
        sizeless = {key: value for key, value in given.items() if key != "img_size"}
        if sizeless == given:
            raise
        return cast("nn.Module", timm.create_model(name, num_classes=num_classes, **sizeless))


def preprocess(name: str) -> Preprocess:
    """The preprocess in the configuration of its first published weights."""
    settings = timm.data.resolve_data_config(timm.get_pretrained_cfg(name).to_dict())
    _, height, width = settings["input_size"]
    side = max(height, width)
    squeezed = settings["crop_mode"] == "squash"
    return Preprocess(
        input_size=(height, width),
        resize=None if squeezed else max(side, int(side / settings["crop_pct"])),
        mean=tuple(settings["mean"]),
        std=tuple(settings["std"]),
        interpolation=settings["interpolation"],
    )


def published(name: str) -> dict[str, Tensor]:
    """The tensors of its first published weights, downloaded if they are not on this machine."""
    return cast("dict[str, Tensor]", timm.create_model(name, pretrained=True).state_dict())


def address(name: str) -> str:
    """The address of its first published weights: a page or a file."""
    settings = timm.get_pretrained_cfg(name)
    return f"https://huggingface.co/{settings.hf_hub_id}" if settings.hf_hub_id else str(settings.url)
