"""The evaluations of a checkpoint by name: where they lie, what each is of, how one appears and is deleted.

Each is a folder ``evaluations/NAME`` below the checkpoint's, with all that belongs to it, such as
``predictions.parquet``, ``metrics.json``, ``evaluation.json``. It appears whole: what is under way lies in
``evaluations/.NAME``. Earlier versions kept one table in the checkpoint's own folder; it is read as one too.
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

# Sources that are layouts of anybody's folders: their data are named after the folder.
LAYOUTS = ("folder", "names", "synsets")
# What an evaluation of an earlier version may have beside the card.
_OLDER_FILES = (paths.PREDICTIONS, paths.METRICS)
_OLDER = "earlier"
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation: its name, the folder that has its files, the checkpoint's folder, and what it is of."""

    name: str
    folder: Path
    of: Path
    facts: Facts

    @property
    def table(self) -> Path:
        """The predictions, a row a sample."""
        return self.folder / paths.PREDICTIONS

    @property
    def is_older(self) -> bool:
        """Whether its files lie in the checkpoint's own folder, as earlier versions had them."""
        return self.folder == self.of


def every(folder: Path) -> list[Evaluation]:
    """All evaluations of a checkpoint: of the data that it was trained on first, then the newest first."""
    evaluations = [
        Evaluation(place.name, place, folder, evaluation_facts.of(folder, place)) for place in _places(folder)
    ]
    if (folder / paths.PREDICTIONS).exists():
        evaluations.append(_older(folder, {each.name for each in evaluations}))
    own = evaluation_facts.own_fingerprint(folder)
    evaluations.sort(key=lambda each: each.name)
    evaluations.sort(key=lambda each: each.facts.date, reverse=True)
    return sorted(evaluations, key=lambda each: _rank(each.facts, own))


def find(folder: Path, name: str | None = None) -> Evaluation:
    """The evaluation ``name`` of a checkpoint, else its first.

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
    """The evaluation of that name, None if there is none."""
    return next((each for each in every(folder) if each.name == name), None)


def place(folder: Path, name: str) -> Path:
    """Where the evaluation ``name`` of a checkpoint lies, or would lie."""
    refuse_odd(name)
    return folder / paths.EVALUATIONS / name


def workplace(folder: Path, name: str) -> Path:
    """Where the evaluation ``name`` is worked on, until it is whole."""
    refuse_odd(name)
    return folder / paths.EVALUATIONS / f".{name}"


def log_of(folder: Path, name: str) -> Path:
    """What a process in the background says while it evaluates under this name."""
    refuse_odd(name)
    return folder / paths.EVALUATIONS / f".{name}.log"


def refuse_odd(name: str) -> None:
    """EvaluationError for a name that could lead elsewhere, or that a shell or a browser would trip over."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,63}", name):
        raise EvaluationError(f"{name!r} cannot name an evaluation; use letters, digits, '-', '_' and '.'")


def usual_name(data: str, split: str) -> str:
    """The name of an evaluation that nobody has named: the data's own, and the split."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", data)[: _LONGEST - len(split) - 1].strip("-._")
    return "-".join(filter(None, (plain, split)))


def free_name(wanted: str, taken: Collection[str]) -> str:
    """``wanted``, or with a number where that is taken."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted[: _LONGEST - 4]}-{number}", number + 1
    return name


def data_name(images: ImageSet) -> str:
    """What a data set is called: by its own name, or by that of its folder."""
    return images.root.name if images.root and images.name in LAYOUTS else images.name


def now() -> str:
    """The date of an evaluation that ends now."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def delete(folder: Path, name: str) -> None:
    """Delete an evaluation with all that belongs to it.

    Raises:
        EvaluationError: there is none of that name, or it is being written.
    """
    evaluation = find(folder, name)
    if is_under_way(folder, name):
        raise EvaluationError(f"{name!r} is being evaluated; wait for its end, or stop it first")
    if evaluation.is_older:
        for path in _older_paths(folder):
            path.unlink(missing_ok=True)
        return
    files.remove_folder(evaluation.folder)
    log_of(folder, name).unlink(missing_ok=True)


def lock_of(folder: Path, name: str) -> Path:
    """The lock that the process which evaluates under this name holds."""
    return workplace(folder, name) / paths.LOCK


def is_under_way(folder: Path, name: str) -> bool:
    """Whether a process is evaluating the checkpoint under this name now."""
    return locks.is_held(lock_of(folder, name))


def under_way(folder: Path) -> list[str]:
    """The names under which processes are evaluating a checkpoint now."""
    begun = (folder / paths.EVALUATIONS).glob(f".*/{paths.LOCK}")
    return sorted(lock.parent.name.removeprefix(".") for lock in begun if locks.is_held(lock))


def interrupted(folder: Path) -> list[Evaluation]:
    """Evaluations that were begun, are not whole, and that no process goes on with: what they are to be."""
    begun = [path.parent for path in (folder / paths.EVALUATIONS).glob(f".*/{paths.FACTS}")]
    names = [place_.name.removeprefix(".") for place_ in begun]
    return [
        Evaluation(name, place_, folder, evaluation_facts.of(folder, place_))
        for name, place_ in sorted(zip(names, begun, strict=True))
        if not is_under_way(folder, name)
    ]


def forget(folder: Path, name: str) -> None:
    """Delete what was done of an evaluation that was interrupted; EvaluationError if it is being made."""
    if is_under_way(folder, name):
        raise EvaluationError(f"{name!r} is being evaluated; wait for its end, or stop it first")
    shutil.rmtree(workplace(folder, name), ignore_errors=True)
    log_of(folder, name).unlink(missing_ok=True)


def _rank(facts: Facts, own: str | None) -> int:
    """The validation samples of a training first, then other samples of its data, then all else."""
    if own is None or facts.fingerprint != own:
        return 2
    return int(facts.split != "val")


def _places(folder: Path) -> Iterator[Path]:
    for path in (folder / paths.EVALUATIONS).glob(f"*/{paths.PREDICTIONS}"):
        if not path.parent.name.startswith("."):
            yield path.parent


def _older(folder: Path, taken: set[str]) -> Evaluation:
    """The table in a checkpoint's own folder; of its training's data unless its metrics know better."""
    data = evaluation_facts.card_data(folder)
    facts = evaluation_facts.found_out(folder, data)
    facts = replace(facts, date=str(data.get("started", "")))
    own = usual_name(facts.data, facts.split or "val") if facts.data else _OLDER
    return Evaluation(_OLDER if own in taken else own, folder, folder, facts)


def _older_paths(folder: Path) -> list[Path]:
    return [path for pattern in _OLDER_FILES for path in folder.glob(pattern)]
