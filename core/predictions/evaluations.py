"""The evaluations of a checkpoint by name: listed, found, published and deleted.

Each is a folder ``evaluations/NAME`` in the checkpoint's folder, with ``predictions.parquet``,
``metrics.json`` and ``evaluation.json``. It appears whole; unfinished ones are in ``evaluations/.NAME``.
Earlier versions kept a single table in the checkpoint's own folder, which is read as an evaluation too.
"""

import re
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from core import files
from core.checkpoints import paths
from core.data.image_set import ImageSet
from core.errors import EvaluationError
from core.files import locks
from core.predictions import evaluation_facts
from core.predictions.evaluation_facts import Facts, write_facts

__all__ = ["Evaluation", "Facts", "every", "find", "write_facts"]

# Sources that are layouts of the user's folders: their data are named after the folder.
LAYOUTS = ("folder", "names", "synsets")
# Files that an evaluation of an earlier version has beside the card.
_OLDER_FILES = (paths.PREDICTIONS, paths.METRICS)
_OLDER = "earlier"
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation: its name, the folder with its files, the checkpoint's folder, and its facts."""

    name: str
    folder: Path
    of: Path
    facts: Facts

    @property
    def table(self) -> Path:
        """The predictions table, one row per sample."""
        return self.folder / paths.PREDICTIONS

    @property
    def is_older(self) -> bool:
        """Whether its files are in the checkpoint's own folder, as in earlier versions."""
        return self.folder == self.of


def every(folder: Path) -> list[Evaluation]:
    """All evaluations of a checkpoint: on its training's data first, then the newest first."""
    evaluations = [
        Evaluation(place.name, place, folder, evaluation_facts.of(folder, place)) for place in _places(folder)
    ]
    if (folder / paths.PREDICTIONS).exists():
        evaluations.append(_older(folder, {each.name for each in evaluations}))
    own = evaluation_facts.own_fingerprint(folder)
    evaluations.sort(key=lambda each: each.name)
    evaluations.sort(key=lambda each: each.facts.date, reverse=True)
    return sorted(evaluations, key=lambda each: _rank(each.facts, own))


def is_evaluated(folder: Path) -> bool:
    """Whether a checkpoint has an evaluation; reads no file."""
    return any(_places(folder)) or (folder / paths.PREDICTIONS).exists()


def find(folder: Path, name: str | None = None) -> Evaluation:
    """The evaluation ``name`` of a checkpoint; without a name, the first.

    Raises:
        EvaluationError: there is none, or none of that name.
    """
    known = every(folder)
    if not known:
        command = f"python -m core evaluate {folder.name} --data FOLDER"
        raise EvaluationError(f"{folder.name!r} has no predictions yet; run: {command}")
    for each in known:
        if name in (None, each.name):
            return each
    there = ", ".join(each.name for each in known)
    raise EvaluationError(f"{folder.name!r} has no evaluation {name!r}; there is {there}")


def known(folder: Path, name: str) -> Evaluation | None:
    """The evaluation of that name; None if there is none."""
    return next((each for each in every(folder) if each.name == name), None)


def place(folder: Path, name: str) -> Path:
    """The folder of the evaluation ``name``, whether it exists or not."""
    refuse_odd(name)
    return folder / paths.EVALUATIONS / name


def workplace(folder: Path, name: str) -> Path:
    """The folder of the evaluation ``name`` while it is unfinished."""
    refuse_odd(name)
    return folder / paths.EVALUATIONS / f".{name}"


def log_of(folder: Path, name: str) -> Path:
    """The log of the background process that evaluates under this name."""
    refuse_odd(name)
    return folder / paths.EVALUATIONS / f".{name}.log"


def refuse_odd(name: str) -> None:
    """Raise EvaluationError for a name that leads elsewhere, or is unsafe in a shell or an address."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,63}", name):
        raise EvaluationError(f"{name!r} cannot name an evaluation; use letters, digits, '-', '_' and '.'")


def usual_name(data: str, split: str) -> str:
    """The default name of an evaluation: the data's name and the split."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", data)[: _LONGEST - len(split) - 1].strip("-._")
    return "-".join(filter(None, (plain, split)))


def free_name(wanted: str, taken: Collection[str]) -> str:
    """``wanted``, with a number where that is taken."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted[: _LONGEST - 4]}-{number}", number + 1
    return name


def data_name(images: ImageSet) -> str:
    """The name of a data set: its own, or that of its folder."""
    return images.root.name if images.root and images.name in LAYOUTS else images.name


def now() -> str:
    """The current date and time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def delete(folder: Path, name: str) -> None:
    """Delete an evaluation with all of its files.

    Raises:
        EvaluationError: there is none of that name, or it is being written.
    """
    evaluation = find(folder, name)
    if is_under_way(folder, name):
        raise EvaluationError(f"{name!r} is being evaluated; wait until it ends, or stop it first")
    if evaluation.is_older:
        for path in _older_paths(folder):
            path.unlink(missing_ok=True)
        return
    files.remove_folder(evaluation.folder)
    log_of(folder, name).unlink(missing_ok=True)


def lock_of(folder: Path, name: str) -> Path:
    """The lock held by the process that evaluates under this name."""
    return workplace(folder, name) / paths.LOCK


def is_under_way(folder: Path, name: str) -> bool:
    """Whether a process is evaluating the checkpoint under this name now."""
    return locks.is_held(lock_of(folder, name))


def under_way(folder: Path) -> list[str]:
    """The names under which processes are evaluating a checkpoint now."""
    begun = (folder / paths.EVALUATIONS).glob(f".*/{paths.LOCK}")
    return sorted(lock.parent.name.removeprefix(".") for lock in begun if locks.is_held(lock))


def interrupted(folder: Path) -> list[Evaluation]:
    """Unfinished evaluations that no process works on, with the facts of what they will be."""
    begun = [path.parent for path in (folder / paths.EVALUATIONS).glob(f".*/{paths.FACTS}")]
    names = [place_.name.removeprefix(".") for place_ in begun]
    return [
        Evaluation(name, place_, folder, evaluation_facts.of(folder, place_))
        for name, place_ in sorted(zip(names, begun, strict=True))
        if not is_under_way(folder, name)
    ]


def forget(folder: Path, name: str) -> None:
    """Delete an interrupted evaluation; EvaluationError if a process works on it."""
    if is_under_way(folder, name):
        raise EvaluationError(f"{name!r} is being evaluated; wait until it ends, or stop it first")
    shutil.rmtree(workplace(folder, name), ignore_errors=True)
    log_of(folder, name).unlink(missing_ok=True)


def _rank(facts: Facts, own: str | None) -> int:
    """0 for the validation samples of the training, 1 for other samples of its data, 2 for other data."""
    if own is None or facts.fingerprint != own:
        return 2
    return int(facts.split != "val")


def _places(folder: Path) -> Iterator[Path]:
    for path in (folder / paths.EVALUATIONS).glob(f"*/{paths.PREDICTIONS}"):
        if not path.parent.name.startswith("."):
            yield path.parent


def _older(folder: Path, taken: set[str]) -> Evaluation:
    """The table in a checkpoint's own folder; on its training's data, unless its metrics say otherwise."""
    data = evaluation_facts.card_data(folder)
    facts = evaluation_facts.found_out(folder, data)
    facts = replace(facts, date=str(data.get("started", "")))
    own = usual_name(facts.data, facts.split or "val") if facts.data else _OLDER
    return Evaluation(_OLDER if own in taken else own, folder, folder, facts)


def _older_paths(folder: Path) -> list[Path]:
    return [path for pattern in _OLDER_FILES for path in folder.glob(pattern)]
