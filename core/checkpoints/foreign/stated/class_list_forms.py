"""Less usual forms of class lists: YAML, quoted lines, Python, label maps."""

import ast
import io
import json
import re
import tokenize
from itertools import pairwise

import yaml

from core.errors import CheckpointError

_YAML_KEY = re.compile(
    r"^(names|classes|class_names|labels|label_names|id2label|class_to_idx):", re.MULTILINE
)
_YAML_ITEM = re.compile(r"-\s+\S.*")
_ASSIGNED = re.compile(r"\s*[A-Za-z_]\w*(?:\s*:[^=\n]+)?\s*=\s*(?=[\[({])")
_MAP_ITEM = re.compile(r"item\s*\{(.*?)\}", re.DOTALL)
_MAP_FIELD = re.compile(r"\b(id|name|display_name)\s*:\s*(?:(\d+)|\"([^\"]*)\"|'([^']*)')")
_QUOTES = ("'", '"')


def unwrapped(text: str) -> str:
    """The value in ``CLASSES = [...]`` and ``OrderedDict([...])``; any other text unchanged."""
    assigned = _ASSIGNED.match(text)
    text = text[assigned.end() :] if assigned else text
    called = re.fullmatch(
        r"\s*(?:collections\.)?(?:OrderedDict|dict|array)\((.*?)(?:,\s*dtype=.*)?\)\s*", text, re.DOTALL
    )
    return called[1] if called and called[1].lstrip()[:1] in {"[", "{"} else text


def of_yaml(text: str) -> object | None:
    """The content of a YAML file with a class list, every value as text; None for any other text."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    is_list = bool(lines) and all(map(_YAML_ITEM.fullmatch, lines))
    if not is_list and not _YAML_KEY.search(text):
        return None
    try:
        content: object = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (makes texts, lists and dictionaries alone)
    except (yaml.YAMLError, RecursionError) as error:
        raise CheckpointError(
            f"the class list starts like YAML but is not valid: {' '.join(str(error).split())[:120]}"
        ) from error
    return content


def of_label_map(text: str) -> list[dict[str, object]] | None:
    """Entries of TensorFlow's ``item { id: 1 name: 'cat' }``; None for any other text."""
    if not re.match(r"\s*item\s*\{", text):
        return None
    fields = [_MAP_FIELD.findall(each) for each in _MAP_ITEM.findall(text)]
    return [
        {key: int(number) if number else one or other for key, number, one, other in each} for each in fields
    ]


def of_json_lines(text: str) -> list[object] | None:
    """The values of a text with one JSON object per line; None for any other text."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line.strip()[0] + line.strip()[-1] == "{}" for line in lines):
        return None
    try:
        return [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        return None


def of_array(text: str) -> list[str] | None:
    """The names in an array as NumPy prints it, ``['ant' 'bee']``; None for any other text.

    Raises:
        CheckpointError: a comma between two names is missing; Python would join the two.
    """
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text.strip()).readline))
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return None
    kept = [each for each in tokens if each.type in {tokenize.STRING, tokenize.OP}]
    apart = [after for before, after in pairwise(kept) if before.type == after.type == tokenize.STRING]
    if not apart:
        return None
    strings = [each for each in kept if each.type == tokenize.STRING]
    if len(apart) == len(strings) - 1:
        return [str(ast.literal_eval(each.string)) for each in strings]
    raise CheckpointError(
        f"the class list has no comma before {apart[0].string}; write one between any two names"
    )


def unquoted(lines: list[str]) -> list[str]:
    """Lines without their quotes and trailing commas, if all of them have these."""
    bare = [line.removesuffix(",").rstrip() for line in lines]
    are_quoted = all(
        len(line) > 1 and line[0] in _QUOTES and line[-1] == line[0] and line[0] not in line[1:-1]
        for line in bare
    )
    return [line[1:-1].strip() for line in bare] if bare and are_quoted else lines
