"""An experiment on the user's own checkpoint: its recipe as the base, or its weights as the start."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from core import files
from core.checkpoints import local, paths, store
from core.errors import CheckpointError, RecipeError
from core.files import locks
from core.training.experiments.workplace import RUNS
from core.training.settings import recipe as recipes
from core.training.settings.recipe import Recipe

PREFIX = "checkpoint:"
_LOCK = ".own.lock"


def name_in(text: str) -> str:
    """The name in ``checkpoint:NAME``; empty for another text."""
    _, prefix, name = text.partition(PREFIX)
    return name if prefix and text.startswith(PREFIX) else ""


def recipe_of(name: str) -> Recipe:
    """The recipe with which a checkpoint was trained; RecipeError if there is none."""
    if name not in store.folders():
        raise RecipeError(f"no checkpoint named {name!r}; there is {', '.join(store.folders()) or 'none'}")
    card = store.read_card(paths.folder(name))
    if not card.recipe:
        raise RecipeError(f"{name!r} was not trained here, so that it has no recipe; name a recipe instead")
    return recipes.parse(card.recipe)


def data_of(name: str) -> tuple[Path | None, str]:
    """The folder of images that a checkpoint was trained on, None for the usual place, and its layout."""
    folder = paths.folder(name)
    return local.remembered_data(folder), local.remembered_layout(folder)


def bring(names: Iterable[str], place: Path) -> None:
    """Copy checkpoints of the user beside the trainings of an experiment, which start from their weights.

    Raises:
        RecipeError: an earlier part of the experiment started from other weights of that name.
    """
    for name in names:
        source, copy = paths.folder(name), place / RUNS / name
        with locks.in_turn(place / RUNS / _LOCK):
            if not copy.exists():
                beside = shutil.ignore_patterns(".*", paths.EVALUATIONS, paths.PROGRESS)
                with files.draft_folder(copy) as draft:
                    shutil.copytree(source, draft, dirs_exist_ok=True, ignore=beside)
        if not _same_weights(source, copy):
            raise RecipeError(
                f"{name!r} has other weights than when this experiment began; choose another folder"
            )


def _same_weights(source: Path, copy: Path) -> bool:
    """Whether both have the same weights; True if the source is gone, as the copy is enough."""
    try:
        before = store.read_card(source).weights_sha256
    except CheckpointError:
        return copy.exists()
    return before == store.read_card(copy).weights_sha256
