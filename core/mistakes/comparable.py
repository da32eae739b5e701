"""Which checkpoints can be compared with one: those that answered the same images by the same classes."""

from pathlib import Path

from core import checkpoint, evaluations
from core.checkpoint import Card
from core.errors import CoreError
from core.mistakes import results


def comparable(name: str) -> list[str]:
    """Names of the checkpoints that were evaluated on the same images, what was trained next first.

    After those that were trained later come those that were trained before, the nearest in time first.
    """
    folder = checkpoint.find(name)
    others = [checkpoint.find(other) for other in results.available() if other != name]
    matching = {other.name: _started(other) for other in others if _match(folder, other)}
    now = _started(folder)
    later = sorted((started, other) for other, started in matching.items() if started > now)
    before = sorted(((started, other) for other, started in matching.items() if started <= now), reverse=True)
    return [other for _, other in (*later, *before)]


def _match(folder: Path, other: Path) -> bool:
    """Whether they share the images, as far as anybody knows, and a class."""
    try:
        first, second = (evaluations.find(each).facts.fingerprint for each in (folder, other))
        classes, others = (_classes(checkpoint.read_card(each)) for each in (folder, other))
    except CoreError:
        return False
    return (first == second or None in (first, second)) and bool(classes & others)


def _classes(card: Card) -> set[str]:
    return {name.casefold() for name in card.class_names}


def _started(folder: Path) -> str:
    """When its training began, as ISO 8601; empty where nobody knows, or its card cannot be read."""
    try:
        return str(checkpoint.read_card(folder).training.get("started", ""))
    except CoreError:
        return ""
