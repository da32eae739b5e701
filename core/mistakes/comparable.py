"""Evaluations to compare with: of other checkpoints on the same images, or of this one on other images."""

from pathlib import Path

from core.checkpoints import store
from core.checkpoints.store import Card
from core.errors import CoreError
from core.mistakes import results
from core.predictions import evaluations
from core.predictions.evaluations import Evaluation


def comparable(first: Evaluation) -> list[Evaluation]:
    """Evaluations of other checkpoints on the same samples, then other evaluations of the same checkpoint.

    First the checkpoints trained later, the next one first; then those trained before, the latest first.
    """
    folders = [store.find(name) for name in results.available() if name != first.of.name]
    matching = [each for folder in folders for each in evaluations.every(folder) if _match(first, each)]
    now = _started(first.of)
    later = [each for each in matching if _started(each.of) > now]
    before = [each for each in matching if _started(each.of) <= now]
    later.sort(key=lambda each: (_started(each.of), each.of.name))
    before.sort(key=lambda each: (_started(each.of), each.of.name), reverse=True)
    own = [each for each in evaluations.every(first.of) if each.name != first.name]
    return [*later, *before, *own]


def address(evaluation: Evaluation) -> str:
    """An evaluation in an address: ``checkpoint/evaluation``."""
    return f"{evaluation.of.name}/{evaluation.name}"


def at(address_: str, beside: Evaluation) -> Evaluation:
    """The evaluation that an address names; if it names only a checkpoint, its first comparable evaluation.

    Raises:
        CoreError: there is no such checkpoint, or no such evaluation.
    """
    of, _, name = address_.partition("/")
    folder = store.find(of)
    if name:
        return evaluations.find(folder, name)
    matching = (each for each in evaluations.every(folder) if _match(beside, each))
    return next(matching, None) or evaluations.find(folder)


def _match(first: Evaluation, other: Evaluation) -> bool:
    """Whether they can share samples, judging by their fingerprints and splits, and share a class."""
    prints, splits = ({each.facts.fingerprint for each in (first, other)}), _splits(first, other)
    try:
        classes, others = (_classes(store.read_card(each.of)) for each in (first, other))
    except CoreError:
        return False
    return (len(prints) == 1 or None in prints) and splits and bool(classes & others)


def _splits(first: Evaluation, other: Evaluation) -> bool:
    """Whether their splits can have samples in common."""
    known = {each.facts.split for each in (first, other)} - {""}
    return len(known) < 2 or "all" in known


def _classes(card: Card) -> set[str]:
    return {name.casefold() for name in card.class_names}


def _started(folder: Path) -> str:
    """The start of its training in ISO 8601; empty if it is unknown, or the card cannot be read."""
    try:
        return str(store.read_card(folder).training.get("started", ""))
    except CoreError:
        return ""
