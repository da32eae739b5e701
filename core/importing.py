"""Bring your own: a weights file, an architecture and a class list become a checkpoint."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from core import checkpoint, class_lists, weights
from core.errors import CheckpointError
from core.models import registry
from core.preprocess import Preprocess


def import_weights(
    path: Path,
    *,
    architecture: str,
    class_names: list[str],
    preprocess: Preprocess | None = None,
    name: str,
    root: Path = checkpoint.ROOT,
) -> Path:
    """Make the checkpoint folder ``root/name`` from a weights file.

    Raises:
        CheckpointError: says what does not fit, by name.
    """
    # On the meta device: shapes without memory, so that a small file cannot ask for a network of gigabytes.
    with torch.device("meta"):
        model = registry.build(architecture, len(class_names))
    tensors = weights.fit(weights.read(path), model, len(class_names))
    card = checkpoint.Card(
        architecture=architecture,
        class_names=tuple(class_names),
        preprocess=preprocess or registry.default_preprocess(architecture),
        source=f"imported from {path.name}",
    )
    return checkpoint.save(root, name, card, tensors)


def read_class_names(path: Path) -> list[str]:
    """Class names in the order of the network's outputs, from a file; see `core.class_lists`."""
    return class_lists.read(path)


def parse_class_names(text: str) -> list[str]:
    """The same from a text; fewer than two names, and repeated ones, are refused."""
    return class_lists.parse(text)


def parse_preprocess(text: str, default: Preprocess) -> Preprocess:
    """Settings such as ``resize=256,crop=224,mean=0.5,interpolation=bicubic`` over those of ``default``.

    ``crop`` is the input size (``224``, or ``160x224``: height x width); ``resize=none`` squeezes the whole
    image into it; ``mean`` and ``std`` are one number for all channels, or one per channel joined by ``/``.
    """
    changes: dict[str, object] = {}
    try:
        for part in filter(None, text.replace(" ", "").split(",")):
            key, _, value = part.partition("=")
            if key not in _SETTINGS:
                raise CheckpointError(f"no preprocess setting {key!r}; there is {', '.join(_SETTINGS)}")
            name, parse = _SETTINGS[key]
            changes[name] = parse(value)
        return replace(default, **changes)  # type: ignore[arg-type]  # each parser gives its own field's type
    except ValueError as error:
        raise CheckpointError(f"preprocess {text!r}: {error}") from error


def _size(value: str) -> tuple[int, int]:
    height, _, width = value.partition("x")
    return int(height), int(width or height)


def _per_channel(value: str) -> tuple[float, ...]:
    numbers = tuple(float(number) for number in value.split("/"))
    return numbers * 3 if len(numbers) == 1 else numbers


_SETTINGS: dict[str, tuple[str, Callable[[str], object]]] = {
    "crop": ("input_size", _size),
    "resize": ("resize", lambda value: None if value == "none" else int(value)),
    "mean": ("mean", _per_channel),
    "std": ("std", _per_channel),
    "interpolation": ("interpolation", str),
}
