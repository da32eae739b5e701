"""A recipe: everything that decides how a training goes, as data."""

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, field
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from core import files
from core.data.augment import Augment
from core.data.division import Division
from core.errors import FileError, RecipeError

FOLDER = Path(__file__).parent / "recipes"
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_LARGEST_FILE = 2**20
_UNKNOWN = {"unexpected_keyword_argument", "extra_forbidden"}

Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Positive = Annotated[float, Field(gt=0, le=1_000)]
AtLeastOne = Annotated[int, Field(ge=1, le=100_000)]
# More is a slip of the hand: a layer of that size has a gigabyte of weights, and each process its own memory.
Hidden = Annotated[int, Field(ge=1, le=16_384)]
MOST_LAYERS, MOST_WORKERS, LARGEST_SIDE, LARGEST_SEED = 8, 64, 4_096, 2**31 - 1
Side = Annotated[int, Field(ge=0, le=LARGEST_SIDE)]


@dataclass(frozen=True, slots=True, config=_STRICT)
class Data:
    """Which images, and how they are split.

    Attributes:
        source: A name of `catalogue.SOURCES`; another data set may be given when training starts.
        split: ``published``, the publisher's own where there is one, or ``random``.
        val: Share of the training images that is kept for validation. 0 validates on the publisher's test
            images instead; where nobody has published a split, it is 0.2.
        per_class: At most so many training images of a class; 0 takes all.
    """

    source: str
    split: Literal["published", "random"] = "published"
    val: Share = 0.2
    per_class: Count = 0

    def division(self, seed: int) -> Division:
        """How these settings divide a data set."""
        return Division(self.split, self.val, seed)


@dataclass(frozen=True, slots=True, config=_STRICT)
class Picture:
    """What the network is given, where it differs from the architecture's usual preprocess.

    Attributes:
        size: Side of the input in pixels; 0 is the usual one.
        resize: Side to which the shorter side is brought before the centre crop; 0 squeezes the whole image.
        mean: Per channel, for values in 0 to 1; empty is the usual one. One number for grey.
            Likewise ``std``.
        std: See ``mean``.
    """

    size: Side = 0
    resize: Side = 0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, config=_STRICT)
class Model:
    """The network, what it starts from, and which part of it learns.

    Attributes:
        architecture: ``FAMILY:NAME``, see `core.models.registry`.
        weights: ``none``, ``imagenet`` (built in), ``pretrained`` (downloaded by the architecture's library)
            or ``checkpoint:NAME``.
        train_from: The first layer that learns, by its name; ``head`` for the last one only, empty for all.
        hidden: Sizes of layers put before the last one.
        dropout: Share of the features that is dropped before the last layer.
    """

    architecture: str
    weights: Annotated[str, Field(pattern=r"^(none|imagenet|pretrained|checkpoint:.+)$")] = "none"
    train_from: str = ""
    hidden: Annotated[tuple[Hidden, ...], Field(max_length=MOST_LAYERS)] = ()
    dropout: Share = 0.0


@dataclass(frozen=True, slots=True, config=_STRICT)
class Optimiser:
    """How the weights move. ``momentum`` is for ``sgd`` and ``rmsprop``."""

    name: Literal["adam", "adamw", "sgd", "rmsprop"] = "adam"
    lr: Annotated[float, Field(ge=0, le=1_000)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0, le=1_000)] = 0.0
    momentum: Share = 0.0


@dataclass(frozen=True, slots=True, config=_STRICT)
class Schedule:
    """How the learning rate falls: by ``factor`` after given epochs, or when the validation loss stays high.

    Attributes:
        drop_after: Numbers of epochs after which it falls.
        plateau: Epochs without a lower validation loss after which it falls; 0 is never.
        factor: By which it is multiplied.
    """

    drop_after: tuple[AtLeastOne, ...] = ()
    plateau: Count = 0
    factor: Positive = 0.1


@dataclass(frozen=True, slots=True, config=_STRICT)
class Loss:
    """Cross entropy, and what is done about rare classes."""

    label_smoothing: Share = 0.0
    class_weights: bool = False
    oversample: bool = False


@dataclass(frozen=True, slots=True, config=_STRICT)
class EpochSelection:
    """Which epoch is kept, when training stops early, and how weights are stored.

    Attributes:
        best: The measure by which an epoch is the best one.
        patience: Epochs without a better one after which training stops; 0 is never.
        stored: ``float16`` halves the file of a large network; small tensors stay float32.
    """

    best: Literal["val_accuracy", "val_loss"] = "val_accuracy"
    patience: Count = 0
    stored: Literal["float32", "float16"] = "float32"


@dataclass(frozen=True, slots=True, config=_STRICT)
class Speed:
    """What changes the time, and hardly the result.

    Attributes:
        precision: Of the arithmetic; ``16-mixed`` and ``bf16-mixed`` suit GPUs.
        accumulate: Batches whose gradients are added before the weights move.
        workers: Processes that make batches, at most one for each core; -1 decides by what there is to do.
    """

    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"
    accumulate: AtLeastOne = 1
    workers: Annotated[int, Field(ge=-1, le=MOST_WORKERS)] = -1


@dataclass(frozen=True, slots=True, config=_STRICT)
class Recipe:
    """All settings of a training. ``title`` and ``about`` are for people."""

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
    keep: EpochSelection = field(default_factory=EpochSelection)
    speed: Speed = field(default_factory=Speed)


def names() -> list[str]:
    """The recipes that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(name_or_path: str, changes: Iterable[str] = ()) -> Recipe:
    """A recipe by name, or from a TOML file of one's own, with ``key=value`` changes applied.

    Raises:
        RecipeError: names the key that is unknown or has a wrong value.
    """
    settings = _settings(name_or_path)
    for change in changes:
        _set(settings, change)
    return parse(settings)


def parse(settings: Mapping[str, Any]) -> Recipe:
    """A recipe from nested settings, checked: unknown keys, types and ranges."""
    try:
        # A date, which TOML has and JSON has not, is judged as the text that it is.
        return TypeAdapter(Recipe).validate_json(json.dumps(settings, default=str))
    except ValidationError as error:
        unknown_first = sorted(error.errors(), key=lambda each: each["type"] not in _UNKNOWN)
        raise RecipeError("; ".join(_fault(each) for each in unknown_first[:3])) from error


def as_settings(recipe: Recipe) -> dict[str, Any]:
    """The nested settings of a recipe, as JSON has them; `parse` gives it back."""
    return cast("dict[str, Any]", json.loads(json.dumps(asdict(recipe))))


def differences(one: Recipe, other: Recipe) -> list[str]:
    """Keys whose values differ."""
    first, second = (_flat(as_settings(recipe)) for recipe in (one, other))
    return [key for key in first if first[key] != second[key]]


def keys() -> list[str]:
    """Every key that may be set, with dots: ``optimiser.lr``."""
    return list(_defaults())


def _defaults() -> dict[str, Any]:
    return _flat(as_settings(Recipe("", Data(""), Model("seewhy:any"), epochs=1)))


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
    """As TOML would read it; what it cannot read is a text without its quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _fault(error: Mapping[str, Any]) -> str:
    """One mistake that pydantic has found, in our words, with the key."""
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


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat
