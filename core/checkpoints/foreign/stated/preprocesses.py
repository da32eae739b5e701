"""The preprocessing that the user gives, parsed, and fitted to the network."""

from collections.abc import Callable
from dataclasses import replace

from core.errors import CheckpointError
from core.images.preprocess import Preprocess
from core.models import options, registry

_LEVELS = 255


def parse(text: str, default: Preprocess) -> Preprocess:
    """``default`` with settings such as ``resize=256,crop=224,mean=0.5,interpolation=bicubic``.

    ``crop`` is the input size (``224``, or ``160x224``: height x width); ``resize=none`` squeezes the whole
    image into it; ``mean`` and ``std`` are one number for all channels, or one per channel joined by ``/``.
    Above 1, they are of pixel values from 0 to 255.
    """
    changes: dict[str, object] = {}
    try:
        for part in filter(None, text.replace(" ", "").split(",")):
            key, _, value = part.partition("=")
            if key not in _SETTINGS:
                raise CheckpointError(f"no preprocess setting {key!r}; there is {', '.join(_SETTINGS)}")
            name, read = _SETTINGS[key]
            changes[name] = read(value)
        numbers = {name: _per_channel(changes[name], default) for name in ("mean", "std") if name in changes}
        return replace(default, **changes | _of_levels(numbers))  # type: ignore[arg-type]  # every value has the type of its field
    except ValueError as error:
        raise CheckpointError(f"preprocess {text!r}: {error}") from error


def are_levels(text: str) -> bool:
    """Whether the settings give mean or std of pixel values from 0 to 255; see `parse`."""
    values = [
        part.partition("=")[2] for part in text.replace(" ", "").split(",") if part[:4] in {"mean", "std="}
    ]
    return any(float(number) > 1 for value in values for number in value.split("/"))


def fitted(stated: Preprocess | None, asked: str, architecture: str) -> Preprocess:
    """The stated preprocess for the fitted network, which may have another size and other channels."""
    usual, own = registry.default_preprocess(asked), registry.default_preprocess(architecture)
    if stated is None:
        return own
    sized = options.at_size(stated, own.input_size) if stated.input_size == usual.input_size else stated
    return _in_unit_range(_with_channels(sized, usual, len(own.mean)))


def _with_channels(stated: Preprocess, usual: Preprocess, channels: int) -> Preprocess:
    given = len(stated.mean)
    even = len(set(stated.mean)) == len(set(stated.std)) == 1
    if given == channels or even or (stated.mean, stated.std) == (usual.mean, usual.std):
        return options.for_channels(stated, channels)
    raise CheckpointError(
        f"mean and std have {given} numbers, the network reads {channels} channels; "
        f"give one number, or {channels}"
    )


def _in_unit_range(stated: Preprocess) -> Preprocess:
    numbers = _of_levels({"mean": stated.mean, "std": stated.std})
    return replace(stated, mean=numbers["mean"], std=numbers["std"])


def _of_levels(numbers: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
    """Mean and std of values in [0, 1]; numbers above 1 are of pixel values from 0 to 255."""
    if not any(value > 1 for values in numbers.values() for value in values):
        return numbers
    return {name: tuple(value / _LEVELS for value in values) for name, values in numbers.items()}


def _per_channel(numbers: object, default: Preprocess) -> tuple[float, ...]:
    """One number per channel; a single one is repeated."""
    given = tuple(numbers) if isinstance(numbers, tuple) else ()
    return given * len(default.mean) if len(given) == 1 else given


def _size(value: str) -> tuple[int, int]:
    height, _, width = value.partition("x")
    return int(height), int(width or height)


def _numbers(value: str) -> tuple[float, ...]:
    return tuple(float(number) for number in value.split("/"))


_SETTINGS: dict[str, tuple[str, Callable[[str], object]]] = {
    "crop": ("input_size", _size),
    "resize": ("resize", lambda value: None if value == "none" else int(value)),
    "mean": ("mean", _numbers),
    "std": ("std", _numbers),
    "interpolation": ("interpolation", str),
}
