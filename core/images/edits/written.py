"""Edits as a JSON list: ``[{"tool": "rectangle", "box": [40, 30, 200, 160], "fill": "blur"}]``."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError

from core import files
from core.errors import EditError, FileError
from core.files.stored import fault, in_words
from core.images.edits import MOST_EDITS, Edit
from core.images.edits.changes import ADJUSTMENTS
from core.images.edits.fills import FillName

TOOLS = ("rectangle", "brush", "polygon", "object", *ADJUSTMENTS, "shift", "flip", "crop", "paste")
_SCHEMA = TypeAdapter(tuple[Annotated[Edit, Field(discriminator="tool")], ...])
_FILLS = f'{", ".join(get_args(FillName))}, {{"noise": SEED}} or {{"photo": NAME}}'


def read(path: Path) -> tuple[Edit, ...]:
    """The edits in a file; EditError says what is wrong with it."""
    try:
        return parsed(files.read_text(path))
    except FileError as error:
        raise EditError(str(error)) from error
    except EditError as error:
        raise EditError(f"{path}: {error}") from error


def parsed(text: str) -> tuple[Edit, ...]:
    """The edits in a JSON list; EditError names the first wrong one, and what is valid."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EditError(f"not a JSON list of edits: {error}") from error
    if not isinstance(content, list) or len(content) > MOST_EDITS:
        raise EditError(f"expected a JSON list of at most {MOST_EDITS:,} edits")
    try:
        return _SCHEMA.validate_json(json.dumps(content))
    except ValidationError as error:
        raise EditError(_sentence(error.errors()[0])) from error


def as_json(edits: Sequence[Edit]) -> list[dict[str, Any]]:
    """The edits as a list for JSON, without default values; `parsed` reads the same edits from it."""
    written: list[dict[str, Any]] = _SCHEMA.dump_python(tuple(edits), mode="json", exclude_defaults=True)
    return [{"tool": edit.tool} | each for edit, each in zip(edits, written, strict=True)]


def _sentence(error: Mapping[str, Any]) -> str:
    number, *place = error["loc"]
    edit = error["input"]
    if error["type"] == "union_tag_not_found":
        return f"edit {number + 1}: it names no tool; there is {', '.join(TOOLS)}"
    if error["type"] == "union_tag_invalid":
        return f"edit {number + 1}: no tool {edit['tool']!r}; there is {', '.join(TOOLS)}"
    if "fill" in place:
        return f"edit {number + 1}: this fill is unknown; there is {_FILLS}"
    if not place and not isinstance(edit, dict):
        return f"edit {number + 1} is {in_words(edit)}: expected an object with a tool"
    return f"edit {number + 1}: {fault({**error, 'loc': place[1:] or place})}"
