"""Options after an architecture's name: ``timm:vit_tiny_patch16_224?img_size=384&in_chans=1``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import CheckpointError
from core.images.preprocess import Preprocess

# Networks that may rescale their input inside, which their tensors do not reveal.
RESCALING = ("torchvision:googlenet", "torchvision:inception_v3")
_MOST_PIXELS, _MOST_CHANNELS = 4096, 64
_POOLS = ("", "avg", "max", "avgmax", "catavgmax", "fast", "token", "map")


@dataclass(frozen=True, slots=True)
class Options:
    """Options by name; ``architecture`` is the text that they were read from."""

    architecture: str
    values: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.values)

    def of(self, *allowed: str) -> dict[str, Any]:
        """The values; CheckpointError for an option that is not allowed."""
        for name in self.values:
            if name not in allowed:
                there = f"there is {', '.join(allowed)}" if allowed else "it has none"
                raise CheckpointError(f"{self.architecture!r} has no option {name!r}; {there}")
        return dict(self.values)


NO_OPTIONS = Options("")


def of(architecture: str) -> Options:
    """The options after the ``?`` of an architecture, each with its type."""
    values: dict[str, Any] = {}
    for part in filter(None, architecture.partition("?")[2].split("&")):
        name, _, text = part.partition("=")
        if name not in _PARSERS:
            raise CheckpointError(f"no option {name!r} in {architecture!r}; there is {', '.join(_PARSERS)}")
        try:
            values[name] = _PARSERS[name](text)
        except ValueError as error:
            raise CheckpointError(f"option {part!r} of {architecture!r}: {error}") from error
    return Options(architecture, values)


def extended(architecture: str, **more: object) -> str:
    """The architecture with ``more`` options, in the order of their names."""
    given = dict(part.split("=", 1) for part in architecture.partition("?")[2].split("&") if "=" in part)
    given |= {name: str(value).lower() for name, value in more.items()}
    listed = "&".join(f"{name}={given[name]}" for name in sorted(given))
    return architecture.partition("?")[0] + (f"?{listed}" if listed else "")


def as_published(architecture: str) -> str:
    """The architecture with ``transform_input`` on, as published weights need it, if it has this option."""
    return _with_default(architecture, transform_input=True)


def as_from_scratch(architecture: str) -> str:
    """The architecture with ``transform_input`` off, as for random weights, if it has this option."""
    return _with_default(architecture, transform_input=False)


def _with_default(architecture: str, *, transform_input: bool) -> str:
    if architecture.partition("?")[0] not in RESCALING or "transform_input" in of(architecture).values:
        return architecture
    return extended(architecture, transform_input=transform_input)


def preprocess(published: Preprocess, chosen: Options) -> Preprocess:
    """The published preprocess, with the input size and channels of the options."""
    size, channels = chosen.values.get("img_size"), chosen.values.get("in_chans")
    sized = published if size is None else at_size(published, (size, size))
    return sized if channels is None else for_channels(sized, channels)


def at_size(usual: Preprocess, size: tuple[int, int]) -> Preprocess:
    """The preprocess for another input size (height, width), with the same share of the photo."""
    if size == usual.input_size or usual.resize is None:
        return replace(usual, input_size=size)
    resize = round(usual.resize * max(size) / max(usual.input_size))
    return replace(usual, input_size=size, resize=max(resize, *size))


def for_channels(usual: Preprocess, channels: int) -> Preprocess:
    """The preprocess for another number of channels: mean and std repeated, or averaged for grey."""
    mean, std = (_spread(values, channels) for values in (usual.mean, usual.std))
    return replace(usual, mean=mean, std=std)


def _spread(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    if len(values) == channels:
        return values
    if channels == 1:
        return (values[0] if len(set(values)) == 1 else round(sum(values) / len(values), 4),)
    return tuple(values[index % len(values)] for index in range(channels))


def _within(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError(f"expected {least} to {most}")
        return value

    return number


def _one_of(choices: Mapping[str, Any]) -> Callable[[str], Any]:
    def choice(text: str) -> object:
        if text.lower() not in choices:
            raise ValueError(f"expected {' or '.join(map(repr, choices))}")
        return choices[text.lower()]

    return choice


_SWITCH = _one_of({"true": True, "false": False})
_PARSERS: dict[str, Callable[[str], Any]] = {
    "img_size": _within(8, _MOST_PIXELS),
    "in_chans": _within(1, _MOST_CHANNELS),
    "global_pool": _one_of({name: name for name in _POOLS}),
    "transform_input": _SWITCH,
    "aux_logits": _SWITCH,
}
