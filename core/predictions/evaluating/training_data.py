"""The data of a checkpoint's training, from its card; older cards have it in their recipe."""

import functools

from pydantic import TypeAdapter

from core.checkpoints.store import Card
from core.data.division import Division
from core.errors import CheckpointError
from core.files import stored


def source_of(card: Card) -> str:
    """The data set that a network was trained on; empty for an imported network."""
    return str(card.data.get("source") or _settings(card).get("source", ""))


def division_of(card: Card) -> Division:
    """How that data set was split.

    Raises:
        CheckpointError: the card has invalid values.
    """
    settings, data = _settings(card), card.data
    known = {
        "split": data.get("split", settings.get("split")),
        "val_share": data.get("val_share", settings.get("val")),
        "seed": data.get("seed", card.recipe.get("seed")),
        "test_share": data.get("test_share"),
        "whole_groups": data.get("whole_groups"),
    }
    try:
        return stored.checked(_schema(), {name: value for name, value in known.items() if value is not None})
    except ValueError as error:
        raise CheckpointError(f"the card does not say how its data were split: {error}") from error


def _settings(card: Card) -> stored.Json:
    settings: stored.Json = card.recipe.get("data", {})
    return settings


@functools.cache
def _schema() -> TypeAdapter[Division]:
    return TypeAdapter(Division)
