"""Files that this program has written, read back by their schemas, with one sentence where they fail."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from core import files

T = TypeVar("T")
Json = dict[str, Any]

_SHOWN = 60
_UNKNOWN = {"unexpected_keyword_argument", "extra_forbidden"}
_MISSING = {"missing", "missing_argument"}


def read_json(path: Path) -> Json:
    """The object in a JSON file whose texts can be shown; errors as `parsed`."""
    found = parsed(path)
    json.dumps(found, ensure_ascii=False).encode()  # An unpaired surrogate cannot be.
    return found


def parsed(path: Path) -> Json:
    """The object in a JSON file: no key twice, no NaN; a name of a file need not be in UTF-8.

    Raises:
        FileError: it cannot be read, or is no text.
        ValueError: says what it holds instead.
    """
    text = files.read_text(path)
    try:
        found = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("its values are nested too deep") from error
    if not isinstance(found, dict):
        raise ValueError(f"it holds {in_words(found)}, expected an object")  # noqa: TRY004 (no wrong argument)
    return found


def checked(schema: TypeAdapter[T], stored: Json) -> T:
    """A value of the schema's type; ValueError names the field, what it holds, and what was expected."""
    try:
        return schema.validate_json(json.dumps(stored))
    except ValidationError as error:
        raise ValueError(fault(error.errors()[0])) from error


def fault(error: Mapping[str, Any]) -> str:
    """One thing that pydantic has found, in our words."""
    field = place(error["loc"])
    if error["type"] in _MISSING:
        return f"it lacks {field!r}"
    if error["type"] in _UNKNOWN:
        return f"it has an unknown key {field!r}"
    message = error["msg"]
    if message.startswith("Value error, "):
        return f"{field}: {message.removeprefix('Value error, ')}"
    expected = message.replace("Input should be", "expected", 1)
    return f"{field} is {in_words(error['input'])}: {expected[0].lower()}{expected[1:]}"


def place(location: Sequence[object]) -> str:
    """Where in a file a value stands: ``head.hidden[0]``."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".")[:_SHOWN]


def in_words(value: object) -> str:
    """A value as JSON has it, not longer than a few words."""
    names = {"NoneType": "null", "bool": str(value).lower(), "dict": "an object", "list": "a list"}
    text = names.get(type(value).__name__) or repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _without_repeats(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in found if keys.count(key) > 1)
        raise ValueError(f"it has the key {in_words(repeated)} twice")
    return found


def _refuse(constant: str) -> Any:  # noqa: ANN401 (what json expects of it)
    raise ValueError(f"it holds {constant}, which is no number")
