"""Class names in the order of a network's outputs, from lists in many forms."""

import ast
import csv
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from core import files
from core.checkpoints.foreign.stated import class_list_forms as forms
from core.errors import CheckpointError, FileError

_MOST_LITERAL = 10 * 2**20  # Characters: Python's parser takes some hundred bytes of memory for each.
# Where larger files keep the list, such as the config.json of a Hugging Face model.
_KEYS = (
    "id2label",
    "names",
    "classes",
    "class_names",
    "label_names",
    "labels",
    "categories",
    "class_to_idx",
    "label2id",
    "pretrained_cfg",
)
_INDEX_KEYS, _NAME_KEYS = (
    ("index", "idx", "id", "class_id", "classid", "label_id", "class_index", "class_idx"),
    ("display_name", "name", "class_name", "classname", "label_name", "label", "class"),
)
_INVISIBLE = "\ufeff\u200b\u2060"
_INDEX = re.compile(r"\d{1,7}")
_DELIMITERS = (",", ";", "\t")
_NUMBERED = re.compile(r"\s*(\d{1,7})\s*[:.)]?\s+(\S.*)")

_Pairs = list[tuple[int, str]]


def read(path: Path) -> list[str]:
    """The names in a file: plain text, JSON, CSV or a Python literal, in UTF-8 or UTF-16."""
    try:
        text = files.read_text(path)
    except FileError as error:
        raise CheckpointError(f"{path} cannot be read as a list of class names: {error}") from error
    return parse(text)


def parse(text: str) -> list[str]:
    """The names in a text: one per line, a list, or names with their indices, in either order.

    Raises:
        CheckpointError: fewer than two names, a repeated or missing one, or indices with gaps.
    """
    if "\0" in text:
        raise CheckpointError("the class list is not text; save it as UTF-8, one name per line")
    names = _read(forms.unwrapped(text.strip(_INVISIBLE)))
    refuse_repeated(names)
    if len(names) < 2:
        raise CheckpointError(f"the class list has {len(names)} names; expected two or more, one per line")
    return names


def refuse_repeated(names: Iterable[str]) -> None:
    """Raise CheckpointError for a missing or repeated name."""
    names = [_name(name, f"index {index}") for index, name in enumerate(names)]
    counts = Counter(unicodedata.normalize("NFC", name) for name in names)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        raise CheckpointError(
            f"the class list has {', '.join(map(repr, twice[:3]))} twice; expected each name once"
        )


def _read(text: str) -> list[str]:
    if text.lstrip()[:1] in {"[", "{", "("}:
        return _structured(text)
    content = forms.of_label_map(text) or forms.of_yaml(text)
    return _lines(text) if content is None else _names(content)


def _structured(text: str) -> list[str]:
    try:
        content = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        content = _literal(text, error)
    return _names(content)


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object, with an error for repeated keys: Python would silently keep the last."""
    counts = Counter(key for key, _ in pairs)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        raise CheckpointError(
            f"the class list has {twice[0]!r} twice; expected each name and each index once"
        )
    return dict(pairs)


def _literal(text: str, why_not_json: Exception) -> object:
    rows = forms.of_json_lines(text)
    if rows is not None:
        return rows
    try:
        if len(text) > _MOST_LITERAL:
            raise why_not_json
        array = forms.of_array(text)
        content: object = ast.literal_eval(text.strip()) if array is None else array
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        if text.lstrip().startswith("("):  # A class name may begin like this.
            return _lines(text)
        raise CheckpointError(f"the class list starts like JSON but is not valid: {why_not_json}") from error
    return content


def _names(content: object) -> list[str]:
    if isinstance(content, Mapping):
        inner = next((content[key] for key in _KEYS if isinstance(content.get(key), dict | list)), None)
        return _of_mapping(content) if inner is None else _names(inner)
    if isinstance(content, list | tuple):
        if content and all(isinstance(entry, Mapping) for entry in content):
            return _ordered([_of_entry(entry) for entry in content])
        if content and all(_is_pair(entry) for entry in content):
            return _of_mapping(dict(content))
        return [_name(entry, f"entry {number}") for number, entry in enumerate(content, start=1)]
    raise CheckpointError("got neither a list of class names nor names with their indices")


def _is_pair(entry: object) -> bool:
    """Index and name from a pair in either order."""
    return isinstance(entry, list | tuple) and len(entry) == 2 and any(type(each) is int for each in entry)


def _of_mapping(content: Mapping[object, object]) -> list[str]:
    if content and _are_indices(content) and not all(isinstance(value, int) for value in content.values()):
        return _ordered(
            [(int(str(key)), _name(_last(value), f"index {key}")) for key, value in content.items()]
        )
    if content and _are_indices(content.values()):
        # Also where both are numbers: in JSON the keys of `class_to_idx` are text, and folders sort as text.
        if all(isinstance(key, int) for key in content):
            return _ordered([(int(str(key)), _name(value, f"index {key}")) for key, value in content.items()])
        return _ordered([(int(str(value)), _name(key, "a key")) for key, value in content.items()])
    raise CheckpointError("the class list is a dictionary; expected indices and names")


def _of_entry(entry: Mapping[str, object]) -> tuple[int, str]:
    index = next((_as_index(entry[key]) for key in _INDEX_KEYS if key in entry), None)
    name = next((entry[key] for key in _NAME_KEYS if key in entry), None)
    if index is None:
        raise CheckpointError(f"an entry of the class list has no index: {str(entry)[:80]}")
    return index, _name(name, f"index {index}")


def _last(value: object) -> object:
    """The name; of a pair of synset and name, as in Keras' list of ImageNet classes, its second part."""
    return value[-1] if isinstance(value, list | tuple) and value else value


def _name(value: object, place: str) -> str:
    is_name = isinstance(value, str | int | float) and not isinstance(value, bool)
    name = str(value).strip().strip(_INVISIBLE)
    if not is_name or not name or value != value:  # noqa: PLR0124 (NaN)
        raise CheckpointError(f"the class list has {value!r} at {place}; expected a name")
    return name


def _are_indices(values: Iterable[object]) -> bool:
    return all(_as_index(value) is not None for value in values)


def _as_index(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return int(str(value)) if _INDEX.fullmatch(str(value)) else None


def _lines(text: str) -> list[str]:
    lines = [line.strip().strip(_INVISIBLE) for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("# ")]
    for delimiter in _DELIMITERS:
        pairs = _columns(lines, delimiter) or _headed(lines, delimiter)
        if pairs:
            return _ordered(pairs)
    if len(lines) == 1 and "," in lines[0]:
        lines = [cell.strip() for cell in next(csv.reader(lines, skipinitialspace=True)) if cell.strip()]
    return _numbered(lines) or forms.unquoted(lines)


def _headed(lines: list[str], delimiter: str) -> _Pairs:
    """Index and name of each row of a table whose header names both columns; nothing for any other text."""
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    header = [cell.lower().replace(" ", "_") for cell in rows[0]] if rows else []
    index = next((header.index(key) for key in _INDEX_KEYS if key in header), None)
    name = next((header.index(key) for key in _NAME_KEYS if key in header), None)
    if index is None or name is None or any(len(row) != len(header) for row in rows):
        return []
    found = sorted({(row[index], row[name]) for row in rows[1:]})
    if not all(_INDEX.fullmatch(number) for number, _ in found):
        return []
    return [(int(number), called) for number, called in found]


def _columns(lines: list[str], delimiter: str) -> _Pairs:
    """Index and name of each row of a table of two columns, with or without header; else nothing."""
    if not lines or not all(delimiter in line for line in lines):
        return []
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    if any(len(row) != 2 for row in rows):
        return []
    orders = ((1, 0), (0, 1)) if rows[0][1].lower() in _INDEX_KEYS else ((0, 1), (1, 0))
    for index, name in orders:
        body = rows if _INDEX.fullmatch(rows[0][index]) else rows[1:]
        indices = [row[index] for row in body]
        if body and all(map(_INDEX.fullmatch, indices)) and len(set(indices)) == len(indices):
            return [(int(row[index]), row[name]) for row in body]
    return []


def _numbered(lines: list[str]) -> list[str]:
    """The names after running numbers, ``0 ant`` or ``0: ant``; nothing for any other text."""
    found = [_NUMBERED.fullmatch(line) for line in lines]
    pairs = [(int(each[1]), each[2].strip()) for each in found if each]
    running = [index for index, _ in pairs] in (list(range(len(lines))), list(range(1, len(lines) + 1)))
    names = [name for _, name in pairs]
    return names if running and len(set(names)) == len(lines) else []


def _ordered(pairs: Iterable[tuple[int, str]]) -> list[str]:
    """The names in order of their indices, which run from 0 or from 1 without gaps."""
    ordered = sorted(pairs)
    indices = [index for index, _ in ordered]
    first = 1 if indices and indices[0] == 1 else 0
    for expected, index in enumerate(indices, start=first):
        if index != expected:
            what = f"{index} twice" if index < expected else f"no index {expected}"
            raise CheckpointError(
                f"the class list has {what}; expected {first} to {first + len(indices) - 1}"
            )
    return [_name(name, f"index {index}") for index, name in ordered]
