"""A recipe: all settings of a training, as data."""

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, field
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from core import files
from core.data.augment import Augment
from core.errors import FileError, RecipeError
from core.training.settings.dotted import flat
from core.training.settings.schema import (
    LARGEST_SEED,
    STRICT,
    AtLeastOne,
    Data,
    Emphasis,
    EpochSelection,
    Loss,
    Model,
    Optimiser,
    Picture,
    Schedule,
    Speed,
)

FOLDER = Path(__file__).parents[1] / "recipes"
_LARGEST_FILE = 2**20
_UNKNOWN = {"unexpected_keyword_argument", "extra_forbidden"}


@dataclass(frozen=True, slots=True, config=STRICT)
class Recipe:
    """All settings of a training.

    Attributes:
        title: A short description for the list of recipes.
        about: What the training shows, in a sentence or two.
        epochs: How often each training image is used.
        batch_size: Images per batch, of all processes together.
        seed: Decides the split, the initial weights, the order of the images and the augmentation.
    """

    title: str
    data: Data
    model: Model
    epochs: AtLeastOne
    about: str = ""
    batch_size: AtLeastOne = 32
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = 0
    image: Picture = field(default_factory=Picture)
    augment: Augment = field(default_factory=Augment)
    optimiser: Optimiser = field(default_factory=Optimiser)
    schedule: Schedule = field(default_factory=Schedule)
    loss: Loss = field(default_factory=Loss)
    emphasis: Emphasis = field(default_factory=Emphasis)
    keep: EpochSelection = field(default_factory=EpochSelection)
    speed: Speed = field(default_factory=Speed)


def names() -> list[str]:
    """The names of the built-in recipes."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(name_or_path: str, changes: Iterable[str] = ()) -> Recipe:
    """A built-in recipe, or one from a TOML file, with ``key=value`` changes applied.

    Raises:
        RecipeError: a key is unknown or has a wrong value; the message names it.
    """
    settings = _settings(name_or_path)
    for change in changes:
        _set(settings, change)
    return parse(settings)


def parse(settings: Mapping[str, Any]) -> Recipe:
    """A recipe from nested settings, checked: unknown keys, types and ranges."""
    try:
        # TOML has dates and JSON has not: they are checked as text.
        return TypeAdapter(Recipe).validate_json(json.dumps(settings, default=str))
    except ValidationError as error:
        unknown_first = sorted(error.errors(), key=lambda each: each["type"] not in _UNKNOWN)
        raise RecipeError("; ".join(_fault(each) for each in unknown_first[:3])) from error


def as_settings(recipe: Recipe) -> dict[str, Any]:
    """The nested settings of a recipe, ready for JSON; the inverse of `parse`."""
    return cast("dict[str, Any]", json.loads(json.dumps(asdict(recipe))))


def differences(one: Recipe, other: Recipe) -> list[str]:
    """Keys whose values differ."""
    first, second = values(one), values(other)
    return [key for key in first if first[key] != second[key]]


def changed(recipe: Recipe, changes: Iterable[str]) -> Recipe:
    """The recipe with ``key=value`` changes applied; raises as `read`."""
    settings = as_settings(recipe)
    for change in changes:
        _set(settings, change)
    return parse(settings)


def keys() -> list[str]:
    """Every setting by its dotted key: ``optimiser.lr``."""
    return list(_defaults())


def values(recipe: Recipe) -> dict[str, Any]:
    """The value of every setting by its dotted key."""
    return flat(as_settings(recipe))


def _defaults() -> dict[str, Any]:
    return values(Recipe("", Data(""), Model("seewhy:any"), epochs=1))


def _settings(name_or_path: str) -> dict[str, Any]:
    path = FOLDER / f"{name_or_path}.toml" if name_or_path in names() else Path(name_or_path)
    if not path.is_file():
        close = difflib.get_close_matches(name_or_path, names(), n=3) or names()
        raise RecipeError(f"no recipe {name_or_path!r}, and no such file; there is {', '.join(close)}")
    try:
        return tomllib.loads(files.read_text(path, _LARGEST_FILE))
    except FileError as error:
        raise RecipeError(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{path} is not a readable TOML file: {error}") from error


def _set(settings: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    if not equals:
        raise RecipeError(f"got {change!r}; expected key=value, such as optimiser.lr=0.01")
    *tables, name = key.strip().split(".")
    if key.strip() not in keys():
        raise RecipeError(_unknown(key.strip()))
    for table in tables:
        settings = settings.setdefault(table, {})
        if not isinstance(settings, dict):
            raise RecipeError(f"{table} is {settings!r}: expected a table")
    value, is_text = _value(text.strip()), isinstance(_defaults()[key.strip()], str)
    settings[name] = text.strip() if is_text and not isinstance(value, str) else value


def _value(text: str) -> Any:  # noqa: ANN401 (any value that TOML has)
    """A value as TOML reads it; what TOML cannot read is text without quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _fault(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors as a sentence, with the key."""
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] in _UNKNOWN:
        return _unknown(key)
    if error["type"] in {"missing", "missing_argument"}:
        return f"the recipe lacks {key!r}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{key} is {repr(error['input'])[:60]}: {message[0].lower()}{message[1:]}"


def _unknown(key: str) -> str:
    same = [each for each in keys() if each.endswith(f".{key.rpartition('.')[2]}")]
    close = list(dict.fromkeys([*same, *difflib.get_close_matches(key, keys(), n=3, cutoff=0.5)]))[:3]
    return f"no setting {key!r}" + (f"; close: {', '.join(close)}" if close else "")
