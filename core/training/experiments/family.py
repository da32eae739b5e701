"""An experiment as data: a base recipe, and variants that say what they change and nothing else."""

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from core import files
from core.errors import FileError, RecipeError
from core.files import stored

FOLDER = Path(__file__).parent
MOST_SEEDS = 1_000
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_LARGEST_FILE = 2**20

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ,.=+_-]{0,59}$")]
Measure = Literal["accuracy", "balanced_accuracy", "macro_f1"]
Settings = dict[str, Any]


@dataclass(frozen=True, slots=True, config=_STRICT)
class BookNumber:
    """The number that a book prints for a variant.

    Attributes:
        value: The share from 0 to 1.
        source: Book and section.
        because: Why ours may differ: data, size, network.
    """

    value: Annotated[float, Field(ge=0, le=1)]
    source: str
    because: str


@dataclass(frozen=True, slots=True, config=_STRICT)
class Variant:
    """One row of the table.

    Attributes:
        name: How the table calls it.
        change: The settings of the recipe that differ, nested as in a recipe. ``checkpoint:NAME`` as
            ``model.weights`` names a variant: each seed starts from that variant's weights of the same seed;
            or else a checkpoint of the user, from whose weights each seed starts.
        builds_on: The name of the variant that it changes; empty for the base.
        because: Why it changes settings of more than one table of the recipe; empty if it does not.
        book: What a book measured.
    """

    name: Name
    change: Settings = field(default_factory=dict)
    builds_on: str = ""
    because: str = ""
    book: BookNumber | None = None


@dataclass(frozen=True, slots=True, config=_STRICT)
class Sweep:
    """Values to try for a few settings, each combination a variant.

    Attributes:
        values: Of each setting, nested as in a recipe, a list of values.
        random: The number of combinations to draw at random; 0 takes all.
    """

    values: Settings
    random: Annotated[int, Field(ge=0, le=1_000)] = 0


@dataclass(frozen=True, slots=True, config=_STRICT)
class Experiment:
    """A family of trainings. ``title`` and ``about`` describe it to the reader.

    Attributes:
        recipe: The name of a built-in recipe, a whole recipe, or ``checkpoint:NAME`` for the one with which a
            checkpoint was trained.
        base: The first row; its ``change`` is what differs from the recipe.
        variants: The other rows.
        sweep: More rows: combinations of values.
        seeds: Trainings of each variant.
        measure: What the table compares, on the test set.
    """

    title: str
    recipe: str | Settings
    base: Variant
    variants: tuple[Variant, ...] = ()
    sweep: Sweep | None = None
    about: str = ""
    seeds: Annotated[int, Field(ge=1, le=MOST_SEEDS)] = 3
    measure: Measure = "accuracy"


def names() -> list[str]:
    """The names of the built-in experiments."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(name_or_path: str) -> Experiment:
    """A built-in experiment, or one from a TOML file.

    Raises:
        RecipeError: there is none, or a key is unknown or has a wrong value; the message names it.
    """
    path = FOLDER / f"{name_or_path}.toml" if name_or_path in names() else Path(name_or_path)
    if not path.is_file():
        close = difflib.get_close_matches(name_or_path, names(), n=3) or names()
        raise RecipeError(f"no experiment {name_or_path!r}, and no such file; there is {', '.join(close)}")
    try:
        return parse(tomllib.loads(files.read_text(path, _LARGEST_FILE)))
    except FileError as error:
        raise RecipeError(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{path} is not a readable TOML file: {error}") from error


def parse(content: Mapping[str, Any]) -> Experiment:
    """An experiment from nested values, checked: unknown keys, types and ranges."""
    try:
        # TOML has dates and JSON has not: they are checked as text.
        return TypeAdapter(Experiment).validate_json(json.dumps(content, default=str))
    except ValidationError as error:
        raise RecipeError(f"the experiment is not usable: {stored.fault(error.errors()[0])}") from error
