"""Names of groups: ``dark photos of dog``, ``brick behind 0, 1, 2``, ``a cluster of dog called wolf``."""

from collections.abc import Sequence
from itertools import count

from core.evaluation.groups.candidates import Candidate
from core.evaluation.groups.conditions import Condition
from core.evaluation.groups.population import PREDICTED
from core.shares import three_digits

# Of a measured property the words for less and for more of it.
WORDS = {
    "brightness": ("dark", "bright"),
    "contrast": ("flat", "high-contrast"),
    "colourfulness": ("pale", "colourful"),
    "sharpness": ("blurred", "sharp"),
    "aspect_ratio": ("tall", "wide"),
    "width": ("small", "large"),
    "height": ("small", "large"),
    "file_size": ("small-file", "large-file"),
    "cropped": ("little cropped", "much cropped"),
    "object_size": ("small-object", "large-object"),
}
_BEHIND = "background"
_MOST_CLASSES = 5


def name(candidate: Candidate, class_names: Sequence[str], confusion: tuple[int, int]) -> str:
    """What a group is, from its conditions and classes; of a cluster, with the confusion that it feeds."""
    scope = candidate.scope
    if not candidate.conditions:
        true, predicted = (class_names[each] for each in confusion)
        return f"a cluster of {true} called {predicted}"
    classes = listed([class_names[each] for each in scope.classes])
    if not classes:
        return _photos(candidate.conditions, "")
    if scope.kind == PREDICTED:
        return f"{_photos(candidate.conditions, '')} called {classes}"
    return _photos(candidate.conditions, classes)


def _photos(conditions: Sequence[Condition], classes: str) -> str:
    looks = [word for each in conditions if (word := _adjective(each))]
    others = [in_words(each) for each in conditions if not _adjective(each) and not _is_behind(each)]
    behind = [each.value for each in conditions if _is_behind(each)]
    subject = f"{', '.join(dict.fromkeys(looks))} photos".strip()
    if behind:
        subject = (
            f"{behind[0]} behind {f'{subject} of {classes}' if looks and classes else classes or subject}"
        )
    elif classes:
        subject = f"{subject} of {classes}"
    return f"{subject} with {' and '.join(others)}" if others else subject


def _adjective(condition: Condition) -> str:
    less, more = WORDS.get(condition.column, ("", ""))
    return more if condition.value is None and condition.low > float("-inf") else less


def _is_behind(condition: Condition) -> bool:
    return condition.column == _BEHIND and condition.value is not None


def in_words(condition: Condition) -> str:
    """A condition: ``brightness below 0.12``, ``camera = A``."""
    column = condition.column.replace("_", " ")
    if condition.value is not None:
        return f"{column} = {condition.value}"
    if condition.low > float("-inf"):
        return f"{column} from {three_digits(condition.low)}"
    return f"{column} below {three_digits(condition.high)}"


def listed(names: Sequence[str]) -> str:
    """The first names, and how many others there are."""
    if len(names) <= _MOST_CLASSES:
        return ", ".join(names)
    return f"{', '.join(names[: _MOST_CLASSES - 1])} and {len(names) - _MOST_CLASSES + 1} other classes"


def distinct(names: Sequence[str], details: Sequence[str]) -> list[str]:
    """The names, each that occurred before with its detail in brackets, or else with a number."""
    taken: list[str] = []
    for each, detail in zip(names, details, strict=True):
        wanted = [each, *([f"{each} ({detail})"] if detail else [])]
        numbered = (f"{each} ({number})" for number in count(2))
        taken.append(
            next((one for one in wanted if one not in taken), None)
            or next(one for one in numbered if one not in taken)
        )
    return taken
