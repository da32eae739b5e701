"""Every setting of a recipe with its meaning, as the docstrings of `settings.schema` state it."""

import dataclasses
import functools
import inspect
import json
import re

import pandas as pd

from core.training.settings import recipe as recipes
from core.training.settings.recipe import Recipe

_ENTRY = re.compile(r"^    (\w+): (.+(?:\n        .+)*)", re.MULTILINE)


def table(recipe: Recipe) -> pd.DataFrame:
    """One row per setting: its dotted key, its value in this recipe as TOML has it, and what it means."""
    rows = [(key, json.dumps(value), meanings()[key]) for key, value in recipes.values(recipe).items()]
    return pd.DataFrame(rows, columns=["setting", "value", "meaning"])


@functools.cache
def meanings() -> dict[str, str]:
    """The meaning of every setting, with its range, by its dotted key."""
    groups = {
        each.name: each.type for each in dataclasses.fields(Recipe) if dataclasses.is_dataclass(each.type)
    }
    found = _attributes(Recipe)
    for name, kind in groups.items():
        found |= {f"{name}.{key}": text for key, text in _attributes(kind).items()}
    return found


def _attributes(kind: object) -> dict[str, str]:
    """The section ``Attributes`` of a docstring, without the marks of code."""
    _, _, section = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    return {name: " ".join(text.split()).replace("``", "") for name, text in _ENTRY.findall(section)}
