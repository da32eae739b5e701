"""The card of a checkpoint: its content, its schema, reading and writing."""

import hashlib
import importlib.metadata
import json
import math
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field, GetPydanticSchema, TypeAdapter, with_config
from typing_extensions import TypedDict

from core.checkpoints import paths
from core.errors import CheckpointError, FileError
from core.files import stored
from core.images.preprocess import Preprocess
from core.models.heads import Head

STATUSES = ("running", "finished", "stopped", "failed")
# Version of the file. A later version may have unknown keys, which are kept.
FORMAT = 1
_MOST_CLASSES = 1_000_000
_STRICT = ConfigDict(strict=True, allow_inf_nan=False, extra="forbid")
_OPEN = ConfigDict(strict=True, allow_inf_nan=False, extra="allow")

Count = Annotated[int, Field(ge=0, le=2**53)]
Text = Annotated[str, Field(max_length=100_000)]
Name = Annotated[str, Field(min_length=1, max_length=1_000)]


@with_config(_OPEN)
class _Source(TypedDict, total=False):
    source: Name


@with_config(_OPEN)
class _Recipe(TypedDict, total=False):
    title: Text
    data: _Source
    epochs: Annotated[int, Field(ge=1, le=10**9)]


@with_config(_OPEN)
class _Data(TypedDict, total=False):
    source: Name
    fingerprint: Text
    images: Count
    train: Count
    val: Count
    skipped: Count


@with_config(_OPEN)
class _Training(TypedDict, total=False):
    started: Text
    device: Text
    best_epoch: Count | None
    seconds: Annotated[float, Field(ge=0, le=1e12)]
    epochs: Count


def _like(schema: type) -> GetPydanticSchema:
    """A dictionary with some known keys; others are allowed."""
    return GetPydanticSchema(lambda _source, handler: handler(schema))


def _known_numbers(metrics: object) -> object:
    """Drop null values: they stand for unknown."""
    if not isinstance(metrics, dict):
        return metrics
    return {name: value for name, value in metrics.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Card:
    """How to rebuild the network and interpret its outputs.

    ``base`` names the installed weights that it builds on (``imagenet``, or None); the folder then holds only
    the tensors that differ from them. ``weights_sha256`` is of the weights file, None if there is none.
    ``status`` is one of `STATUSES`, with the ``reason`` of a failure. ``recipe``, ``data`` and ``training``
    describe the training that made it, and are empty for imported networks. ``fix`` says from which
    checkpoint a fixed one was made, what was changed and why, and what that did. ``format`` is the version of
    the file; ``unknown`` has the keys of a later version, which are written back unchanged.
    """

    architecture: Name
    class_names: Annotated[tuple[Name, ...], Field(min_length=1, max_length=_MOST_CLASSES)]
    preprocess: Preprocess
    base: Name | None = None
    source: Text = ""
    weights_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    metrics: Annotated[dict[str, float], BeforeValidator(_known_numbers)] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    head: Head = field(default_factory=Head)
    status: str = "finished"
    reason: Text = ""
    recipe: Annotated[dict[str, Any], _like(_Recipe)] = field(default_factory=dict)
    data: Annotated[dict[str, Any], _like(_Data)] = field(default_factory=dict)
    training: Annotated[dict[str, Any], _like(_Training)] = field(default_factory=dict)
    fix: dict[str, Any] = field(default_factory=dict)
    format: Annotated[int, Field(ge=1)] = FORMAT
    unknown: dict[str, Any] = field(default_factory=dict)
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status {self.status!r} is none of {', '.join(STATUSES)}")


def network_values(card: Card) -> tuple[object, ...]:
    """Everything in a card that decides what the network answers: weights, base, architecture, preprocess."""
    return card.weights_sha256, card.base, card.architecture, card.preprocess


def network_fingerprint(card: Card) -> str:
    """24 hexadecimal digits of `network_values`."""
    return hashlib.blake2b(repr(network_values(card)).encode(), digest_size=12).hexdigest()


_SCHEMA = TypeAdapter(Card)
_KEYS = set(Card.__slots__) - {"unknown"}


def read_card(folder: Path) -> Card:
    """The card of a checkpoint folder; CheckpointError if it is missing, damaged or incomplete."""
    path = folder / paths.CARD
    try:
        content = stored.read_json(path)
    except (FileError, ValueError) as error:
        raise CheckpointError(f"{path} is not a readable card: {error}") from error
    try:
        return _as_card(content)
    except ValueError as error:
        raise CheckpointError(f"{path} is not a readable card: {error}; {_advice(content)}") from error


def as_json(card: Card, checksum: str | None) -> bytes:
    """The content of the file, with the versions of the packages; unknown keys come last."""
    content = {"format": card.format} | asdict(card) | {"weights_sha256": checksum}
    content["versions"] = _packages() | card.versions
    content["metrics"] = {name: _number(value) for name, value in card.metrics.items()}
    content |= content.pop("unknown")
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


@cache
def _packages() -> dict[str, str]:
    """The versions of the packages that build networks; reading them takes milliseconds."""
    return {name: importlib.metadata.version(name) for name in ("torch", "torchvision", "timm")}


def _as_card(content: stored.Json) -> Card:
    known = {key: value for key, value in content.items() if key in _KEYS}
    card = stored.checked(_SCHEMA, {"format": 1} | known)
    return replace(card, unknown={key: value for key, value in content.items() if key not in _KEYS})


def _advice(content: stored.Json) -> str:
    """What the user can do about a card that this version cannot use."""
    version = content.get("format")
    if isinstance(version, int) and version > FORMAT:
        return (
            f"it was written by a newer version of SeeWhy (format {version}, this one knows {FORMAT}): "
            f"update SeeWhy"
        )
    return "repair the card, or copy or import the checkpoint again"


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
