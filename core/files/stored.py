"""Read the program's own JSON files by their schemas; one sentence says what is wrong with a file."""

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
    """The object in a JSON file whose texts can be displayed; raises as `parsed`."""
    content = parsed(path)
    json.dumps(content, ensure_ascii=False).encode()  # Fails for an unpaired surrogate.
    return content


def parsed(path: Path) -> Json:
    """The object in a JSON file without repeated keys and NaN; file names in it need not be UTF-8.

    Raises:
        FileError: the file cannot be read, or is not a text.
        ValueError: it holds something else; the message says what.
    """
    text = files.read_text(path)
    try:
        content = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("its values are nested too deeply") from error
    if not isinstance(content, dict):
        raise ValueError(f"it holds {in_words(content)}, expected an object")  # noqa: TRY004 (not an argument)
    return content


def checked(schema: TypeAdapter[T], stored: Json) -> T:
    """The value in ``stored``; ValueError names the field, what it holds, and what was expected."""
    try:
        return schema.validate_json(json.dumps(stored))
    except ValidationError as error:
        raise ValueError(fault(error.errors()[0])) from error


def fault(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors in our words."""
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
    """The path of a value in a file: ``head.hidden[0]``."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".")[:_SHOWN]


def in_words(value: object) -> str:
    """A value as in JSON, cut to a few words."""
    names = {"NoneType": "null", "bool": str(value).lower(), "dict": "an object", "list": "a list"}
    text = names.get(type(value).__name__) or repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _without_repeats(pairs: list[tuple[str, Any]]) -> Json:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in content if keys.count(key) > 1)
        raise ValueError(f"it has the key {in_words(repeated)} twice")
    return content


def _refuse(constant: str) -> Any:  # noqa: ANN401 (as json expects)
    raise ValueError(f"it holds {constant}, expected a number")
